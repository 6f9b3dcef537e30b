"""What Asterisk says over ARI is read whole or refused; what is of no interest is passed over."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interact_ivr.ari.events import (
    MalformedError,
    application_of,
    bridges_of,
    channels_of,
    date_of,
    event_of,
    value_of,
    version_of,
)
from interact_ivr.ari.told import (
    Application,
    Bridge,
    Bridged,
    Changed,
    Channel,
    Created,
    Destroyed,
    Dialed,
    Echo,
    Entered,
    Held,
    Left,
    Replaced,
)

NOON = datetime(2026, 5, 4, 12, 0, 0, 123000, UTC)
TIME = "2026-05-04T12:00:00.123+0000"
CHANNEL: dict[str, Any] = {
    "id": "pbx-1.1",
    "name": "PJSIP/trunk-00000001",
    "state": "Ring",
    "caller": {"name": "Ann", "number": "1000"},
    "dialplan": {"context": "inbound", "exten": "0200", "priority": 1, "app_name": ""},
    "creationtime": TIME,
}
CALLING = Channel(
    *("pbx-1.1", "PJSIP/trunk-00000001", "inbound", "0200", NOON, "Ring"),
    number="1000",
    shows="Ann",
)


def said(kind: str, **fields: Any) -> str:
    """Write an event as Asterisk does."""
    return json.dumps({"type": kind, "timestamp": TIME, "application": "ours", **fields})


def test_each_event_of_interest_becomes_a_value() -> None:
    """With what is needed of it and nothing else."""
    channel = CALLING
    assert event_of(said("ChannelCreated", channel=CHANNEL)) == Created(NOON, channel)
    assert event_of(said("ChannelDestroyed", channel=CHANNEL)) == Destroyed(NOON, "pbx-1.1")
    assert event_of(said("ChannelStateChange", channel=CHANNEL)) == Changed(NOON, channel)
    assert event_of(said("ChannelHold", channel=CHANNEL)) == Held(NOON, channel, holds=True)
    assert event_of(said("ChannelUnhold", channel=CHANNEL)) == Held(NOON, channel, holds=False)
    assert event_of(said("ApplicationReplaced")) == Replaced(NOON)
    own = {"eventname": "interact-ivr", "userevent": {"mark": "7", "eventname": "interact-ivr"}}
    assert event_of(said("ChannelUserevent", **own)) == Echo(NOON, "7")


def test_what_connects_channels_becomes_a_value() -> None:
    """A dialing with or without a caller, a bridge with who is in it."""
    dial = {"dialstatus": "RINGING", "dialstring": "PJSIP/6929"}
    own = Dialed(NOON, None, CALLING, "RINGING")
    assert event_of(said("Dial", peer=CHANNEL, **dial)) == own
    both = Dialed(NOON, CALLING, CALLING, "RINGING")
    assert event_of(said("Dial", caller=CHANNEL, peer=CHANNEL, **dial)) == both
    written = {"id": "b", "bridge_type": "mixing", "bridge_class": "basic", "channels": ["1", "2"]}
    bridge = Bridge("b", ("1", "2"), is_basic=True)
    entered, left = (
        event_of(said(kind, bridge=written, channel=CHANNEL))
        for kind in ("ChannelEnteredBridge", "ChannelLeftBridge")
    )
    assert (entered, left) == (Entered(NOON, bridge, CALLING), Left(NOON, bridge, CALLING))
    assert event_of(said("BridgeMerged", bridge=written)) == Bridged(NOON, bridge)
    assert event_of(said("BridgeDestroyed", bridge=written)) == Bridged(NOON, Bridge("b", ()))


@pytest.mark.parametrize(
    ("state", "application", "is_called"),
    [
        ("Ring", "", False),
        ("Up", "Queue", False),
        ("Down", "", True),
        ("Ringing", "AppDial", True),
        ("Up", "AppDial", True),
        ("Up", "AppQueue", True),
    ],
)
def test_who_is_called_is_told_from_who_calls(
    state: str, application: str, is_called: bool
) -> None:
    """By its state, or by what Asterisk says runs on it."""
    dialplan = {**CHANNEL["dialplan"], "app_name": application}
    (channel,) = channels_of(
        json.dumps([{**CHANNEL, "state": state, "dialplan": dialplan}]).encode()
    )
    assert channel.is_called is is_called


@pytest.mark.parametrize(
    "text",
    [
        said("ChannelVarset", variable="x", value="y"),
        said("SomethingOfAsterisk23", channel=7),
        said("ChannelUserevent", eventname="another", userevent={}),
        '{"type": "ChannelDialplan"}',
    ],
)
def test_what_is_of_no_interest_is_none(text: str) -> None:
    """Whatever it holds: a later Asterisk may say what it likes."""
    assert event_of(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no JSON",
        "[]",
        "{}",
        '{"type": 7}',
        "[" * 100_000,
        b"\xff\xfe",
        said("ChannelCreated"),
        said("ChannelCreated", channel={**CHANNEL, "id": 7}),
        *(
            said("ChannelCreated", channel={**CHANNEL, "id": id_})
            for id_ in ("", ".", "..", "x\0", "x" * 257)
        ),
        said("ChannelCreated", channel={**CHANNEL, "dialplan": {}}),
        said("ChannelCreated", channel={**CHANNEL, "creationtime": "now"}),
        said("ChannelCreated", channel={**CHANNEL, "creationtime": "2026-05-04T12:00:00"}),
        said("ChannelCreated", channel=CHANNEL, timestamp="yesterday"),
        said("ChannelDestroyed", channel=[]),
        '{"type": "ApplicationReplaced"}',
        said("ChannelUserevent"),
        said("Dial", caller=CHANNEL),
        said("ChannelEnteredBridge", bridge={"id": "b"}, channel=CHANNEL),
        said("BridgeDestroyed", bridge=7),
    ],
)
def test_what_cannot_be_understood_is_told(text: str | bytes) -> None:
    """An event of interest that lacks what is needed is not guessed at."""
    with pytest.raises(MalformedError):
        event_of(text)


@given(st.binary(max_size=200) | st.text(max_size=200))
def test_anything_is_read_or_refused(text: bytes | str) -> None:
    """Nothing else is ever raised."""
    with suppress(MalformedError):
        event_of(text)


def test_answers_become_values() -> None:
    """Of the requests that are asked."""
    (channel,) = channels_of(json.dumps([CHANNEL]).encode())
    assert (channel.id, channel.context, channel.extension) == ("pbx-1.1", "inbound", "0200")
    mixing, holding = (
        {"id": name, "bridge_type": name, "channels": [name]} for name in ("mixing", "holding")
    )
    assert bridges_of(json.dumps([mixing, holding]).encode()) == [
        Bridge("mixing", ("mixing",)),
        Bridge("holding", ("holding",), is_holding=True),
    ]
    assert version_of(b'{"system": {"version": "22.10.1"}}') == "22.10.1"
    assert value_of(b'{"value": "0200"}') == "0200"


@pytest.mark.parametrize(
    ("channels", "bridges", "known"),
    [
        (["__AST_CHANNEL_ALL_TOPIC"], ["__AST_BRIDGE_ALL_TOPIC"], Application(True, True)),
        (["1.1"], [], Application(False, False)),
        ([], ["__AST_BRIDGE_ALL_TOPIC"], Application(False, True)),
    ],
)
def test_a_subscription_to_all_is_told_from_one_to_some(
    channels: list[str], bridges: list[str], known: Application
) -> None:
    """Asterisk names the topic of all as it names a channel."""
    answer = {"name": "ours", "channel_ids": channels, "bridge_ids": bridges}
    assert application_of(json.dumps(answer).encode()) == known


@pytest.mark.parametrize(
    ("header", "date"),
    [
        ("Sun, 22 Nov 2026 07:40:02 GMT", datetime(2026, 11, 22, 7, 40, 2, tzinfo=UTC)),
        ("Sun, 22 Nov 2026 07:40:02 -0000", datetime(2026, 11, 22, 7, 40, 2, tzinfo=UTC)),
        (None, None),
        ("", None),
        ("soon", None),
    ],
)
def test_the_pbx_s_own_clock(header: str | None, date: datetime | None) -> None:
    """Where it does not say, nothing is made up."""
    assert date_of(header) == date
