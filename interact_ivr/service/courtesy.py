"""Work that can wait lets calls go first: beside them it has a thirtieth of the time."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

_RESTS_AS_LONG: Final = 29
"""Times what was worked."""
_LOOK_SECONDS: Final = 0.005
"""How often it is looked whether there are calls still."""


class Courtesy:
    """Says how long whoever has worked rests: not at all where no call is being answered."""

    def __init__(self, calls: Callable[[], int]) -> None:
        """*calls* says how many are being answered now."""
        self._calls = calls

    def owed(self, begun: float) -> float:
        """Say until when to rest for having worked since *begun*; both by `time.monotonic`."""
        now = time.monotonic()
        return now + _RESTS_AS_LONG * (now - begun)

    async def rest(self, until: float) -> None:
        """Rest *until* then, by `time.monotonic`, or until two looks have found no call."""
        looks = 2 if self._calls() else 0
        while looks and (left := until - time.monotonic()) > 0:
            await asyncio.sleep(min(left, _LOOK_SECONDS))
            looks = 2 if self._calls() else looks - 1
