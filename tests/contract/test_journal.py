"""The journal of every store: what it answers, what it loses in time, and what it forgets."""

import asyncio
import itertools
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interact_ivr.domain.ani import PLAINLY
from interact_ivr.domain.errors import BadInput, NoSuchNumber, StillHeld
from interact_ivr.domain.journal import (
    Forgotten,
    OfCall,
    OfCaller,
    OfInteraction,
    OfNumber,
    Page,
    Subject,
)
from interact_ivr.domain.lifecycle import Policy
from interact_ivr.domain.names import Ani, EnvironmentId, InteractionId, NumberKey, first_ulid
from interact_ivr.domain.values import NewNumber, Status
from interact_ivr.service.purge import Purge, Purged
from tests.contract.stores import HOLD, REST, START, STORES, TICK, Pool, Store

NUMBER = "+380974520200"
OTHER = "+380974520201"
TOMBSTONE = "forgotten-0123456789abcdef"
MINUTE = timedelta(minutes=1)
YEAR = timedelta(days=365)
EVENTS = ["allocated", "renewed", "retrieved", "lent early", "freed"]


def of_number(number: str = NUMBER) -> OfNumber:
    """Ask about a number."""
    return OfNumber((NumberKey(number),))


async def entries(
    pool: Pool,
    subject: Subject = None,
    *,
    after: str = "",
    limit: int = 100,
    newest: int | None = None,
) -> Page:
    """Ask the journal."""
    return await pool.record.entries(pool.scope.environment, subject, after, limit, newest)


async def events(pool: Pool, subject: Subject = None, newest: int | None = None) -> list[str]:
    """Give what happened, in order."""
    return [entry.event for entry in (await entries(pool, subject, newest=newest)).entries]


async def forget(pool: Pool, interaction: str, limit: int = 100) -> Forgotten:
    """Take one step of forgetting."""
    return await pool.forget(interaction, TOMBSTONE, limit=limit)


async def purge(pool: Pool, before: datetime) -> Purged:
    """Remove all that ended *before*."""
    told: list[Purged] = []
    task = Purge(pool.record, pool.clock.now, None, purged=told.append, failed=lambda _: None)
    purged = await task.once(before)
    assert told == ([] if purged == Purged(before) else [purged])
    return purged


async def two_lives(pool: Pool) -> None:
    """Let "a" ask twice and be retrieved, then "b" be freed, all on one number."""
    await pool.add(NUMBER)
    await pool.allocate("a")
    pool.pass_(MINUTE)
    await pool.allocate("a")
    pool.pass_(MINUTE)
    await pool.retrieve(NUMBER, call="1.1", ani="+441632960001")
    pool.pass_(MINUTE)
    await pool.allocate("b")
    pool.pass_(MINUTE)
    await pool.free(NUMBER)


# Questions


async def test_each_question_has_its_entries_in_the_order_they_were_written(pool: Pool) -> None:
    """Of all, of a number, of an interaction, of a call, of a call of one PBX."""
    await two_lives(pool)
    assert await events(pool) == EVENTS
    assert await events(pool, of_number()) == EVENTS
    assert await events(pool, OfInteraction(InteractionId("a"))) == EVENTS[:3]
    assert await events(pool, OfInteraction(InteractionId("c"))) == []
    assert await events(pool, OfCall("1.1")) == ["retrieved"]
    assert await events(pool, OfCall("1.1", "main")) == ["retrieved"]
    assert await events(pool, OfCall("1.1", "other")) == []


async def test_a_caller_s_entries_are_found(pool: Pool) -> None:
    """As the journal keeps them, from where one reads on; the newest of them, too."""
    await pool.add(NUMBER)
    for call in ("1.1", "1.2", "1.3"):
        await pool.allocate(call)
        pool.pass_(MINUTE)
        await pool.retrieve(NUMBER, call=call, ani="+14085551234" if call != "1.2" else OTHER)
        pool.pass_(MINUTE)
    caller = OfCaller(Ani("+14085551234"))
    first, last = (await entries(pool, caller)).entries
    assert [(each.event, each.interaction) for each in (first, last)] == [
        ("retrieved", "1.1"),
        ("retrieved", "1.3"),
    ]
    assert (await entries(pool, caller, after=first.id)).entries == (last,)
    assert await events(pool, OfCaller(Ani("+1"))) == []
    for newest, limit in itertools.product(range(4), (1, 2, 3)):
        page = await entries(pool, caller, newest=newest, limit=limit)
        expected = (first, last)[max(0, 2 - newest) :][:limit]
        assert page.entries == expected, (newest, limit)
        assert page.after == (expected[-1] if expected else last).id


