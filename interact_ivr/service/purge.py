"""The task that removes what the journal has kept long enough, in steps that calls pass between."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from interact_ivr.domain.journal import PurgeStep
from interact_ivr.ports import Clock, Retention

_STEP = 200
"""Rows looked at in one transaction."""
_BREATH_SECONDS = 0.01
"""Between two steps: calls get their turn, and the disk too."""
_EVERY_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Purged:
    """What a purge removed: all that ended *before*."""

    before: datetime
    entries: int
    allocations: int
    answers: int


class Purge:
    """Looks every hour for what ended longer ago than the journal is kept, and removes it."""

    def __init__(
        self,
        store: Retention,
        clock: Clock,
        keep_for: timedelta | None,
        *,
        purged: Callable[[Purged], None],
        failed: Callable[[Exception], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._keep_for = keep_for
        self._purged = purged
        self._failed = failed

    async def run(self) -> None:
        """Purge now and every hour until cancelled; at once over where all is kept for ever."""
        if self._keep_for is None:
            return
        while True:
            try:
                await self.once(self._clock.now() - self._keep_for)
            except Exception as error:  # noqa: BLE001  the task's outermost edge: told, tried again
                self._failed(error)
            await asyncio.sleep(_EVERY_SECONDS)

    async def once(self, before: datetime) -> Purged:
        """Remove all that ended *before*, and tell if that was anything."""
        entries, _ = await _through(self._store.purge_entries, before)
        allocations, answers = await _through(self._store.purge_allocations, before)
        purged = Purged(before, entries, allocations, answers)
        if entries or allocations:
            self._purged(purged)
        return purged


async def _through(
    purge: Callable[[datetime, str, int], Awaitable[PurgeStep]], before: datetime
) -> tuple[int, int]:
    """Take all the steps of *purge*; say how many rows, and how many answers, it removed."""
    removed = answers = 0
    after: str | None = ""
    while after is not None:
        step = await purge(before, after, _STEP)
        removed, answers, after = removed + step.removed, answers + step.answers, step.after
        await asyncio.sleep(_BREATH_SECONDS)
    return removed, answers
