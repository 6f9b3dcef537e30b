"""How many requests begin in one turn of the event loop, so that calls come between them.

A turn serves every socket that has something to read. With hundreds of requests in it, a call,
whose conversation takes several turns, would wait for all of them each time. So few begin in a turn
while there is a call; and where there is none, a turn is no longer than the first call may wait.
"""

import asyncio
from collections import deque
from collections.abc import Callable

_BESIDE_CALLS = 4
"""About 2 ms."""
_ALONE = 64


class Pace:
    """Lets requests begin, in the order in which they came."""

    def __init__(
        self, calls: Callable[[], int], alone: int = _ALONE, beside_calls: int = _BESIDE_CALLS
    ) -> None:
        """*calls* says how many are being answered now."""
        self._calls = calls
        self._alone, self._beside_calls = alone, beside_calls
        self._begun = 0
        """Requests, in this turn; none: no turn was begun."""
        self._waiting: deque[asyncio.Future[None]] = deque()

    def begins(self) -> bool:
        """Begin in this turn, if there is room."""
        if self._begun == 0:
            asyncio.get_running_loop().call_soon(self._next)
        elif self._begun >= (self._beside_calls if self._calls() else self._alone):
            return False
        self._begun += 1
        return True

    async def turn(self) -> None:
        """Wait until there is room in the event loop's turn."""
        if not self.begins():
            waiter = asyncio.get_running_loop().create_future()
            self._waiting.append(waiter)
            await waiter

    def _next(self) -> None:
        """Begin a turn; those who have waited come first."""
        self._begun = 0
        most = self._beside_calls if self._calls() else self._alone
        while self._waiting and self._begun < most:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                self._begun += 1
        if self._begun:
            asyncio.get_running_loop().call_soon(self._next)
