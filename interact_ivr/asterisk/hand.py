"""All that is done to files, each in one step that is done or not, whenever we are killed."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

UNFINISHED = ".interact-ivr-new"
"""How the name of a file ends that is being written."""


def unfinished(path: Path) -> Path:
    """Say where what will be *path* is written first."""
    return path.with_name(f".{path.name}{UNFINISHED}")


class Hand:
    """Makes the changes; a test's may slip, or not wait for the disk."""

    def __init__(self, *, durable: bool = True) -> None:
        self._durable = durable

    def make_folder(self, path: Path, like: Path, mode: int) -> None:
        """Make a folder, whose owner is that of *like*."""
        path.mkdir(mode=mode)
        _own(path, like)

    def write(self, path: Path, content: bytes, mode: int | None, like: Path) -> None:
        """Write beside *path* what will be there; without a mode all but the content is *like*'s.

        Owner, and extended attributes such as SELinux's, are *like*'s in either case where they
        can be.
        """
        beside = unfinished(path)
        beside.unlink(missing_ok=True)
        beside.touch(0o600)
        with beside.open("wb") as file:
            file.write(content)
            if self._durable:
                file.flush()
                os.fsync(file.fileno())
        if mode is None:
            shutil.copystat(like, beside)
            os.utime(beside)
        _own(beside, like)
        beside.chmod(like.stat().st_mode & 0o7777 if mode is None else mode)

    def put(self, path: Path) -> None:
        """Put what was written in its place."""
        unfinished(path).rename(path)
        self._on_disk(path.parent)

    def delete(self, path: Path) -> None:
        """Take a file away."""
        path.unlink()
        self._on_disk(path.parent)

    def remove_folder(self, path: Path) -> None:
        """Take a folder away; one with others' files in it stays."""
        with suppress(OSError):
            path.rmdir()

    def _on_disk(self, folder: Path) -> None:
        if not self._durable:
            return
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def _own(path: Path, like: Path) -> None:
    """Give *path* the owner of *like*, where it has another one."""
    here, there = path.stat(), like.stat()
    if (here.st_uid, here.st_gid) != (there.st_uid, there.st_gid):
        os.chown(path, there.st_uid, there.st_gid)
