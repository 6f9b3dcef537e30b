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
        self._left_out = Recent[str, int](most * 10, every * 90, clock)

    def left_out(self, kind: str, whose: str = "") -> int | None:
        """Say how many of *kind* were not told since the last one that was; None: nor is this.

        Nobody takes the room of another: *whose* it is must be one of few.
        """
        now = self._clock()
        if now - self._begun >= self._every:
            self._begun = now
            self._told.clear()
        told, key = self._told[whose], f"{whose} {kind}"
        before = self._left_out.get(key) or 0
        if kind in told or len(told) >= self._most:
            self._left_out.put(key, before + 1)
            return None
        told.add(kind)
        self._left_out.forget(key)
        return before
