"""What the use cases give back: allocations, retrievals, numbers."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from interact_ivr.domain.caller import NOBODY, Caller
from interact_ivr.domain.lifecycle import State
from interact_ivr.domain.names import (
    AllocationId,
    Ani,
    CallRef,
    Group,
    InteractionId,
    NumberKey,
)


class Status(StrEnum):
    """What a call learns; the values are the channel variable's (contract, "Outcomes")."""

    UNKNOWN = "UNKNOWN"
    AMBIGUOUS = "AMBIGUOUS"
    FOUND = "FOUND"
    REDIAL = "REDIAL"
    LATE = "LATE"
    NOT_ALLOCATED = "NOT_ALLOCATED"
    UNAVAILABLE = "UNAVAILABLE"

    @property
    def meaning(self) -> str:
        """Say what the caller's situation is."""
        return _MEANINGS[self]


_MEANINGS = {
    Status.UNKNOWN: "not a number of ours, or a DNID that fits several",
    Status.AMBIGUOUS: "allocated, but this caller redials for another interaction; "
    "nothing is consumed, `INTERACT_CANDIDATE_1` and `_2` name the two",
    Status.FOUND: "it was allocated; it is free now",
    Status.REDIAL: "not allocated; this caller had retrieved the interaction shortly before",
    Status.LATE: "not allocated; the last holder's wait ran out, or another caller came first",
    Status.NOT_ALLOCATED: "a number of ours, nobody waits on it",
    Status.UNAVAILABLE: "no answer in time; set before the script runs, and left if it fails",
}


class FreeStatus(StrEnum):
    """What became of a request to free a number."""

    FREED = "FREED"
    NOT_ALLOCATED = "NOT_ALLOCATED"
    UNKNOWN = "UNKNOWN"
    UNAVAILABLE = "UNAVAILABLE"


class Ending(StrEnum):
    """How an allocation ended, as the journal says it."""

    RETRIEVED = "retrieved"
    FREED = "freed"
    EXPIRED = "expired"
    REPLACED = "replaced"
    """The same interaction was given another number."""


class Allocation(msgspec.Struct, frozen=True):
    """An interaction's hold on a number, until it ends or expires."""

    id: AllocationId
    number: NumberKey
    entered: str
    """The number's digits as the administrator entered them."""
    interaction: InteractionId
    group: Group | None
    allocated_at: datetime
    expires_at: datetime
    renewed: bool = False
    lent_early: bool = False
    replaced: AllocationId | None = None
    """The allocation that ended because its interaction was given this one."""


class Retrieval(msgspec.Struct, frozen=True):
    """What a call learns about the number it dialed."""

    status: Status
    number: NumberKey | None = None
    ani: Ani | None = None
    """The calling number, where there is one."""
    allocation: AllocationId | None = None
    interaction: InteractionId | None = None
    group: Group | None = None
    waited: timedelta | None = None
    """From the allocation to the call's retrieval."""
    caller_match: bool | None = None
    """Whether the caller is the one the app expected; None where it expected nobody."""
    candidates: tuple[InteractionId, ...] = ()
    """AMBIGUOUS: the allocated interaction, and the one this caller redials for."""
    last_interaction: InteractionId | None = None
    """LATE: whose it was."""
    last_end: Ending | None = None
    """LATE: how that ended."""
    repeated: bool = False
    """This call had asked before and gets the same answer again."""


class Question(msgspec.Struct, frozen=True):
    """What a call asks with."""

    dialed: Sequence[Sequence[NumberKey]]
    """What may have been dialed, best first; of each the keys under which it may be stored.

    The first that is a number of ours counts, also by its DNID, before the next one is tried.
    """
    call: CallRef
    caller: Caller = NOBODY
    age: timedelta | None = None
    """How long ago the call arrived, by the PBX's own clock, rounded up."""
    named: InteractionId | None = None
    """The candidate the caller chose after AMBIGUOUS."""


class Expired(msgspec.Struct, frozen=True):
    """An allocation that ran out."""

    allocation: AllocationId
    number: NumberKey
    interaction: InteractionId
    at: datetime


class Sweep(msgspec.Struct, frozen=True):
    """What one step of the sweep found, and when the next allocation runs out."""

    expired: tuple[Expired, ...]
    next_deadline: datetime | None


class NewNumber(msgspec.Struct, frozen=True):
    """A number to be taken into a pool."""

    number: NumberKey
    entered: str
    group: Group | None = None
    dnid: str | None = None
    enabled: bool = True


class KnownNumber(msgspec.Struct, frozen=True):
    """A number of the environment, as it was taken in."""

    new: NewNumber
    in_pool: bool
    """It is of the application asked about, not of another one of the environment."""


class DraftNumber(msgspec.Struct, frozen=True):
    """A number of an import, and the line it came from."""

    line: int
    new: NewNumber


class Double(msgspec.Struct, frozen=True):
    """A number of an import that came before in it, or whose DNID did."""

    line: int
    entered: str
    number: NumberKey | None
    """None: it is another number."""
    first_line: int
    dnid: str | None = None
    """What both have, where it is another number."""


class Shown(msgspec.Struct, frozen=True):
    """Which numbers are asked for, by number: a page of those that fit."""

    group: Group | None = None
    state: State | None = None
    after: str = ""
    """The last number of the page before."""
    limit: int | None = None
    enabled: bool | None = None
    """Only those that may be lent, or only those that may not."""
    prefix: str = ""
    """How they begin, as stored."""
    text: str = ""
    """What stands in the number, stored or entered, or is its DNID, or whose it is."""


class PoolNumber(msgspec.Struct, frozen=True):
    """A number of the pool as it stands at an instant."""

    number: NumberKey
    entered: str
    dnid: str | None
    group: Group | None
    enabled: bool
    state: State
    interaction: InteractionId | None
    """Whose it is, where it is allocated."""
    free_from: datetime


class GroupCounts(msgspec.Struct, frozen=True):
    """How the numbers of a group stand at an instant."""

    group: Group | None
    """None: those without one."""
    by_state: Mapping[State, int]
    """The enabled ones."""
    disabled: int


class Block(msgspec.Struct, frozen=True):
    """How the numbers that begin alike stand at an instant."""

    prefix: str
    """How they begin, at most all of a number."""
    by_state: Mapping[State, int]
    """The enabled ones, and those that are allocated still."""
    disabled: int
    """Those that are not lent any more, and are free."""

    @property
    def count(self) -> int:
        """How many there are."""
        return sum(self.by_state.values()) + self.disabled


class KnownAllocation(msgspec.Struct, frozen=True):
    """An allocation as it stands at an instant, open or ended."""

    id: AllocationId
    number: NumberKey
    entered: str
    interaction: InteractionId
    group: Group | None
    allocated_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    """None: it is open."""
    ended_as: Ending | None
