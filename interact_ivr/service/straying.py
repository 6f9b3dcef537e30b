"""Who asks for many different numbers that hold nothing for them: perhaps they try them out."""

import time
from collections.abc import Callable
from typing import Final

from interact_ivr.service.recent import Recent

FEW: Final = 5
"""Different numbers, within `_WITHIN` of the one before; a person dials wrong once or twice."""
_WITHIN: Final = 600.0
_MOST: Final = 16_384


class Straying:
    """Remembers of each of the last ones who strayed to which numbers, up to a few."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._strayed: Recent[str, frozenset[str]] = Recent(_MOST, _WITHIN, clock)

    def tries_out(self, who: str, number: str) -> bool:
        """Take note that *who* asked for *number*; say whether that is one too many, once."""
        before = self._strayed.get(who) or frozenset()
        if number in before or len(before) > FEW:
            return False
        self._strayed.put(who, before | {number})
        return len(before) == FEW
