"""What the use cases give back: allocations, retrievals, numbers."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from interact_ivr.domain.lifecycle import State
from interact_ivr.domain.names import AllocationId, Ani, Group, InteractionId, NumberKey


class Status(StrEnum):
    """What a call learns; the values are the channel variable's (contract, "Outcomes")."""

    FOUND = "FOUND"
    NOT_ALLOCATED = "NOT_ALLOCATED"
    UNKNOWN = "UNKNOWN"
    UNAVAILABLE = "UNAVAILABLE"

    @property
    def meaning(self) -> str:
        """Say what the caller's situation is."""
        return _MEANINGS[self]


_MEANINGS = {
    Status.FOUND: "it was allocated; it is free now",
    Status.NOT_ALLOCATED: "a number of ours, nobody waits on it",
    Status.UNKNOWN: "not a number of ours",
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


@dataclass(frozen=True, slots=True)
class Allocation:
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


@dataclass(frozen=True, slots=True)
class Retrieval:
    """What a call learns about the number it dialed. Only FOUND names an interaction."""

    status: Status
    number: NumberKey | None = None
    ani: Ani | None = None
    """The calling number, where there is one."""
    allocation: AllocationId | None = None
    interaction: InteractionId | None = None
    group: Group | None = None
    waited: timedelta | None = None
    """From the allocation to the call's retrieval."""
    repeated: bool = False
    """This call had asked before and gets the same answer again."""


@dataclass(frozen=True, slots=True)
class Expired:
    """An allocation that ran out."""

    allocation: AllocationId
    number: NumberKey
    interaction: InteractionId
    at: datetime


@dataclass(frozen=True, slots=True)
class Sweep:
    """What one step of the sweep found, and when the next allocation runs out."""

    expired: tuple[Expired, ...]
    next_deadline: datetime | None


@dataclass(frozen=True, slots=True)
class NewNumber:
    """A number to be taken into a pool."""

    number: NumberKey
    entered: str
    group: Group | None = None
    dnid: str | None = None
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class DraftNumber:
    """A number of an import, and the line it came from."""

    line: int
    new: NewNumber


@dataclass(frozen=True, slots=True)
class Double:
    """A number of an import that came before in it."""

    line: int
    entered: str
    number: NumberKey
    first_line: int


@dataclass(frozen=True, slots=True)
class Shown:
    """Which numbers are asked for, by number: a page of those that fit."""

    group: Group | None = None
    state: State | None = None
    after: str = ""
    """The last number of the page before."""
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class PoolNumber:
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
