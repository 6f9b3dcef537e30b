"""What every store tells of a pool: a number as it stands, groups counted, allocations by id."""

import pytest

from interact_ivr.domain.errors import NoSuchAllocation, NoSuchNumber
from interact_ivr.domain.journal import OfInteraction, OfNumber
from interact_ivr.domain.lifecycle import State
from interact_ivr.domain.names import AllocationId, Group, InteractionId, NumberKey, Scope
from interact_ivr.domain.values import (
    Allocation,
    Ending,
    KnownAllocation,
    NewNumber,
    PoolNumber,
    Shown,
)
from tests.contract.stores import HOLD, POLICY, REST, START, TICK, Pool

ONE, TWO, THREE = "+380974520201", "+380974520202", "+380974520203"


async def look(pool: Pool, *keys: str, scope: Scope | None = None) -> PoolNumber:
    return await pool.view.number(scope or pool.scope, POLICY, [NumberKey(key) for key in keys])


async def look_up(pool: Pool, allocation: str, scope: Scope | None = None) -> KnownAllocation:
    return await pool.view.allocation(scope or pool.scope, AllocationId(allocation))


async def test_a_number_is_shown_as_it_is_listed(pool: Pool) -> None:
    """In each state, by its key or its DNID; the first key that is one counts."""
    await pool.add(ONE, group="g", dnid="0201")
    for time in (TICK, HOLD, REST):
        for keys in ([ONE], ["0201"], [TWO, ONE]):
            assert [await look(pool, *keys)] == await pool.shown()
        if time is TICK:
            await pool.allocate("a")
            assert [await look(pool, ONE)] == await pool.shown()
        pool.pass_(time)
    assert (await look(pool, ONE)).state is State.LAPSED
    await pool.sweep()
    assert (await look(pool, ONE)).state is State.IDLE


async def test_another_pool_s_number_is_not_there(pool: Pool) -> None:
    """Neither by its key nor by its DNID, nor one that is hidden, nor no number."""
    other = await pool.another()
    await pool.inventory.add(other, [NewNumber(NumberKey(ONE), ONE, None, "0201")])
    await pool.inventory.write_hidden(pool.scope, [NewNumber(NumberKey(TWO), TWO)])
    assert (await look(pool, ONE, scope=other)).dnid == "0201"
    for keys in ([ONE], ["0201"], [TWO], []):
        with pytest.raises(NoSuchNumber):
            await look(pool, *keys)


async def test_groups_are_counted_by_state(pool: Pool) -> None:
    """Those without a group first; what is disabled is counted apart, whatever it is."""
    await pool.add(ONE)
    await pool.add(TWO, "+380974520204", group="b")
    await pool.add(THREE, group="a", enabled=False)
    await pool.allocate("x", "b")
    groups = await pool.view.groups(pool.scope, POLICY)
    assert [(each.group, each.disabled) for each in groups] == [(None, 0), ("a", 1), ("b", 0)]
    assert [sum(each.by_state.values()) for each in groups] == [1, 0, 2]
    assert groups[2].by_state[State.ALLOCATED] == groups[2].by_state[State.IDLE] == 1
    assert set(groups[0].by_state) == set(State)
    other = await pool.another()
    assert await pool.view.groups(other, POLICY) == []
    assert await pool.view.group_names(pool.scope) == ["a", "b"]
    assert await pool.view.group_names(other) == []


async def test_an_allocation_is_known_by_its_id(pool: Pool) -> None:
    """Open and ended, and how; only in its own pool."""
    await pool.add(ONE, group="g")
    made = await pool.allocate("a")
    pool.pass_(TICK)
    open_ = await look_up(pool, made.id)
    assert open_ == KnownAllocation(
        made.id, NumberKey(ONE), made.entered, InteractionId("a"), Group("g"),
        START, START + HOLD, None, None,
    )  # fmt: skip
    assert await pool.view.allocation_of(pool.scope, InteractionId("a")) == open_
    await pool.retrieve(ONE, call="1.1")
    ended = await look_up(pool, made.id)
    assert (ended.ended_at, ended.ended_as) == (START + TICK, Ending.RETRIEVED)
    assert await pool.view.allocation_of(pool.scope, InteractionId("a")) is None
    other = await pool.another()
    for allocation, scope in ((made.id, other), ("0" * 26, pool.scope)):
        with pytest.raises(NoSuchAllocation):
            await look_up(pool, allocation, scope)


