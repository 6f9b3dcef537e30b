"""How a task learns that the journal has grown: the writing thread tells whoever waits."""

import asyncio
import threading
from contextlib import suppress


class Growth:
    """Futures of any loop, done at the next growth. One that is cancelled is forgotten by then."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[asyncio.Future[None]] = []

    def next(self) -> asyncio.Future[None]:
        """Give what is done once the journal grows after this moment."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        with self._lock:
            self._waiting = [one for one in self._waiting if not one.done()]
            self._waiting.append(future)
        return future

    def tell(self) -> None:
        """Wake all who wait (runs in the writing thread, after COMMIT)."""
        with self._lock:
            waiting, self._waiting = self._waiting, []
        for future in waiting:
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                future.get_loop().call_soon_threadsafe(_wake, future)


def _wake(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
