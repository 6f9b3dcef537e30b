"""What every store tells a call that is not simply FOUND, and never tells a stranger."""

from datetime import timedelta

import pytest

from interact_ivr.domain.errors import BadInput, Exhausted, NumbersAllocated, StillHeld
from interact_ivr.domain.lifecycle import Policy, State
from interact_ivr.domain.values import Ending, FreeStatus, Retrieval, Status
from tests.contract.stores import HOLD, REST, TICK, Entry, Pool

ONE, TWO = "+380974520201", "+380974520202"
ANI, STRANGER = "+380501234567", "+380507654321"
SECOND = timedelta(seconds=1)
REDIAL = timedelta(seconds=300)
LATE = timedelta(seconds=3600)
POLICY = Policy(HOLD, REST, redial_for=REDIAL, late_for=LATE)
DISCREET = Policy(HOLD, REST, redial_for=REDIAL, late_for=LATE, late_reveals_id=False)
REPLACE = Policy(HOLD, REST, replace=True)


async def test_the_caller_who_was_handed_it_gets_it_again(pool: Pool) -> None:
    """REDIAL: the same interaction, group and allocation, until the window closes, to the tick."""
    await pool.add(ONE, group="sales")
    lent = await pool.allocate("a")
    await pool.retrieve(ONE, call="1", ani=ANI, policy=POLICY)
    pool.pass_(REDIAL - TICK)
    again = await pool.retrieve(ONE, call="2", ani=ANI, policy=POLICY)
    assert (again.status, again.interaction, again.group, again.allocation) == (
        Status.REDIAL,
        lent.interaction,
        lent.group,
        lent.id,
    )
    assert again.waited is None
    pool.pass_(TICK)
    closed = await pool.retrieve(ONE, call="3", ani=ANI, policy=POLICY)
    assert (closed.status, closed.interaction) == (Status.NOT_ALLOCATED, None)


async def test_a_redial_is_of_the_latest_retrieval(pool: Pool) -> None:
    """Two interactions of one caller on one number: the later one is meant."""
    await pool.add(ONE)
    for name in ("a", "b"):
        await pool.allocate(name)
        await pool.retrieve(ONE, call=name, ani=ANI, policy=POLICY, named=name)
        pool.pass_(SECOND)
    assert (await pool.retrieve(ONE, call="3", ani=ANI, policy=POLICY)).interaction == "b"


async def test_a_redial_looks_at_this_number_only(pool: Pool) -> None:
    """What the caller was handed on another number is no answer here."""
    await pool.add(ONE, TWO)
    await pool.allocate("a")
    await pool.retrieve(ONE, call="1", ani=ANI, policy=POLICY)
    assert (await pool.retrieve(TWO, call="2", ani=ANI, policy=POLICY)).status is (
        Status.NOT_ALLOCATED
    )


@pytest.mark.parametrize("ani", [STRANGER, None, "anonymous", "6929"])
async def test_another_caller_is_late_and_never_gets_the_interaction(
    pool: Pool, ani: str | None
) -> None:
    """LATE names the last holder apart, or not at all; never as this call's own."""
    await pool.add(ONE)
    await pool.allocate("a")
    await pool.retrieve(ONE, call="1", ani=ANI, policy=POLICY)
    pool.pass_(LATE - TICK)
    late = await pool.retrieve(ONE, call="2", ani=ani, policy=POLICY)
    assert (late.status, late.interaction, late.candidates) == (Status.LATE, None, ())
    assert (late.last_interaction, late.last_end) == ("a", Ending.RETRIEVED)
    discreet = await pool.retrieve(ONE, call="3", ani=ani, policy=DISCREET)
    assert (discreet.status, discreet.last_interaction) == (Status.LATE, None)
    pool.pass_(TICK)
    assert (await pool.retrieve(ONE, call="4", ani=ani, policy=POLICY)).status is (
        Status.NOT_ALLOCATED
    )


async def test_whoever_calls_after_an_expiry_is_late(pool: Pool) -> None:
    """The customer who dials too late is told so; counted from the expiry, not from its record."""
    await pool.add(ONE)
    await pool.allocate("a")
    pool.pass_(HOLD)
    late = await pool.retrieve(ONE, call="1", ani=ANI, policy=POLICY)
    assert (late.status, late.last_interaction, late.last_end) == (
        Status.LATE,
        "a",
        Ending.EXPIRED,
    )
    pool.pass_(LATE)
    assert (await pool.retrieve(ONE, call="2", ani=ANI, policy=POLICY)).status is (
        Status.NOT_ALLOCATED
    )


