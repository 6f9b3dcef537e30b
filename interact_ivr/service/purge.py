"""The task that removes what the journal has kept long enough, in steps that calls pass between."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta

import msgspec
from msgspec.structs import replace

from interact_ivr.domain.errors import StoreUnavailable
from interact_ivr.domain.journal import PurgeStep
from interact_ivr.ports import Retention
from interact_ivr.service.duty import nobody_else

_STEP = 200
"""Rows looked at in one transaction."""
_BREATH_SECONDS = 0.01
"""Between two steps: calls get their turn, and the disk too."""
EVERY = timedelta(hours=1)
_LOOK_SECONDS = 60.0
"""Between two looks whether it is still another node that purges."""


class Purged(msgspec.Struct, frozen=True):
    """What a purge removed: all that ended *before*."""

    before: datetime
    entries: int = 0
    allocations: int = 0
    answers: int = 0
    acts: int = 0
    """Of the audit trail."""


class Purge:
    """Looks every hour for what ended longer ago than the journal is kept, and removes it.

    *date* is a time that has surely come, None where that cannot be told now: what is purged does
    not come back when a wrong clock is put right.
    """

    def __init__(
        self,
        store: Retention,
        date: Callable[[], datetime | None],
        keep_for: timedelta | None,
        *,
        purged: Callable[[Purged], None],
        failed: Callable[[Exception], None],
        is_mine: Callable[[], Awaitable[bool]] = nobody_else,
    ) -> None:
        """*is_mine* takes the duty for the next hour, or says that another node has it."""
        self._store = store
        self._date = date
        self.keep_for = keep_for
        """None: for ever."""
        self._purged = purged
        self._failed = failed
        self._is_mine = is_mine

    async def run(self) -> None:
        """Purge now and every hour until cancelled, or look whether another node still does."""
        while True:
            purged = await self._turn_if_mine()
            await asyncio.sleep(EVERY.total_seconds() if purged else _LOOK_SECONDS)

    async def _turn_if_mine(self) -> bool:
        try:
            if not await self._is_mine():
                return False
        except StoreUnavailable as error:
            self._failed(error)
            return False
        await self.turn()
        return True

    async def turn(self) -> None:
        """Remove what has been kept long enough by now, if that is known."""
        try:
            today = self._date()
            if self.keep_for is not None and today is not None:
                await self.once(today - self.keep_for)
        except Exception as error:  # noqa: BLE001  the task's outermost edge: told, tried again
            self._failed(error)

    async def once(self, before: datetime) -> Purged:
        """Remove all that ended *before*, and tell what that was, also if it fails on the way."""
        done = Purged(before)
        try:
            async for step in _steps(self._store.purge_entries, before):
                done = replace(done, entries=done.entries + step.removed)
            async for step in _steps(self._store.purge_allocations, before):
                done = replace(
                    done,
                    allocations=done.allocations + step.removed,
                    answers=done.answers + step.answers,
                )
            while removed := await self._store.purge_acts(before, _STEP):
                done = replace(done, acts=done.acts + removed)
                await asyncio.sleep(_BREATH_SECONDS)
        finally:
            if done != Purged(before):
                self._purged(done)
        return done


async def _steps(
    purge: Callable[[datetime, str, int], Awaitable[PurgeStep]], before: datetime
) -> AsyncIterator[PurgeStep]:
    """Take all the steps of *purge*."""
    step = await purge(before, "", _STEP)
    while step.after is not None:
        yield step
        await asyncio.sleep(_BREATH_SECONDS)
        step = await purge(before, step.after, _STEP)
