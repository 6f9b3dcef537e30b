"""The lock that makes one process the only writer of a SQLite file, for as long as it lives."""

import contextlib
import fcntl
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Self

_PATIENCE_SECONDS = 2.0
_POLL_SECONDS = 0.02


class StoreHeldError(Exception):
    """Another process holds the store's lock."""

    def __init__(self, path: Path, holder: str) -> None:
        super().__init__(f"{path} is held by {holder or 'another process'}")
        self.path, self.holder = path, holder


class FileLock:
    """An advisory lock on ``<database>.lock``; its text says who holds it.

    The kernel lets go of it when the process ends, however it ends; the file stays.
    """

    def __init__(self, database: Path, who: str) -> None:
        self.path = database.with_name(database.name + ".lock")
        self._who = who
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock, or raise `StoreHeldError` with what its holder wrote there.

        A command holds it for a moment only, so whoever comes meanwhile waits for a while.
        """
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not _locks(descriptor):
            if time.monotonic() > deadline:
                holder = os.pread(descriptor, 200, 0).decode("utf-8", "replace").strip()
                os.close(descriptor)
                raise StoreHeldError(self.path, holder)
            time.sleep(_POLL_SECONDS)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{self._who}, process {os.getpid()}\n".encode(), 0)
        self._descriptor = descriptor

    def release(self) -> None:
        """Let go of the lock, if it is held."""
        if self._descriptor is not None:
            with contextlib.suppress(OSError):
                os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release()


def _locks(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