async def test_what_was_freed_or_replaced_is_nobodys(pool: Pool) -> None:
    """After `freed` or `replaced` nobody is late."""
    await pool.add(ONE, TWO)
    await pool.allocate("a", policy=REPLACE)
    await pool.allocate("a", policy=REPLACE)
    await pool.free(TWO)
    for number in (ONE, TWO):
        told = await pool.retrieve(number, call="1", ani=ANI, policy=POLICY)
        assert told.status is Status.NOT_ALLOCATED


@pytest.mark.parametrize("ani", [STRANGER, "4500"])
async def test_who_matched_nobody_then_matches_nobody_later(pool: Pool, ani: str) -> None:
    """A number that many called from is one caller's own from now on: what was before is not.

    The journal has it either way.
    """
    await pool.add(ONE)
    await pool.allocate("a")
    await pool.retrieve(ONE, call="1", ani=ani, policy=POLICY, shared=[STRANGER])
    assert pool.journal()[-1].ani == ani
    late = await pool.retrieve(ONE, call="2", ani=ani, policy=POLICY)
    assert (late.status, late.interaction) == (Status.LATE, None)
    await pool.allocate("b")
    found = await pool.retrieve(ONE, call="3", ani=ani, policy=POLICY)
    assert (found.status, found.interaction) == (Status.FOUND, "b")


async def test_a_caller_with_a_redial_on_an_allocated_number_chooses(pool: Pool) -> None:
    """AMBIGUOUS names both and consumes nothing; naming one gives it, another name does not."""
    await pool.add(ONE)
    await pool.allocate("a")
    await pool.retrieve(ONE, call="1", ani=ANI, policy=POLICY)
    await pool.allocate("b")
    before = pool.journal()
    for named in (None, "nobody's"):
        asked = await pool.retrieve(ONE, call="2", ani=ANI, policy=POLICY, named=named)
        assert (asked.status, asked.candidates) == (Status.AMBIGUOUS, ("b", "a"))
        assert (asked.interaction, asked.allocation) == (None, None)
    assert pool.journal() == before
    redial = await pool.retrieve(ONE, call="2", ani=ANI, policy=POLICY, named="a")
    assert (redial.status, redial.interaction) == (Status.REDIAL, "a")
    assert pool.journal() == before
    found = await pool.retrieve(ONE, call="3", ani=ANI, policy=POLICY, named="b")
    assert (found.status, found.interaction) == (Status.FOUND, "b")


async def test_a_redial_for_the_interaction_that_holds_the_number_again_is_found(
    pool: Pool,
) -> None:
    """There is nothing to choose between an interaction and itself."""
    await pool.add(ONE)
    await pool.allocate("a")
    await pool.retrieve(ONE, call="1", ani=ANI, policy=POLICY)
    again = await pool.allocate("a")
    found = await pool.retrieve(ONE, call="2", ani=ANI, policy=POLICY)
    assert (found.status, found.allocation) == (Status.FOUND, again.id)


async def test_a_stranger_on_an_allocated_number_is_found_whoever_called_before(
    pool: Pool,
) -> None:
    """Another caller's redial is nothing to them."""
    await pool.add(ONE)
    await pool.allocate("a")
    await pool.retrieve(ONE, call="1", ani=ANI, policy=POLICY)
    await pool.allocate("b")
    found = await pool.retrieve(ONE, call="2", ani=STRANGER, policy=POLICY)
    assert (found.status, found.interaction) == (Status.FOUND, "b")


async def test_the_caller_the_app_expects_is_never_asked(pool: Pool) -> None:
    """An allocation whose caller is this caller is FOUND, whatever they redial for."""
    await pool.add(ONE)
    await pool.allocate("a")
    await pool.retrieve(ONE, call="1", ani=ANI, policy=POLICY)
    await pool.allocate("b", caller=ANI)
    found = await pool.retrieve(ONE, call="2", ani=ANI, policy=POLICY)
    assert (found.status, found.interaction, found.caller_match) == (Status.FOUND, "b", True)


@pytest.mark.parametrize(
    ("caller", "ani", "match"),
    [(None, ANI, None), (ANI, ANI, True), (ANI, STRANGER, False), (ANI, None, False)],
)
async def test_the_call_learns_whether_it_is_the_expected_one(
    pool: Pool, caller: str | None, ani: str | None, match: bool | None
) -> None:
    """1, 0, or nothing where the app expected nobody; the call gets its interaction either way."""
    await pool.add(ONE)
    await pool.allocate("a", caller=caller)
    first = await pool.retrieve(ONE, call="1", ani=ani, policy=POLICY)
    assert (first.status, first.caller_match) == (Status.FOUND, match)