async def test_an_entry_is_what_was_written(pool: Pool) -> None:
    """Each field, as a reading past the service finds it too."""
    await two_lives(pool)
    read = (await entries(pool)).entries
    assert [entry.id for entry in read] == sorted(entry.id for entry in read)
    assert [
        (entry.event, entry.at, entry.number, entry.allocation, entry.interaction, entry.ani)
        for entry in read
    ] == [
        (entry.event, entry.at, entry.number, entry.allocation, entry.interaction, entry.ani)
        for entry in pool.journal()
    ]
    assert [entry.call and (entry.call.pbx, entry.call.uniqueid) for entry in read] == [
        entry.uniqueid and (entry.pbx, entry.uniqueid) for entry in pool.journal()
    ]


@pytest.mark.parametrize("subject", [None, of_number(), OfInteraction(InteractionId("a"))])
async def test_pages_put_together_are_the_whole(pool: Pool, subject: Subject) -> None:
    """Whatever the page's length; an empty page says where it began."""
    await two_lives(pool)
    whole = (await entries(pool, subject)).entries
    for limit in (1, 2, len(whole)):
        after, got = "", list[object]()
        while (page := await entries(pool, subject, after=after, limit=limit)).entries:
            got += page.entries
            after = page.after
        assert got == list(whole)
        assert page.after == whole[-1].id


async def test_the_newest_are_counted_from_the_end(pool: Pool) -> None:
    """None of them, some, all there are; of the subject and of nothing else."""
    await two_lives(pool)
    assert [await events(pool, newest=count) for count in (0, 2, 5, 9)] == [
        [],
        EVENTS[-2:],
        EVENTS,
        EVENTS,
    ]
    assert await events(pool, OfInteraction(InteractionId("a")), newest=1) == ["retrieved"]
    last = (await entries(pool)).after
    assert (await entries(pool, newest=0)).after == last


async def test_since_is_an_id(pool: Pool) -> None:
    """What was written at an instant is behind the least id of that instant."""
    await two_lives(pool)
    at = (await entries(pool)).entries[3].at
    found = await entries(pool, after=first_ulid(at))
    assert [entry.event for entry in found.entries] == EVENTS[3:]


async def test_a_number_is_meant_by_the_first_key_that_is_ours(pool: Pool) -> None:
    """As for a call; a number that never was ours is refused rather than shown empty."""
    await two_lives(pool)
    keys = OfNumber((NumberKey("+1"), NumberKey(NUMBER)))
    assert await events(pool, keys) == EVENTS
    for unknown in (OfNumber((NumberKey("+1"),)), OfNumber(())):
        with pytest.raises(NoSuchNumber):
            await entries(pool, unknown)
    await pool.add(OTHER)
    assert await events(pool, of_number(OTHER)) == []


async def test_what_waits_is_woken_by_the_next_entry(pool: Pool) -> None:
    """Not by what reads, nor by what changes nothing."""
    await pool.add(NUMBER)
    grown = asyncio.ensure_future(pool.record.grown())
    await entries(pool)
    await pool.retrieve(NUMBER, call="1.1")
    assert not grown.done()
    await pool.allocate("a")
    await asyncio.wait_for(grown, 5)


# Who held it


