"""Which calls are on their way to a number of the pool, worked out from what Asterisk says.

Pure: events and looks go in, what is to be done comes out; no clock, no socket, no store.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from interact_ivr.ari.told import Bridge, Channel, Created, Destroyed, Event

_CUT_OFF = timedelta(seconds=1)
"""By how much a Date header may be early."""


class Arrived(msgspec.Struct, frozen=True):
    """A call has come in, and may ask whose it is."""

    channel: Channel
    environment: str
    """As the configuration names it."""
    seen: "Seen | None" = None
    """How old it was when it was first seen; None: it has just come."""

    def age(self, now: float) -> timedelta | None:
        """Say how old it is *now*, by our own clock that only grows; None: it has just come."""
        if self.seen is None:
            return None
        return self.seen.age + timedelta(seconds=max(now - self.seen.at, 0.0))


class Seen(msgspec.Struct, frozen=True):
    """A call that was there before it was seen."""

    age: timedelta
    at: float
    """When it had that age: seconds of our own clock that only grows."""


class Gone(msgspec.Struct, frozen=True):
    """A call that had arrived is over."""

    channel: str


Move = Arrived | Gone


class Look(msgspec.Struct, frozen=True):
    """What there is on the PBX at an instant, read when events may have been missed."""

    channels: Sequence[Channel]
    bridges: Sequence[Bridge]
    at: datetime | None
    """By the PBX's own clock, perhaps a second early; None where it does not say."""
    read_at: float = 0.0
    """The same instant by our own clock that only grows, in seconds."""

    @property
    def bridged(self) -> frozenset[str]:
        """The ids of channels that talk to somebody, or wait for it in a bridge."""
        return frozenset(id_ for bridge in self.bridges for id_ in bridge.channels)


class Calls:
    """The calls of one PBX that came in by one of its inbound *contexts*.

    Where an event and a look tell of the same call, the second one changes nothing.
    """

    def __init__(self, contexts: Mapping[str, str]) -> None:
        """*contexts*: each with the environment of its calls."""
        self._contexts = contexts
        self._there: set[str] = set()

    def __len__(self) -> int:
        return len(self._there)

    def event(self, event: Event) -> Move | None:
        """Take an event, and say what follows from it."""
        match event:
            case Created(channel=channel):
                return self._arrived(channel, None)
            case Destroyed(channel=gone) if gone in self._there:
                self._there.remove(gone)
                return Gone(gone)
            case _:
                return None

    def look(self, look: Look, noted: Collection[str]) -> Iterator[Move]:
        """Take what there is, and say what was missed.

        *noted* are the calls that are on record as being on a number. What has not been seen before
        and talks to somebody is past asking.
        """
        there = {channel.id for channel in look.channels}
        for gone in sorted((self._there | set(noted)) - there):
            self._there.discard(gone)
            yield Gone(gone)
        self._there |= there.intersection(noted)
        bridged = look.bridged
        for channel in look.channels:
            if channel.id not in bridged:
                move = self._arrived(channel, Seen(_age(channel, look.at), look.read_at))
                if move is not None:
                    yield move

    def take_back(self, move: Move) -> None:
        """Take it that *move* was never said: the next look says it."""
        match move:
            case Arrived(channel=channel):
                self._there.discard(channel.id)
            case Gone(channel=gone):
                self._there.add(gone)

    def forget(self, channel: str) -> None:
        """Take it that a call was never seen: the next look finds it."""
        self._there.discard(channel)

    def _arrived(self, channel: Channel, seen: Seen | None) -> Arrived | None:
        environment = self._contexts.get(channel.context)
        if environment is None or channel.is_called or channel.id in self._there:
            return None
        self._there.add(channel.id)
        return Arrived(channel, environment, seen)


def _age(channel: Channel, at: datetime | None) -> timedelta:
    """Say how long ago a call arrived, in its caller's favour."""
    if at is None:
        return timedelta(0)
    return max(at - channel.created + _CUT_OFF, timedelta(0))
