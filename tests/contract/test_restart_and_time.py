"""What every store keeps when the service restarts, or the machine's clock is set."""

from datetime import timedelta

from interact_ivr.domain.lifecycle import State
from interact_ivr.domain.values import Status
from tests.contract.stores import HOLD, REST, START, TICK, Pool

ONE, TWO, THREE = "+380974520201", "+380974520202", "+380974520203"
HOUR = timedelta(hours=1)


async def test_a_restart_keeps_everything(pool: Pool) -> None:
    """Numbers, who holds them, what calls were told, how long each rests, and the journal."""
    await pool.add(ONE, TWO, THREE, group="sales")
    await pool.allocate("a")
    waiting = await pool.allocate("b")
    found = await pool.retrieve(ONE, call="1")
    shown, written = await pool.shown(), pool.journal()

    await pool.reopen()

    assert await pool.shown() == shown
    assert pool.journal() == written
    repeated = await pool.retrieve(ONE, call="1")
    assert (repeated.interaction, repeated.allocation) == ("a", found.allocation)
    assert repeated.repeated
    assert (await pool.allocate("b")).id == waiting.id
    assert (await pool.retrieve(TWO, call="2")).interaction == "b"


async def test_what_expired_while_the_service_was_down_expired_at_its_instant(pool: Pool) -> None:
    """Nobody had to be there."""
    await pool.add(ONE)
    await pool.allocate("a")
    pool.store.close()
    pool.pass_(HOLD + HOUR)
    await pool.open()
    assert (await pool.states())[ONE] is State.LAPSED
    (expired,) = (await pool.sweep()).expired
    assert expired.at == START + HOLD
    assert (await pool.states())[ONE] is State.IDLE


async def test_a_clock_that_is_set_back_never_turns_the_store_s_time_back(pool: Pool) -> None:
    """The last committed time stands until the clock has caught up; then time goes on."""
    await pool.add(ONE, TWO, THREE)
    await pool.allocate("a")
    pool.clock.at = START - HOUR
    assert (await pool.allocate("b")).allocated_at == START
    found = await pool.retrieve(ONE, call="1")
    assert found.waited == timedelta(0)
    assert [entry.at for entry in pool.journal()] == [START] * 3
    pool.clock.at = START + TICK
    assert (await pool.allocate("c")).allocated_at == START + TICK


async def test_nor_does_a_restart_turn_it_back(pool: Pool) -> None:
    """The last commit counts, also where what it wrote is dated earlier: an expiry is."""
    await pool.add(ONE, TWO)
    await pool.allocate("a")
    pool.pass_(HOLD + HOUR)
    await pool.sweep()
    committed = pool.clock.at
    pool.clock.at = START + TICK
    await pool.reopen()
    lent = await pool.allocate("b")
    assert lent.allocated_at == committed
    assert pool.events() == [("allocated", "a"), ("expired", "a"), ("allocated", "b")]


async def test_the_journal_is_in_the_order_things_happened(pool: Pool) -> None:
    """Also within one instant, over restarts, and with the clock set back."""
    await pool.add(ONE)
    expected = []
    for turn in range(30):
        await pool.allocate(f"a{turn}")
        await pool.allocate(f"a{turn}")
        await pool.retrieve(ONE, call=str(turn))
        lent = "allocated" if turn == 0 else "lent early"
        expected += [(event, f"a{turn}") for event in (lent, "renewed", "retrieved")]
        if turn % 10 == 9:
            pool.clock.at -= HOUR
            await pool.reopen()
    assert pool.events() == expected


async def test_an_expiry_found_on_the_way_stands_before_what_was_asked(pool: Pool) -> None:
    """Both are of one instant and one transaction; the order is no chance."""
    await pool.add(ONE)
    expected = [("allocated", "a0")]
    await pool.allocate("a0")
    for turn in range(1, 20):
        pool.pass_(HOLD + REST)
        await pool.allocate(f"a{turn}")
        expected += [("expired", f"a{turn - 1}"), ("allocated", f"a{turn}")]
    assert pool.events() == expected


async def test_an_allocation_made_with_the_clock_ahead_still_ends(pool: Pool) -> None:
    """A clock that was wrong by an hour delays an expiry; it loses no call."""
    await pool.add(ONE)
    pool.clock.at = START + HOUR
    await pool.allocate("a")
    pool.clock.at = START
    assert (await pool.sweep()).expired == ()
    assert (await pool.retrieve(ONE, call="1")).status is Status.FOUND
