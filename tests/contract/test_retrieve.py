"""What every store does when a call asks whose number it dialed."""

import asyncio
import time
from datetime import timedelta

import pytest

from interact_ivr.domain.errors import Exhausted, TooLate
from interact_ivr.domain.lifecycle import State
from interact_ivr.domain.values import FreeStatus, Retrieval, Status
from tests.contract.stores import HOLD, REST, START, TICK, Entry, Pool

ONE, TWO = "+380974520201", "+380974520202"
ANI = "+380501234567"


async def test_a_call_learns_whose_number_it_dialed_and_the_number_is_free(pool: Pool) -> None:
    """All that is known of the allocation, told once; by then the number rests."""
    await pool.add(ONE, group="sales")
    lent = await pool.allocate("order 1")
    pool.pass_(timedelta(seconds=42))
    found = await pool.retrieve(ONE, call="17.1", ani=ANI)
    assert found == Retrieval(
        Status.FOUND,
        number=lent.number,
        ani=found.ani,
        allocation=lent.id,
        interaction=lent.interaction,
        group=lent.group,
        waited=timedelta(seconds=42),
    )
    assert found.ani == ANI
    assert pool.journal()[1:] == [
        Entry("retrieved", pool.clock.at, ONE, lent.id, "order 1", None, "main", "17.1", ANI)
    ]
    (shown,) = await pool.shown()
    assert (shown.state, shown.interaction, shown.free_from) == (
        State.RESTING,
        None,
        pool.clock.at,
    )


async def test_a_second_call_gets_nothing_of_the_first(pool: Pool) -> None:
    """Ours, but nobody waits: no id, no allocation, no group."""
    await pool.add(ONE, group="sales")
    await pool.allocate("a")
    await pool.retrieve(ONE, call="1")
    before = pool.journal()
    again = await pool.retrieve(ONE, call="2", ani=ANI)
    assert again == Retrieval(Status.NOT_ALLOCATED, again.number, again.ani)
    assert (again.number, again.ani) == (ONE, ANI)
    assert pool.journal() == before


async def test_a_number_that_nobody_waits_on_is_not_allocated(pool: Pool) -> None:
    """Never lent, or freed by hand; nothing is written."""
    await pool.add(ONE)
    assert (await pool.retrieve(ONE, call="1")).status is Status.NOT_ALLOCATED
    await pool.allocate("a")
    await pool.free(ONE)
    before = pool.journal()
    assert (await pool.retrieve(ONE, call="1")).status is Status.NOT_ALLOCATED
    assert pool.journal() == before


async def test_the_same_call_asking_again_is_told_the_same(pool: Pool) -> None:
    """Whatever has happened meanwhile: also when the number was lent to another, and rests."""
    await pool.add(ONE, group="sales")
    await pool.allocate("a")
    pool.pass_(timedelta(seconds=3))
    first = await pool.retrieve(ONE, call="1", ani=ANI)
    told = (first.status, first.number, first.allocation, first.interaction, first.waited)
    for change in ("at once", "lent to another", "retrieved by another", "expired"):
        pool.pass_(REST)
        match change:
            case "lent to another":
                await pool.allocate("b")
            case "retrieved by another":
                assert (await pool.retrieve(ONE, call="2")).interaction == "b"
            case "expired":
                await pool.allocate("c")
                pool.pass_(HOLD)
        again = await pool.retrieve(ONE, call="1", ani=ANI)
        assert again.repeated, change
        assert told == (
            again.status,
            again.number,
            again.allocation,
            again.interaction,
            again.waited,
        ), change
        assert again.group == first.group
    assert pool.events() == [
        ("allocated", "a"),
        ("retrieved", "a"),
        ("allocated", "b"),
        ("retrieved", "b"),
        ("allocated", "c"),
    ]


async def test_a_repeat_takes_nothing(pool: Pool) -> None:
    """Who holds the number now still holds it after the first call has asked again."""
    await pool.add(ONE)
    await pool.allocate("a")
    await pool.retrieve(ONE, call="1")
    await pool.allocate("b")
    assert (await pool.retrieve(ONE, call="1")).interaction == "a"
    assert (await pool.retrieve(ONE, call="2")).interaction == "b"


async def test_a_call_is_one_call_of_one_pbx_to_one_number(pool: Pool) -> None:
    """Asterisk's uniqueid repeats across PBXes, and one call may dial two numbers."""
    await pool.add(ONE, TWO)
    await pool.allocate("a")
    await pool.allocate("b")
    assert (await pool.retrieve(ONE, call="1", pbx="kyiv")).interaction == "a"
    assert (await pool.retrieve(ONE, call="1", pbx="lviv")).status is Status.NOT_ALLOCATED
    assert (await pool.retrieve(TWO, call="1", pbx="kyiv")).interaction == "b"


async def test_what_was_not_found_is_decided_afresh(pool: Pool) -> None:
    """A call that came too early is not told so for ever."""
    await pool.add(ONE)
    assert (await pool.retrieve(ONE, call="1")).status is Status.NOT_ALLOCATED
    assert (await pool.retrieve(TWO, call="1")).status is Status.UNKNOWN
    await pool.allocate("a")
    await pool.add(TWO)
    assert (await pool.retrieve(ONE, call="1")).status is Status.FOUND
    assert (await pool.retrieve(TWO, call="1")).status is Status.NOT_ALLOCATED


