"""A relay before PostgreSQL that loses what it is told to: a commit, or the answer to one.

It can keep a commit, too, and pass it on when whoever sent it has long given it up.
"""

import socket
from contextlib import suppress
from typing import Literal

from testbed.relay import Relay

What = Literal["commit", "answer", "plain", "late"]

_PATIENCE_SECONDS = 10.0


class CommitRelay(Relay):
    """Resets a connection at the next commit, once: before it is passed on, or at its answer.

    ``plain`` is the answer to the statement that does all for a call; ``late`` is a commit that is
    kept until it is told to pass it on, while the server is not told that anything was reset.
    """

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self.lost = 0
        self._losing: What | None = None
        self._answers: set[socket.socket] = set()
        self._for_good = False
        self._kept: list[tuple[socket.socket, bytes]] = []

    def lose(self, what: What, *, for_good: bool = False) -> None:
        """Lose *what* when it comes by next; *for_good* with all else, until it lets in again."""
        self._losing, self._for_good = what, for_good

    def pass_on(self) -> None:
        """Pass on what was kept, and wait until the server has read it and ended the session."""
        while self._kept:
            theirs, commit = self._kept.pop()
            with theirs, suppress(ConnectionError):
                theirs.settimeout(_PATIENCE_SECONDS)
                theirs.sendall(commit)
                with suppress(OSError):  # the server has ended it
                    theirs.shutdown(socket.SHUT_WR)
                while theirs.recv(4096):
                    pass

    def __exit__(self, *_: object) -> None:
        """End, with all connections."""
        super().__exit__(None, None, None)
        for theirs, _commit in self._kept:
            theirs.close()

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
            if self._losing == "late":
                self._kept.append((self._pairs[_one].dup(), _read))
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
