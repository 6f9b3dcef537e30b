"""A relay before PostgreSQL that loses what it is told to: a commit, or the answer to one."""

import socket
from typing import Literal

from testbed.relay import Relay

What = Literal["commit", "answer", "plain"]


class CommitRelay(Relay):
    """Resets a connection at the next commit, once: before it is passed on, or at its answer.

    ``plain`` is the answer to the statement that does all for a call.
    """

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self.lost = 0
        self._losing: What | None = None
        self._answers: set[socket.socket] = set()
        self._for_good = False

    def lose(self, what: What, *, for_good: bool = False) -> None:
        """Lose *what* when it comes by next; *for_good* with all else, until it lets in again."""
        self._losing, self._for_good = what, for_good

    def _read(self, _one: socket.socket, _read: bytes) -> bool:
        """Say whether what *one* sent is to be passed on."""
        if self._losing is None:
            return True
        if _one in self._answers:
            self._answers.clear()
            return self._lose()
        mark = b"plain AS MATERIALIZED" if self._losing == "plain" else b"COMMIT"
        if mark in _read:
            if self._losing == "commit":
                return self._lose()
            self._answers.add(self._pairs[_one])
        return True

    def _lose(self) -> bool:
        self._losing = None
        self.lost += 1
        if self._for_good:
            self.lets_in = False
            for one in [*self._pairs]:
                self._drop(one)
        return False
