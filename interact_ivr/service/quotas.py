"""How often something may be asked for in a minute, of each that asks; in this process alone."""

import math
import time
from collections.abc import Callable, Hashable
from typing import Final

from interact_ivr.domain.errors import QuotaReached, Whose
from interact_ivr.service.recent import Recent

_MINUTE: Final = 60.0
_MOST: Final = 16_384


class MinuteQuota:
    """So many at once, and then as many more as the minute has room for: a bucket for each."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._taken: Recent[tuple[Whose, Hashable], tuple[float, float]] = Recent(
            _MOST, _MINUTE, clock
        )
        """How much of the minute's is taken, and when that was so."""

    def take(self, *buckets: tuple[Whose, Hashable, int]) -> None:
        """Take one from each bucket: whose it is, who of them, and how many a minute it has.

        0 a minute is as many as one likes. Where one bucket has none left, all stay as they are.

        Raises:
            QuotaReached: there is none left now.
        """
        now = self._clock()
        left = [
            ((whose, who), self._of(whose, who, most, now)) for whose, who, most in buckets if most
        ]
        for key, taken in left:
            self._taken.put(key, (taken + 1, now))

    def _of(self, whose: Whose, who: Hashable, most: int, now: float) -> float:
        """Say how much of a bucket is taken *now*, or raise QuotaReached."""
        taken, at = self._taken.get((whose, who)) or (0.0, now)
        taken = min(taken, most)  # there may have been more room when it was taken
        taken = max(taken - (now - at) * most / _MINUTE, 0.0)
        if taken + 1 > most:
            again = (taken + 1 - most) * _MINUTE / most
            raise QuotaReached(whose, "a minute", most, max(math.ceil(again), 1))
        return taken
