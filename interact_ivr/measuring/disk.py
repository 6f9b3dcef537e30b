"""How long a disk takes until what was written is there for good, and what is no disk at all."""

import os
import tempfile
import time
from pathlib import Path
from typing import Final

_IN_MEMORY: Final = {"tmpfs", "ramfs", "devtmpfs", "hugetlbfs"}
_PAGE: Final = 4096
_PAGES: Final = 64
_MOUNTS: Final = Path("/proc/self/mountinfo")


class InMemoryError(OSError):
    """The folder is on a file system in memory: what is written there was never durable."""


def file_system(folder: Path, mounts: str | None = None) -> str:
    """Give the type of the file system that *folder* is on, as ``ext4``; empty where untold.

    Source: proc_pid_mountinfo(5); the third field is the device, the type stands behind `` - ``.
    """
    device = folder.stat().st_dev
    number = f"{os.major(device)}:{os.minor(device)}"
    text = _MOUNTS.read_text("utf-8", "replace") if mounts is None else mounts
    for line in text.splitlines():
        mount, _, kind = line.partition(" - ")
        if mount.split()[2] == number:
            return kind.split()[0]
    return ""


def refuse_memory(folder: Path) -> None:
    """Raise `InMemoryError` where *folder* is not on a disk."""
    kind = file_system(folder)
    if kind in _IN_MEMORY:
        raise InMemoryError(f"{folder} is in memory ({kind}): nothing is durable there")


def fsync_milliseconds(folder: Path, count: int) -> list[float]:
    """Write a page of a file *count* times, each time until it is on disk; give each one's time.

    The file has its size before, as a write-ahead log has that is used again; it does not stay.
    """
    times = []
    with tempfile.TemporaryFile(dir=folder) as file:
        descriptor = file.fileno()
        os.pwrite(descriptor, bytes(_PAGE * _PAGES), 0)
        os.fsync(descriptor)
        for at in range(count):
            page = os.urandom(_PAGE)
            begun = time.perf_counter()
            os.pwrite(descriptor, page, at % _PAGES * _PAGE)
            os.fdatasync(descriptor)
            times.append((time.perf_counter() - begun) * 1000)
    return times