@pytest.mark.parametrize("caller", [None, ANI])
@pytest.mark.parametrize("first", [ANI, STRANGER, None])
@pytest.mark.parametrize("then", [ANI, STRANGER, None])
async def test_a_repeat_says_of_the_caller_what_the_first_answer_said(
    pool: Pool, caller: str | None, first: str | None, then: str | None
) -> None:
    """Whoever the call says it is by then: its Asterisk dialplan may have set another caller id."""
    await pool.add(ONE)
    await pool.allocate("a", caller=caller)
    found = await pool.retrieve(ONE, call="1", ani=first, policy=POLICY)
    await pool.reopen()
    again = await pool.retrieve(ONE, call="1", ani=then, policy=POLICY)
    assert (again.status, again.repeated) == (Status.FOUND, True)
    assert again.caller_match is found.caller_match is (caller and caller == first)


async def test_a_repeat_says_of_a_shared_caller_what_the_first_answer_said(pool: Pool) -> None:
    """Who matched nobody then does not match by what is stored of them."""
    await pool.add(ONE)
    await pool.allocate("a", caller="4500")
    for _ in ("first", "repeated"):
        found = await pool.retrieve(ONE, call="1", ani="4500", policy=POLICY)
        assert (found.status, found.caller_match) == (Status.FOUND, False)


@pytest.mark.parametrize(("first", "then"), [(POLICY, DISCREET), (DISCREET, POLICY)])
async def test_a_repeated_late_names_whom_the_first_answer_named(
    pool: Pool, first: Policy, then: Policy
) -> None:
    """`late_reveals_id` counts from the next call on, whichever way it was changed."""
    await pool.add(ONE)
    await pool.allocate("a")
    pool.pass_(HOLD)
    late = await pool.retrieve(ONE, call="1", policy=first)
    assert late.last_interaction == ("a" if first.late_reveals_id else None)
    again = await pool.retrieve(ONE, call="1", policy=then)
    assert (again.status, again.last_interaction) == (Status.LATE, late.last_interaction)
    other = await pool.retrieve(ONE, call="2", policy=then)
    assert other.last_interaction == ("a" if then.late_reveals_id else None)


async def test_a_new_caller_replaces_the_expected_one(pool: Pool) -> None:
    """The app may correct itself; asking again without a caller keeps the one it told."""
    await pool.add(ONE)
    await pool.allocate("a", caller=STRANGER)
    await pool.allocate("a", caller=ANI)
    await pool.allocate("a")
    assert (await pool.retrieve(ONE, call="1", ani=ANI)).caller_match is True


async def test_a_call_that_arrived_before_the_expiry_is_found(pool: Pool) -> None:
    """Whether the expiry is on record or not; the journal keeps it, and its last end counts."""
    await pool.add(ONE, TWO)
    for number, recorded in ((ONE, False), (TWO, True)):
        await pool.allocate(number)
        pool.pass_(HOLD + SECOND)
        if recorded:
            await pool.sweep()
        age = SECOND + TICK
        found = await pool.retrieve(number, call="1", ani=ANI, policy=POLICY, age=age)
        assert (found.status, found.interaction) == (Status.FOUND, number)
        ends = [entry for entry in pool.journal() if entry.interaction == number][1:]
        assert [entry.event for entry in ends] == ["expired"] * recorded + ["retrieved"]
        assert ends[-1].detail == "arrived before expiry"
        assert (await pool.states())[number] is State.RESTING
        later = await pool.retrieve(number, call="2", policy=POLICY, age=age)
        assert (later.status, later.last_end) == (Status.LATE, Ending.RETRIEVED)


async def test_a_call_that_arrived_at_the_expiry_or_later_is_late(pool: Pool) -> None:
    """An allocation is over at its very instant."""
    await pool.add(ONE)
    await pool.allocate("a")
    pool.pass_(HOLD + SECOND)
    late = await pool.retrieve(ONE, call="1", policy=POLICY, age=SECOND)
    assert late.status is Status.LATE


async def test_who_arrived_in_time_gets_nothing_once_somebody_else_had_the_number(
    pool: Pool,
) -> None:
    """Lent again and ended since: the earlier interaction is past."""
    await pool.add(ONE)
    await pool.allocate("a")
    pool.pass_(HOLD)
    await pool.allocate("b")
    age = HOLD
    found = await pool.retrieve(ONE, call="1", policy=POLICY, age=age)
    assert found.interaction == "b"
    late = await pool.retrieve(ONE, call="2", policy=POLICY, age=age)
    assert (late.status, late.last_interaction) == (Status.LATE, "b")


