"""What every store does when an interaction asks for a number."""

import asyncio
from datetime import timedelta

import pytest
from msgspec.structs import replace

from interact_ivr.domain.errors import BadInput, BadRows, Exhausted, QuotaReached
from interact_ivr.domain.lifecycle import Policy, Quotas, State
from interact_ivr.domain.values import FreeStatus, Status
from tests.contract.stores import HOLD, POLICY, REST, START, STRICT, TICK, Entry, Pool

ONE, TWO, THREE = "+380974520201", "+380974520202", "+380974520203"


async def test_an_allocation_says_what_was_lent_and_until_when(pool: Pool) -> None:
    """The number as stored and as entered, from now until the hold is over; the journal has it."""
    await pool.add(ONE, group="sales")
    lent = await pool.allocate("order 1")
    assert (lent.number, lent.entered, lent.interaction, lent.group) == (
        ONE,
        ONE.lstrip("+"),
        "order 1",
        "sales",
    )
    assert (lent.allocated_at, lent.expires_at) == (START, START + HOLD)
    assert (lent.renewed, lent.lent_early) == (False, False)
    assert pool.journal() == [Entry("allocated", START, ONE, lent.id, "order 1", START + HOLD)]
    (shown,) = await pool.shown()
    assert (shown.state, shown.interaction, shown.free_from) == (
        State.ALLOCATED,
        "order 1",
        START + HOLD,
    )


async def test_the_number_that_rested_longest_is_lent(pool: Pool) -> None:
    """Those that were never lent first, in the order they came; then by the end of the last use."""
    await pool.add(ONE, TWO)
    for interaction, number in (("a", ONE), ("b", TWO)):
        assert (await pool.allocate(interaction)).number == number
    await pool.free(TWO)
    pool.pass_(TICK)
    await pool.free(ONE)
    await pool.add(THREE)
    pool.pass_(REST)
    lent = [(await pool.allocate(interaction)).number for interaction in ("c", "d", "e")]
    assert lent == [THREE, TWO, ONE]


async def test_a_number_rests_from_its_expiry_on(pool: Pool) -> None:
    """An expiry counts from its instant, whenever it is put on record."""
    await pool.add(ONE, TWO)
    await pool.allocate("a")
    pool.pass_(timedelta(seconds=10))
    await pool.allocate("b")
    pool.pass_(HOLD - timedelta(seconds=1))  # ONE has lapsed nine seconds ago
    await pool.free(TWO)
    pool.pass_(REST)
    assert (await pool.allocate("c")).number == ONE
    assert (await pool.allocate("d")).number == TWO


async def test_a_group_is_asked_for_by_name(pool: Pool) -> None:
    """Only its numbers are lent; none given is any, case counts."""
    await pool.add(ONE)
    await pool.add(TWO, group="sales")
    await pool.add(THREE, group="Sales")
    lent = await pool.allocate("a", "Sales")
    assert (lent.number, lent.group) == (THREE, "Sales")
    for group in ("Sales", "support"):
        with pytest.raises(Exhausted) as refused:
            await pool.allocate("b", group)
        assert refused.value.group == group
    assert (await pool.allocate("b", "sales")).number == TWO
    assert (await pool.allocate("c")).number == ONE


async def test_the_same_interaction_again_waits_anew_on_the_same_number(pool: Pool) -> None:
    """The allocation stays the same one, from its first beginning; only its expiry moves."""
    await pool.add(ONE, TWO)
    first = await pool.allocate("a")
    pool.pass_(HOLD - TICK)
    again = await pool.allocate("a")
    assert (again.id, again.number, again.renewed) == (first.id, first.number, True)
    assert (again.allocated_at, again.expires_at) == (START, START + HOLD - TICK + HOLD)
    assert (await pool.states())[TWO] is State.IDLE
    assert pool.journal()[1:] == [
        Entry("renewed", START + HOLD - TICK, ONE, first.id, "a", again.expires_at)
    ]
    pool.pass_(HOLD - TICK)
    assert (await pool.states())[ONE] is State.ALLOCATED
    assert (await pool.retrieve(ONE, call="1")).waited == 2 * (HOLD - TICK)


