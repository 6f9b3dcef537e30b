"""What every store does with a pool's inventory: hidden imports, DNIDs, draining, removing."""

import itertools
import re

import pytest
from msgspec.structs import replace

from interact_ivr.domain.errors import AmbiguousDnid, BadRows, Exhausted, NumbersAllocated
from interact_ivr.domain.lifecycle import State
from interact_ivr.domain.names import Group, NumberKey
from interact_ivr.domain.values import DraftNumber, FreeStatus, NewNumber, Shown, Status
from tests.contract.stores import HOLD, POLICY, START, Pool

ONE, TWO, THREE = "+380974520201", "+380974520202", "+380974520203"


def new(
    *numbers: str, group: str | None = None, dnid: str | None = None, enabled: bool = True
) -> list[NewNumber]:
    kind = None if group is None else Group(group)
    return [NewNumber(NumberKey(key), key, kind, dnid, enabled) for key in numbers]


async def test_what_is_written_hidden_is_nowhere(pool: Pool) -> None:
    """Not lent, not found by number or DNID, not listed, not counted, not known: until shown."""
    await pool.inventory.write_hidden(pool.scope, new(ONE, dnid="0201", group="g"))
    await pool.inventory.write_hidden(pool.scope, new(TWO, enabled=False))
    for group in (None, "g"):
        with pytest.raises(Exhausted):
            await pool.allocate("a", group)
    for dialed in (ONE, "0201", TWO):
        assert (await pool.retrieve(dialed, call="1")).status is Status.UNKNOWN
        assert await pool.free(dialed) is FreeStatus.UNKNOWN
    assert (await pool.shown(), await pool.known(ONE, TWO)) == ([], [])
    assert sum((await pool.counts()).values()) == 0

    await pool.inventory.show_hidden(pool.scope)
    assert await pool.states() == {ONE: State.IDLE, TWO: State.IDLE}
    assert await pool.known(ONE, TWO) == [ONE, TWO]
    assert (await pool.counts())[State.IDLE] == 1
    assert (await pool.allocate("a", "g")).number == ONE
    assert (await pool.retrieve("0201", call="1")).interaction == "a"


async def test_import_after_import_is_shown_once_it_is_whole(pool: Pool) -> None:
    """What is hidden disturbs neither those that were taken in before nor those that come after."""
    for number in (ONE, TWO):
        await pool.inventory.write_hidden(pool.scope, new(number))
        await pool.inventory.show_hidden(pool.scope)
    await pool.inventory.write_hidden(pool.scope, new(THREE))
    assert {(await pool.allocate(each)).number for each in ("a", "b")} == {ONE, TWO}
    with pytest.raises(Exhausted):
        await pool.allocate("c")
    assert await pool.inventory.discard_hidden(10) == 1
    await pool.inventory.show_hidden(pool.scope)
    assert await pool.known(ONE, TWO, THREE) == [ONE, TWO]


async def test_a_number_added_after_imports_is_there_at_once(pool: Pool) -> None:
    """However many imports there were, and it outlives what discards hidden ones."""
    for number in (ONE, TWO):
        await pool.inventory.write_hidden(pool.scope, new(number))
        await pool.inventory.show_hidden(pool.scope)
    await pool.add(THREE)
    assert await pool.inventory.discard_hidden(10) == 0
    assert {(await pool.allocate(each)).number for each in "abc"} == {ONE, TWO, THREE}


async def test_what_a_broken_import_left_is_discarded_in_steps(pool: Pool) -> None:
    """After a restart too; the numbers can be taken in again, and all others stay."""
    await pool.add(THREE)
    await pool.inventory.write_hidden(pool.scope, new(ONE, TWO))
    await pool.reopen()
    assert [await pool.inventory.discard_hidden(1) for _ in range(3)] == [1, 1, 0]
    await pool.add(ONE, TWO)
    assert await pool.known(ONE, TWO, THREE) == [ONE, TWO, THREE]


async def test_a_dnid_that_fits_one_number_is_that_number(pool: Pool) -> None:
    """To calls and to who frees it; a stored number of the same digits comes first."""
    await pool.inventory.add(pool.scope, new(ONE, dnid="0201") + new(TWO, dnid="0202"))
    await pool.allocate("a")
    await pool.allocate("b")
    assert (await pool.retrieve("0202", call="1")).interaction == "b"
    assert await pool.free("0201") is FreeStatus.FREED
    await pool.add("0202")
    assert (await pool.retrieve("0202", call="2")).number == "0202"


