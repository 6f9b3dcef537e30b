"""The calls on phones: those there are, and the last ones there were. Nothing here waits.

Kept in memory only, and as its PBXes tell it: 50 ended calls of a phone, 10,000 of all.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from interact_ivr.domain.names import CallRef
from interact_ivr.domain.phone_calls import PhoneCall, Told

K = TypeVar("K")

KEPT, KEPT_IN_ALL = 50, 10_000
"""Ended calls: of one phone, and of all."""


@dataclass(frozen=True, slots=True)
class Phone:
    """A phone of one PBX; the same digits are another one on another."""

    pbx: str
    extension: str


@dataclass(frozen=True, slots=True)
class OnPhone:
    """A call on a phone, with what those on it were told, by their uniqueids."""

    call: PhoneCall
    told: Mapping[str, Told] = field(default_factory=dict)
    ended: datetime | None = None

    @property
    def ref(self) -> CallRef:
        """The phone's own channel."""
        return CallRef(self.call.pbx, self.call.uniqueid)

    @property
    def phone(self) -> Phone:
        """The phone."""
        return Phone(self.call.pbx, self.call.extension)

    @property
    def channels(self) -> frozenset[CallRef]:
        """All channels on it."""
        others = (CallRef(self.call.pbx, other.uniqueid) for other in self.call.others)
        return frozenset((self.ref, *others))


class Phones:
    """Keeps the calls, each by its phone and by the channels on it."""

    def __init__(self, stirred: Callable[[Phone], None]) -> None:
        """*stirred* hears on which phone something has changed."""
        self._stirred = stirred
        self._all: dict[CallRef, OnPhone] = {}
        self._now: dict[Phone, dict[CallRef, None]] = {}
        self._ended: dict[Phone, dict[CallRef, None]] = {}
        """The longest ended first."""
        self._ended_in_all: dict[CallRef, None] = {}
        self._with: dict[CallRef, dict[CallRef, None]] = {}
        """By each channel, the phones' calls that it is on, or was."""

    def __len__(self) -> int:
        return len(self._all) - len(self._ended_in_all)

    def put(self, new: OnPhone) -> None:
        """Take a call as it is now; one that had ended is there again."""
        old = self._all.get(new.ref)
        if old == new:
            return
        if old is not None:
            self._remove(old)
        self._add(new)
        for phone in {new.phone if old is None else old.phone, new.phone}:
            self._stirred(phone)

    def end(self, ref: CallRef, at: datetime) -> None:
        """Take it that a call is on the phone no longer."""
        there = self._all.get(ref)
        if there is not None and there.ended is None:
            self.put(replace(there, ended=at))

    def forget(self, ref: CallRef) -> None:
        """Keep nothing of a call."""
        if (old := self._all.get(ref)) is not None:
            self._remove(old)
            self._stirred(old.phone)

    def get(self, ref: CallRef) -> OnPhone | None:
        """Give a call by the phone's own channel."""
        return self._all.get(ref)

    def on(self, phone: Phone) -> Iterator[OnPhone]:
        """Give the calls that are on *phone* now."""
        return (self._all[ref] for ref in self._now.get(phone, ()))

    def ended(self, phone: Phone) -> Iterator[OnPhone]:
        """Give those that were, the last one first."""
        return (self._all[ref] for ref in reversed(self._ended.get(phone, {})))

    def having(self, channel: CallRef) -> list[OnPhone]:
        """Give the calls that *channel* is on, or was."""
        return [self._all[ref] for ref in self._with.get(channel, ())]

    def all(self) -> list[OnPhone]:
        """Give all."""
        return [*self._all.values()]

    def _add(self, new: OnPhone) -> None:
        ref = new.ref
        self._all[ref] = new
        kept = self._now if new.ended is None else self._ended
        kept.setdefault(new.phone, {})[ref] = None
        for channel in new.channels:
            self._with.setdefault(channel, {})[ref] = None
        if new.ended is not None:
            self._ended_in_all[ref] = None
            self._bound(self._ended[new.phone], KEPT)
            self._bound(self._ended_in_all, KEPT_IN_ALL)

    def _bound(self, ended: Mapping[CallRef, None], most: int) -> None:
        if len(ended) > most:
            self._remove(self._all[next(iter(ended))])

    def _remove(self, old: OnPhone) -> None:
        ref = old.ref
        del self._all[ref]
        self._ended_in_all.pop(ref, None)
        _discard(self._now if old.ended is None else self._ended, old.phone, ref)
        for channel in old.channels:
            _discard(self._with, channel, ref)


def _discard(kept: dict[K, dict[CallRef, None]], key: K, ref: CallRef) -> None:
    """Take *ref* away, and leave nothing of a key without any."""
    del kept[key][ref]
    if not kept[key]:
        del kept[key]
