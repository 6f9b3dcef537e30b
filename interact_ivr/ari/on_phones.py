"""Which calls are on which phones, worked out from what Asterisk says.

Pure: events, looks and what was asked go in, what a screen should know comes out; *now* is always
an argument. Only what is connected with a changed channel is looked at again.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import Enum, auto
from itertools import chain, islice

import msgspec
from msgspec.structs import replace

from interact_ivr.ari.calls import Look
from interact_ivr.ari.leg import Leg
from interact_ivr.ari.legs import Legs
from interact_ivr.ari.naming import PHONES
from interact_ivr.ari.told import Caller, OfCalls
from interact_ivr.domain.phone_calls import Party, PhoneCall, PhoneState

ExtensionOf = Callable[[str, str | None], str | None]
"""Gives the extension whose phone a device is, in an environment if one is known; empty: nobody's;
None: not known."""
_MOST_OTHERS = 50
"""Of a conference, those who are told of."""


class Where(Enum):
    """Where a phone's channel is."""

    APART = auto()
    DIALED = auto()
    BRIDGED = auto()


STATES: Mapping[tuple[Where, bool, bool], PhoneState | None] = {
    (Where.APART, False, False): None,
    (Where.APART, False, True): None,
    (Where.APART, True, False): None,
    (Where.APART, True, True): None,
    (Where.DIALED, False, False): PhoneState.RINGING,
    (Where.DIALED, False, True): PhoneState.RINGING,
    (Where.DIALED, True, False): PhoneState.TALKING,  # the dialing goes on: an announcement
    (Where.DIALED, True, True): PhoneState.HELD,
    (Where.BRIDGED, False, False): PhoneState.RINGING,
    (Where.BRIDGED, False, True): PhoneState.RINGING,
    (Where.BRIDGED, True, False): PhoneState.TALKING,
    (Where.BRIDGED, True, True): PhoneState.HELD,
}
"""By where it is, whether it is up, and whether it holds the others; None: it is on no call."""


class Shows(msgspec.Struct, frozen=True):
    """A call is on a phone, or is otherwise on it than before."""

    call: PhoneCall


class Alone(msgspec.Struct, frozen=True):
    """Nobody else is on a phone's call: it is over, unless somebody is there again at once."""

    uniqueid: str


class Over(msgspec.Struct, frozen=True):
    """A phone's channel is gone."""

    uniqueid: str


class Unseen(msgspec.Struct, frozen=True):
    """Somebody else is on a call: it is to be asked whether what it shows may be seen."""

    uniqueid: str
    caller: Caller


Move = Shows | Alone | Over | Unseen