async def test_a_dnid_that_fits_several_names_them(pool: Pool) -> None:
    """Of two applications of an environment. Nothing is consumed; the numbers are found as ever."""
    await pool.inventory.add(pool.scope, new(TWO, dnid="02"))
    await pool.inventory.add(await pool.another(), new(ONE, dnid="02"))
    await pool.allocate("a")
    with pytest.raises(AmbiguousDnid) as refused:
        await pool.retrieve("02", call="1")
    assert (refused.value.dnid, refused.value.candidates) == ("02", [ONE, TWO])
    with pytest.raises(AmbiguousDnid):
        await pool.free("02")
    assert (await pool.retrieve(TWO, call="1")).interaction == "a"


async def test_a_dnid_is_one_number_s_in_an_application(pool: Pool) -> None:
    """A second one is refused with all that came with it, however it is written; none is harmed."""
    add, write_hidden = pool.inventory.add, pool.inventory.write_hidden
    wanted = "dnid: expected one that no other number of the application has"
    with pytest.raises(BadRows, match=f"{wanted}, got 02, which {re.escape(TWO)} has"):
        await add(pool.scope, new(ONE, dnid="02") + new(TWO, dnid="02"))
    await add(pool.scope, new(ONE, dnid="02"))
    refusal = f"^number {re.escape(TWO)}: {wanted}, got 02, which {re.escape(ONE)} has$"
    for take_in in (add, write_hidden):
        with pytest.raises(BadRows, match=refusal):
            await take_in(pool.scope, new(THREE, dnid="03") + new(TWO, dnid="02"))
    await write_hidden(pool.scope, new(THREE, dnid="03"))
    with pytest.raises(BadRows, match=f"got 03, which {re.escape(THREE)} has"):
        await write_hidden(pool.scope, new(TWO, dnid="03"))
    await pool.inventory.show_hidden(pool.scope)
    assert await pool.known(ONE, TWO, THREE) == [ONE, THREE]
    await pool.inventory.remove(pool.scope, [NumberKey(ONE)])
    await add(pool.scope, new(TWO, dnid="02"))
    assert await pool.inventory.dnids(pool.scope, ["02", "03", "04"]) == {"02": TWO, "03": THREE}
    assert await pool.inventory.dnids(await pool.another(), ["02"]) == {}


async def test_dnids_that_stood_twice_before_stay(pool: Pool) -> None:
    """As an earlier release took them in: they fit several until one of the two is removed."""
    await pool.add(ONE, TWO)
    pool.store.set_dnid("02")
    with pytest.raises(AmbiguousDnid):
        await pool.retrieve("02", call="1")
    with pytest.raises(BadRows, match="which"):
        await pool.add(THREE, dnid="02")
    await pool.add(THREE, dnid="03")
    await pool.inventory.remove(pool.scope, [NumberKey(ONE)])
    assert (await pool.retrieve("02", call="2")).number == TWO


async def test_a_call_on_a_dnid_is_on_its_number(pool: Pool) -> None:
    """Which is not lent meanwhile; on one that fits several it is on none, and hides none."""
    await pool.inventory.add(pool.scope, new(ONE, dnid="0201"))
    assert await pool.ringing("0201", "1", HOLD)
    with pytest.raises(Exhausted):
        await pool.allocate("a")
    await pool.stopped_ringing("1")
    await pool.inventory.add(await pool.another(), new(TWO, dnid="0201"))
    assert not await pool.ringing("0201", "2", HOLD)
    assert (await pool.allocate("a")).number == ONE


async def test_a_number_with_a_call_on_it_is_lent_by_no_import(pool: Pool) -> None:
    """What was written hidden and is shown rings as any other."""
    await pool.inventory.write_hidden(pool.scope, new(ONE, TWO))
    assert not await pool.ringing(ONE, "1", HOLD)
    await pool.inventory.show_hidden(pool.scope)
    assert await pool.ringing(ONE, "1", HOLD)
    assert (await pool.allocate("a")).number == TWO
    with pytest.raises(Exhausted):
        await pool.allocate("b")


async def test_a_mark_is_of_the_number_it_speaks_of(pool: Pool) -> None:
    """Not of one whose DNID is the same, once the number itself is gone."""
    await pool.add("4500")
    await pool.allocate("a")
    told = await pool.retrieve("4500", call="1")
    await pool.inventory.remove(pool.scope, [NumberKey("4500")])
    await pool.inventory.add(pool.scope, new(ONE, dnid="4500"))
    await pool.inventory.add(await pool.another(), new(TWO, dnid="4500"))
    before = pool.journal()
    await pool.mark_undelivered(told, "1")
    assert pool.journal() == before


