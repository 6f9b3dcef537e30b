"""Who must wait before a credential is checked, and who may not even wait.

Nothing here knows what a credential is; whoever attempts is a key.
"""

import asyncio
import math
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final
from weakref import WeakValueDictionary

from interact_ivr.domain.errors import TooManyAttempts
from interact_ivr.service.recent import Recent

FREE_FAILURES: Final = 5
"""Failures after which there is a pause before the next attempt."""
FIRST_PAUSE: Final = 0.25
LONGEST_PAUSE: Final = 30.0
_QUIET = 15 * 60.0
"""Seconds without an attempt after which failures are forgotten."""
_MOST_REMEMBERED = 16_384
_MOST_WAITING, _MOST_WAITING_OF_ONE = 1_024, 20


class Turns:
    """A lock for each key, there as long as somebody has it or waits for it."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[bytes, asyncio.Lock] = WeakValueDictionary()

    def of(self, key: bytes) -> asyncio.Lock:
        """Give the lock of *key*; whoever comes first has it first."""
        return self._locks.setdefault(key, asyncio.Lock())


class Places:
    """Room for so many, and for so many of one key: for no more than are still left to others."""

    def __init__(self, most: int, most_of_one: int) -> None:
        self._most = most
        self._most_of_one = most_of_one
        self._taken = 0
        self._of: Counter[bytes] = Counter()

    def __contains__(self, key: bytes) -> bool:
        return key in self._of

    def full_for(self, key: bytes) -> bool:
        """Say whether there is no room for one more of *key*."""
        return self._of[key] >= min(self._most_of_one, self._most - self._taken)

    @contextmanager
    def one(self, key: bytes) -> Iterator[None]:
        """Take a place for as long as the block lasts."""
        self._taken += 1
        self._of[key] += 1
        try:
            yield
        finally:
            self._taken -= 1
            self._of[key] -= 1
            if not self._of[key]:
                del self._of[key]


class Attempts:
    """The attempts of everyone: one at a time each, and ever slower as they fail."""

    def __init__(
        self,
        free: int = FREE_FAILURES,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._free = free
        self._clock = clock
        self._sleep = sleep
        self._turns = Turns()
        self._places = Places(_MOST_WAITING, _MOST_WAITING_OF_ONE)
        self._failures: Recent[bytes, tuple[int, float]] = Recent(_MOST_REMEMBERED, _QUIET, clock)
        """How many, and when the last was."""

    @property
    def none_failed(self) -> bool:
        """Whether no failure of anybody is remembered."""
        return not len(self._failures)

    def is_free(self, who: bytes) -> bool:
        """Say whether *who* has not failed often enough to wait at all."""
        count, _ = self._failures.get(who) or (0, 0.0)
        return count < self._free

    @asynccontextmanager
    async def turn(self, who: bytes, at_least: float = 0.0) -> AsyncIterator[None]:
        """Wait until *who* may make an attempt; the next one waits for the block's end.

        All of them wait for *at_least* so many seconds.

        Raises:
            TooManyAttempts: it would have to wait, and too many do.
        """
        pause = max(self.pause(who), at_least)
        if (pause > 0 or who in self._places) and self._places.full_for(who):
            raise TooManyAttempts(max(math.ceil(pause), 1))
        with self._places.one(who):
            async with self._turns.of(who):
                if (pause := max(self.pause(who), at_least)) > 0:
                    await self._sleep(pause)
                yield

    def note(self, who: bytes, *, good: bool) -> None:
        """Take note of how the attempt ended; a good one makes up for all before it."""
        if good:
            self._failures.forget(who)
        else:
            count, _ = self._failures.get(who) or (0, 0.0)
            self._failures.put(who, (count + 1, self._clock()))

    def pause(self, who: bytes) -> float:
        """Give the seconds until the next attempt may be made; none are left below 0."""
        count, last = self._failures.get(who) or (0, 0.0)
        if count < self._free:
            return 0.0
        doubled = math.ldexp(FIRST_PAUSE, min(count - self._free, 16))
        return last + min(doubled, LONGEST_PAUSE) - self._clock()