async def test_who_held_it_names_the_call_that_ended_it(pool: Pool) -> None:
    """From the beginning until just before the end; in between and after, nobody."""
    await two_lives(pool)
    environment, keys = pool.scope.environment, [NumberKey(NUMBER)]
    held = [
        (await pool.record.who_held(environment, keys, START + after)).hold
        for after in (MINUTE * 2 - TICK, MINUTE * 2, MINUTE * 3, MINUTE * 4)
    ]
    first, between, second, after = held
    assert (between, after) == (None, None)
    assert first is not None
    assert (first.interaction, first.since, first.until) == ("a", START, START + MINUTE * 2)
    assert first.call is not None
    assert (first.ended, first.call.uniqueid, first.ani) == ("retrieved", "1.1", "+441632960001")
    assert second is not None
    assert (second.interaction, second.ended, second.call) == ("b", "freed", None)


async def test_an_instant_that_has_not_come_is_refused(pool: Pool) -> None:
    """Nobody knows who will hold it."""
    await two_lives(pool)
    with pytest.raises(BadInput, match="a time that has come"):
        await pool.record.who_held(
            pool.scope.environment, [NumberKey(NUMBER)], pool.clock.at + TICK
        )


async def test_the_answer_says_how_far_back_the_journal_reaches(pool: Pool) -> None:
    """So that nobody on record is not taken for nobody at all."""
    await two_lives(pool)
    before = START - MINUTE
    answer = await pool.record.who_held(pool.scope.environment, [NumberKey(NUMBER)], before)
    assert (answer.hold, answer.journal_begins) == (None, START)


async def test_each_environment_s_journal_begins_on_its_own(pool: Pool) -> None:
    """With its own first entry that is still there; nothing was ever written: none."""
    there = await pool.elsewhere()
    await pool.inventory.add(there, [NewNumber(NumberKey(NUMBER), NUMBER)])
    await two_lives(pool)

    async def begins(environment: EnvironmentId) -> datetime | None:
        held = await pool.record.who_held(environment, [NumberKey(NUMBER)], pool.clock.at)
        return held.journal_begins

    here = pool.scope.environment
    assert [await begins(each) for each in (here, there.environment)] == [START, None]
    pool.pass_(HOLD)
    first = pool.clock.at
    await pool.allocate("elsewhere", scope=there)
    pool.pass_(HOLD)
    assert [await begins(each) for each in (here, there.environment)] == [START, first]
    await pool.record.purge_entries(first, "", 100)
    assert [await begins(each) for each in (here, there.environment)] == [None, first]


@dataclass
class Span:
    """What the model knows of an allocation."""

    number: str
    interaction: str
    since: datetime
    expires_at: datetime
    until: datetime | None = None
    how: str | None = None


@dataclass
class Model:
    """A plain list of spans, kept from the store's answers."""

    spans: list[Span] = field(default_factory=list)

    def settle(self, now: datetime) -> None:
        """Let what ran out expire."""
        for span in self.spans:
            if span.until is None and span.expires_at <= now:
                span.until, span.how = span.expires_at, "expired"

    def end(self, number: str, at: datetime, how: str) -> None:
        """End the open span of a number."""
        (span,) = [each for each in self.spans if each.number == number and each.until is None]
        span.until, span.how = at, how

    def holder(self, number: str, at: datetime) -> Span | None:
        """Look through the list."""
        covering = [
            span
            for span in self.spans
            if span.number == number
            and span.since <= at
            and (span.until is None or at < span.until)
        ]
        assert len(covering) <= 1
        return covering[0] if covering else None


INSTANTS = st.integers(-100, 6000).map(lambda second: START + timedelta(seconds=second))
STEPS = st.one_of(
    st.tuples(st.just("allocate"), st.sampled_from(["a", "b", "c"])),
    st.tuples(st.sampled_from(["retrieve", "free"]), st.sampled_from([NUMBER, OTHER])),
    st.tuples(st.just("pass"), st.sampled_from(["0.000001", "100", "899", "900"])),
    st.tuples(st.just("sweep"), st.just("")),
)


