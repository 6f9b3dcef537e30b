"""What Asterisk tells over ARI of channels and bridges, as values; nothing here decides."""

from dataclasses import dataclass
from datetime import datetime

Caller = tuple[str, str]
"""The number and the name that a channel shows, whether they may be seen or not."""


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


@dataclass(frozen=True, slots=True)
class Bridge:
    """What channels talk in, at an instant."""

    id: str
    channels: tuple[str, ...]
    """The ids of those who are in it."""
    is_holding: bool = False
    """They wait in it, and do not hear each other."""
    is_basic: bool = False
    """It lasts no longer than somebody is there for two to talk."""


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
class Changed:
    """A channel is otherwise than it was."""

    at: datetime
    channel: Channel


@dataclass(frozen=True, slots=True)
class Dialed:
    """A channel is dialed, by another one or by the PBX; or comes further with it."""

    at: datetime
    caller: Channel | None
    peer: Channel
    status: str
    """Empty at first; `RINGING`, `PROGRESS`, `ANSWER`; any other: it has come to nothing."""


@dataclass(frozen=True, slots=True)
class Entered:
    """A channel has come into a bridge."""

    at: datetime
    bridge: Bridge
    channel: Channel


@dataclass(frozen=True, slots=True)
class Left:
    """A channel has gone out of a bridge."""

    at: datetime
    bridge: Bridge
    channel: Channel


@dataclass(frozen=True, slots=True)
class Bridged:
    """A bridge is otherwise than it was, or gone: then nobody is in it."""

    at: datetime
    bridge: Bridge


@dataclass(frozen=True, slots=True)
class Held:
    """A channel puts the others on hold, or takes them back."""

    at: datetime
    channel: Channel
    holds: bool


@dataclass(frozen=True, slots=True)
class Replaced:
    """Another connection has registered our application: this one is told nothing any more."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Echo:
    """An event that we had Asterisk send us ourselves."""

    at: datetime
    mark: str


OfCalls = Created | Changed | Destroyed | Dialed | Entered | Left | Bridged | Held
Event = OfCalls | Replaced | Echo


@dataclass(frozen=True, slots=True)
class Application:
    """What Asterisk says of an ARI application."""

    channels: bool
    """It is told of every channel."""
    bridges: bool
