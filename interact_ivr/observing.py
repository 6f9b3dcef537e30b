"""What is told of a pool's life: a line in the log for people, a count for Prometheus."""

import math
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog
from msgspec.structs import asdict

from interact_ivr.domain.acts import Told as ToldAct
from interact_ivr.domain.errors import AmbiguousDnid, QuotaReached, Refusal
from interact_ivr.domain.happening import EXHAUSTED, EXPIRED, FREED, Happening
from interact_ivr.domain.names import CallRef, EnvironmentId
from interact_ivr.domain.values import Allocation, FreeStatus, Retrieval, Status
from interact_ivr.service.pool_watch import Standing
from interact_ivr.service.purge import Purged
from interact_ivr.service.seldom import Seldom
from interact_ivr.service.straying import Straying

if TYPE_CHECKING:  # a command that runs without the service counts nothing, and loads nothing
    from interact_ivr.metrics import Metrics

_DNIDS_SHOWN = 10
_DRY = "the pool runs dry within its hold"
_SMALL = "the pool refuses more than its target"
_QUIET_SECONDS = 10.0
"""After a line that an environment's pool is exhausted, others are only counted for as long."""


class Observing:
    """Hears what happens. Nothing here may fail or wait."""

    def __init__(self, metrics: "Metrics | None" = None) -> None:
        self.ambiguous_dnids = 0
        """How often a DNID was dialed that fits several numbers."""
        self.last_ambiguous: dict[str, Sequence[str]] = {}
        """What each of the last ones fits, the latest last: a few, whatever is dialed."""
        self._metrics = metrics
        self._quiet_until: dict[EnvironmentId, float] = {}
        self._strained: set[tuple[str, str, str]] = set()
        """Of which pools it was told that they run dry or are too small."""
        self._seldom = Seldom()
        self._straying = Straying()
        self._pool = structlog.get_logger("pool")
        self._journal = structlog.get_logger("journal")
        self._audit = structlog.get_logger("audit")

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
        if retrieval.status is Status.NOT_ALLOCATED and retrieval.ani and retrieval.number:
            self._strayed(retrieval.ani, retrieval.number)

    def _strayed(self, caller: str, number: str) -> None:
        """Tell of a caller who tries numbers out; the line's call leads to who it is."""
        if self._straying.tries_out(caller, number):
            if self._metrics is not None:
                self._metrics.tries_numbers()
            if (left_out := self._seldom.left_out("caller")) is not None:
                self._pool.warning("a caller tries numbers", dnis=number, not_told=left_out)

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

    def quota_reached(self, environment: str, application: str, error: QuotaReached) -> None:
        """Hear that an application was refused a number for a quota; tell it now and then."""
        if self._metrics is not None:
            self._metrics.quota_reached(error.quota)
        left_out = self._seldom.left_out(f"{environment} {application} {error.whose} {error.quota}")
        if left_out is not None:
            self._pool.warning(
                "quota reached",
                environment=environment,
                application=application,
                quota=f"{error.most} {error.quota}",
                whose=error.whose,
                not_told=left_out,
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
        """Hear what nobody else tells of: how a wait ended, or that there was no number to lend."""
        if happening.what == EXHAUSTED:
            self._exhausted(happening.environment)
        if happening.what == EXPIRED and self._metrics is not None:
            self._metrics.expired()
        if happening.what in (EXPIRED, FREED):
            self._pool.info(
                happening.what,
                dnis=happening.number,
                allocation=happening.allocation,
                at=happening.at.isoformat(),
            )

    def _exhausted(self, environment: EnvironmentId) -> None:
        """Count it, and tell the first one of a rush: programs ask again and again."""
        if self._metrics is not None:
            self._metrics.exhausted()
        now = time.monotonic()
        if now >= self._quiet_until.get(environment, now):
            self._quiet_until[environment] = now + _QUIET_SECONDS
            self._pool.warning("exhausted", environment=environment)

    def pools_stand(self, standings: Sequence[Standing]) -> None:
        """Hear how pools stand; the log is told what has changed, a forecast's end too."""
        if self._metrics is not None:
            self._metrics.pools(
                (
                    *(each.environment, each.application, each.blocking),
                    math.inf if each.dry_in_seconds is None else each.dry_in_seconds,
                )
                for each in standings
            )
            self._metrics.pool_warnings(
                (each.environment, each.application, reason, is_so)
                for each in standings
                for reason, is_so in (("dry", each.runs_dry), ("small", each.is_small))
            )
        strained = {
            (each.environment, each.application, what)
            for each in standings
            for what, is_so in ((_DRY, each.runs_dry), (_SMALL, each.is_small))
            if is_so
        }
        of = {(each.environment, each.application): each for each in standings}
        for environment, application, what in sorted(strained - self._strained):
            standing = of[environment, application]
            self._pool.warning(
                what,
                environment=environment,
                application=application,
                blocking=round(standing.blocking, 6),
                dry_in_seconds=standing.dry_in_seconds,
            )
        for environment, application, what in sorted(self._strained - strained):
            self._pool.info(f"no more: {what}", environment=environment, application=application)
        self._strained = strained

    def pools_not_seen(self, error: Exception) -> None:
        """Hear that how pools stand is not known."""
        self._pool.error(
            "how pools stand is not known", reason=str(error), cause=repr(error.__cause__ or error)
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
            acts=purged.acts,
        )

    def acted(self, act: ToldAct) -> None:
        """Hear what somebody did, or was refused; it is on record, too."""
        self._audit.info(
            "administration",
            **{name: str(value or "") for name, value in asdict(act).items()},
        )

    def act_lost(self, error: Exception) -> None:
        """Hear that an act could not be put on record: this log alone has it."""
        self._audit.error("an act is not on record", reason=str(error))

    def use_lost(self, error: Exception) -> None:
        """Hear that it could not be written what was used; it is tried again."""
        self._audit.warning("what was used is not written yet", reason=str(error))

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