async def carried_out(pool: Pool, steps: list[tuple[str, str]]) -> Model:
    """Carry *steps* out, and give the model of what came of them."""
    model = Model()
    for count, (step, argument) in enumerate(steps):
        now = pool.clock.at
        match step:
            case "allocate" if len({span.number for span in model.spans if not span.until}) < 2:
                made = await pool.allocate(argument)
                if made.renewed:
                    model.holder(made.number, now).expires_at = made.expires_at  # type: ignore[union-attr]
                else:
                    model.spans.append(Span(made.number, argument, now, made.expires_at))
            case "retrieve":
                if (await pool.retrieve(argument, call=str(count))).status is Status.FOUND:
                    model.end(argument, now, "retrieved")
            case "free":
                if await pool.free(argument) == "FREED":
                    model.end(argument, now, "freed")
            case "pass":
                pool.pass_(timedelta(seconds=float(argument)))
                model.settle(pool.clock.at)
            case "sweep":
                await pool.sweep()
    return model


@pytest.mark.parametrize("make", STORES.values(), ids=STORES)
@settings(max_examples=40)
@given(steps=st.lists(STEPS, max_size=12), at=st.lists(INSTANTS, min_size=1, max_size=6))
def test_who_held_it_is_what_a_plain_list_says(
    make: Callable[[Path], Store], steps: list[tuple[str, str]], at: list[datetime]
) -> None:
    """At any instant, whatever happened, and at each instant where something began or ended."""

    async def compare() -> None:
        pool = Pool(make(Path(folder)))
        await pool.open()
        try:
            await pool.add(NUMBER, OTHER)
            model = await carried_out(pool, steps)
            edges = {edge for span in model.spans for edge in (span.since, span.until) if edge}
            for instant in {*at, *edges, *(edge - TICK for edge in edges)}:
                if instant <= pool.clock.at:
                    await same(pool, model, instant)
        finally:
            pool.store.close()

    async def same(pool: Pool, model: Model, instant: datetime) -> None:
        for number in (NUMBER, OTHER):
            keys = [NumberKey(number)]
            hold = (await pool.record.who_held(pool.scope.environment, keys, instant)).hold
            span = model.holder(number, instant)
            assert (span and (span.interaction, span.since, span.until, span.how)) == (
                hold and (hold.interaction, hold.since, hold.until, hold.ended)
            )

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(compare())


# Purging


async def test_what_ended_before_goes_and_the_rest_stays(pool: Pool) -> None:
    """Entries, allocations and answers of the first life; the second ended later."""
    await two_lives(pool)
    ended = START + MINUTE * 2
    assert await purge(pool, ended) == Purged(ended, 0, 0, 0)
    assert await purge(pool, ended + TICK) == Purged(ended + TICK, 3, 1, 1)
    assert await events(pool) == EVENTS[3:]
    assert list(pool.store.allocations().values()) == ["b"]
    assert (await pool.retrieve(NUMBER, call="1.1")).status is Status.NOT_ALLOCATED


async def test_an_open_allocation_keeps_its_entries(pool: Pool) -> None:
    """However often it was renewed: who holds a number now is on record from its beginning."""
    await pool.add(NUMBER, OTHER)
    await pool.allocate("a")
    for _ in range(3):
        pool.pass_(HOLD - TICK)
        await pool.allocate("a")
    await pool.allocate("b")
    assert (await purge(pool, pool.clock.at)).entries == 0
    assert (await events(pool, of_number()))[0] == "allocated"


async def test_a_numbers_last_allocation_stays(pool: Pool) -> None:
    """However old it is, and with it what its call was told."""
    await pool.add(NUMBER)
    first = await pool.allocate("a")
    await pool.retrieve(NUMBER, call="1.1")
    pool.pass_(YEAR)
    assert (await purge(pool, pool.clock.at)).allocations == 0
    assert (await pool.retrieve(NUMBER, call="1.1")).allocation == first.id
    await pool.allocate("b")
    assert (await purge(pool, pool.clock.at)).allocations == 0
    assert (await pool.retrieve(NUMBER, call="1.1")).allocation == first.id
    assert (await pool.retrieve(NUMBER, call="1.2")).interaction == "b"
    pool.pass_(YEAR)
    assert (await purge(pool, pool.clock.at)).allocations == 1


