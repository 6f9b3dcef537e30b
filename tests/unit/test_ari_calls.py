"""Which calls are on their way: worked out from events and looks, made up and recorded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from interact_ivr.ari.calls import Arrived, Calls, Gone, Look, Move, Seen
from interact_ivr.ari.events import bridges_of, channels_of, date_of, event_of
from interact_ivr.ari.told import Bridge, Channel, Created, Destroyed, Echo, Replaced

RECORDED = Path(__file__).parent.parent / "fixtures/ari"
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
CONTEXTS = {"inbound": "", "from-acme": "acme/live"}


def channel(name: str, context: str = "inbound", created: datetime = NOON) -> Channel:
    """Make a channel."""
    return Channel(name, f"PJSIP/trunk-{name}", context, "0200", created)


def look(*channels: Channel, bridged: tuple[str, ...] = (), at: datetime | None = NOON) -> Look:
    """Make a look at these."""
    return Look(channels, [Bridge("b", bridged)], at)


def test_a_call_arrives_and_is_gone() -> None:
    """With the environment of the context that it came in by."""
    calls = Calls(CONTEXTS)
    ours, theirs = channel("1"), channel("2", "from-acme")
    assert calls.event(Created(NOON, ours)) == Arrived(ours, "")
    assert calls.event(Created(NOON, theirs)) == Arrived(theirs, "acme/live")
    assert calls.event(Destroyed(NOON, "1")) == Gone("1")
    assert calls.event(Destroyed(NOON, "1")) is None
    assert len(calls) == 1


def test_what_is_no_call_of_ours_is_nothing() -> None:
    """Another context, its end, and what concerns us alone."""
    calls = Calls(CONTEXTS)
    for event in (
        Created(NOON, channel("1", "agents")),
        Destroyed(NOON, "1"),
        Echo(NOON, "1"),
        Replaced(NOON),
    ):
        assert calls.event(event) is None
    assert len(calls) == 0


def test_a_look_finds_what_was_missed() -> None:
    """What came in has an age in its caller's favour; what is on record and not there is gone."""
    calls = Calls(CONTEXTS)
    calls.event(Created(NOON, channel("ended")))
    goes_on = channel("goes on")
    calls.event(Created(NOON, goes_on))
    new = channel("new", created=NOON - 5 * SECOND)
    found = calls.look(look(goes_on, new, channel("theirs", "agents")), {"ended", "long ended"})
    assert [*found] == [Gone("ended"), Gone("long ended"), Arrived(new, "", Seen(6 * SECOND, 0.0))]


@pytest.mark.parametrize(
    ("created", "at", "age"),
    [
        (NOON, NOON, SECOND),
        (NOON, NOON + 2 * SECOND, 3 * SECOND),
        (NOON + SECOND / 2, NOON, SECOND / 2),
        (NOON + 5 * SECOND, NOON, 0 * SECOND),
        (NOON, None, 0 * SECOND),
    ],
)
def test_an_age_is_never_less_than_none(
    created: datetime, at: datetime | None, age: timedelta
) -> None:
    """The PBX tells its clock in whole seconds, cut off; or not at all."""
    new = channel("1", created=created)
    assert [*Calls(CONTEXTS).look(look(new, at=at), ())] == [Arrived(new, "", Seen(age, 0.0))]


def test_an_age_grows_until_it_is_used() -> None:
    """From the instant at which the PBX told it: what is asked meanwhile may take seconds."""
    arrived = Arrived(channel("1"), "", Seen(3 * SECOND, at=100.0))
    assert arrived.age(102.5) == 5.5 * SECOND
    assert arrived.age(99.0) == 3 * SECOND
    assert Arrived(channel("1"), "").age(100.0) is None


def test_a_channel_by_which_asterisk_dials_is_nobody_who_comes_in() -> None:
    """Whatever its context; and its end is nothing either."""
    calls = Calls(CONTEXTS)
    leg = replace(channel("1"), is_called=True)
    assert calls.event(Created(NOON, leg)) is None
    assert [*calls.look(look(leg), ())] == []
    assert calls.event(Destroyed(NOON, "1")) is None


def test_who_talks_to_somebody_is_past_asking() -> None:
    """Also where they still are in the context that they came in by."""
    assert [*Calls(CONTEXTS).look(look(channel("1"), bridged=("1",)), ())] == []


def test_what_is_on_record_needs_not_be_told_again() -> None:
    """After a restart the store knows the call; its end is told."""
    calls = Calls(CONTEXTS)
    assert [*calls.look(look(channel("1")), {"1"})] == []
    assert calls.event(Destroyed(NOON, "1")) == Gone("1")


def test_what_could_not_be_noted_is_found_by_the_next_look() -> None:
    """As if it had never been seen."""
    calls = Calls(CONTEXTS)
    one = channel("1")
    calls.event(Created(NOON, one))
    calls.forget("1")
    assert [*calls.look(look(one), ())] == [Arrived(one, "", Seen(SECOND, 0.0))]


