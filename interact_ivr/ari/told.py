"""What Asterisk tells over ARI of channels and bridges, as values; nothing here decides."""

from datetime import datetime

import msgspec

Caller = tuple[str, str]
"""The number and the name that a channel shows, whether they may be seen or not."""


class Channel(msgspec.Struct, frozen=True):
    """A call's leg, as Asterisk shows it at an instant."""

    id: str
    """Asterisk's uniqueid."""
    name: str
    """``PJSIP/trunk-00000001``: what it is made of stands before the slash."""
    context: str
    """Where in the Asterisk dialplan it is; where it comes in, as long as it is new."""
    extension: str
    created: datetime
    state: str = "Up"
    """`Down`, `Ring` of one that calls, `Ringing` of one that is called, `Up`."""
    number: str = ""
    """The number it shows, whether it may be seen or not."""
    shows: str = ""
    """The name it shows."""
    is_called: bool = False
    """It does not call, but was dialed by another one."""

    @property
    def caller(self) -> "Caller":
        """What it shows of who is there."""
        return self.number, self.shows


class Bridge(msgspec.Struct, frozen=True):
    """What channels talk in, at an instant."""

    id: str
    channels: tuple[str, ...]
    """The ids of those who are in it."""
    is_holding: bool = False
    """They wait in it, and do not hear each other."""
    is_basic: bool = False
    """It lasts no longer than somebody is there for two to talk."""


class Created(msgspec.Struct, frozen=True):
    """A channel is there that was not."""

    at: datetime
    channel: Channel


class Destroyed(msgspec.Struct, frozen=True):
    """A channel is not there any more."""

    at: datetime
    channel: str


class Changed(msgspec.Struct, frozen=True):
    """A channel is otherwise than it was."""

    at: datetime
    channel: Channel


class Dialed(msgspec.Struct, frozen=True):
    """A channel is dialed, by another one or by the PBX; or comes further with it."""

    at: datetime
    caller: Channel | None
    peer: Channel
    status: str
    """Empty at first; `RINGING`, `PROGRESS`, `ANSWER`; any other: it has come to nothing."""


class Entered(msgspec.Struct, frozen=True):
    """A channel has come into a bridge."""

    at: datetime
    bridge: Bridge
    channel: Channel


class Left(msgspec.Struct, frozen=True):
    """A channel has gone out of a bridge."""

    at: datetime
    bridge: Bridge
    channel: Channel


class Bridged(msgspec.Struct, frozen=True):
    """A bridge is otherwise than it was, or gone: then nobody is in it."""

    at: datetime
    bridge: Bridge


class Held(msgspec.Struct, frozen=True):
    """A channel puts the others on hold, or takes them back."""

    at: datetime
    channel: Channel
    holds: bool


class Replaced(msgspec.Struct, frozen=True):
    """Another connection has registered our application: this one is told nothing any more."""

    at: datetime


class Echo(msgspec.Struct, frozen=True):
    """An event that we had Asterisk send us ourselves."""

    at: datetime
    mark: str


OfCalls = Created | Changed | Destroyed | Dialed | Entered | Left | Bridged | Held
Event = OfCalls | Replaced | Echo


class Application(msgspec.Struct, frozen=True):
    """What Asterisk says of an ARI application."""

    channels: bool
    """It is told of every channel."""
    bridges: bool