async def test_what_ran_out_has_ended_whether_or_not_it_is_on_record(pool: Pool) -> None:
    """At its expiry; but not while a call is on its number."""
    await pool.add(ONE)
    made = await pool.allocate("a")
    await pool.ringing(ONE, "1.1", HOLD * 2)
    pool.pass_(HOLD)
    assert (await look_up(pool, made.id)).ended_at is None
    assert await pool.view.allocation_of(pool.scope, InteractionId("a")) is not None
    await pool.stopped_ringing("1.1")
    for _ in range(2):
        known = await look_up(pool, made.id)
        assert (known.ended_at, known.ended_as) == (START + HOLD, Ending.EXPIRED)
        assert await pool.view.allocation_of(pool.scope, InteractionId("a")) is None
        await pool.sweep()


async def test_only_a_call_that_was_there_in_time_holds_an_expiry_open(pool: Pool) -> None:
    """And for as long as it may be there; not one that came at the expiry, alone or beside it."""
    await pool.add(ONE, TWO)
    in_time, late = [await pool.allocate(each) for each in ("a", "b")]

    async def is_open(made: Allocation) -> bool:
        known = await look_up(pool, made.id)
        by_interaction = await pool.view.allocation_of(pool.scope, made.interaction)
        assert by_interaction == (known if known.ended_at is None else None)
        assert (known.ended_as is Ending.EXPIRED) is (known.ended_at is not None)
        return known.ended_at is None

    pool.pass_(HOLD - TICK)
    await pool.ringing(in_time.number, "1.1", TICK * 3)
    pool.pass_(TICK)
    for number in (late.number, in_time.number):
        await pool.ringing(number, f"to {number}", HOLD)
    assert [await is_open(each) for each in (in_time, late)] == [True, False]
    pool.pass_(TICK)
    assert [await is_open(each) for each in (in_time, late)] == [True, False]
    pool.pass_(TICK)
    assert [await is_open(each) for each in (in_time, late)] == [False, False]


async def test_another_number_s_call_holds_nothing_open(pool: Pool) -> None:
    """An expiry is held by who is on its own number."""
    await pool.add(ONE, TWO)
    made = [await pool.allocate(each) for each in ("a", "b")]
    await pool.ringing(made[0].number, "1.1", HOLD * 2)
    pool.pass_(HOLD)
    for allocation, is_open in zip(made, (True, False), strict=True):
        assert ((await look_up(pool, allocation.id)).ended_at is None) is is_open
        known = await pool.view.allocation_of(pool.scope, allocation.interaction)
        assert (known is not None) is is_open


async def test_the_journal_of_an_application_is_what_it_says_of_its_allocations(
    pool: Pool,
) -> None:
    """Another one's entries, numbers and holders are not there, whoever asks how."""
    other = await pool.another()
    await pool.inventory.add(other, [NewNumber(NumberKey(TWO), TWO)])
    await pool.add(ONE)
    await pool.allocate("a")
    here = pool.scope.environment
    for subject in (None, OfNumber((NumberKey(ONE),)), OfInteraction(InteractionId("a"))):
        page = await pool.record.entries(here, subject, "", 9, application=pool.scope.application)
        assert [entry.event for entry in page.entries] == ["allocated"]
    for subject in (None, OfInteraction(InteractionId("a"))):
        for newest in (None, 5):
            page = await pool.record.entries(
                here, subject, "", 9, newest, application=other.application
            )
            assert page.entries == ()
    own = await pool.record.entries(
        here, OfNumber((NumberKey(TWO),)), "", 9, application=other.application
    )
    assert own.entries == ()
    with pytest.raises(NoSuchNumber):
        await pool.record.entries(
            here, OfNumber((NumberKey(ONE),)), "", 9, application=other.application
        )
    with pytest.raises(NoSuchNumber):
        await pool.record.who_held(here, [NumberKey(ONE)], START, other.application)
    held = await pool.record.who_held(here, [NumberKey(ONE)], START, pool.scope.application)
    assert held.hold is not None
    assert held.hold.interaction == "a"


