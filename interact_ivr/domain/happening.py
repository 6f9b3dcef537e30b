"""What happens in a pool, as whoever watches is told of it."""

from datetime import datetime

import msgspec

from interact_ivr.domain.names import AllocationId, CallRef, EnvironmentId, InteractionId, NumberKey

EXPIRED = "expired"
FREED = "freed"
EXHAUSTED = "exhausted"


class Happening(msgspec.Struct, frozen=True):
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


class Gap(msgspec.Struct, frozen=True):
    """So many happenings that a slow reader was not told of."""

    lost: int