@pytest.mark.parametrize("held", ["sales", None])
async def test_the_same_interaction_cannot_have_another_group(pool: Pool, held: str | None) -> None:
    """The refusal names the group it has; nothing changes, and its own group or none is fine."""
    await pool.add(ONE, group=held)
    await pool.add(TWO, group="support")
    await pool.allocate("a", held) if held else await pool.allocate("a")
    before = pool.journal()
    with pytest.raises(BadInput, match=f"group: expected .*{held or 'no group'}.*'support'"):
        await pool.allocate("a", "support")
    assert pool.journal() == before
    assert (await pool.allocate("a", held)).renewed
    assert (await pool.allocate("a")).renewed


async def test_interactions_differ_by_case_and_by_every_character(pool: Pool) -> None:
    """An id is kept and compared as it came."""
    await pool.add(ONE, TWO, THREE)
    lent = {(await pool.allocate(interaction)).number for interaction in ("a", "A", "a b")}
    assert lent == {ONE, TWO, THREE}


async def test_an_interaction_whose_wait_ran_out_gets_a_new_allocation(pool: Pool) -> None:
    """At the very instant; the old one is on record once, dated at its expiry, before the new."""
    await pool.add(ONE, TWO)
    old = await pool.allocate("a")
    pool.pass_(HOLD)
    new = await pool.allocate("a")
    assert (new.number, new.renewed, new.allocated_at) == (TWO, False, START + HOLD)
    assert new.id > old.id
    assert (await pool.sweep()).expired == ()
    assert pool.journal()[1:] == [
        Entry("expired", START + HOLD, ONE, old.id, "a"),
        Entry("allocated", START + HOLD, TWO, new.id, "a", START + 2 * HOLD),
    ]


async def test_a_lapsed_number_is_lent_with_its_expiry_on_record_first(pool: Pool) -> None:
    """Another interaction gets it, the journal says when the one before lost it."""
    await pool.add(ONE)
    old = await pool.allocate("a")
    pool.pass_(HOLD + REST + TICK)
    new = await pool.allocate("b")
    assert (new.number, new.lent_early) == (ONE, False)
    assert pool.journal()[1:] == [
        Entry("expired", START + HOLD, ONE, old.id, "a"),
        Entry("allocated", pool.clock.at, ONE, new.id, "b", pool.clock.at + HOLD),
    ]
    assert (await pool.sweep()).expired == ()


async def test_when_all_are_allocated_the_pool_is_exhausted(pool: Pool) -> None:
    """Nothing changes; a number that is free again can be had at once."""
    with pytest.raises(Exhausted):
        await pool.allocate("a")
    await pool.add(ONE)
    await pool.allocate("a")
    before = pool.journal()
    for policy in (POLICY, STRICT):
        with pytest.raises(Exhausted) as refused:
            await pool.allocate("b", policy=policy)
        assert refused.value.group is None
    assert pool.journal() == before
    await pool.free(ONE)
    assert (await pool.allocate("b")).number == ONE


async def test_an_exhausted_pool_leaves_nothing_half_done(pool: Pool) -> None:
    """The interaction's own lapsed allocation is put on record by whoever comes next, once."""
    await pool.add(ONE)
    await pool.allocate("a", policy=STRICT)
    pool.pass_(HOLD)
    with pytest.raises(Exhausted):
        await pool.allocate("a", policy=STRICT)  # ONE has only just begun to rest
    await pool.sweep()
    assert pool.events() == [("allocated", "a"), ("expired", "a")]