@pytest.mark.parametrize("status", [Status.REDIAL, Status.LATE])
async def test_a_repeat_is_told_the_same_also_after_the_number_was_lent_again(
    pool: Pool, status: Status
) -> None:
    """REDIAL and LATE are kept for the call as FOUND is."""
    await pool.add(ONE)
    await pool.allocate("a")
    if status is Status.REDIAL:
        await pool.retrieve(ONE, call="1", ani=ANI, policy=POLICY)
    else:
        pool.pass_(HOLD)
    first = await pool.retrieve(ONE, call="2", ani=ANI, policy=POLICY)
    assert first.status is status
    await pool.allocate("b")
    pool.pass_(LATE)
    again = await pool.retrieve(ONE, call="2", ani=ANI, policy=POLICY)
    assert (again.status, again.interaction, again.last_interaction, again.last_end) == (
        status,
        first.interaction,
        first.last_interaction,
        first.last_end,
    )
    assert again.repeated


async def test_a_repeated_late_keeps_its_end(pool: Pool) -> None:
    """Also when the call that had arrived in time took the interaction after all."""
    await pool.add(ONE)
    await pool.allocate("a")
    pool.pass_(HOLD)
    first = await pool.retrieve(ONE, call="1", ani=STRANGER, policy=POLICY)
    await pool.retrieve(ONE, call="2", ani=ANI, policy=POLICY, age=SECOND)
    again = await pool.retrieve(ONE, call="1", ani=STRANGER, policy=POLICY)
    assert first.last_end is again.last_end is Ending.EXPIRED


async def test_replacing_gives_another_number_and_ends_the_old_one(pool: Pool) -> None:
    """`replaced` in the journal; a group that is not its own is refused."""
    await pool.add(ONE, TWO)
    old = await pool.allocate("a", policy=REPLACE)
    new = await pool.allocate("a", policy=REPLACE)
    assert (old.number, new.number, new.replaced) == (ONE, TWO, old.id)
    assert [event for event, _ in pool.events()] == ["allocated", "replaced", "allocated"]
    with pytest.raises(BadInput, match="group"):
        await pool.allocate("a", "sales", REPLACE)
    again = await pool.allocate("a", policy=REPLACE)
    assert (again.number, again.lent_early) == (ONE, True)  # as for anybody else


@pytest.mark.parametrize("rest", [REST, timedelta(0)])
@pytest.mark.parametrize("strict", [False, True])
async def test_what_cannot_be_replaced_is_renewed(
    pool: Pool, strict: bool, rest: timedelta
) -> None:
    """Its own number is not another one: neither lent back as if it had rested, nor lost."""
    await pool.add(ONE, group="sales")
    await pool.add(TWO)
    policy = Policy(HOLD, rest, strict_rest=strict, replace=True)
    first = await pool.allocate("a", "sales", policy)
    pool.pass_(SECOND)
    again = await pool.allocate("a", None, policy, caller=ANI)
    assert (again.id, again.number, again.group) == (first.id, ONE, "sales")
    assert (again.renewed, again.lent_early, again.replaced) == (True, False, None)
    assert again.expires_at == pool.clock.at + HOLD
    assert [event for event, _ in pool.events()] == ["allocated", "renewed"]
    assert (await pool.retrieve(ONE, call="1", ani=ANI)).caller_match is True


async def test_replacing_lends_a_resting_number_unless_resting_is_strict(pool: Pool) -> None:
    """Early as to anybody, and counted so; a strict pool keeps it, and the old one stands."""
    await pool.add(ONE, TWO)
    await pool.allocate("a")
    await pool.allocate("b")
    await pool.free(TWO)
    strict = Policy(HOLD, REST, strict_rest=True, replace=True)
    assert (await pool.allocate("a", policy=strict)).renewed
    early = await pool.allocate("a", policy=REPLACE)
    assert (early.number, early.lent_early) == (TWO, True)


async def test_a_number_that_drains_is_renewed_where_it_cannot_be_replaced(pool: Pool) -> None:
    """Its allocation stands, as under the other setting."""
    await pool.add(ONE)
    first = await pool.allocate("a", policy=REPLACE)
    pool.store.disable(ONE)
    assert (await pool.allocate("a", policy=REPLACE)).id == first.id


