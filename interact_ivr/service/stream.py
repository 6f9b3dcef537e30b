"""What happens in the pools, as it happens: one writes, any number read, none waits for another.

Whoever reads too slowly loses what came too fast, the oldest first, and is told how much that was:
nothing that is made here is for the record, which is the journal.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager

from interact_ivr.domain.happening import Gap, Happening
from interact_ivr.domain.names import EnvironmentId

_KEPT = 1000
"""Happenings kept for one reader."""


class Reading:
    """One reader's part of the stream: an iterator that ends when the reader is closed."""

    def __init__(self, environment: EnvironmentId | None, kept: int) -> None:
        self._environment = environment
        self._waiting: deque[Happening] = deque()
        self._kept = kept
        self._lost = 0
        self._told = asyncio.Event()

    def take(self, happening: Happening) -> None:
        """Keep *happening* for the reader, if it is of the environment read."""
        if self._environment not in (None, happening.environment):
            return
        if len(self._waiting) == self._kept:
            self._waiting.popleft()
            self._lost += 1
        self._waiting.append(happening)
        self._told.set()

    def __aiter__(self) -> AsyncIterator[Happening | Gap]:
        return self

    async def __anext__(self) -> Happening | Gap:
        """Give what is next; what was lost is told before that which came after it."""
        await self._told.wait()
        if self._lost:
            lost, self._lost = self._lost, 0
            return Gap(lost)
        happening = self._waiting.popleft()
        if not self._waiting:
            self._told.clear()
        return happening

    def waiting(self, most: int) -> Sequence[Happening]:
        """Give up to *most* of what waits, without waiting for more."""
        taken = [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]
        if not self._waiting and not self._lost:
            self._told.clear()
        return taken


class Stream:
    """Tells listeners at once, and readers in their own time. All in one event loop."""

    def __init__(self, *listeners: Callable[[Happening], None]) -> None:
        """*listeners* are told in the course of what happens: they may neither fail nor wait."""
        self._listeners = listeners
        self._readings: set[Reading] = set()

    def tell(self, happening: Happening) -> None:
        """Tell everybody."""
        for listener in self._listeners:
            listener(happening)
        for reading in self._readings:
            reading.take(happening)

    @contextmanager
    def reading(
        self, environment: EnvironmentId | None = None, *, kept: int = _KEPT
    ) -> Iterator[Reading]:
        """Read what happens from now on, in one environment or in all.

        Up to *kept* happenings wait for the reader; of more the oldest are lost.
        """
        reading = Reading(environment, kept)
        self._readings.add(reading)
        try:
            yield reading
        finally:
            self._readings.discard(reading)
