"""What Asterisk says over ARI: bytes become values. Nothing here reads a clock or a socket.

What is of no interest is None, whatever it holds; what cannot be understood is `MalformedError`.
Format: Asterisk's own ``rest-api/api-docs/events.json`` and ``channels.json``, versions 20 to 22.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

import msgspec

from interact_ivr.domain.shown import shown

T = TypeVar("T")


class MalformedError(Exception):
    """What Asterisk said cannot be understood."""

    def __init__(self, reason: str) -> None:
        super().__init__(shown(reason))


@dataclass(frozen=True, slots=True)
class Channel:
    """A call's leg, as Asterisk shows it at an instant."""

    id: str
    """Asterisk's uniqueid."""
    name: str
    """``PJSIP/trunk-00000001``: what it is made of stands before the slash."""
    context: str
    """Where in the Asterisk dialplan it is; where it comes in, as long as it is new."""
    extension: str
    created: datetime
    outgoing: bool = False
    """Asterisk has made it to dial somebody: nobody comes in by it."""


@dataclass(frozen=True, slots=True)
class Created:
    """A channel is there that was not."""

    at: datetime
    channel: Channel


@dataclass(frozen=True, slots=True)
class Destroyed:
    """A channel is not there any more."""

    at: datetime
    channel: str


@dataclass(frozen=True, slots=True)
class Replaced:
    """Another connection has registered our application: this one is told nothing any more."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Echo:
    """An event that we had Asterisk send us ourselves."""

    at: datetime
    mark: str


Event = Created | Destroyed | Replaced | Echo
ECHO = "interact-ivr"
"""What our own event is called."""
WANTED = ("ChannelCreated", "ChannelDestroyed", "ApplicationReplaced", "ChannelUserevent")
"""The types of events that are of interest, as Asterisk's filter names them."""


@dataclass(frozen=True, slots=True)
class Application:
    """What Asterisk says of an ARI application."""

    channels: bool
    """It is told of every channel."""
    bridges: bool


_TO_BE_DIALED = "Down"
"""The state in which Asterisk makes a channel to dial by it; one that comes in begins with Ring."""
_DIALED = "(Outgoing Line)"
"""What stands in the place of an application's data as soon as Dial, Queue or Originate has it."""


class _Kind(msgspec.Struct):
    type: str


class _Dialplan(msgspec.Struct):
    context: str
    exten: str
    app_data: str = ""


class _Channel(msgspec.Struct):
    id: str
    name: str
    dialplan: _Dialplan
    creationtime: str
    state: str = ""

    def value(self) -> Channel:
        where = self.dialplan
        return Channel(
            *(self.id, self.name, where.context, where.exten, _time(self.creationtime)),
            outgoing=self.state == _TO_BE_DIALED or where.app_data == _DIALED,
        )


class _OfChannel(msgspec.Struct):
    timestamp: str
    channel: _Channel


class _OfApplication(msgspec.Struct):
    timestamp: str


class _Marked(msgspec.Struct):
    mark: str = ""


class _Own(msgspec.Struct):
    timestamp: str
    eventname: str
    userevent: _Marked = msgspec.field(default_factory=_Marked)


class _Application(msgspec.Struct):
    channel_ids: list[str]
    bridge_ids: list[str]


class _Bridge(msgspec.Struct):
    channels: list[str]


class _System(msgspec.Struct):
    version: str


class _Info(msgspec.Struct):
    system: _System


class _Value(msgspec.Struct):
    value: str


_ALL_CHANNELS, _ALL_BRIDGES = "__AST_CHANNEL_ALL_TOPIC", "__AST_BRIDGE_ALL_TOPIC"


def event_of(text: bytes | str) -> Event | None:
    """Read an event of the websocket; None for one of no interest."""
    match _decoded(text, _Kind).type:
        case "ChannelCreated":
            created = _decoded(text, _OfChannel)
            return Created(_time(created.timestamp), created.channel.value())
        case "ChannelDestroyed":
            gone = _decoded(text, _OfChannel)
            return Destroyed(_time(gone.timestamp), gone.channel.id)
        case "ApplicationReplaced":
            return Replaced(_time(_decoded(text, _OfApplication).timestamp))
        case "ChannelUserevent":
            own = _decoded(text, _Own)
            return Echo(_time(own.timestamp), own.userevent.mark) if own.eventname == ECHO else None
        case _:
            return None


def channels_of(text: bytes) -> Sequence[Channel]:
    """Read the answer to ``GET /channels``."""
    return [channel.value() for channel in _decoded(text, list[_Channel])]


def bridged_of(text: bytes) -> frozenset[str]:
    """Read from the answer to ``GET /bridges`` which channels talk to somebody."""
    return frozenset(id_ for bridge in _decoded(text, list[_Bridge]) for id_ in bridge.channels)


def application_of(text: bytes) -> Application:
    """Read the answer to ``GET /applications/{name}``."""
    known = _decoded(text, _Application)
    return Application(_ALL_CHANNELS in known.channel_ids, _ALL_BRIDGES in known.bridge_ids)


def version_of(text: bytes) -> str:
    """Read the version from the answer to ``GET /asterisk/info``."""
    return shown(_decoded(text, _Info).system.version)


def value_of(text: bytes) -> str:
    """Read the answer to ``GET /channels/{id}/variable``."""
    return _decoded(text, _Value).value


def date_of(header: str | None) -> datetime | None:
    """Read the PBX's own clock from an answer's Date header, cut off to seconds.

    One whose zone is unknown, ``-0000``, is of UTC (RFC 5322, 3.3).
    """
    try:
        date = parsedate_to_datetime(header or "")
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def user_of(address: str) -> str:
    """Cut the user part out of a SIP or tel header: what stands between ``:`` and ``@`` or ``;``.

    ``"A, B" <sip:+380974520200@example.org;user=phone>`` has ``+380974520200``; what is none, none.
    """
    _, bracket, inner = address.rpartition("<")
    uri = inner.partition(">")[0] if bracket else address
    scheme, _, rest = uri.partition(":")
    if scheme.strip().lower() not in ("sip", "sips", "tel"):
        return ""
    return rest.partition("@")[0].partition(";")[0]


def _decoded(text: bytes | str, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(text, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedError(str(error)) from None


def _time(text: str) -> datetime:
    """Read Asterisk's own form of a time, ``2026-05-04T12:00:00.000+0000``."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise MalformedError(f"no time: {text!r}") from None
    if at.tzinfo is None:
        raise MalformedError(f"a time without a zone: {text!r}")
    return at