async def test_a_resting_number_is_lent_early_only_when_none_is_idle(pool: Pool) -> None:
    """The one that rests longest, and both the answer and the journal say so."""
    await pool.add(ONE, TWO, THREE)
    for interaction in ("a", "b"):
        await pool.allocate(interaction)
    await pool.free(TWO)
    pool.pass_(REST - TICK)
    await pool.free(ONE)
    lent = [await pool.allocate(interaction) for interaction in ("c", "d", "e")]
    assert [(one.number, one.lent_early) for one in lent] == [
        (THREE, False),
        (TWO, True),
        (ONE, True),
    ]
    assert pool.events()[-3:] == [("allocated", "c"), ("lent early", "d"), ("lent early", "e")]


async def test_a_strict_rest_is_kept_to_its_very_end(pool: Pool) -> None:
    """A microsecond before it is over the pool is exhausted; then the number is lent as idle."""
    await pool.add(ONE)
    await pool.allocate("a", policy=STRICT)
    await pool.free(ONE)
    pool.pass_(REST - TICK)
    with pytest.raises(Exhausted):
        await pool.allocate("b", policy=STRICT)
    pool.pass_(TICK)
    lent = await pool.allocate("b", policy=STRICT)
    assert (lent.number, lent.lent_early) == (ONE, False)


async def test_a_strict_rest_begins_at_an_expiry(pool: Pool) -> None:
    """Also where nobody has put the expiry on record yet."""
    await pool.add(ONE)
    await pool.allocate("a", policy=STRICT)
    pool.pass_(HOLD + REST - TICK)
    with pytest.raises(Exhausted):
        await pool.allocate("b", policy=STRICT)
    pool.pass_(TICK)
    assert (await pool.allocate("b", policy=STRICT)).number == ONE


async def test_without_a_rest_a_number_is_idle_at_once(pool: Pool) -> None:
    """A rest of nothing is no rest, strict or not."""
    await pool.add(ONE)
    for interaction, strict in (("a", True), ("b", False), ("c", True)):
        policy = Policy(HOLD, timedelta(0), strict)
        assert not (await pool.allocate(interaction, policy=policy)).lent_early
        assert await pool.free(ONE) is FreeStatus.FREED


async def test_a_disabled_number_is_never_lent(pool: Pool) -> None:
    """Neither idle nor resting, with a group or without, and no count has it."""
    await pool.add(ONE, enabled=False)
    await pool.add(TWO, group="sales", enabled=False)
    for group in (None, "sales"):
        with pytest.raises(Exhausted):
            await pool.allocate("a", group)
    assert sum((await pool.counts()).values()) == 0
    assert [number.enabled for number in await pool.shown()] == [False, False]


async def test_a_number_that_is_disabled_drains(pool: Pool) -> None:
    """Its allocation stands, may be renewed and is handed over; then it is lent no more."""
    await pool.add(ONE)
    await pool.allocate("a")
    pool.store.disable(ONE)
    assert (await pool.allocate("a")).renewed
    assert (await pool.retrieve(ONE, call="1")).status is Status.FOUND
    pool.pass_(REST)
    with pytest.raises(Exhausted):
        await pool.allocate("a")


async def test_numbers_are_counted_by_their_state(pool: Pool) -> None:
    """Each enabled number once, at the same boundaries as the list."""
    await pool.add(*(f"+38097452020{digit}" for digit in range(5)))
    await pool.allocate("a")
    pool.pass_(HOLD)
    await pool.allocate("b")
    await pool.allocate("c")
    await pool.free(f"+38097452020{2}")
    expected = {State.ALLOCATED: 1, State.LAPSED: 1, State.RESTING: 1, State.IDLE: 2}
    for later in (timedelta(0), REST - TICK):
        pool.clock.at = START + HOLD + later
        assert await pool.counts() == expected
        states = list((await pool.states()).values())
        assert {state: states.count(state) for state in State} == expected
    pool.pass_(TICK)
    assert await pool.counts() == {**expected, State.RESTING: 0, State.IDLE: 3}