async def test_a_number_with_a_call_on_it_is_not_lent(pool: Pool) -> None:
    """Until the call is over, or has rung for as long as it may."""
    await pool.add(ONE)
    assert await pool.ringing(ONE, "1", 120 * SECOND)
    with pytest.raises(Exhausted):
        await pool.allocate("a")
    await pool.stopped_ringing("1")
    await pool.allocate("a")
    await pool.free(ONE)
    await pool.ringing(ONE, "2", 120 * SECOND)
    pool.pass_(120 * SECOND - TICK)
    with pytest.raises(Exhausted):
        await pool.allocate("b")
    pool.pass_(TICK)
    await pool.allocate("b")
    assert not await pool.ringing("+380999999999", "3", SECOND)


async def test_a_number_with_a_call_on_it_is_not_told_expired(pool: Pool) -> None:
    """While it rings nothing is on record; afterwards it is, dated at its instant."""
    await pool.add(ONE)
    lent = await pool.allocate("a")
    await pool.ringing(ONE, "1", HOLD + 120 * SECOND)
    pool.pass_(HOLD + SECOND)
    sweep = await pool.sweep()
    assert sweep.expired == ()
    assert sweep.next_deadline == lent.expires_at + 120 * SECOND
    renewed = await pool.allocate("a")
    assert (renewed.id, renewed.renewed) == (lent.id, True)
    pool.pass_(HOLD)
    await pool.stopped_ringing("1")
    (expired,) = (await pool.sweep()).expired
    assert expired.at == renewed.expires_at


@pytest.mark.parametrize("named", [None, "a"])
@pytest.mark.parametrize("ani", [ANI, STRANGER])
async def test_the_call_that_rang_in_time_is_found_and_a_stranger_is_told_nothing(
    pool: Pool, ani: str, named: str | None
) -> None:
    """Also where it says nothing of its age; until it has asked, nobody is told of an expiry.

    Whoever arrived after the expiry gets nothing of it, not even as the expected caller.
    """
    await pool.add(ONE)
    await pool.allocate("before")
    await pool.retrieve(ONE, call="0", ani="+380509999999", policy=POLICY)
    lent = await pool.allocate("a", caller=ANI)
    pool.pass_(HOLD - TICK)
    await pool.ringing(ONE, "1", 120 * SECOND)
    pool.pass_(TICK)
    await pool.ringing(ONE, "2", 120 * SECOND)
    before = pool.journal()
    for _ in ("first", "again"):
        stranger = await pool.retrieve(ONE, call="2", ani=ani, policy=POLICY, named=named)
        assert stranger == Retrieval(Status.NOT_ALLOCATED, stranger.number, stranger.ani)
        assert pool.journal() == before
    await pool.reopen()
    found = await pool.retrieve(ONE, call="1", ani=STRANGER, policy=POLICY)
    assert (found.status, found.allocation, found.caller_match) == (Status.FOUND, lent.id, False)
    assert pool.journal()[len(before) :] == [
        Entry(
            *("retrieved", pool.clock.at, ONE, lent.id, "a", None, "main", "1", STRANGER),
            detail="arrived before expiry",
        )
    ]
    late = await pool.retrieve(ONE, call="2", ani=ANI, policy=POLICY)
    assert (late.status, late.last_end) == (Status.LATE, Ending.RETRIEVED)


async def test_who_arrived_in_time_is_found_though_another_call_rings(pool: Pool) -> None:
    """Both were in time: the first to ask has it."""
    await pool.add(ONE)
    await pool.allocate("a")
    await pool.ringing(ONE, "1", HOLD + 120 * SECOND)
    pool.pass_(HOLD + SECOND)
    found = await pool.retrieve(ONE, call="2", ani=STRANGER, policy=POLICY, age=2 * SECOND)
    assert (found.status, found.interaction) == (Status.FOUND, "a")
    late = await pool.retrieve(ONE, call="1", ani=ANI, policy=POLICY)
    assert (late.status, late.last_end) == (Status.LATE, Ending.RETRIEVED)


async def test_a_stranger_redials_though_another_call_holds_the_expiry_open(pool: Pool) -> None:
    """What is the caller's own is told of nobody else."""
    await pool.add(ONE)
    await pool.allocate("a", policy=Policy(SECOND, REST))
    await pool.retrieve(ONE, call="0", ani=STRANGER, policy=POLICY)
    await pool.allocate("b", policy=Policy(SECOND, REST))
    await pool.ringing(ONE, "1", 120 * SECOND)
    pool.pass_(SECOND)
    again = await pool.retrieve(ONE, call="2", ani=STRANGER, policy=POLICY)
    assert (again.status, again.interaction) == (Status.REDIAL, "a")
    assert (await pool.retrieve(ONE, call="1", ani=ANI, policy=POLICY)).interaction == "b"


