"""What happens all the time is told now and then, with how often it was not told."""

import time
from collections import defaultdict
from collections.abc import Callable

from interact_ivr.service.recent import Recent


class Seldom:
    """Lets one of each kind be told every so many seconds, and so many of all kinds of somebody."""

    def __init__(
        self,
        every: float = 10.0,
        most: int = 20,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """*most* of each are told within *every* seconds, of whatever kinds, and none twice."""
        self._every = every
        self._most = most
        self._clock = clock
        self._begun = clock()
        self._told = defaultdict[str, set[str]](set)
        self._left_out = defaultdict[str, Recent[str, int]](
            lambda: Recent(most * 10, every * 90, clock)
        )

    def left_out(self, kind: str, whose: str = "") -> int | None:
        """Say how many of *kind* were not told since the last one that was; None: nor is this.

        Nobody takes the room of another: *whose* it is must be one of few.
        """
        now = self._clock()
        if now - self._begun >= self._every:
            self._begun = now
            self._told.clear()
            for other in [each for each, left_out in self._left_out.items() if not len(left_out)]:
                del self._left_out[other]
        told, left_out = self._told[whose], self._left_out[whose]
        before = left_out.get(kind) or 0
        if kind in told or len(told) >= self._most:
            left_out.put(kind, before + 1)
            return None
        told.add(kind)
        left_out.forget(kind)
        return before
