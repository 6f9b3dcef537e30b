"""What the journal says: its entries, who held a number when, what was purged or forgotten."""

from collections.abc import Iterable
from datetime import datetime

import msgspec
from msgspec.structs import replace

from interact_ivr.domain.names import AllocationId, Ani, CallRef, InteractionId, NumberKey
from interact_ivr.domain.values import Ending

BEGINNINGS = frozenset({"allocated", "lent early"})
"""The events that begin an allocation; every `Ending` is one that ends it."""
_RENEWED = "renewed"
_ENDINGS = frozenset(Ending)


class Entry(msgspec.Struct, frozen=True):
    """One change of one number."""

    id: str
    """A ULID: entries sort by it as they were written."""
    at: datetime
    """When it happened; an expiry is dated at its instant, whenever it was written."""
    event: str
    number: NumberKey
    allocation: AllocationId
    interaction: InteractionId
    expires_at: datetime | None = None
    call: CallRef | None = None
    ani: str | None = None
    """What is kept of the calling number."""
    detail: str | None = None


class OfNumber(msgspec.Struct, frozen=True):
    """The entries of the first of *keys* that is, or was, a number of ours."""

    keys: tuple[NumberKey, ...]


class OfInteraction(msgspec.Struct, frozen=True):
    """The entries of one interaction."""

    interaction: InteractionId


class OfCall(msgspec.Struct, frozen=True):
    """The entries that a call made, of one PBX or of any."""

    uniqueid: str
    pbx: str | None = None


class OfCaller(msgspec.Struct, frozen=True):
    """The entries that have this calling number, as the journal keeps it."""

    ani: Ani


Subject = OfNumber | OfInteraction | OfCall | OfCaller | None
"""What is asked about; None: everything."""


class Page(msgspec.Struct, frozen=True):
    """Some entries in their order, and where to read on."""

    entries: tuple[Entry, ...]
    after: str
    """The id to read on behind: the last entry's, or the one the page began behind."""


class Hold(msgspec.Struct, frozen=True):
    """An interaction's time with a number."""

    interaction: InteractionId
    allocation: AllocationId
    since: datetime
    expires_at: datetime | None
    until: datetime | None = None
    """None: it holds the number now."""
    ended: str | None = None
    call: CallRef | None = None
    """The call that ended it."""
    ani: str | None = None


class WhoHeld(msgspec.Struct, frozen=True):
    """The answer to who held a number at an instant."""

    number: NumberKey
    at: datetime
    hold: Hold | None
    """None: nobody, as far back as the journal reaches."""
    journal_begins: datetime | None
    """When the first entry kept was written; None: there is none."""


class PurgeStep(msgspec.Struct, frozen=True):
    """What one step of a purge removed, and behind which id the next one goes on."""

    removed: int = 0
    answers: int = 0
    after: str | None = None
    """None: all is seen."""


class Forgotten(msgspec.Struct, frozen=True):
    """How many traces of an interaction gave way to a tombstone, or went."""

    entries: int = 0
    anis: int = 0
    """Of the entries, those that had a calling number."""
    allocations: int = 0
    answers: int = 0

    def __add__(self, other: "Forgotten") -> "Forgotten":
        return Forgotten(
            self.entries + other.entries,
            self.anis + other.anis,
            self.allocations + other.allocations,
            self.answers + other.answers,
        )


def holder_at(entries: Iterable[Entry], at: datetime, now: datetime) -> Hold | None:
    """Say who held a number at *at*, from its *entries* in the order they were written.

    An allocation holds from its beginning until just before its end; of several ends the last
    counts, as a call that came before the expiry may be told later. One that ran out and whose
    end nobody has written yet has ended all the same.
    """
    hold = None
    for entry in entries:
        if entry.event in BEGINNINGS:
            if entry.at > at:
                break
            hold = Hold(entry.interaction, entry.allocation, entry.at, entry.expires_at)
        elif hold is not None and entry.allocation == hold.allocation:
            hold = _later(hold, entry)
    hold = _as_of(now, hold)
    return None if hold is None or (hold.until is not None and at >= hold.until) else hold


def _later(hold: Hold, entry: Entry) -> Hold:
    if entry.event == _RENEWED:
        return replace(hold, expires_at=entry.expires_at)
    if entry.event in _ENDINGS:
        return replace(hold, until=entry.at, ended=entry.event, call=entry.call, ani=entry.ani)
    return hold


def _as_of(now: datetime, hold: Hold | None) -> Hold | None:
    """Give *hold* with its expiry, if it ran out and has no end on record."""
    if hold is None or hold.until is not None or hold.expires_at is None or now < hold.expires_at:
        return hold
    return replace(hold, until=hold.expires_at, ended=Ending.EXPIRED.value)
