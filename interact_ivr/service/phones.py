"""The calls on phones: those there are, and the last ones there were. Nothing here waits.

Kept in memory only, and as its PBXes tell it: 50 ended calls of a phone, 10,000 of all.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from interact_ivr.domain.names import CallRef
from interact_ivr.domain.phone_calls import Party, PhoneCall, Told

K = TypeVar("K")
Key = tuple[CallRef, datetime]
"""The phone's own channel, and when the call began: a channel that stays may have several calls."""

KEPT, KEPT_IN_ALL = 50, 10_000
"""Ended calls: of one phone, and of all."""
_WERE_KEPT = 20


class Phone(msgspec.Struct, frozen=True):
    """A phone of one PBX; the same digits are another one on another."""

    pbx: str
    extension: str


class OnPhone(msgspec.Struct, frozen=True):
    """A call on a phone, with what those on it were told, by their uniqueids."""

    call: PhoneCall
    told: Mapping[str, Told] = msgspec.field(default_factory=dict)
    ended: datetime | None = None
    were: tuple[Party, ...] = ()
    """Customers who were on it and have left: of a call that has ended, they are told of, too."""

    def now(self, call: PhoneCall) -> "OnPhone":
        """Give it as it is now; another phone's begins anew."""
        if call.extension != self.call.extension:
            return OnPhone(call)
        there = {other.uniqueid for other in call.others}
        gone = (each for each in (*self.call.others, *self.were) if each.uniqueid not in there)
        were = [each for each in gone if each.environment is not None or each.uniqueid in self.told]
        known = there.union(each.uniqueid for each in were)
        told = {name: each for name, each in self.told.items() if name in known}
        return OnPhone(call, told, were=tuple(were[:_WERE_KEPT]))

    @property
    def parties(self) -> tuple[Party, ...]:
        """Who else is on the call, or was on it before it ended."""
        return self.call.others if self.ended is None else (*self.call.others, *self.were)

    @property
    def ref(self) -> CallRef:
        """The phone's own channel."""
        return CallRef(self.call.pbx, self.call.uniqueid)

    @property
    def key(self) -> Key:
        """What tells it from all other calls."""
        return self.ref, self.call.began

    @property
    def phone(self) -> Phone:
        """The phone."""
        return Phone(self.call.pbx, self.call.extension)

    @property
    def channels(self) -> frozenset[CallRef]:
        """All channels that are on it or were."""
        others = (*self.call.others, *self.were)
        return frozenset((self.ref, *(CallRef(self.call.pbx, each.uniqueid) for each in others)))


class Phones:
    """Keeps the calls, each by its phone and by the channels on it."""

    def __init__(self, stirred: Callable[[Phone], None]) -> None:
        """*stirred* hears on which phone something has changed."""
        self._stirred = stirred
        self._all: dict[Key, OnPhone] = {}
        self._last: dict[CallRef, Key] = {}
        """The last call of each phone's channel."""
        self._now: dict[Phone, dict[Key, None]] = {}
        self._ended: dict[Phone, dict[Key, None]] = {}
        """The longest ended first."""
        self._ended_in_all: dict[Key, None] = {}
        self._with: dict[CallRef, dict[Key, None]] = {}
        """By each channel, the phones' calls that it is on, or was."""

    def __len__(self) -> int:
        return len(self._all) - len(self._ended_in_all)

    def put(self, new: OnPhone) -> None:
        """Take a call as it is now, in the place of what was on the channel and has not ended."""
        old = self._all.get(new.key)
        if old == new:
            return
        last = self.get(new.ref)
        if old is None and last is not None and last.ended is None:
            old = last
        if old is not None and replace(old, told=new.told) == new:
            self._all[new.key] = new  # told of it late, an ended one keeps its place
        else:
            if old is not None:
                self._remove(old)
            self._add(new)
        for phone in {new.phone if old is None else old.phone, new.phone}:
            self._stirred(phone)

    def end(self, ref: CallRef, at: datetime) -> None:
        """Take it that a call is on the phone no longer."""
        there = self.get(ref)
        if there is not None and there.ended is None:
            self.put(replace(there, ended=at))

    def forget(self, call: OnPhone) -> None:
        """Keep nothing of *call*."""
        if call.key in self._all:
            self._remove(call)
            self._stirred(call.phone)

    def get(self, ref: CallRef) -> OnPhone | None:
        """Give the last call by the phone's own channel."""
        key = self._last.get(ref)
        return None if key is None else self._all[key]

    def on(self, phone: Phone) -> Iterator[OnPhone]:
        """Give the calls that are on *phone* now."""
        return (self._all[key] for key in self._now.get(phone, ()))

    def ended(self, phone: Phone) -> Iterator[OnPhone]:
        """Give those that were, the last one first."""
        return (self._all[key] for key in reversed(self._ended.get(phone, {})))

    def having(self, channel: CallRef) -> list[OnPhone]:
        """Give the calls that *channel* is on, or was."""
        return [self._all[key] for key in self._with.get(channel, ())]

    def all(self) -> list[OnPhone]:
        """Give all."""
        return [*self._all.values()]

    def _add(self, new: OnPhone) -> None:
        key = new.key
        self._all[key] = new
        self._last[new.ref] = key
        kept = self._now if new.ended is None else self._ended
        kept.setdefault(new.phone, {})[key] = None
        for channel in new.channels:
            self._with.setdefault(channel, {})[key] = None
        if new.ended is not None:
            self._ended_in_all[key] = None
            self._bound(self._ended[new.phone], KEPT)
            self._bound(self._ended_in_all, KEPT_IN_ALL)

    def _bound(self, ended: Mapping[Key, None], most: int) -> None:
        if len(ended) > most:
            self._remove(self._all[next(iter(ended))])

    def _remove(self, old: OnPhone) -> None:
        key = old.key
        del self._all[key]
        if self._last.get(old.ref) == key:
            del self._last[old.ref]
        self._ended_in_all.pop(key, None)
        _discard(self._now if old.ended is None else self._ended, old.phone, key)
        for channel in old.channels:
            _discard(self._with, channel, key)


def _discard(kept: dict[K, dict[Key, None]], by: K, key: Key) -> None:
    """Take *key* away, and leave nothing that is kept *by* what has none any more."""
    del kept[by][key]
    if not kept[by]:
        del kept[by]
