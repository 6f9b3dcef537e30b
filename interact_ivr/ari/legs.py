"""The channels of one PBX, and which of them are connected now.

Pure: events and looks go in. Channels are connected by a bridge in which they hear each other, as
the two halves of a Local channel, and by a dialing from its beginning until both are in such
bridges or one is gone: an agent who answers and listens to an announcement is on the call.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import product

from interact_ivr.ari.calls import Look
from interact_ivr.ari.leg import Leg, dial, stop_dialing
from interact_ivr.ari.naming import name_of
from interact_ivr.ari.told import (
    Bridge,
    Bridged,
    Changed,
    Channel,
    Created,
    Destroyed,
    Dialed,
    Entered,
    Held,
    Left,
    OfCalls,
)

_DIALING = frozenset({"", "RINGING", "PROGRESS", "PROCEEDING", "ANSWER"})
"""What a dialing says of itself until it has come to nothing; answered, it ends in a bridge."""
_GONE_KEPT = 10_000
_LINES_KEPT = 1_000


class Legs:
    """All channels of one PBX."""

    def __init__(self, contexts: Mapping[str, str]) -> None:
        """*contexts*: where calls come in, each with the environment of its calls."""
        self._contexts = contexts
        self._legs: dict[str, Leg] = {}
        self._bridges: dict[str, set[str]] = {}
        self._halves: dict[tuple[str, str], str] = {}
        self._lines: dict[str, None] = {}
        """Devices by which calls came in, the last one last."""
        self._waiting: dict[str, str] = {}
        """Those who left somebody waiting, and whom."""
        self._gone: dict[str, None] = {}
        """Those of late: what is told of them yet makes them no channels again."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is kept of any channel."""
        return not (self._legs or self._bridges or self._halves or self._waiting)

    def get(self, id_: str) -> Leg | None:
        """Give a channel."""
        return self._legs.get(id_)

    def all(self) -> Iterable[Leg]:
        """Give all."""
        return self._legs.values()

    def is_line(self, leg: Leg) -> bool:
        """Say whether calls come in by its device: it is no phone, also where a look finds it."""
        return leg.came_in is not None or leg.name.device in self._lines

    def connected(self, ids: Iterable[str]) -> dict[str, Leg]:
        """Give those of *ids* that are there, and all that are connected with them."""
        found: dict[str, Leg] = {}
        bridges: set[str] = set()
        waiting = [id_ for id_ in ids if id_ in self._legs]
        while waiting:
            id_ = waiting.pop()
            if id_ in found:
                continue
            leg = found[id_] = self._legs[id_]
            waiting += self._dialed_with(leg)
            if leg.bridge is not None and leg.bridge not in bridges:
                bridges.add(leg.bridge)
                waiting += self._bridges[leg.bridge]
        return found

    def take(self, event: OfCalls) -> set[str]:
        """Take an event, and say which channels may be on another call than before."""
        about = self._about(event)
        before = {*self.connected(about)}
        self._apply(event)
        touched = before | {*self.connected(about)}
        return touched | {each for each, whom in self._waiting.items() if whom in touched}

    def waiting_for(self, leg: Leg) -> Leg | None:
        """Give who waits alone until *leg* comes back from asking somebody else."""
        if leg.left is None:
            return None
        whom, bridge = leg.left
        waits = self._legs.get(whom)
        is_so = waits is not None and waits.bridge == bridge and len(self._bridges[bridge]) == 1
        return waits if is_so else None

    def look(self, look: Look) -> set[str]:
        """Take what there is in the place of what was known, and give all that are or were."""
        before, there = {*self._legs}, {channel.id for channel in look.channels}
        for gone in before - there:
            self._forget(gone)
        for channel in look.channels:
            self._gone.pop(channel.id, None)
            leg = self._know(channel)
            if leg is None:
                continue
            leg.is_dialed = leg.is_dialed or channel.is_called
            if channel.id not in before and not leg.is_dialed:
                self._may_come_in(leg)
        for bridge in self._bridges.keys() - {each.id for each in look.bridges}:
            self._set_members(bridge, ())
        for each in look.bridges:
            self._bridge(each)
        return before | there

    def link(self, linkedids: Mapping[str, str]) -> set[str]:
        """Find again who dials whom among channels in no bridge, by their linkedids.

        Which of several callers has dialed a phone cannot be told: they have talked to each other
        before. Nor can it which of several Local channels has.
        """
        groups: dict[str, list[Leg]] = {}
        for id_, linkedid in linkedids.items():
            leg = self._legs.get(id_)
            if leg is not None and leg.bridge is None:
                groups.setdefault(linkedid, []).append(leg)
        for group in groups.values():
            callers = [leg for leg in group if not leg.is_dialed]
            local = [leg for leg in callers if leg.name.half]
            if len(callers) - len(local) > 1:
                continue
            for caller, peer in product(callers, (leg for leg in group if leg.is_dialed)):
                dial(caller, peer)
                if len(local) == 1 and not peer.name.half:
                    peer.via = self._via(local[0])
        return {*self.connected(linkedids)}

    def _dialed_with(self, leg: Leg) -> Iterable[str]:
        other = self._halves.get(leg.name.other_half) if leg.name.half else None
        return leg.dialings if other is None else (other, *leg.dialings)

    def _about(self, event: OfCalls) -> list[str]:
        match event:
            case Destroyed(channel=gone):
                return [gone]
            case Created(channel=channel) | Changed(channel=channel) | Held(channel=channel):
                return [channel.id]
            case Dialed(caller=caller, peer=peer):
                return [peer.id] if caller is None else [caller.id, peer.id]
            case Entered(bridge=bridge, channel=channel) | Left(bridge=bridge, channel=channel):
                return [channel.id, *bridge.channels, *self._bridges.get(bridge.id, ())]
            case Bridged(bridge=bridge):
                return [*bridge.channels, *self._bridges.get(bridge.id, ())]

    def _apply(self, event: OfCalls) -> None:
        match event:
            case Created(channel=channel):
                self._gone.pop(channel.id, None)  # whoever originates a call may name it again
                leg = self._know(channel)
                if leg is not None and channel.state != "Down" and self._may_come_in(leg):
                    self._take_line(leg)
            case Changed(channel=channel):
                self._know(channel)
            case Destroyed(channel=gone):
                self._forget(gone)
            case Dialed():
                self._dialed(event)
            case Entered(bridge=bridge, channel=channel):
                self._know(channel)
                self._bridge(bridge)
            case Left(bridge=bridge, channel=channel):
                leg = self._know(channel)
                self._bridge(bridge)
                if leg is not None and bridge.is_basic:
                    self._leave_waiting(leg, bridge)
            case Bridged(bridge=bridge):
                self._bridge(bridge)
            case Held(channel=channel, holds=holds):
                if (leg := self._know(channel)) is not None:
                    leg.holds = holds

    def _know(self, channel: Channel) -> Leg | None:
        """Take a channel as it is now; None: it is gone already."""
        if channel.id in self._gone:
            return None
        leg = self._legs.get(channel.id)
        if leg is not None and leg.channel.name == channel.name:
            leg.channel = channel
            return leg
        name = name_of(channel.name)
        if leg is None:
            leg = self._legs[channel.id] = Leg(channel, name)
        else:
            self._drop_half(leg)
            if leg.name.device != name.device:  # another phone has taken its place
                leg.via = ()
            leg.channel, leg.name = channel, name
        if name.half and not name.is_zombie:
            self._halves[name.pair, name.half] = channel.id
        return leg

    def _may_come_in(self, leg: Leg) -> bool:
        environment = self._contexts.get(leg.channel.context)
        if environment is None or not leg.channel.extension or not leg.name.is_somebody:
            return False
        leg.came_in = environment, leg.channel.extension
        return True

    def _take_line(self, leg: Leg) -> None:
        self._lines.pop(leg.name.device, None)
        self._lines[leg.name.device] = None
        if len(self._lines) > _LINES_KEPT:  # a channel's device may have the caller's number in it
            del self._lines[next(iter(self._lines))]

    def _dialed(self, event: Dialed) -> None:
        peer = self._know(event.peer)
        caller = None if event.caller is None else self._know(event.caller)
        if peer is None:
            return
        peer.is_dialed, peer.came_in = True, None
        if caller is None:
            return
        if event.status not in _DIALING:
            stop_dialing(caller, peer)
        elif caller.bridge is None or peer.bridge is None:
            dial(caller, peer)
            peer.via = self._via(caller)

    def _via(self, caller: Leg) -> tuple[str, ...]:
        """Give the devices of the Local channels by which *caller* dials."""
        if not caller.name.half:
            return ()
        other = self._legs.get(self._halves.get(caller.name.other_half, ""))
        return (caller.name.device, *(other.via if other is not None else ()))

    def _bridge(self, bridge: Bridge) -> None:
        self._set_members(bridge.id, () if bridge.is_holding else bridge.channels)
        self._find_dialer(bridge.id)

    def _set_members(self, bridge: str, ids: Sequence[str]) -> None:
        there = {id_ for id_ in ids if id_ in self._legs}
        for id_ in self._bridges.get(bridge, set()) - there:
            self._leave(self._legs[id_])
        for leg in (self._legs[id_] for id_ in there):
            if leg.bridge != bridge:
                self._leave(leg)
                leg.bridge = bridge
                self._bridges.setdefault(bridge, set()).add(leg.id)
            for other in [self._legs[each] for each in leg.dialings]:
                if other.bridge is not None:
                    stop_dialing(leg, other)

    def _leave(self, leg: Leg) -> None:
        if leg.bridge is not None:
            members = self._bridges[leg.bridge]
            members.discard(leg.id)
            if not members:
                del self._bridges[leg.bridge]
        leg.bridge, leg.holds = None, False

    def _leave_waiting(self, leg: Leg, bridge: Bridge) -> None:
        """Take it that whom *leg* left alone waits for it: else the bridge is gone at once."""
        if len(bridge.channels) == 1:
            (whom,) = bridge.channels
            leg.left = whom, bridge.id
            self._waiting[leg.id] = whom

    def _find_dialer(self, bridge: str) -> None:
        """Take it that the one phone which talks to a Local channel was dialed by it."""
        if len(members := self._bridges.get(bridge, ())) != 2:
            return
        one, other = (self._legs[id_] for id_ in members)
        for local, peer in ((one, other), (other, one)):
            if local.name.half == "2" and peer.is_dialed and not peer.name.half:
                peer.via = peer.via or self._via(local)

    def _forget(self, id_: str) -> None:
        self._gone[id_] = None
        if len(self._gone) > _GONE_KEPT:
            del self._gone[next(iter(self._gone))]
        leg = self._legs.get(id_)
        if leg is None:
            return
        self._leave(leg)
        self._drop_half(leg)
        self._waiting.pop(id_, None)
        for other in [*leg.dialings]:
            stop_dialing(leg, self._legs[other])
        del self._legs[id_]

    def _drop_half(self, leg: Leg) -> None:
        if self._halves.get((leg.name.pair, leg.name.half)) == leg.id:
            del self._halves[leg.name.pair, leg.name.half]
