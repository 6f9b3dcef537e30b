"""Which calls are on which phones: recordings of a real Asterisk, replayed; and made-up streams."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from interact_ivr.ari.calls import Look
from interact_ivr.ari.events import event_of
from interact_ivr.ari.on_phones import STATES, Where
from interact_ivr.ari.told import (
    Bridge,
    Changed,
    Channel,
    Created,
    Destroyed,
    Dialed,
    Entered,
    OfCalls,
)
from tests.unit.played_pbx import (
    NOON,
    STORIES,
    PlayedPbx,
    Screens,
    Shown,
    events_of,
    lines_of,
    look_of,
    settled,
)

RECORDED = {story: events_of(story) for story in STORIES}
BY_KEYS = "attended_transfer_by_keys"
ASKING = {"6929 rings 6930", "6930 answers 6929"}
"""Scenes in which the customer waits alone for the agent who asks a colleague on the same line."""
WHOLE = [story for story in STORIES if not story.startswith("gap") and story != BY_KEYS]
"""What a look shows whole; that somebody waits for whom is known from the events alone."""
HEARD = {"mobile": 8}
"""Events that have to be heard: a Local channel that has dialed a mobile leaves no trace there."""
SETTLED = {story: settled(story) for story in STORIES}
ALL = [event for events in RECORDED.values() for event in events]


@pytest.mark.parametrize("story", STORIES)
def test_who_has_the_customer_is_shown_so_after_each_scene(story: str) -> None:
    """And nobody else; what was missed is made up for by a look."""
    screens = Screens()
    scenes = 0
    for line in lines_of(story):
        if "event" in line:
            event = event_of(line["event"])
            if isinstance(event, OfCalls):
                screens.take(event)
        elif "channels" in line:
            screens.look(*look_of(line))
        else:
            asks = {"6929": "talking"} if story == BY_KEYS and line["step"] in ASKING else {}
            assert screens.with_customers() == line["screens"] | asks, line["step"]
            scenes += 1
    assert scenes > 1
    assert_empty(screens)


def assert_empty(screens: Screens) -> None:
    """See that nothing is left of any call."""
    assert screens.calls == {}
    assert len(screens.on_phones) == 0
    assert screens.on_phones.is_empty


def outcomes(events: list[OfCalls]) -> list[Shown]:
    """Give what is shown after each of *events*, and before them."""
    screens = Screens()
    shown = [screens.shown]
    for event in events:
        screens.take(event)
        shown.append(screens.shown)
    return shown


@given(st.data())
def test_a_look_makes_up_for_what_was_missed(data: st.DataObject) -> None:
    """Whatever was heard before a gap, however long that is: each later scene ends the same."""
    story = data.draw(st.sampled_from(WHOLE))
    events = RECORDED[story]
    begin = data.draw(st.integers(HEARD.get(story, 0), len(events)))
    end = data.draw(st.integers(begin, len(events)))
    expected = outcomes(events)
    pbx, screens = PlayedPbx(), Screens()
    for event in events[:begin]:
        screens.take(event)
    for event in events[:end]:
        pbx.take(event)
    screens.look(*pbx.look())
    for at in range(end, len(events) + 1):
        if at in SETTLED[story]:
            assert screens.shown == expected[at]
        for event in events[at : at + 1]:
            screens.take(event)
    assert_empty(screens)


@given(st.lists(st.sampled_from(ALL), max_size=60))
def test_a_phone_shows_only_what_is_there_whatever_is_told(events: list[OfCalls]) -> None:
    """In any order, with anything left out or told twice; and nothing, when all are gone."""
    screens = Screens()
    gone: set[str] = set()
    for event in events:
        screens.take(event)
        if isinstance(event, Destroyed):
            gone.add(event.channel)
        if isinstance(event, Created):
            gone.discard(event.channel.id)
        for name, call in screens.calls.items():
            assert not gone & {name, *(each.uniqueid for each in call.others)} or (
                name in screens.alone and name not in gone
            )
            assert name not in {each.uniqueid for each in call.others}
    screens.look(*PlayedPbx().look())
    assert_empty(screens)


@given(st.sampled_from(WHOLE), st.sets(st.integers(0, 60)))
def test_no_call_is_left_when_all_channels_are_gone(story: str, missed: set[int]) -> None:
    """Whatever else was missed of them."""
    screens = Screens()
    for at, event in enumerate(RECORDED[story]):
        if at not in missed or isinstance(event, Destroyed):
            screens.take(event)
    assert_empty(screens)


def test_every_place_has_its_state() -> None:
    """The table is total; alone there is none, and only who is up can hold."""
    keys = {
        (where, up, holds) for where in Where for up in (True, False) for holds in (True, False)
    }
    assert STATES.keys() == keys
    assert {STATES[Where.APART, up, holds] for _, up, holds in keys} == {None}


def test_times_are_those_of_the_phone() -> None:
    """It began when it rang; a state lasts since it came to that, whoever comes or goes."""
    screens = Screens()
    at = NOON
    told: dict[str, list[tuple[timedelta, timedelta]]] = {}
    for event in RECORDED["hold"]:
        for move in screens.on_phones.event(event, at):
            screens.told([move])
        for call in screens.calls.values():
            told.setdefault(call.state, []).append((call.began - NOON, call.since - NOON))
        at += timedelta(seconds=1)
    assert len({began for times in told.values() for began, _ in times}) == 1
    assert [len({since for _, since in told[state]}) for state in ("ringing", "held")] == [1, 1]
    assert len({since for _, since in told["talking"]}) == 2  # before it was held, and after


def test_a_number_is_seen_only_where_it_may_be() -> None:
    """An own phone shows its extension; another channel nothing, until it is said that it may."""
    screens = Screens()
    lines = [line for line in lines_of("queue") if "event" in line]
    customer = json.loads(lines[0]["event"])["channel"]
    for event in RECORDED["queue"][:4]:
        screens.take(event)
    (call,) = screens.calls.values()
    (other,) = call.others
    assert (other.uniqueid, other.number, other.dialed) == (
        customer["id"],
        "",
        customer["dialplan"]["exten"],
    )
    (unseen,) = screens.unseen
    assert unseen.uniqueid == other.uniqueid
    screens.told(screens.on_phones.see(other.uniqueid, unseen.caller, NOON))
    (call,) = screens.calls.values()
    assert call.others[0].number == customer["caller"]["number"]
    assert screens.on_phones.see("nobody", unseen.caller, NOON) == []


def test_what_is_shown_instead_is_seen_only_where_it_may_be() -> None:
    """A channel may take another one's place, or be given another number, in mid-call."""
    screens = Screens()
    for event in RECORDED["queue"][:4]:
        screens.take(event)
    (unseen,) = screens.unseen
    screens.told(screens.on_phones.see(unseen.uniqueid, unseen.caller, NOON))
    (created,) = [each for each in RECORDED["queue"][:4] if isinstance(each, Created)][:1]
    screens.take(Changed(NOON, replace(created.channel, number="0671234567", shows="Withheld")))
    (call,) = screens.calls.values()
    assert (call.others[0].number, call.others[0].name) == ("", "")
    assert screens.unseen[-1].caller == ("0671234567", "Withheld")
    screens.told(screens.on_phones.see(unseen.uniqueid, unseen.caller, NOON))  # too late
    (call,) = screens.calls.values()
    assert call.others[0].number == ""


