"""What is told of a pool's life: a line in the log for people, a count for Prometheus."""

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from interact_ivr.domain.errors import AmbiguousDnid, Refusal
from interact_ivr.domain.happening import EXHAUSTED, EXPIRED, Happening
from interact_ivr.domain.names import CallRef
from interact_ivr.domain.values import Allocation, FreeStatus, Retrieval
from interact_ivr.service.purge import Purged

if TYPE_CHECKING:  # a command that runs without the service counts nothing, and loads nothing
    from interact_ivr.metrics import Metrics

_DNIDS_SHOWN = 10


class Observing:
    """Hears what happens. Nothing here may fail or wait."""

    def __init__(self, metrics: "Metrics | None" = None) -> None:
        self.ambiguous_dnids = 0
        """How often a DNID was dialed that fits several numbers."""
        self.last_ambiguous: dict[str, Sequence[str]] = {}
        """What each of the last ones fits, the latest last: a few, whatever is dialed."""
        self._metrics = metrics
        self._pool = structlog.get_logger("pool")
        self._journal = structlog.get_logger("journal")

    def allocated(self, allocation: Allocation) -> None:
        """Hear of a number that was lent, or kept."""
        if self._metrics is not None:
            self._metrics.allocated(_how(allocation))
        self._pool.info(
            "renewed" if allocation.renewed else "allocated",
            dnis=allocation.number,
            allocation=allocation.id,
            lent_early=allocation.lent_early,
            expires_at=allocation.expires_at.isoformat(),
        )

    def retrieved(self, retrieval: Retrieval, seconds: float) -> None:
        """Hear what a call was told, and how long that took."""
        if self._metrics is not None:
            self._metrics.retrieved(retrieval.status, seconds)

    def freed(self, status: FreeStatus) -> None:
        """Hear what became of a request to free a number."""
        if self._metrics is not None:
            self._metrics.freed(status)

    def ambiguous(self, error: AmbiguousDnid) -> None:
        """Hear of a DNID that fits several numbers, and name these."""
        self.ambiguous_dnids += 1
        self.last_ambiguous.pop(error.dnid, None)
        self.last_ambiguous[error.dnid] = error.candidates
        if len(self.last_ambiguous) > _DNIDS_SHOWN:
            del self.last_ambiguous[next(iter(self.last_ambiguous))]
        if self._metrics is not None:
            self._metrics.ambiguous()
        self._pool.warning(
            "dnid fits several numbers", dnis=error.dnid, candidates=list(error.candidates)
        )

    def untold(self, call: CallRef, error: Refusal) -> None:
        """Hear of a call on a phone of which could not be read what it was told."""
        self._pool.warning(
            "what a call was told could not be read",
            pbx=call.pbx,
            call=call.uniqueid,
            reason=str(error),
        )

    def happened(self, happening: Happening) -> None:
        """Hear what nobody else tells of: an allocation ran out, or there was no number to lend."""
        if happening.what == EXHAUSTED and self._metrics is not None:
            self._metrics.exhausted()
        if happening.what == EXPIRED:
            self._expired(happening)

    def _expired(self, happening: Happening) -> None:
        if self._metrics is not None:
            self._metrics.expired()
        self._pool.info(
            "expired",
            dnis=happening.number,
            allocation=happening.allocation,
            at=happening.at.isoformat(),
        )

    def sweep_failed(self, error: Exception) -> None:
        """Hear that expiries are not on record."""
        self._pool.error(
            "expiries are not on record", reason=str(error), cause=repr(error.__cause__ or error)
        )

    def purged(self, purged: Purged) -> None:
        """Hear what the journal has lost."""
        self._journal.info(
            "purged",
            before=purged.before.isoformat(),
            entries=purged.entries,
            allocations=purged.allocations,
            answers=purged.answers,
        )

    def purge_failed(self, error: Exception) -> None:
        """Hear that what is old was not purged."""
        self._journal.error(
            "what is old was not purged", reason=str(error), cause=repr(error.__cause__ or error)
        )

    def clock_set(self, by: timedelta, ahead: timedelta) -> None:
        """Hear that somebody set the clock."""
        structlog.get_logger("service").warning(
            "the clock was set",
            by_seconds=round(by.total_seconds(), 1),
            store_ahead_seconds=round(ahead.total_seconds(), 1),
        )


def _how(allocation: Allocation) -> str:
    if allocation.renewed:
        return "renewed"
    if allocation.replaced:
        return "replaced"
    return "lent early" if allocation.lent_early else "allocated"