@pytest.mark.parametrize("swept", [False, True])
async def test_who_has_rung_for_too_long_or_with_a_break_is_late(pool: Pool, swept: bool) -> None:
    """Its place is lost at the instant its time is over, also where no sweep has looked."""
    three = "+380974520203"
    await pool.add(ONE, TWO, three)
    for number in (ONE, TWO, three):
        await pool.allocate(number)
        await pool.ringing(number, "1", HOLD + SECOND)
    pool.pass_(HOLD + SECOND - TICK)
    await pool.ringing(ONE, "1", HOLD)  # without a break
    pool.pass_(TICK)
    if swept:
        await pool.sweep()
    await pool.ringing(TWO, "1", HOLD)  # too late for that
    assert (await pool.retrieve(ONE, call="1", policy=POLICY)).status is Status.FOUND
    for number in (TWO, three):
        late = await pool.retrieve(number, call="1", policy=POLICY)
        assert (late.status, late.last_end) == (Status.LATE, Ending.EXPIRED)


async def test_the_expiry_is_told_once_nobody_holds_it_open(pool: Pool) -> None:
    """To the stranger who asks again after the call in time has hung up."""
    await pool.add(ONE)
    await pool.allocate("a")
    await pool.ringing(ONE, "1", HOLD + 120 * SECOND)
    pool.pass_(HOLD)
    assert (await pool.retrieve(ONE, call="2", policy=POLICY)).status is Status.NOT_ALLOCATED
    await pool.ringing(ONE, "2", 120 * SECOND)
    await pool.stopped_ringing("1")
    late = await pool.retrieve(ONE, call="2", policy=POLICY)
    assert (late.status, late.last_interaction, late.last_end) == (
        Status.LATE,
        "a",
        Ending.EXPIRED,
    )
    assert pool.events() == [("allocated", "a"), ("expired", "a")]


@pytest.mark.parametrize(
    "then", ["sweep", "allocate", "free", "ring", "retrieve", "hang up", "forget", "remove"]
)
async def test_only_a_call_that_was_there_in_time_holds_an_expiry_open(
    pool: Pool, then: str
) -> None:
    """Whoever comes after it keeps the number from being lent, and nothing else, however many."""
    await pool.add(ONE, TWO)
    lent = await pool.allocate("a")
    pool.pass_(HOLD - TICK)
    await pool.ringing(ONE, "in time", 120 * SECOND)
    pool.pass_(TICK)
    for call in ("2", "3"):
        pool.pass_(50 * SECOND)
        await pool.ringing(ONE, call, 120 * SECOND)
    assert (await pool.sweep()).expired == ()
    pool.pass_(20 * SECOND)
    match then:
        case "sweep":
            swept = await pool.sweep()
            assert [each.interaction for each in swept.expired] == ["a"]
        case "allocate":
            assert (await pool.allocate("b")).number == TWO
            with pytest.raises(Exhausted):
                await pool.allocate("a")
            await pool.free(TWO)
            again = await pool.allocate("a")
            assert (again.number, again.renewed) == (TWO, False)
            assert await pool.free(TWO) is FreeStatus.FREED
        case "free":
            assert await pool.free(ONE, allocation=lent.id) is FreeStatus.NOT_ALLOCATED
        case "ring":
            await pool.ringing(ONE, "4", 120 * SECOND)
        case "retrieve":
            late = await pool.retrieve(ONE, call="4", policy=POLICY)
            assert (late.status, late.last_end) == (Status.LATE, Ending.EXPIRED)
        case "hang up":
            await pool.stopped_ringing("2")
            late = await pool.retrieve(ONE, call="3", policy=POLICY)
            assert (late.status, late.last_end) == (Status.LATE, Ending.EXPIRED)
        case "forget":
            with pytest.raises(StillHeld) as refused:
                await pool.forget("a", "forgotten-1")
            assert refused.value.ran_out
            await pool.sweep()
        case "remove":
            with pytest.raises(NumbersAllocated) as kept:
                await pool.inventory.remove(pool.scope, [lent.number])
            assert (kept.value.allocated, kept.value.ringing) == ([], [ONE])
            await pool.sweep()
    expired = Entry("expired", lent.expires_at, ONE, lent.id, "a")
    assert [each for each in pool.journal() if each.allocation == lent.id][1:] == [expired]


