"""What happens in a pool, as whoever watches is told of it."""

from dataclasses import dataclass
from datetime import datetime

from interact_ivr.domain.names import AllocationId, CallRef, EnvironmentId, InteractionId, NumberKey

EXPIRED = "expired"
FREED = "freed"
EXHAUSTED = "exhausted"


@dataclass(frozen=True, slots=True)
class Happening:
    """A change of a number, called as the journal calls it; or that there was no number to lend."""

    environment: EnvironmentId
    what: str
    """An event of the journal (``allocated``, ``expired``), or ``exhausted``."""
    at: datetime
    """When it happened; an expiry is dated at its instant, whenever it is put on record."""
    number: NumberKey | None = None
    allocation: AllocationId | None = None
    interaction: InteractionId | None = None
    expires_at: datetime | None = None
    call: CallRef | None = None
    """The call that made it."""


@dataclass(frozen=True, slots=True)
class Gap:
    """So many happenings that a slow reader was not told of."""

    lost: int