def test_a_number_and_a_name_are_seen_only_where_it_may_be_also_of_what_looks_like_a_phone() -> (
    None
):
    """As a trunk's channel does, after a restart, where no directory knows the trunk."""
    screens = Screens()
    trunk = Channel("c", "PJSIP/trunk-00000001", "queues", "s", NOON, "Up", "0671234567", "Ann")
    phone = Channel("p", "PJSIP/6929-00000002", "phones", "", NOON, "Up", is_called=True)
    bridge = Bridge("b", ("c", "p"))
    screens.look(Look([trunk, phone], [bridge], None), {}, [])
    (other,) = screens.calls["p"].others
    assert (other.extension, other.number, other.name) == ("trunk", "", "")
    assert [each.uniqueid for each in screens.unseen] == ["c"]
    screens.told(screens.on_phones.see("c", trunk.caller, NOON))
    (other,) = screens.calls["p"].others
    assert (other.number, other.name) == ("0671234567", "Ann")


def channel(id_: str, name: str, **more: Any) -> Channel:
    """Make a phone's channel that is dialed and rings, or as *more* says."""
    rings: dict[str, Any] = {
        "context": "phones",
        "extension": "",
        "state": "Ringing",
        "is_called": True,
    }
    return Channel(id_, name, created=NOON, **(rings | more))


def calling(id_: str, name: str, context: str = "inbound") -> Channel:
    """Make a channel that calls."""
    return channel(id_, name, context=context, extension="200", state="Ring", is_called=False)


def test_who_rings_for_whom_is_not_guessed_after_a_gap() -> None:
    """Two who once talked to each other have one linkedid; the phone rings for one of them."""
    screens, phone = Screens(), channel("p", "PJSIP/6929-00000003")
    callers = [calling(each, "PJSIP/sipp-0000000" + each) for each in "12"]
    both = {"1": "1", "2": "1", "p": "1"}
    screens.look(Look([*callers, phone], [], None), both, [])
    assert screens.shown == {}
    screens.look(Look([callers[0], phone], [], None), {"1": "1", "p": "1"}, [])
    assert screens.shown == {"p": ("6929", "ringing", frozenset({("1", "")}))}