async def test_a_disabled_number_drains(pool: Pool) -> None:
    """Its allocation stands and is retrieved, no new one is made; enabled, it is lent again."""
    await pool.add(ONE)
    await pool.allocate("a")
    await pool.inventory.set_enabled(pool.scope, [NumberKey(ONE)], enabled=False)
    assert (await pool.allocate("a")).renewed
    assert (await pool.retrieve(ONE, call="1")).interaction == "a"
    with pytest.raises(Exhausted):
        await pool.allocate("b")
    await pool.inventory.set_enabled(pool.scope, [NumberKey(ONE)], enabled=True)
    assert (await pool.allocate("b")).number == ONE


async def test_an_allocated_number_is_not_removed(pool: Pool) -> None:
    """Nor are those named with it; the refusal names it alone."""
    await pool.add(ONE, TWO)
    await pool.allocate("a")
    with pytest.raises(NumbersAllocated) as refused:
        await pool.inventory.remove(pool.scope, [NumberKey(TWO), NumberKey(ONE)])
    assert (list(refused.value.allocated), refused.value.ringing) == ([ONE], [])
    assert await pool.known(ONE, TWO) == [ONE, TWO]


async def test_a_number_with_a_call_on_it_is_removed_by_force_only(pool: Pool) -> None:
    """Also where nobody waits on it: what the call was told would go with it."""
    await pool.add(ONE, TWO, THREE)
    await pool.allocate("a")
    for number in (ONE, TWO):
        await pool.ringing(number, "1", HOLD)
    keys = [NumberKey(each) for each in (ONE, TWO, THREE)]
    with pytest.raises(NumbersAllocated) as refused:
        await pool.inventory.remove(pool.scope, keys)
    assert refused.value.faults == [
        f"number {ONE} is allocated",
        f"number {TWO} has a call on it",
    ]
    assert len(await pool.known(*keys)) == 3
    await pool.inventory.remove(pool.scope, keys[1:], force=True)
    assert await pool.known(*keys) == [ONE]
    await pool.free(ONE)
    pool.pass_(HOLD)  # it has rung for as long as it may
    await pool.inventory.remove(pool.scope, keys[:1])
    assert await pool.known(*keys) == []


async def test_a_number_of_another_application_is_not_removed(pool: Pool) -> None:
    """Nor its allocation ended, also by force: only its own application's name takes it out."""
    await pool.add(ONE)
    await pool.allocate("a")
    another = await pool.another()
    for force in (False, True):
        await pool.inventory.remove(another, [NumberKey(ONE)], force=force)
    assert (await pool.retrieve(ONE, call="1")).interaction == "a"


async def test_by_force_an_allocated_number_ends_as_freed_and_is_removed(pool: Pool) -> None:
    """Also one that is disabled, or that ran out while a call is on it; what ran out expired."""
    await pool.add(ONE, TWO, THREE)
    lent = [(await pool.allocate(each)).number for each in "ab"]
    await pool.ringing(lent[0], "1", 2 * HOLD)
    pool.pass_(HOLD)
    lent.append((await pool.allocate("c")).number)
    await pool.inventory.set_enabled(pool.scope, [lent[2]], enabled=False)
    await pool.inventory.remove(pool.scope, lent, force=True)
    assert await pool.shown() == []
    ends = [(each.event, each.interaction, each.at) for each in pool.journal()[3:]]
    now = START + HOLD
    assert ends == [("freed", "a", now), ("expired", "b", now), ("freed", "c", now)]


async def test_what_ran_out_holds_no_number_back(pool: Pool) -> None:
    """Its end is on record before it is removed; unless a call is on it: then it is allocated."""
    await pool.add(ONE)
    await pool.allocate("a")
    await pool.ringing(ONE, "1", 2 * HOLD)
    pool.pass_(HOLD)
    with pytest.raises(NumbersAllocated):
        await pool.inventory.remove(pool.scope, [NumberKey(ONE)])
    await pool.stopped_ringing("1")
    await pool.inventory.remove(pool.scope, [NumberKey(ONE)])
    assert pool.events() == [("allocated", "a"), ("expired", "a")]


async def test_a_removed_number_leaves_its_journal(pool: Pool) -> None:
    """It is no number of ours, may come again, and then remembers nothing."""
    await pool.add(ONE)
    await pool.allocate("a")
    await pool.retrieve(ONE, call="1")
    before = pool.journal()
    await pool.ringing(ONE, "2", HOLD)
    await pool.inventory.remove(pool.scope, [NumberKey(ONE)], force=True)
    assert pool.journal() == before
    assert pool.store.allocations() == {}
    assert (await pool.retrieve(ONE, call="1")).status is Status.UNKNOWN
    await pool.add(ONE)
    assert (await pool.retrieve(ONE, call="1")).status is Status.NOT_ALLOCATED


