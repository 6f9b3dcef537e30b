"""Which events of a real PBX say that something has changed, and which say nothing new."""

from __future__ import annotations

import pytest

from interact_ivr.ami import told
from interact_ivr.ami.changes import EVERYTHING, changed
from interact_ivr.ami.told import Hint, Part, Told
from testbed.ami_texts import messages, recorded

OFFICE = Told(
    boxes=told.boxes(recorded("voicemail")),
    queues=told.queues(recorded("queues")),
    hints=told.hints(recorded("hints")),
)


@pytest.mark.parametrize(
    ("what", "part"),
    [
        ("pjsip-reload", Part.ENDPOINTS),
        ("queue-add-member", Part.QUEUES),
        ("queue-reload", Part.QUEUES),
        ("voicemail-reload", Part.BOXES),
        ("dialplan-reload", Part.HINTS),
    ],
)
def test_each_change_has_an_event(what: str, part: Part) -> None:
    """Recorded while an administrator made it; only what has changed is read again."""
    parts = frozenset[Part]().union(*(changed(event, OFFICE) for event in recorded(f"on-{what}")))
    assert parts == {part}


def test_after_a_reload_of_all_all_is_read_again() -> None:
    """And after a start."""
    last = recorded("on-core-reload")[-1]
    assert changed(last, OFFICE) == EVERYTHING
    assert changed({"Event": "FullyBooted"}, OFFICE) == EVERYTHING


@pytest.mark.parametrize(
    "event",
    [
        "Event: MessageWaiting\r\nMailbox: 6929@default\r\nWaiting: 1",
        "Event: ExtensionStatus\r\nExten: 6929\r\nHint: PJSIP/6929\r\nStatus: 1",
        "Event: DeviceStateChange\r\nDevice: Queue:support_avail\r\nState: INUSE",
        "Event: DeviceStateChange\r\nDevice: Queue:support_pause_PJSIP/6929\r\nState: INUSE",
        "Event: DeviceStateChange\r\nDevice: PJSIP/6929\r\nState: INUSE",
        "Event: Reload\r\nModule: res_musiconhold.so\r\nStatus: 0",
        "Event: Newchannel\r\nChannel: PJSIP/6929-00000001",
        "Event: VarSet\r\nVariable: X\r\nValue: 1",
        "Response: Success\r\nPing: Pong",
        "Event: MessageWaiting",
    ],
)
def test_calls_and_messages_change_nothing(event: str) -> None:
    """What a busy PBX tells all day has nobody ask it anything, but for what is without a name."""
    expected = {Part.BOXES} if event == "Event: MessageWaiting" else set()
    assert changed(messages(event)[0], OFFICE) == expected


def test_a_hint_that_means_another_device_is_read_again() -> None:
    """One of a pattern is known by its extension: it is told as the pattern has it."""
    event = "Event: ExtensionStatus\r\nExten: {}\r\nHint: {}"
    known = Told(hints=frozenset({Hint("6929", "PJSIP/6929")}))
    for extension, hint, parts in (
        ("6929", "PJSIP/6929", set()),
        ("6929", "PJSIP/${EXTEN}", set()),
        ("6929", "PJSIP/alice", {Part.HINTS}),
        ("6930", "PJSIP/${EXTEN}", {Part.HINTS}),
    ):
        assert changed(messages(event.format(extension, hint))[0], known) == parts


@pytest.mark.parametrize(
    ("box", "waiting", "is_news"),
    [
        ("6929@default", "New: 0\r\nOld: 0", True),
        ("6929@default", "New: 1\r\nOld: 0", False),
        ("6929@default", "New: 0\r\nOld: 1", False),
        ("6930@default", "New: 1\r\nOld: 0", True),
    ],
)
def test_a_box_that_is_gone_is_missed_where_others_are_told_of_without_need(
    box: str, waiting: str, is_news: bool
) -> None:
    """`voicemail reload` tells of the boxes that are left, though nothing else waits in them."""
    event = messages(f"Event: MessageWaiting\r\nMailbox: {box}\r\n{waiting}")[0]
    assert changed(event, OFFICE) == ({Part.BOXES} if is_news else set())


def test_without_voicemail_messages_say_nothing() -> None:
    """A PBX whose boxes are elsewhere tells of all of them."""
    event = messages("Event: MessageWaiting\r\nMailbox: 1@there")[0]
    assert changed(event, Told(boxes=None)) == set()