def test_an_id_that_is_there_again_is_another_channel() -> None:
    """Who originates calls may give them ids; one that was gone is there, once it is created."""
    screens, phone = Screens(), channel("p", "PJSIP/6929-00000001")
    customer = calling("c", "PJSIP/sipp-00000001")
    for _ in range(2):
        screens.take(Created(NOON, customer))
        screens.take(Created(NOON, phone))
        screens.take(Dialed(NOON, customer, phone, ""))
        assert screens.shown == {"p": ("6929", "ringing", frozenset({("c", "")}))}
        screens.take(Destroyed(NOON, "p"))
        screens.take(Changed(NOON, phone))  # late
        screens.take(Destroyed(NOON, "c"))
        assert_empty(screens)


def test_a_phone_that_a_look_finds_on_its_way_to_a_number_is_still_a_phone() -> None:
    """It has gone there within the house; its next call is on its screen."""
    screens = Screens()
    screens.look(Look([calling("a", "PJSIP/6929-00000001")], [], None), {}, [])
    screens.take(Destroyed(NOON, "a"))
    customer, phone = calling("c", "PJSIP/sipp-00000001"), channel("p", "PJSIP/6929-00000002")
    screens.take(Created(NOON, customer))
    screens.take(Dialed(NOON, customer, phone, ""))
    assert screens.shown == {"p": ("6929", "ringing", frozenset({("c", "")}))}


def test_what_is_known_of_lines_is_bounded() -> None:
    """A channel's device may have each caller's number in it; the one used last stays known."""
    screens = Screens()
    for at in range(1500):
        for name in ("DAHDI/i1", f"DAHDI/i1/{at}"):
            screens.take(Created(NOON, calling("c", f"{name}-1")))
            screens.take(Destroyed(NOON, "c"))
    legs = screens.on_phones._legs
    assert len(legs._lines) == 1000
    customer, phone = calling("d", "DAHDI/i1-2", "queues"), channel("p", "PJSIP/6929-00000002")
    screens.take(Dialed(NOON, customer, phone, ""))
    assert screens.shown == {"p": ("6929", "ringing", frozenset({("d", "")}))}


def test_a_number_that_is_in_a_device_s_name_is_not_shown() -> None:
    """As of an ISDN line's channels; the caller may withhold it."""
    screens = Screens()
    line = channel("c", "DAHDI/i1/0671234567-1", state="Up", is_called=False)
    phone = channel("p", "PJSIP/6929-00000002", state="Up")
    screens.look(Look([line, phone], [Bridge("b", ("c", "p"))], None), {}, [])
    (other,) = screens.calls["p"].others
    assert (other.extension, other.number) == ("", "")


CUSTOMER = calling("c", "PJSIP/sipp-00000001")
ALICE, BOB = channel("p", "PJSIP/6929-00000002"), channel("q", "PJSIP/6930-00000003")


def dialed(*phones: Channel) -> Screens:
    """Have the customer come in and dial *phones*."""
    screens = Screens()
    screens.take(Created(NOON, CUSTOMER))
    for phone in phones:
        screens.take(Dialed(NOON, CUSTOMER, phone, ""))
    return screens


def test_who_waits_where_others_wait_is_on_no_call_with_them() -> None:
    """In a holding bridge nobody hears another one."""
    screens = Screens()
    up = replace(ALICE, state="Up")
    screens.take(Created(NOON, CUSTOMER))
    screens.take(Entered(NOON, Bridge("b", ("c", "p"), is_holding=True), up))
    assert screens.shown == {}


def test_phones_that_ring_at_once_are_not_on_the_call_with_each_other() -> None:
    """Each rings for the customer alone; and for nobody, once its dialing has come to nothing."""
    screens = dialed(ALICE, BOB)
    only = frozenset({("c", "")})
    assert screens.shown == {"p": ("6929", "ringing", only), "q": ("6930", "ringing", only)}
    screens.take(Dialed(NOON, CUSTOMER, ALICE, "NOANSWER"))
    assert screens.shown == {"q": ("6930", "ringing", only)}


def test_a_bridge_without_a_name_is_a_bridge() -> None:
    """No Asterisk has one, but whoever says so must not keep others' calls from being seen."""
    caller, phone = calling("c", "PJSIP/sipp-1"), channel("p", "PJSIP/6929-2")
    talks = [replace(each, state="Up") for each in (caller, phone)]
    for id_ in ("", "b"):
        screens = Screens()
        screens.told(screens.on_phones.look(Look(talks, [Bridge(id_, ("c", "p"))], NOON), NOON))
        assert screens.with_customers() == {"6929": "talking"}
        assert screens.on_phones.talking() == ["p"]
