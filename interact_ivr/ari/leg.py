"""One channel of a PBX, by what it is connected with. Nothing here decides anything."""

import msgspec

from interact_ivr.ari.naming import Name
from interact_ivr.ari.told import Channel


class Leg(msgspec.Struct):
    """A channel and what it is connected by."""

    channel: Channel
    name: Name
    came_in: tuple[str, str] | None = None
    """The environment of the inbound context by which it came in, and what it dialed there."""
    bridge: str | None = None
    """In which it hears others."""
    is_dialed: bool = False
    """It does not call, but is called."""
    dialings: set[str] = msgspec.field(default_factory=set)
    """Those whom it dials or who dial it."""
    via: tuple[str, ...] = ()
    """The devices of the Local channels that dialed it, the last one first."""
    holds: bool = False
    left: tuple[str, str] | None = None
    """Whom it left waiting when it went to ask a third one, and in which bridge."""

    @property
    def id(self) -> str:
        """The channel's."""
        return self.channel.id

    @property
    def is_up(self) -> bool:
        """Whether it has been answered, or has answered."""
        return self.channel.state == "Up"


def dial(caller: Leg, peer: Leg) -> None:
    """Connect two, one of whom dials the other."""
    caller.dialings.add(peer.id)
    peer.dialings.add(caller.id)


def stop_dialing(one: Leg, other: Leg) -> None:
    """Let them be connected by a dialing no more."""
    one.dialings.discard(other.id)
    other.dialings.discard(one.id)
