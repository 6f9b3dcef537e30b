"""What Asterisk says over ARI: bytes become values. Nothing here reads a clock or a socket.

What is of no interest is None, whatever it holds; what cannot be understood is `MalformedError`.
Format: Asterisk's own ``rest-api/api-docs/events.json`` and ``channels.json``, versions 20 to 22.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Annotated, TypeVar

import msgspec

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
    Event,
    Held,
    Left,
    Replaced,
)
from interact_ivr.domain.shown import printable, shown

T = TypeVar("T")


class MalformedError(Exception):
    """What Asterisk said cannot be understood."""

    def __init__(self, reason: str) -> None:
        super().__init__(shown(reason))


_CALLED = frozenset({"Down", "Ringing"})
"""The states of a channel that is dialed; one that comes in begins with Ring."""
_DIALED = frozenset({"AppDial", "AppDial2", "AppQueue"})
"""What a dialed channel is said to run, also once it is answered."""
_LONGEST_ID = 256
"""Characters; Asterisk's own are shorter than 150, and it is kept for as long as the call lasts."""
_ID = r"^(?!\.{1,2}$)[^\0]+$"
"""It is a step of a path, in which dots alone lead elsewhere."""
_OUTGOING = "(Outgoing Line)"
"""What stands in the place of an application's data as soon as Dial, Queue or Originate has it."""
ECHO = "interact-ivr"
"""What our own event is called."""


class _Kind(msgspec.Struct):
    type: str


class _Dialplan(msgspec.Struct):
    context: str
    exten: str
    app_name: str = ""
    app_data: str = ""


class _Caller(msgspec.Struct):
    name: str = ""
    number: str = ""


class _Channel(msgspec.Struct):
    id: Annotated[str, msgspec.Meta(max_length=_LONGEST_ID, pattern=_ID)]
    name: str
    dialplan: _Dialplan
    creationtime: str
    state: str = "Up"
    caller: _Caller = msgspec.field(default_factory=_Caller)

    def value(self) -> Channel:
        return Channel(
            self.id,
            self.name,
            self.dialplan.context,
            self.dialplan.exten,
            _time(self.creationtime),
            self.state,
            printable(self.caller.number),
            printable(self.caller.name),
            self._is_called,
        )

    @property
    def _is_called(self) -> bool:
        runs = self.dialplan
        dialed = runs.app_name in _DIALED or runs.app_data == _OUTGOING
        return dialed or self.state in _CALLED


class _Bridge(msgspec.Struct):
    id: str
    channels: list[str]
    bridge_type: str = ""
    bridge_class: str = ""

    def value(self) -> Bridge:
        return Bridge(
            self.id,
            tuple(self.channels),
            is_holding=self.bridge_type == "holding",
            is_basic=self.bridge_class == "basic",
        )


class _OfChannel(msgspec.Struct):
    timestamp: str
    channel: _Channel

    def created(self) -> Created:
        return Created(_time(self.timestamp), self.channel.value())

    def changed(self) -> Changed:
        return Changed(_time(self.timestamp), self.channel.value())

    def destroyed(self) -> Destroyed:
        return Destroyed(_time(self.timestamp), self.channel.id)

    def held(self) -> Held:
        return Held(_time(self.timestamp), self.channel.value(), holds=True)

    def unheld(self) -> Held:
        return Held(_time(self.timestamp), self.channel.value(), holds=False)


class _OfDial(msgspec.Struct):
    timestamp: str
    peer: _Channel
    caller: _Channel | None = None
    dialstatus: str = ""

    def dialed(self) -> Dialed:
        caller = None if self.caller is None else self.caller.value()
        return Dialed(_time(self.timestamp), caller, self.peer.value(), self.dialstatus)


class _OfBoth(msgspec.Struct):
    timestamp: str
    bridge: _Bridge
    channel: _Channel

    def entered(self) -> Entered:
        return Entered(_time(self.timestamp), self.bridge.value(), self.channel.value())

    def left(self) -> Left:
        return Left(_time(self.timestamp), self.bridge.value(), self.channel.value())


class _OfBridge(msgspec.Struct):
    timestamp: str
    bridge: _Bridge

    def bridged(self) -> Bridged:
        return Bridged(_time(self.timestamp), self.bridge.value())

    def gone(self) -> Bridged:
        return Bridged(_time(self.timestamp), Bridge(self.bridge.id, ()))


class _OfApplication(msgspec.Struct):
    timestamp: str

    def replaced(self) -> Replaced:
        return Replaced(_time(self.timestamp))


class _Marked(msgspec.Struct):
    mark: str = ""


class _Own(msgspec.Struct):
    timestamp: str
    eventname: str
    userevent: _Marked = msgspec.field(default_factory=_Marked)

    def echo(self) -> Echo | None:
        return Echo(_time(self.timestamp), self.userevent.mark) if self.eventname == ECHO else None


class _Application(msgspec.Struct):
    channel_ids: list[str]
    bridge_ids: list[str]


class _System(msgspec.Struct):
    version: str


class _Info(msgspec.Struct):
    system: _System


class _Value(msgspec.Struct):
    value: str


_ALL_CHANNELS, _ALL_BRIDGES = "__AST_CHANNEL_ALL_TOPIC", "__AST_BRIDGE_ALL_TOPIC"


def event_of(text: bytes | str) -> Event | None:
    """Read an event of the websocket; None for one of no interest."""
    read = _READ.get(_decoded(text, _Kind).type)
    return None if read is None else read(text)


def channels_of(text: bytes) -> Sequence[Channel]:
    """Read the answer to ``GET /channels``."""
    return [channel.value() for channel in _decoded(text, list[_Channel])]


def bridges_of(text: bytes) -> Sequence[Bridge]:
    """Read the answer to ``GET /bridges``."""
    return [bridge.value() for bridge in _decoded(text, list[_Bridge])]


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
    except (ValueError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


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


def _reading(
    kind: type[T], value: Callable[[T], Event | None]
) -> Callable[[bytes | str], Event | None]:
    return lambda text: value(_decoded(text, kind))


_READ = {
    "ChannelCreated": _reading(_OfChannel, _OfChannel.created),
    "ChannelStateChange": _reading(_OfChannel, _OfChannel.changed),
    "ChannelDestroyed": _reading(_OfChannel, _OfChannel.destroyed),
    "ChannelHold": _reading(_OfChannel, _OfChannel.held),
    "ChannelUnhold": _reading(_OfChannel, _OfChannel.unheld),
    "Dial": _reading(_OfDial, _OfDial.dialed),
    "ChannelEnteredBridge": _reading(_OfBoth, _OfBoth.entered),
    "ChannelLeftBridge": _reading(_OfBoth, _OfBoth.left),
    "BridgeMerged": _reading(_OfBridge, _OfBridge.bridged),
    "BridgeDestroyed": _reading(_OfBridge, _OfBridge.gone),
    "ApplicationReplaced": _reading(_OfApplication, _OfApplication.replaced),
    "ChannelUserevent": _reading(_Own, _Own.echo),
}
WANTED = tuple(_READ)
"""The types of events that are of interest, as Asterisk's filter names them."""
