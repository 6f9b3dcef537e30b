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

    def take(self, whose: Whose, who: Hashable, most: int) -> None:
        """Take one of *most* a minute from the bucket of *who*; 0: of as many as one likes.

        Raises:
            QuotaReached: there is none left now.
        """
        if not most:
            return
        now = self._clock()
        taken, at = self._taken.get((whose, who)) or (0.0, now)
        taken = max(taken - (now - at) * most / _MINUTE, 0.0)
        if taken + 1 > most:
            again = (taken + 1 - most) * _MINUTE / most
            raise QuotaReached(whose, "a minute", most, max(math.ceil(again), 1))
        self._taken.put((whose, who), (taken + 1, now))