async def test_a_sweep_that_had_no_room_for_all_looks_again_at_once(pool: Pool) -> None:
    """Also for what a stranger is on: that is due, as anything else."""
    await pool.add(ONE, TWO)
    for number in (ONE, TWO):
        await pool.allocate(number)
        await pool.ringing(number, "in time", HOLD + SECOND)
    pool.pass_(HOLD)
    for number in (ONE, TWO):
        await pool.ringing(number, "2", 120 * SECOND)
    await pool.stopped_ringing("in time")
    first, second = await pool.sweep(limit=1), await pool.sweep(limit=1)
    assert first.next_deadline is not None
    assert first.next_deadline <= pool.clock.at
    assert (len(first.expired), len(second.expired)) == (1, 1)
    assert second.next_deadline == pool.clock.at + 120 * SECOND


async def test_who_rings_on_for_ever_after_the_expiry_keeps_it_from_nobody(pool: Pool) -> None:
    """A chain of strangers: what the first of them was told the last is told, too."""
    await pool.add(ONE)
    lent = await pool.allocate("a")
    pool.pass_(HOLD - TICK)
    await pool.ringing(ONE, "0", 120 * SECOND)
    for call in range(1, 40):
        pool.pass_(100 * SECOND)
        await pool.ringing(ONE, str(call), 120 * SECOND)
    assert pool.journal()[1:] == [Entry("expired", lent.expires_at, ONE, lent.id, "a")]
    assert (await pool.states())[ONE] is State.IDLE


async def test_a_call_on_another_pbx_is_another_call(pool: Pool) -> None:
    """Of the same uniqueid: neither its hang-up nor its answer ends this one's ringing.

    Nor does it have this one's place.
    """
    await pool.add(ONE)
    await pool.allocate("a")
    await pool.ringing(ONE, "1", HOLD + 120 * SECOND)
    pool.pass_(HOLD)
    await pool.stopped_ringing("1", pbx="other")
    for _ in ("first", "again"):
        told = await pool.retrieve(ONE, call="1", pbx="other", policy=POLICY)
        assert told.status is Status.NOT_ALLOCATED
    found = await pool.retrieve(ONE, call="1", policy=POLICY)
    assert (found.status, found.interaction) == (Status.FOUND, "a")


async def test_a_call_has_its_place_on_the_number_it_rings_on(pool: Pool) -> None:
    """On another one it came too late."""
    await pool.add(ONE, TWO)
    for name in ("a", "b"):
        await pool.allocate(name)
    await pool.ringing(ONE, "1", HOLD + 120 * SECOND)
    pool.pass_(HOLD)
    assert (await pool.retrieve(TWO, call="1", policy=POLICY)).status is Status.LATE
    assert (await pool.retrieve(ONE, call="1", policy=POLICY)).status is Status.FOUND


async def test_what_rang_for_as_long_as_it_may_is_looked_at_once(pool: Pool) -> None:
    """The sweep lets go of it: its end is no deadline that stays in the past."""
    await pool.add(ONE)
    await pool.ringing(ONE, "1", SECOND)
    assert (await pool.sweep()).next_deadline == pool.clock.at + SECOND
    pool.pass_(SECOND)
    assert (await pool.sweep()).next_deadline is None


async def test_a_number_of_a_group_with_a_call_on_it_is_not_lent(pool: Pool) -> None:
    """As in the whole pool."""
    await pool.add(ONE, group="sales")
    await pool.ringing(ONE, "1", 120 * SECOND)
    with pytest.raises(Exhausted):
        await pool.allocate("a", "sales")
    await pool.stopped_ringing("1")
    assert (await pool.allocate("a", "sales")).number == ONE


async def test_who_chooses_while_it_rings_keeps_its_place(pool: Pool) -> None:
    """AMBIGUOUS consumes nothing: the allocation that ran out meanwhile can still be named."""
    await pool.add(ONE)
    await pool.allocate("a")
    await pool.retrieve(ONE, call="0", ani=ANI, policy=POLICY)
    brief = Policy(SECOND, REST)
    await pool.allocate("b", policy=brief)
    await pool.ringing(ONE, "1", 120 * SECOND)
    pool.pass_(SECOND)
    asked = await pool.retrieve(ONE, call="1", ani=ANI, policy=POLICY)
    assert (asked.status, asked.candidates) == (Status.AMBIGUOUS, ("b", "a"))
    await pool.sweep()
    found = await pool.retrieve(ONE, call="1", ani=ANI, policy=POLICY, named="b")
    assert (found.status, found.interaction) == (Status.FOUND, "b")