async def test_numbers_are_taken_in_together_or_not_at_all(pool: Pool) -> None:
    """One that is there already refuses them all, and is named."""
    await pool.add(TWO)
    with pytest.raises(BadRows) as refused:
        await pool.add(ONE, TWO, THREE)
    assert [TWO in fault for fault in refused.value.faults] == [True]
    assert await pool.known(ONE, TWO, THREE) == [TWO]


async def test_two_hundred_at_once_each_get_a_number_of_their_own(pool: Pool) -> None:
    """No number is lent twice, and the journal has each once."""
    numbers = [f"+380974{index:06}" for index in range(200)]
    await pool.add(*numbers)
    lent = await asyncio.gather(*(pool.allocate(f"order {index}") for index in range(200)))
    assert sorted(one.number for one in lent) == numbers
    assert len({one.id for one in lent}) == 200
    assert sorted(entry.number for entry in pool.journal()) == numbers
    with pytest.raises(Exhausted):
        await pool.allocate("one more")


async def test_one_interaction_at_once_many_times_holds_one_number(pool: Pool) -> None:
    """One allocation, renewed by all but the first."""
    await pool.add(ONE, TWO)
    lent = await asyncio.gather(*(pool.allocate("a") for _ in range(50)))
    assert len({(one.id, one.number) for one in lent}) == 1
    assert [one.renewed for one in lent].count(False) == 1


async def test_who_gives_up_waiting_changes_nothing_for_the_others(pool: Pool) -> None:
    """What was asked for and not waited for is there whole or not at all."""
    await pool.add(*(f"+380974{index:06}" for index in range(100)))
    asked = [asyncio.ensure_future(pool.allocate(f"order {index}")) for index in range(100)]
    await asyncio.sleep(0)
    for index in range(0, 100, 2):
        asked[index].cancel()
    results = await asyncio.gather(*asked, return_exceptions=True)
    kept = [result for result in results[1::2] if not isinstance(result, BaseException)]
    assert len({one.number for one in kept}) == 50
    await pool.probe(float("inf"))  # the store's turn comes after all of them
    shown = {n.number: n.interaction for n in await pool.shown() if n.state is State.ALLOCATED}
    assert {entry.number: entry.interaction for entry in pool.journal()} == shown
    assert {one.number: one.interaction for one in kept}.items() <= shown.items()


TWO_OPEN = replace(POLICY, most_open=2)


async def test_no_more_are_open_than_may_be(pool: Pool) -> None:
    """The same interaction still renews; an end makes room, and so does an expiry on record."""
    await pool.add(ONE, TWO, THREE)
    one, _ = [await pool.allocate(each, policy=TWO_OPEN) for each in "ab"]
    with pytest.raises(QuotaReached) as refused:
        await pool.allocate("c", policy=TWO_OPEN)
    assert (refused.value.quota, refused.value.most) == ("open at once", 2)
    assert (await pool.allocate("a", policy=TWO_OPEN)).renewed
    await pool.free(one.number)
    assert await pool.allocate("c", policy=TWO_OPEN)
    assert await pool.allocate("d"), "where there is no quota there is none"


@pytest.mark.parametrize(
    "policy", [TWO_OPEN, replace(POLICY, of_tenant=Quotas(most_open=2))], ids=["own", "tenant's"]
)
async def test_of_many_who_ask_at_once_no_more_get_one_than_may(pool: Pool, policy: Policy) -> None:
    """The count is in the transaction that lends, and holds what is counted until its end."""
    await pool.add(*(f"+38097452021{at}" for at in range(10)))
    asking = (pool.allocate(f"at once {at}", policy=policy) for at in range(10))
    told = await asyncio.gather(*asking, return_exceptions=True)
    assert sum(isinstance(each, QuotaReached) for each in told) == 8
    assert sum(event == "allocated" for event, _ in pool.events()) == 2