class OnPhones:
    """The calls on the phones of one PBX."""

    def __init__(self, pbx: str, contexts: Mapping[str, str], extension_of: ExtensionOf) -> None:
        """*contexts*: where calls come in, each with the environment of its calls."""
        self._pbx = pbx
        self._extension_of = extension_of
        self._legs = Legs(contexts)
        self._shown: dict[str, PhoneCall] = {}
        """What was told last of each phone's channel."""
        self._alone: set[str] = set()
        """Those of which was told that nobody else is there."""
        self._asked: dict[str, Caller] = {}
        """What each channel showed when it was last asked whether that may be seen."""
        self._seen: dict[str, Caller] = {}
        """What may be seen; it may not, once the channel shows something else."""

    def __len__(self) -> int:
        return len(self._shown)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is kept of any channel."""
        return self._legs.is_empty and not (self._shown or self._alone or self._asked or self._seen)

    def event(self, event: OfCalls, now: datetime) -> list[Move]:
        """Take an event, and say what follows from it."""
        return [*self._again(self._legs.take(event), now)]

    def look(self, look: Look, now: datetime) -> list[Move]:
        """Take what there is, and say what was missed."""
        return [*self._again(self._legs.look(look), now)]

    def link(self, linkedids: Mapping[str, str], now: datetime) -> list[Move]:
        """Take the linkedids of channels, which say who rings for whom."""
        return [*self._again(self._legs.link(linkedids), now)]

    def see(self, uniqueid: str, caller: Caller, now: datetime) -> list[Move]:
        """Take it that *caller*, which a channel showed when that was asked, may be seen."""
        if self._legs.get(uniqueid) is None:
            return []
        self._seen[uniqueid] = caller
        return [*self._again(self._legs.connected([uniqueid]), now)]

    def hold(self, uniqueid: str, now: datetime, *, holds: bool) -> list[Move]:
        """Take it that a phone *holds* the others, or does not."""
        leg = self._legs.get(uniqueid)
        if leg is None or leg.bridge is None:
            return []
        leg.holds = holds
        return [*self._again(self._legs.connected([uniqueid]), now)]

    def over(self, uniqueid: str) -> None:
        """Take it that who was alone is on no call: the next one on the channel begins anew."""
        if uniqueid in self._alone:
            self._alone.discard(uniqueid)
            del self._shown[uniqueid]

    def unlinked(self) -> list[str]:
        """Give the channels in no bridge, where some of them may be dialed by others."""
        apart = [leg for leg in self._legs.all() if leg.bridge is None]
        return [leg.id for leg in apart] if any(leg.is_dialed for leg in apart) else []

    def talking(self) -> list[str]:
        """Give the channels of phones that talk and can be asked whether they hold."""
        shown = (leg for leg in self._legs.all() if leg.id in self._shown)
        in_bridges = (leg for leg in shown if leg.bridge is not None)
        return [leg.id for leg in in_bridges if leg.name.technology == "PJSIP"]

    def _again(self, ids: Iterable[str], now: datetime) -> Iterator[Move]:
        """Look at *ids* again, and at all who are connected with them."""
        done: set[str] = set()
        for id_ in ids:
            if id_ in done:
                continue
            group = self._legs.connected([id_])
            done |= group.keys()
            if group:
                yield from self._of_group([*group.values()], now)
            else:
                yield from self._gone(id_)

    def _gone(self, id_: str) -> Iterator[Move]:
        self._asked.pop(id_, None)
        self._seen.pop(id_, None)
        self._alone.discard(id_)
        if self._shown.pop(id_, None) is not None:
            yield Over(id_)

    def _of_group(self, legs: Sequence[Leg], now: datetime) -> Iterator[Move]:
        somebody = [leg for leg in legs if leg.name.is_somebody]
        somebody.sort(key=lambda leg: (leg.came_in is None, leg.channel.created, leg.id))
        environment = next((leg.came_in[0] for leg in somebody if leg.came_in), None)
        parties = {leg.id: self._party(leg, environment) for leg in somebody}
        there = [leg for leg in somebody if _state(leg) is not PhoneState.RINGING]
        others = _Others(there, parties)
        for leg in legs:
            party, state = parties.get(leg.id), _state(leg)
            extension = party.extension if party else ""
            beside = others.of(leg) if extension and state else ()
            waits = self._legs.waiting_for(leg) if extension and state else None
            if waits is not None and waits.name.is_somebody:
                beside = (self._party(waits, environment), *beside)
            if state is not None and beside:
                yield from self._shows(leg, extension, state, beside, now)
            elif leg.id in self._shown and leg.id not in self._alone:
                self._alone.add(leg.id)
                yield Alone(leg.id)
        yield from self._unseen(legs, there, parties)

    def _unseen(
        self, legs: Iterable[Leg], there: Iterable[Leg], parties: Mapping[str, Party]
    ) -> Iterator[Unseen]:
        """Ask of each that a phone shows as another one, once and whenever it is otherwise."""
        showing = {leg.id for leg in legs if leg.id in self._shown}
        for leg in there if showing else ():
            caller = number, name = leg.channel.caller
            extension = parties[leg.id].extension
            shows = name or (number and (not extension or _is_name(extension)))
            if shows and showing != {leg.id} and self._asked.get(leg.id) != caller:
                self._asked[leg.id] = caller
                yield Unseen(leg.id, caller)

    def _shows(
        self,
        leg: Leg,
        extension: str,
        state: PhoneState,
        others: tuple[Party, ...],
        now: datetime,
    ) -> Iterator[Move]:
        old = self._shown.get(leg.id)
        was_alone = leg.id in self._alone
        self._alone.discard(leg.id)
        if old is None or old.extension != extension:
            call = PhoneCall(self._pbx, leg.id, extension, state, now, now, others)
        elif was_alone or (old.state, old.others) != (state, others):
            since = old.since if old.state is state else now
            call = replace(old, state=state, since=since, others=others)
        else:
            return
        self._shown[leg.id] = call
        yield Shows(call)

    def _party(self, leg: Leg, environment: str | None) -> Party:
        extension = self._extension(leg, environment)
        caller = leg.channel.caller
        number, name = caller if self._seen.get(leg.id) == caller else ("", "")
        if not _is_name(extension):
            number = extension or number
        came_in, dialed = leg.came_in or (None, "")
        return Party(leg.id, extension, number, name, came_in, dialed)

    def _extension(self, leg: Leg, environment: str | None) -> str:
        """Give whose phone a channel's is, in the order of who is surest of it."""
        own = self._extension_of(leg.name.device, environment)
        if own:
            return own
        for device in leg.via:
            if dialed := self._extension_of(device, environment):
                return dialed
        name = leg.name
        is_phone = name.technology in PHONES and "/" not in name.endpoint  # DAHDI/i1/0671234567
        is_line = own is not None or self._legs.is_line(leg)
        return name.endpoint if is_phone and not is_line else ""


def _is_name(extension: str) -> bool:
    """Say whether *extension* is no number: a phone's name, or that of a trunk not known as one."""
    return any(map(str.isalpha, extension))


def _state(leg: Leg) -> PhoneState | None:
    if leg.bridge is not None:
        where = Where.BRIDGED
    else:
        where = Where.DIALED if leg.is_dialed and leg.dialings else Where.APART
    return STATES[where, leg.is_up, leg.holds]


class _Others:
    """Who else is on the call, for each of those on it."""

    def __init__(self, there: Sequence[Leg], parties: Mapping[str, Party]) -> None:
        self._there = there
        in_bridges = (leg.id for leg in there if leg.bridge is not None)
        self._near = {id_: replace(parties[id_], near=True) for id_ in in_bridges}
        self._far = parties

    def of(self, leg: Leg) -> tuple[Party, ...]:
        """Give those in the same bridge first."""
        near = (self._near[each.id] for each in self._beside(leg, near=True))
        far = (self._far[each.id] for each in self._beside(leg, near=False))
        return tuple(islice(chain(near, far), _MOST_OTHERS))

    def _beside(self, leg: Leg, *, near: bool) -> Iterator[Leg]:
        for each in self._there:
            is_near = each.bridge is not None and each.bridge == leg.bridge
            if each is not leg and is_near is near:
                yield each