async def test_a_call_that_comes_after_the_expiry_does_not_hold_it_open(pool: Pool) -> None:
    """An expiry is true at its instant, whether or not it is on record; it still is not lent."""
    await pool.add(ONE)
    lent = await pool.allocate("a")
    pool.pass_(HOLD)
    await pool.ringing(ONE, "1", 120 * SECOND)
    assert pool.journal()[1:] == [Entry("expired", lent.expires_at, ONE, lent.id, "a")]
    with pytest.raises(Exhausted):
        await pool.allocate("a")
    late = await pool.retrieve(ONE, call="2", policy=POLICY)
    assert (late.status, late.last_end) == (Status.LATE, Ending.EXPIRED)


async def test_a_group_that_was_not_asked_for_does_not_bind(pool: Pool) -> None:
    """Who was lent a number of a group by chance is lent any other; who asks for it is bound."""
    await pool.add(ONE, group="sales")
    await pool.add(TWO)
    await pool.add("+380974520203", group="sales")
    assert (await pool.allocate("a", policy=REPLACE)).number == ONE
    assert (await pool.allocate("a", policy=REPLACE)).number == TWO
    third = await pool.allocate("a", policy=REPLACE)
    assert (third.number, third.group) == ("+380974520203", "sales")
    with pytest.raises(BadInput, match="group"):
        await pool.allocate("a", "support", REPLACE)
    await pool.allocate("a", "sales")  # asked for while it is renewed
    await pool.allocate("a")
    assert (await pool.allocate("a", policy=REPLACE)).number == ONE
    again = await pool.allocate("a", policy=REPLACE)
    assert (again.number, again.lent_early) == ("+380974520203", True)


async def test_replacing_keeps_the_group_and_the_expected_caller(pool: Pool) -> None:
    """What is not said again holds, as when an allocation is renewed."""
    await pool.add(ONE, group="other")
    await pool.add(TWO, "+380974520203", group="sales")
    await pool.allocate("a", "sales", REPLACE, caller=ANI)
    again = await pool.allocate("a", None, REPLACE)
    assert again.group == "sales"
    assert (await pool.retrieve(again.number, call="1", ani=ANI)).caller_match is True


async def test_freeing_a_number_with_a_call_on_it_is_no_expiry(pool: Pool) -> None:
    """Its wait is over, but it is not told expired while the call is on it."""
    await pool.add(ONE)
    await pool.allocate("a")
    await pool.ringing(ONE, "1", HOLD + 120 * SECOND)
    pool.pass_(HOLD)
    for wrong in ("", "x"):
        assert await pool.free(ONE, allocation=wrong) is FreeStatus.NOT_ALLOCATED
    assert await pool.free(ONE) is FreeStatus.FREED
    assert [event for event, _ in pool.events()] == ["allocated", "freed"]


async def test_a_late_call_s_own_ringing_ends_with_its_answer(pool: Pool) -> None:
    """Told that it is late, it keeps the number from nobody."""
    await pool.add(ONE)
    await pool.allocate("a")
    pool.pass_(HOLD)
    await pool.ringing(ONE, "1", 120 * SECOND)
    assert (await pool.retrieve(ONE, call="1", policy=POLICY)).status is Status.LATE
    await pool.allocate("b")


async def test_a_retrieval_ends_the_ringing(pool: Pool) -> None:
    """The number may be lent at once to the next."""
    await pool.add(ONE)
    await pool.allocate("a")
    await pool.ringing(ONE, "1", 120 * SECOND)
    await pool.retrieve(ONE, call="1")
    await pool.allocate("b")


async def test_every_one_of_two_calls_on_a_number_keeps_it(pool: Pool) -> None:
    """The end of one is not the end of the other."""
    await pool.add(ONE)
    await pool.ringing(ONE, "1", 120 * SECOND)
    await pool.ringing(ONE, "2", 120 * SECOND)
    await pool.stopped_ringing("1")
    with pytest.raises(Exhausted):
        await pool.allocate("a")


async def test_what_was_dialed_first_counts_also_by_its_dnid(pool: Pool) -> None:
    """A number in a later place, such as a header the caller writes, is not even looked at."""
    await pool.add(ONE, dnid="0201")
    await pool.add(TWO)
    for name in ("a", "b"):
        await pool.allocate(name)
    found = await pool.retrieve("0201", TWO, call="1")
    assert found.number == ONE
    assert (await pool.states())[TWO] is State.ALLOCATED