async def test_what_is_no_number_of_ours_is_unknown(pool: Pool) -> None:
    """Nor one of another environment, nor nothing at all; nothing changes."""
    await pool.add(ONE)
    await pool.allocate("a")
    before = pool.journal()
    for unknown in (
        await pool.retrieve(TWO, call="1", ani=ANI),
        await pool.retrieve(call="1", ani=ANI),
        await pool.retrieve(ONE, call="1", ani=ANI, environment=2),
    ):
        assert unknown == Retrieval(Status.UNKNOWN, ani=unknown.ani)
        assert unknown.ani == ANI
    assert pool.journal() == before
    assert (await pool.states())[ONE] is State.ALLOCATED


async def test_the_first_key_that_is_a_number_counts(pool: Pool) -> None:
    """Also where it is not allocated and a later one is."""
    await pool.add(ONE, TWO)
    await pool.allocate("a")
    await pool.allocate("b")
    assert (await pool.retrieve("+1", TWO, ONE, call="1")).interaction == "b"
    assert (await pool.retrieve(TWO, ONE, call="2")).status is Status.NOT_ALLOCATED
    assert (await pool.states())[ONE] is State.ALLOCATED


async def test_of_what_a_number_may_be_read_as_the_first_that_there_is_counts(pool: Pool) -> None:
    """Allocated or not: a reading that comes later is then another number."""
    await pool.add(ONE)
    lent = await pool.allocate("a")
    await pool.add(TWO)
    told = await pool.retrieve(TWO, call="1", read_as=[ONE])
    assert (told.status, told.number) == (Status.NOT_ALLOCATED, TWO)
    told = await pool.retrieve("4520200", call="1", read_as=[lent.number, TWO])
    assert (told.status, told.number, told.interaction) == (Status.FOUND, ONE, "a")


async def test_an_allocation_is_over_at_its_very_instant(pool: Pool) -> None:
    """A microsecond before it the call is told, at it nobody is, and the journal says why."""
    await pool.add(ONE, TWO)
    await pool.allocate("a")
    late = await pool.allocate("b")
    pool.pass_(HOLD - TICK)
    assert (await pool.retrieve(ONE, call="1")).interaction == "a"
    pool.pass_(TICK)
    told = await pool.retrieve(TWO, call="2", ani=ANI)
    assert told == Retrieval(Status.NOT_ALLOCATED, told.number, told.ani)
    assert pool.journal()[-1] == Entry("expired", START + HOLD, TWO, late.id, "b")
    assert (await pool.sweep()).expired == ()


async def test_a_call_whose_time_is_up_takes_nothing(pool: Pool) -> None:
    """Past its deadline a retrieval is not begun; the next call gets what it would have got."""
    await pool.add(ONE)
    await pool.allocate("a")
    before = pool.journal()
    with pytest.raises(TooLate):
        await pool.retrieve(ONE, call="1", deadline=time.monotonic())
    assert pool.journal() == before
    found = await pool.retrieve(ONE, call="2", deadline=time.monotonic() + 60)
    assert (found.status, found.repeated) == (Status.FOUND, False)


async def test_fifty_calls_at_once_to_one_number_find_it_once(pool: Pool) -> None:
    """Exactly one is FOUND; the others learn nothing of it."""
    await pool.add(ONE)
    await pool.allocate("a")
    told = await asyncio.gather(*(pool.retrieve(ONE, call=str(call)) for call in range(50)))
    statuses = [one.status for one in told]
    assert statuses.count(Status.FOUND) == 1
    assert statuses.count(Status.NOT_ALLOCATED) == 49
    assert sum(one.interaction is not None for one in told) == 1
    assert pool.events() == [("allocated", "a"), ("retrieved", "a")]


async def test_one_call_asking_often_at_once_is_told_the_same(pool: Pool) -> None:
    """Taken once, repeated to all."""
    await pool.add(ONE)
    await pool.allocate("a")
    told = await asyncio.gather(*(pool.retrieve(ONE, call="1") for _ in range(20)))
    assert {(one.status, one.interaction) for one in told} == {(Status.FOUND, "a")}
    assert [one.repeated for one in told].count(False) == 1
    assert pool.events() == [("allocated", "a"), ("retrieved", "a")]


async def test_what_a_call_may_not_have_learned_is_on_record(pool: Pool) -> None:
    """By which call; the allocation stays ended, and the same call may ask again."""
    await pool.add(ONE)
    lent = await pool.allocate("a")
    found = await pool.retrieve(ONE, call="1")
    pool.pass_(TICK)
    await pool.mark_undelivered(found, "1")
    assert pool.journal()[2:] == [
        Entry("undelivered", pool.clock.at, ONE, lent.id, "a", None, "main", "1")
    ]
    assert (await pool.retrieve(ONE, call="2")).status is Status.NOT_ALLOCATED
    assert (await pool.retrieve(ONE, call="1")).interaction == "a"