# Blocks, for who looks at all of a pool


async def blocks(pool: Pool, prefix: str = "", group: str | None = None) -> dict[str, int]:
    found = await pool.view.blocks(pool.scope, POLICY, prefix, Group(group) if group else None)
    return {block.prefix: block.count for block in found}


async def test_blocks_are_what_numbers_have_alike_and_two_characters(pool: Pool) -> None:
    """So they can be looked into until each is one number; only the pool's, only the group's."""
    await pool.add(*(f"+3809745{number:04}" for number in range(250)))
    await pool.add("+12025550100", group="us")
    await pool.inventory.write_hidden(pool.scope, [NewNumber(NumberKey("+49"), "+49")])
    assert await blocks(pool) == {"+12": 1, "+38": 250}
    assert await blocks(pool, "+38") == {
        **{f"+3809745{digits:03}": 10 for digits in range(25)},
    }
    assert await blocks(pool, "+3809745024") == {f"+3809745024{n}": 1 for n in range(10)}
    assert await blocks(pool, group="us") == {"+12025550100": 1}
    assert await blocks(pool, "+9") == {}
    assert await pool.view.blocks(await pool.another(), POLICY, "", None) == []


async def test_a_block_says_how_its_numbers_stand(pool: Pool) -> None:
    """Each number is one thing: what is drained and awaited is allocated, till it ends."""
    await pool.add(ONE, TWO, THREE)
    await pool.add("+380974520204", enabled=False)
    lent = await pool.allocate("x")
    await pool.inventory.set_enabled(pool.scope, [NumberKey(lent.number)], enabled=False)
    stands = [(State.ALLOCATED, 1, 1), (State.LAPSED, 1, 1), (State.RESTING, 0, 2)]
    for state, count, disabled in stands:
        found = await pool.view.blocks(pool.scope, POLICY, "+38097452020", None)
        assert sum(block.by_state[state] for block in found) == count
        assert sum(block.by_state[State.IDLE] for block in found) == 2
        assert sum(block.disabled for block in found) == disabled
        assert sum(block.count for block in found) == 4
        if state is State.ALLOCATED:
            pool.pass_(HOLD)
        else:
            await pool.sweep()


@pytest.mark.parametrize(
    ("shown", "numbers"),
    [
        (Shown(enabled=False), [TWO]),
        (Shown(enabled=True), [ONE, THREE]),
        (Shown(prefix="+3809745202"), [ONE, TWO, THREE]),
        (Shown(prefix="+380974520203"), [THREE]),
        (Shown(text="0202"), [TWO]),
        (Shown(text="(97) 1"), [ONE]),
        (Shown(text="77"), [THREE]),
        (Shown(text="7"), [ONE, TWO, THREE]),
        (Shown(text="basket"), [ONE]),
        (Shown(text="%"), []),
    ],
)
async def test_a_list_is_of_what_was_searched(pool: Pool, shown: Shown, numbers: list[str]) -> None:
    """By its beginning, its digits, its DNID, whose it is, or whether it may be lent."""
    await pool.inventory.add(
        pool.scope,
        [
            NewNumber(NumberKey(ONE), "(97) 1"),
            NewNumber(NumberKey(TWO), TWO, enabled=False),
            NewNumber(NumberKey(THREE), THREE, dnid="77"),
        ],
    )
    await pool.allocate("basket")
    found = await pool.inventory.list(pool.scope, POLICY, shown)
    assert [each.number for each in found] == numbers