async def test_time_and_ids_go_on_after_a_purge_and_a_restart(pool: Pool) -> None:
    """The last entry stays, so a clock set back is noticed still."""
    await two_lives(pool)
    last = (await entries(pool)).after
    pool.pass_(YEAR)
    await purge(pool, pool.clock.at)
    assert (await entries(pool)).after == last
    pool.clock.at = START
    await pool.reopen()
    await pool.allocate("c")
    newest = (await entries(pool)).entries[-1]
    assert newest.id > last
    assert newest.at == START + MINUTE * 4


async def test_a_purge_looks_at_no_more_than_its_limit_at_a_time(pool: Pool) -> None:
    """Calls get their turn between two steps."""
    await two_lives(pool)
    steps, after = list[int](), ""
    while True:
        step = await pool.record.purge_entries(datetime(9999, 1, 1, tzinfo=UTC), after, 2)
        if step.after is None:
            break
        steps.append(step.removed)
        after = step.after
    assert steps == [2, 2]


# Forgetting


async def test_a_person_is_forgotten_and_the_hold_is_not(pool: Pool) -> None:
    """Id and calling numbers give way to the tombstone; when it was held, and the call, stay."""
    await two_lives(pool)
    assert await forget(pool, "a") == Forgotten(entries=3, anis=1, allocations=1, answers=1)
    assert await forget(pool, "a") == Forgotten()
    assert await events(pool, OfInteraction(InteractionId(TOMBSTONE))) == EVENTS[:3]
    assert await events(pool, OfInteraction(InteractionId("b"))) == EVENTS[3:]
    answer = await pool.record.who_held(pool.scope.environment, [NumberKey(NUMBER)], START)
    assert answer.hold is not None
    assert (answer.hold.interaction, answer.hold.until, answer.hold.ani) == (
        TOMBSTONE,
        START + MINUTE * 2,
        None,
    )


async def test_forgetting_takes_steps(pool: Pool) -> None:
    """Each no larger than its limit, until nothing is left."""
    await two_lives(pool)
    assert [(await forget(pool, "a", 2)).entries for _ in range(3)] == [2, 1, 0]


async def test_the_same_call_is_not_told_a_tombstone(pool: Pool) -> None:
    """The answer went with the person: the call is answered afresh."""
    await two_lives(pool)
    await forget(pool, "a")
    again = await pool.retrieve(NUMBER, call="1.1")
    assert (again.status, again.interaction) == (Status.NOT_ALLOCATED, None)


async def test_who_holds_a_number_is_not_forgotten(pool: Pool) -> None:
    """Nothing changes; told is which number, which allocation, and whether it has run out."""
    await pool.add(NUMBER)
    made = await pool.allocate("a")
    for ran_out in (False, True):
        with pytest.raises(StillHeld) as refused:
            await forget(pool, "a")
        held = refused.value
        assert (held.number, held.allocation, held.ran_out) == (NUMBER, made.id, ran_out)
        pool.pass_(HOLD)
    assert await events(pool, OfInteraction(InteractionId("a"))) == ["allocated"]


async def test_who_holds_a_number_with_a_call_on_it_is_not_forgotten(pool: Pool) -> None:
    """Its wait is over, and still the call that was there in time will have it."""
    await pool.add(NUMBER)
    await pool.allocate("a")
    pool.pass_(HOLD - TICK)
    await pool.ringing(NUMBER, "1.1", MINUTE)
    pool.pass_(TICK)
    with pytest.raises(StillHeld) as refused:
        await forget(pool, "a")
    assert not refused.value.ran_out
    assert (await pool.retrieve(NUMBER, call="1.1")).interaction == "a"
    assert (await forget(pool, "a")).allocations == 1


