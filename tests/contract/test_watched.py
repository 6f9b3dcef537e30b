"""What a PBX's watcher needs of a store: calls seen late, calls on record, and what is told."""

from datetime import timedelta

import pytest

from interact_ivr.domain.errors import Exhausted
from interact_ivr.domain.values import Status
from tests.contract.stores import HOLD, POLICY, TICK, Pool

ONE, TWO = "+380974520200", "+380974520201"
SECOND = timedelta(seconds=1)


async def test_a_call_that_was_there_before_the_expiry_holds_it_open_though_it_is_seen_later(
    pool: Pool,
) -> None:
    """Its age says since when it is there; the expiry has not been put on record yet."""
    await pool.add(ONE)
    await pool.allocate("a")
    pool.pass_(HOLD + SECOND)
    assert await pool.ringing(ONE, "1", 60 * SECOND, age=SECOND + TICK)
    assert (await pool.sweep()).expired == ()
    assert (await pool.retrieve(ONE, call="1", policy=POLICY)).status is Status.FOUND


async def test_a_call_that_came_at_the_expiry_holds_nothing_open(pool: Pool) -> None:
    """However late it is seen; the number is not lent for its sake all the same."""
    await pool.add(ONE)
    await pool.allocate("a")
    pool.pass_(HOLD + SECOND)
    assert await pool.ringing(ONE, "1", 60 * SECOND, age=SECOND)
    assert pool.events() == [("allocated", "a"), ("expired", "a")]
    with pytest.raises(Exhausted):
        await pool.allocate("b")


async def test_a_call_that_has_its_answer_is_not_seen_anew(pool: Pool) -> None:
    """A look after a gap finds it where it came in; it keeps the number from nobody."""
    await pool.add(ONE)
    await pool.allocate("a")
    await pool.retrieve(ONE, call="1", policy=POLICY)
    assert not await pool.ringing(ONE, "1", 60 * SECOND, age=SECOND)
    await pool.allocate("b")


async def test_the_calls_that_are_on_record_are_given(pool: Pool) -> None:
    """Those of one PBX, each once, also after a restart; not those that have had their time."""
    await pool.add(ONE, TWO)
    await pool.ringing(ONE, "1", 60 * SECOND)
    await pool.ringing(TWO, "1", 60 * SECOND)
    await pool.ringing(TWO, "2", 10 * SECOND)
    await pool.ringing(TWO, "3", 60 * SECOND, pbx="other")
    await pool.reopen()
    assert await pool.ringing_calls() == {"1", "2"}
    pool.pass_(10 * SECOND)
    assert await pool.ringing_calls() == {"1"}
    await pool.stopped_ringing("1")
    assert await pool.ringing_calls() == frozenset()
    assert await pool.ringing_calls("other") == {"3"}


async def test_what_the_journal_is_told_is_told_to_whoever_watches(pool: Pool) -> None:
    """The same and in the same order, with the environment, whoever puts it on record."""
    await pool.add(ONE, TWO)
    await pool.allocate("a")
    await pool.allocate("b")
    await pool.allocate("a")
    pool.pass_(HOLD)
    await pool.retrieve(ONE, call="1", policy=POLICY)  # puts on record that it ran out
    await pool.sweep()
    await pool.allocate("c")
    await pool.free(ONE)
    await pool.free(TWO)
    with pytest.raises(Exhausted):
        await pool.allocate("d", group="none")
    told = [
        (each.what, each.at, each.number, each.allocation, each.interaction, each.expires_at)
        for each in pool.happened
    ]
    written = [
        (row.event, row.at, row.number, row.allocation, row.interaction, row.expires_at)
        for row in pool.journal()
    ]
    assert told == written
    assert {each.environment for each in pool.happened} == {pool.scope.environment}
    assert [what for what, *_ in told].count("expired") == 2


async def test_nothing_is_told_of_what_is_not_on_record(pool: Pool) -> None:
    """What is refused has not happened."""
    await pool.add(ONE)
    await pool.allocate("a")
    told = list(pool.happened)
    pool.pass_(HOLD - TICK)
    with pytest.raises(Exhausted):
        await pool.allocate("b")
    assert pool.happened == told


async def test_the_call_that_made_it_is_told(pool: Pool) -> None:
    """With its PBX, as the journal has it."""
    await pool.add(ONE)
    await pool.allocate("a")
    await pool.retrieve(ONE, call="1.1", pbx="north", policy=POLICY)
    call = pool.happened[-1].call
    assert call is not None
    assert (call.pbx, call.uniqueid) == ("north", "1.1")
