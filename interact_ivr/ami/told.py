"""What a PBX tells of its phones, trunks, queues, mailboxes and parking lots, as values.

They are read from AMI's messages, and nothing else of these is kept: some hold passwords. Nothing
here reads a clock or a socket.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from typing import Any, Final

import msgspec

from interact_ivr.domain.shown import printable

Message = Mapping[str, Any]
"""Headers by name; one that comes twice has a list of texts."""

_CALLER: Final = re.compile(r'\s*"?(?P<name>[^"<]*?)"?\s*(?:<(?P<number>[^<>]*)>)?\s*')
_KEYPAD: Final = re.compile(r"[0-9*#]{1,32}")
_USUAL_LOT: Final = "default"
"""Of the parking lot in which calls are parked that name none."""


class Part(Enum):
    """What is read, and read again, by itself; a field of `Told` each."""

    ENDPOINTS = "endpoints"
    BOXES = "boxes"
    QUEUES = "queues"
    LOTS = "lots"
    HINTS = "hints"


class Endpoint(msgspec.Struct, frozen=True):
    """A phone or a trunk of PJSIP."""

    name: str
    caller_name: str = ""
    caller_number: str = ""
    mailboxes: tuple[str, ...] = ()
    """As `box@context`, whether there are such or not."""
    is_trunk: bool = False


class Queue(msgspec.Struct, frozen=True):
    """A queue, and the interfaces that answer it."""

    name: str
    members: tuple[str, ...] = ()


class Lot(msgspec.Struct, frozen=True):
    """A parking lot: where a call is parked, and its spaces, in which it waits."""

    name: str
    spaces: range
    extensions: tuple[str, ...] = ()


class Hint(msgspec.Struct, frozen=True, order=True):
    """Which devices an extension of the Asterisk dialplan stands for."""

    extension: str
    devices: str
    """As written: several are joined by `&`, `Queue:sales` is a queue, `park:701@...` a space."""


Waiting = tuple[str, str]
"""How many messages are new and old in a mailbox, as they are told."""


class Told(msgspec.Struct, frozen=True):
    """All that a PBX has told."""

    endpoints: tuple[Endpoint, ...] = ()
    boxes: Mapping[str, Waiting] | None = None
    """By `box@context`, with what waited there; None: it has no voicemail of its own."""
    queues: tuple[Queue, ...] = ()
    lots: tuple[Lot, ...] = ()
    hints: frozenset[Hint] = frozenset()


def text(message: Message, key: str) -> str:
    """Give the value of *key* in one printable line; "" where there is none."""
    value = message.get(key, "")
    return printable(str(value[-1] if isinstance(value, list) else value))


def is_extension(written: str) -> bool:
    """Whether a phone's keypad can dial it."""
    return _KEYPAD.fullmatch(written) is not None


def names_of_endpoints(messages: Iterable[Message]) -> Sequence[str]:
    """Read what PJSIPShowEndpoints lists."""
    return [text(each, "ObjectName") for each in _events(messages, "EndpointList")]


def endpoint(messages: Sequence[Message]) -> Endpoint | None:
    """Read what PJSIPShowEndpoint lists: the endpoint and its parts.

    It is a trunk where Asterisk shows a password to it, or takes its address for one.
    """
    detail = next(_events(messages, "EndpointDetail"), None)
    if detail is None:
        return None
    caller = _CALLER.fullmatch(text(detail, "Callerid"))
    name, number = (caller["name"], caller["number"] or "") if caller else ("", "")
    if not number and is_extension(name):
        name, number = "", name
    by_address = any(_events(messages, "IdentifyDetail"))
    named = [text(each, "Mailboxes") for each in (detail, *_events(messages, "AorDetail"))]
    boxes = (box.strip() for boxes in named for box in boxes.split(","))
    return Endpoint(
        name=text(detail, "ObjectName"),
        caller_name=name,
        caller_number=number,
        mailboxes=tuple(dict.fromkeys(filter(None, boxes))),
        is_trunk=bool(text(detail, "OutboundAuth")) or (by_address and not text(detail, "Auth")),
    )


def boxes(messages: Iterable[Message]) -> Mapping[str, Waiting]:
    """Read what VoicemailUsersList lists."""
    return {
        f"{text(each, 'VoiceMailbox')}@{text(each, 'VMContext')}": (
            text(each, "NewMessageCount"),
            text(each, "OldMessageCount"),
        )
        for each in _events(messages, "VoicemailUserEntry")
    }


def queues(messages: Iterable[Message]) -> tuple[Queue, ...]:
    """Read what QueueStatus lists."""
    members: dict[str, list[str]] = {}
    for each in messages:
        of_queue = members.setdefault(text(each, "Queue"), [])
        if text(each, "Event") == "QueueMember":
            of_queue += dict.fromkeys((text(each, "Location"), text(each, "StateInterface")))
    return tuple(Queue(name, tuple(filter(None, of))) for name, of in members.items() if name)


def lots(messages: Iterable[Message]) -> tuple[Lot, ...]:
    """Read what Parkinglots lists."""
    return tuple(
        Lot(text(each, "Name"), range(int(first), int(last) + 1))
        for each in _events(messages, "Parkinglot")
        if (first := text(each, "StartSpace")).isdecimal()
        and (last := text(each, "StopSpace")).isdecimal()
    )


def lots_of_dialplan(messages: Sequence[Message]) -> tuple[Lot, ...]:
    """Read the lots of one context from what ShowDialPlan lists of it: the spaces in a row."""
    spaces: dict[str, list[int]] = {}
    for each in _events(messages, "ListDialplan"):
        registrar, _, name = text(each, "Registrar").partition("/")
        space = text(each, "Extension")
        if registrar == "res_parking" and name and space.isdecimal():
            spaces.setdefault(name, []).append(int(space))
    return tuple(Lot(name, range(min(of), max(of) + 1)) for name, of in spaces.items())


def context_of(lot: Lot, messages: Iterable[Message]) -> str:
    """Read in which context *lot* is, from what ShowDialPlan lists of one of its spaces."""
    found = (
        text(each, "Context")
        for each in _events(messages, "ListDialplan")
        if text(each, "Registrar") == f"res_parking/{lot.name}"
    )
    return next(found, "")


def parking_at(lot: Lot, messages: Sequence[Message]) -> tuple[str, ...]:
    """Read by which extensions calls are parked, from what ShowDialPlan lists of its context.

    One that names no lot parks in the default one (Park's documentation), if that is there, too.
    """
    lines = [*_events(messages, "ListDialplan")]
    lots = {text(each, "Registrar") for each in lines}
    usual = _USUAL_LOT if f"res_parking/{_USUAL_LOT}" in lots else lot.name
    return tuple(
        text(each, "Extension")
        for each in lines
        if text(each, "Registrar").startswith("res_parking")
        and text(each, "Application") == "Park"
        and (text(each, "AppData").partition(",")[0] or usual) == lot.name
    )


def hints(messages: Iterable[Message]) -> frozenset[Hint]:
    """Read what ExtensionStateList lists."""
    return frozenset(
        Hint(text(each, "Exten"), text(each, "Hint"))
        for each in _events(messages, "ExtensionStatus")
    )


def _events(messages: Iterable[Message], name: str) -> Iterator[Message]:
    return (each for each in messages if text(each, "Event") == name)
