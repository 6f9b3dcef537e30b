"""The timer that puts expiries on record as they happen; it never is what makes them true.

Of nodes that share a store one sweeps, which learns of the others' deadlines by looking often.
Whoever else touches a number that ran out puts that on record first. So what has expired is not
told here, but by the stream of what the journal was told.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from interact_ivr.domain.values import Allocation
from interact_ivr.ports import AllocationStore, Clock
from interact_ivr.service.duty import nobody_else

_STEP = 500
"""Expiries written in one transaction; calls get their turn between two steps."""
LOOK_EVERY = timedelta(seconds=30)
"""However far the next deadline is: a clock may be set, a machine suspended."""
_RETRY = timedelta(seconds=1)


class Expiry:
    """Sleeps until the next deadline, and sweeps."""

    def __init__(
        self,
        store: AllocationStore,
        clock: Clock,
        *,
        failed: Callable[[Exception], None],
        is_mine: Callable[[], Awaitable[bool]] = nobody_else,
        look_every: timedelta = LOOK_EVERY,
    ) -> None:
        """*is_mine* takes the duty, or says that another node has it."""
        self._store = store
        self._clock = clock
        self._failed = failed
        self._is_mine = is_mine
        self._look_every = look_every
        self._next: datetime | None = None
        self._sooner = asyncio.Event()

    def allocated(self, allocation: Allocation) -> None:
        """Take note of a new deadline, and wake up for it if it is the earliest."""
        if self._next is None or allocation.expires_at < self._next:
            self._next = allocation.expires_at
            self._sooner.set()

    def look(self) -> None:
        """Sweep now: something may be due, as a call that held an expiry open is gone."""
        self._sooner.set()

    async def run(self) -> None:
        """Sweep at every deadline until cancelled."""
        while True:
            try:
                pause = await self._sweep()
            except Exception as error:  # noqa: BLE001  the timer's outermost edge: told, tried again
                self._failed(error)
                pause = _RETRY
            await self._sleep(pause)

    async def _sweep(self) -> timedelta:
        if not await self._is_mine():
            return self._look_every
        sweep = await self._store.sweep(_STEP)
        self._next = sweep.next_deadline
        if self._next is None:
            return self._look_every
        return min(self._next - self._clock.now(), self._look_every)

    async def _sleep(self, pause: timedelta) -> None:
        try:
            async with asyncio.timeout(max(pause.total_seconds(), 0)):
                await self._sooner.wait()
        except TimeoutError:
            return
        self._sooner.clear()