async def test_a_removed_number_s_entries_are_purged(pool: Pool) -> None:
    """As those of any allocation that ended; not before their time."""
    await pool.add(ONE, TWO)
    await pool.allocate("a")
    await pool.free(ONE)
    await pool.inventory.remove(pool.scope, [NumberKey(ONE)])
    assert (await pool.record.purge_entries(START, "", 100)).removed == 0
    pool.pass_(HOLD)
    await pool.allocate("b")  # the last entry of all stays
    assert (await pool.record.purge_entries(START + HOLD, "", 100)).removed == 2
    assert [interaction for _, interaction in pool.events()] == ["b"]


async def test_numbers_are_shown_page_by_page(pool: Pool) -> None:
    """By number, each once; by group and by state, as they stand."""
    await pool.add(THREE, ONE)
    await pool.add(TWO, group="a")
    await pool.allocate("x", "a")
    list_ = pool.inventory.list

    async def shown(which: Shown) -> list[str]:
        return [number.number for number in await list_(pool.scope, POLICY, which)]

    assert await shown(Shown(limit=2)) == [ONE, TWO]
    assert await shown(Shown(after=TWO, limit=2)) == [THREE]
    assert await shown(Shown(group=Group("a"))) == [TWO]
    assert await shown(Shown(state=State.IDLE)) == [ONE, THREE]
    assert await shown(Shown(state=State.ALLOCATED)) == [TWO]
    pool.pass_(HOLD)
    assert await shown(Shown(state=State.LAPSED)) == [TWO]
    await pool.sweep()
    assert await shown(Shown(state=State.RESTING)) == [TWO]


async def test_as_many_are_counted_as_are_shown(pool: Pool) -> None:
    """By whatever they are asked for, and whatever page; nothing that is hidden."""
    await pool.add(ONE, group="sales")
    await pool.add(TWO, enabled=False)
    await pool.inventory.write_hidden(pool.scope, new(THREE))
    await pool.allocate("a")
    asked = {
        **{"state": (None, *State), "enabled": (None, True, False)},
        **{"group": (None, Group("sales")), "prefix": ("", "+38", "+39"), "text": ("", "a", "201")},
    }
    counts = set()
    for values in itertools.product(*asked.values()):
        shown = Shown(**dict(zip(asked, values, strict=True)))
        there = await pool.inventory.list(pool.scope, POLICY, shown)
        paged = replace(shown, after=TWO, limit=1)
        assert await pool.inventory.count(pool.scope, POLICY, paged) == len(there), shown
        counts.add(len(there))
    assert counts == {0, 1, 2}


async def test_a_draft_keeps_the_first_of_each_number(pool: Pool) -> None:
    """A later one is given back with both lines, within a step and across steps."""
    draft = pool.inventory.draft()
    one, two = new(ONE, TWO)
    assert await draft.add([DraftNumber(2, one)]) == []
    (within,) = await draft.add([DraftNumber(3, two), DraftNumber(4, two)])
    assert (within.line, within.first_line, within.number) == (4, 3, TWO)
    (across,) = await draft.add([DraftNumber(5, one)])
    assert (across.line, across.first_line, across.entered) == (5, 2, ONE)
    assert await draft.page("", 1) == [DraftNumber(2, one)]
    assert await draft.page(ONE, 9) == [DraftNumber(3, two)]
    await draft.leave_out([NumberKey(ONE)])
    assert (await draft.size(), await draft.page("", 9)) == (1, [DraftNumber(3, two)])
    await draft.close()


async def test_a_draft_tells_whose_dnid_came_before(pool: Pool) -> None:
    """Within a step and across steps; the first one's line, however many follow. All are noted."""
    draft = pool.inventory.draft()
    one, two, three = new(ONE, TWO, THREE, dnid="02")
    (within,) = await draft.add([DraftNumber(2, three), DraftNumber(3, one)])
    assert (within.line, within.first_line, within.number, within.dnid) == (3, 2, None, "02")
    again, across = await draft.add([DraftNumber(4, one), DraftNumber(5, two)])
    assert (again.line, again.first_line, again.number, again.dnid) == (4, 3, ONE, None)
    assert (across.line, across.first_line, across.entered, across.dnid) == (5, 2, TWO, "02")
    assert await draft.size() == 3
    await draft.close()