def test_an_end_is_said_once() -> None:
    """Looks say it no more, and nothing is kept of the call."""
    calls = Calls(CONTEXTS)
    calls.event(Created(NOON, channel("1")))
    assert [*calls.look(look(), {"1"})] == [Gone("1")]
    assert [*calls.look(look(), ())] == []
    assert len(calls) == 0


@pytest.mark.parametrize("move", [Arrived(channel("1"), ""), Gone("1")])
def test_what_was_taken_back_is_said_by_the_next_look(move: Move) -> None:
    """Of an arrival that it arrived, of an end that it is over."""
    calls = Calls(CONTEXTS)
    calls.take_back(move)
    there = [channel("1")] if isinstance(move, Arrived) else []
    (again,) = calls.look(look(*there), ())
    assert type(again) is type(move)


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from(["!", "!", "~", "?"]))))
def test_however_events_are_lost_a_look_sets_it_right(steps: list[tuple[str, str]]) -> None:
    """Arrivals and ends alternate for each call, and after a look all is as on the PBX.

    On each of four lines calls come and go by turns, each with an id of its own; ~ is not told of,
    ? looks.
    """
    calls, there, noted = Calls(CONTEXTS), dict[str, str](), set[str]()

    def do(move: Move | None) -> None:
        match move:
            case Arrived(channel=arrived):
                assert arrived.id not in noted
                noted.add(arrived.id)
            case Gone(channel=gone):
                assert gone in noted
                noted.remove(gone)

    for count, (line, step) in enumerate(steps):
        if step == "?":
            for move in [*calls.look(look(*map(channel, there.values())), set(noted))]:
                do(move)
            assert noted == set(there.values())
            continue
        gone = there.pop(line, None)
        if gone is None:
            there[line] = f"{line}{count}"
        if step == "!":
            new = channel(there.get(line, ""))
            do(calls.event(Created(NOON, new) if gone is None else Destroyed(NOON, gone)))


def replayed(case: str, contexts: dict[str, str] = CONTEXTS) -> Iterator[Move]:
    """Give what follows from a recording; what a look finds on record is what had arrived."""
    calls, noted = Calls(contexts), set[str]()
    for line in (RECORDED / f"{case}.jsonl").read_text("utf-8").splitlines():
        recorded = json.loads(line)
        if "event" in recorded:
            event = event_of(recorded["event"])
            moves = [] if event is None else [calls.event(event)]
        else:
            seen = Look(
                channels_of(recorded["channels"].encode()),
                bridges_of(recorded["bridges"].encode()),
                date_of(recorded["date"]),
            )
            moves = [*calls.look(seen, set(noted))]
        for move in moves:
            if isinstance(move, Arrived):
                noted.add(move.channel.id)
            if isinstance(move, Gone):
                noted.discard(move.channel)
            if move is not None:
                yield move


def told(case: str) -> list[str]:
    """Give the same as words: the extension that was dialed, and whether that is over."""
    dialed: dict[str, str] = {}
    words = []
    for move in replayed(case):
        if isinstance(move, Arrived):
            dialed[move.channel.id] = move.channel.extension
            words.append(move.channel.extension)
        else:
            words.append(f"-{dialed[move.channel]}")
    return words


def test_recorded_whole_calls() -> None:
    """Real calls: one that asked at once, then one that asked later and one that only stayed."""
    words = told("whole_calls")
    assert words[:2] == ["380974520200", "-380974520200"]
    assert set(words[2:4]) == {"380974520300", "380974520400"}
    assert set(words[4:]) == {"-380974520300", "-380974520400"}


def test_recorded_everything() -> None:
    """The same follows from all that Asterisk has to say, of which most is of no interest."""
    assert told("everything") == ["380974520400", "-380974520400"]
    lines = (RECORDED / "everything.jsonl").read_text("utf-8").splitlines()
    assert len(lines) > 20


def test_a_recorded_gap() -> None:
    """The first call has ended in it and the second has come: the look after it tells both."""
    assert told("with_a_gap") == ["380974520400", "-380974520400", "380974520400", "-380974520400"]
    ages = [move.age(0.0) for move in replayed("with_a_gap") if isinstance(move, Arrived)]
    assert ages[0] is None
    assert ages[1] is not None
    assert SECOND / 2 < ages[1] < 4 * SECOND


def test_a_recorded_takeover() -> None:
    """Asterisk's own words for it."""
    (line,) = (RECORDED / "taken_over.jsonl").read_text("utf-8").splitlines()
    assert isinstance(event_of(json.loads(line)["event"]), Replaced)


def test_recorded_talk() -> None:
    """A caller who was put through from where they came in is in a bridge, and not on the way."""
    assert told("talking") == []


def test_a_recorded_call_that_is_put_through() -> None:
    """The leg to whom it is put through is in the same context, and is nobody who comes in."""
    assert told("dialing") == ["78", "-78"]
    lines = (RECORDED / "dialing.jsonl").read_text("utf-8").splitlines()
    (look_,) = [line for line in map(json.loads, lines) if "channels" in line]
    assert [each.is_called for each in channels_of(look_["channels"].encode())] == [False, True]
