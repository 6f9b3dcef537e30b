"""The server's time, as a node goes by it between two of the store's answers."""

import threading
import time
from datetime import datetime, timedelta


class ServerClock:
    """The `Clock` of the shared store: what the server said last, and what has passed since.

    It never goes back: a reading that was long under way is no reason to.
    """

    ahead = timedelta(0)

    def __init__(self, now: datetime) -> None:
        self._lock = threading.Lock()
        self._said, self._at = now, time.monotonic()

    def hear(self, now: datetime) -> None:
        """Take note of what the server said; any thread may."""
        with self._lock:
            at = time.monotonic()
            self._said, self._at = max(now, self._since(at)), at

    def now(self) -> datetime:
        """Give the server's time, aware, UTC."""
        with self._lock:
            return self._since(time.monotonic())

    def date(self) -> datetime:
        """Give the same: the server is asked, whose clock is its operator's."""
        return self.now()

    def _since(self, at: float) -> datetime:
        return self._said + timedelta(seconds=at - self._at)
