"""How many requests begin in one turn of the event loop, so that calls come between them.

A turn serves every socket that has something to read. With hundreds of requests in it, a call,
whose conversation takes several turns, would wait for all of them each time.
"""

import asyncio
from collections import deque

_MOST = 4
"""About 2 ms."""


class Pace:
    """Lets requests begin, in the order in which they came."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._left = most
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def turn(self) -> None:
        """Wait until there is room in the event loop's turn."""
        loop = asyncio.get_running_loop()
        if self._left == self._most:
            loop.call_soon(self._next)
        if self._left > 0:
            self._left -= 1
            return
        waiter = loop.create_future()
        self._waiting.append(waiter)
        await waiter

    def _next(self) -> None:
        """Begin a turn; those who have waited come first."""
        self._left = self._most
        while self._waiting and self._left > 0:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                self._left -= 1
        if self._left < self._most:
            asyncio.get_running_loop().call_soon(self._next)
