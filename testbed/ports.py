"""Blocks of free loopback ports, each for one owner on this machine while the owner lives.

A port that was probed and let go may be taken by another process before it is used. So a block is
held by a lock on a file, which the kernel lets go when its holder dies, and lies below the range
from which kernels give a port to those who ask for port 0.
"""

from __future__ import annotations

import fcntl
import os
import random
import socket
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

LOOPBACK = "127.0.0.1"
SIZE = 10
FIRST, END = 20_000, 32_000


class PortBlock:
    """Ten ports, ``first`` to ``first + 9``, free for TCP and UDP on loopback when claimed."""

    def __init__(self) -> None:
        """Claim a block; raises OSError when every block is taken."""
        folder = Path(tempfile.gettempdir()) / f"interact-ivr-ports-{os.getuid()}"
        folder.mkdir(exist_ok=True)
        starts = list(range(FIRST, END, SIZE))
        random.shuffle(starts)
        for self.first in starts:
            self._lock = os.open(folder / str(self.first), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC)
            if _locks(self._lock) and all(is_free(self.first + index) for index in range(SIZE)):
                return
            os.close(self._lock)
        raise OSError(f"no {SIZE} consecutive free ports between {FIRST} and {END}")

    def close(self) -> None:
        """Let the block go; a second time does nothing."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def __enter__(self) -> Self:
        """Give the claimed block."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let the block go."""
        self.close()


def _locks(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_free(port: int) -> bool:
    """Say whether *port* could be listened on now, for TCP and UDP on loopback."""
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                return False
    return True