async def test_who_is_forgotten_here_is_remembered_elsewhere(pool: Pool) -> None:
    """Another environment's interaction of the same id is another person, in every respect."""
    here, elsewhere = pool.scope, await pool.elsewhere()
    windows = Policy(HOLD, REST, redial_for=YEAR, late_for=YEAR)
    for scope, number in ((here, NUMBER), (elsewhere, OTHER)):
        pool.scope = scope
        await pool.add(number)
        await pool.allocate("a", caller="+441632960001")
        await pool.retrieve(number, call="1.1", ani="+441632960001")
    assert await pool.forget("a", TOMBSTONE, scope=here) == Forgotten(2, 1, 1, 1)
    assert await pool.forget("a", TOMBSTONE, scope=here) == Forgotten()
    assert [(entry.interaction, entry.ani) for entry in pool.journal()] == [
        (TOMBSTONE, None),
        (TOMBSTONE, None),
        ("a", None),
        ("a", "+441632960001"),
    ]
    for call, status in (("1.1", Status.FOUND), ("1.2", Status.REDIAL)):
        told = await pool.retrieve(OTHER, call=call, ani="+441632960001", policy=windows)
        assert (told.status, told.interaction) == (status, "a")
    late = await pool.retrieve(OTHER, call="1.3", policy=windows)
    assert (late.status, late.last_interaction) == (Status.LATE, "a")


async def test_what_is_forgotten_is_gone_from_the_disk(pool: Pool) -> None:
    """Not a part of it is left in any file, or row, with other people's traces around it."""
    await pool.add(*(f"+3809745203{count:02}" for count in range(8)))
    ids = [f"person {count:03} " + "x" * (count % 90) + f" end {count:03}" for count in range(120)]
    for count, interaction in enumerate(ids):
        made = await pool.allocate(interaction, caller=f"+4917632{count:05}")
        await pool.retrieve(made.number, call=f"1.{count}", ani=f"+4416329{count:05}")
        pool.pass_(MINUTE)
    for count in range(0, 120, 3):
        await forget(pool, ids[count])
    assert await pool.record.scrub() is pool.store.scrubs
    kept = pool.store.bytes()
    for count in range(120):
        expected = f"+4917632{count:05}"
        traces = [f"person {count:03}", f"end {count:03}", f"+4416329{count:05}"]
        traces.append(str(PLAINLY.compared(Ani(expected))))
        assert [trace.encode() in kept for trace in traces] == [bool(count % 3)] * 4
        assert expected.encode() not in kept


async def test_what_is_forgotten_is_told_to_nobody(pool: Pool) -> None:
    """Not even by its tombstone: whoever calls afterwards calls a number nobody waits on."""
    await pool.add(NUMBER)
    await pool.allocate("a")
    pool.pass_(HOLD)
    await pool.sweep()
    await forget(pool, "a")
    windows = Policy(HOLD, REST, redial_for=YEAR, late_for=YEAR)
    told = await pool.retrieve(NUMBER, call="1", policy=windows, age=MINUTE)
    assert (told.status, told.interaction, told.last_interaction) == (
        Status.NOT_ALLOCATED,
        None,
        None,
    )


async def test_what_was_told_to_nobody_does_not_bring_a_person_back(pool: Pool) -> None:
    """Forgotten between the answer and its failure: on record is the tombstone, nowhere the id."""
    await pool.add(NUMBER)
    person = "a person's own id"
    lent = await pool.allocate(person)
    found = await pool.retrieve(NUMBER, call="1.1", ani="+441632960001")
    assert found.interaction == person
    await forget(pool, person)
    await pool.mark_undelivered(found, "1.1")
    (entry,) = (await entries(pool, newest=1)).entries
    assert (entry.event, entry.allocation, entry.interaction, entry.ani) == (
        "undelivered",
        lent.id,
        TOMBSTONE,
        None,
    )
    assert await events(pool, OfInteraction(InteractionId(person))) == []
    assert await forget(pool, person) == Forgotten()
    await pool.record.scrub()
    assert person.encode() not in pool.store.bytes()


async def test_nothing_is_written_of_an_allocation_that_is_gone(pool: Pool) -> None:
    """What was purged meanwhile leaves nothing to add to, and no entry of its own."""
    await pool.add(NUMBER)
    await pool.allocate("a")
    found = await pool.retrieve(NUMBER, call="1.1")
    pool.pass_(MINUTE)
    await pool.allocate("b")
    await pool.free(NUMBER)
    pool.pass_(YEAR)
    await purge(pool, pool.clock.at)
    before = pool.journal()
    await pool.mark_undelivered(found, "1.1")
    assert pool.journal() == before
