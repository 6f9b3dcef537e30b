"""All that is done to files, each in one step that is done or not, whenever we are killed."""

from __future__ import annotations

import os
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
        opened = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            _own(opened, like)
        finally:
            os.close(opened)

    def write(self, path: Path, content: bytes, mode: int | None, like: Path) -> None:
        """Write beside *path* what will be there; without a mode all but the content is *like*'s.

        Owner, and extended attributes such as SELinux's, are *like*'s in either case where they
        can be.
        """
        beside = unfinished(path)
        beside.unlink(missing_ok=True)
        # exclusively: whoever owns the folder could else have us write through a link of theirs
        opened = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(opened, "wb") as file:
            file.write(content)
            file.flush()
            if mode is None:
                _attributes(opened, like)
            _own(opened, like)
            os.fchmod(opened, like.stat().st_mode & 0o7777 if mode is None else mode)
            if self._durable:
                os.fsync(opened)

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


def _attributes(opened: int, like: Path) -> None:
    """Give an open file the extended attributes of *like*, as far as it can have them."""
    for name in os.listxattr(like):
        with suppress(OSError):
            os.setxattr(opened, name, os.getxattr(like, name))


def _own(opened: int, like: Path) -> None:
    """Give what is *opened* the owner of *like*, where it has another one."""
    here, there = os.fstat(opened), like.stat()
    if (here.st_uid, here.st_gid) != (there.st_uid, there.st_gid):
        os.fchown(opened, there.st_uid, there.st_gid)