async def test_nothing_is_undelivered_where_nothing_was_taken(pool: Pool) -> None:
    """Only FOUND takes something."""
    await pool.add(ONE)
    for number in (ONE, TWO):
        await pool.mark_undelivered(await pool.retrieve(number, call="1"), "1")
    await pool.mark_undelivered(Retrieval(Status.UNAVAILABLE), "1")
    assert pool.journal() == []


async def test_freeing_by_hand(pool: Pool) -> None:
    """Whoever holds it loses it, on record; what nobody holds, or is not ours, is told apart."""
    await pool.add(ONE)
    assert await pool.free(ONE) is FreeStatus.NOT_ALLOCATED
    assert await pool.free(TWO) is await pool.free() is FreeStatus.UNKNOWN
    lent = await pool.allocate("a")
    pool.pass_(TICK)
    assert await pool.free(TWO, ONE) is FreeStatus.FREED
    assert await pool.free(ONE) is FreeStatus.NOT_ALLOCATED
    assert pool.journal()[1:] == [Entry("freed", START + TICK, ONE, lent.id, "a")]
    assert (await pool.retrieve(ONE, call="1")).status is Status.NOT_ALLOCATED


async def test_freeing_one_allocation_leaves_any_other_standing(pool: Pool) -> None:
    """The id of an earlier one, or of none, ends nothing."""
    await pool.add(ONE)
    old = await pool.allocate("a")
    assert await pool.free(ONE, allocation=old.id) is FreeStatus.FREED
    new = await pool.allocate("b")
    for wrong in (old.id, "", new.id.lower(), "x"):
        assert await pool.free(ONE, allocation=wrong) is FreeStatus.NOT_ALLOCATED
    assert (await pool.states())[ONE] is State.ALLOCATED
    assert await pool.free(ONE, allocation=new.id) is FreeStatus.FREED


async def test_what_has_lapsed_is_not_freed(pool: Pool) -> None:
    """It ended by itself, at its instant, and is on record as that."""
    await pool.add(ONE)
    lent = await pool.allocate("a")
    pool.pass_(HOLD)
    assert await pool.free(ONE, allocation=lent.id) is FreeStatus.NOT_ALLOCATED
    assert pool.journal()[1:] == [Entry("expired", START + HOLD, ONE, lent.id, "a")]


async def test_freeing_past_its_deadline_does_nothing(pool: Pool) -> None:
    """As with a retrieval."""
    await pool.add(ONE)
    await pool.allocate("a")
    with pytest.raises(TooLate):
        await pool.free(ONE, deadline=time.monotonic())
    with pytest.raises(TooLate):
        await pool.probe(time.monotonic())
    assert pool.events() == [("allocated", "a")]


async def test_the_sweep_writes_each_expiry_once_dated_at_its_instant(pool: Pool) -> None:
    """Earliest first, up to its limit, and it says when the next one is."""
    numbers = [f"+38097452020{digit}" for digit in range(4)]
    await pool.add(*numbers)
    assert (await pool.sweep()).next_deadline is None
    lent = []
    for interaction in "abcd":
        lent.append(await pool.allocate(interaction))
        pool.pass_(timedelta(seconds=1))
    deadlines = [one.expires_at for one in lent]
    before = await pool.sweep()
    assert (before.expired, before.next_deadline) == ((), deadlines[0])

    pool.clock.at = deadlines[2]
    first, second, third = [await pool.sweep(2) for _ in range(3)]
    assert [(one.interaction, one.at) for one in first.expired] == [
        ("a", deadlines[0]),
        ("b", deadlines[1]),
    ]
    assert first.next_deadline == deadlines[2]
    assert [(one.allocation, one.number, one.at) for one in second.expired] == [
        (lent[2].id, lent[2].number, deadlines[2])
    ]
    assert second.next_deadline == third.next_deadline == deadlines[3]
    assert third.expired == ()
    expired = [entry for entry in pool.journal() if entry.event == "expired"]
    assert [(entry.allocation, entry.at) for entry in expired] == [
        (one.id, one.expires_at) for one in lent[:3]
    ]
    assert list((await pool.states()).values()) == [State.RESTING] * 3 + [State.ALLOCATED]


async def test_the_sweep_passes_over_what_was_renewed(pool: Pool) -> None:
    """The renewed expiry counts, not the first one."""
    await pool.add(ONE)
    await pool.allocate("a")
    pool.pass_(HOLD - TICK)
    again = await pool.allocate("a")
    pool.pass_(TICK)
    swept = await pool.sweep()
    assert (swept.expired, swept.next_deadline) == ((), again.expires_at)


async def test_every_number_can_be_lent_again_after_the_sweep(pool: Pool) -> None:
    """An expiry is an end like the others."""
    await pool.add(ONE)
    for interaction in "abc":
        await pool.allocate(interaction)
        with pytest.raises(Exhausted):
            await pool.allocate("other")
        pool.pass_(HOLD)
        assert len((await pool.sweep()).expired) == 1
    assert [event for event, _ in pool.events()] == [
        "allocated",
        "expired",
        "lent early",
        "expired",
        "lent early",
        "expired",
    ]
