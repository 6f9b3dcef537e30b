"""Which files with a secret others may read; who may is said here alone.

0600, or 0640 where root owns the file or its group is the service's own: so it can be given a
secret that it cannot change; in a folder where nobody else may put another in its place. Nothing
here changes a mode.
"""

import errno
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

_MOST_LINKS = 40
"""As the kernel has it (path_resolution(7))."""


class Exposed(OSError):
    """Others may read a secret, or put another in its place."""


def exposure(file: Path) -> str | None:
    """Say who else may read *file*, or write it; None: nobody, or it is not there."""
    try:
        found = file.stat()
    except OSError:
        return None
    return _exposure(found)


@contextmanager
def opened(file: Path) -> Iterator[BinaryIO]:
    """Open *file* to be read, and check what is open: another one in its place counts no more.

    Raises:
        Exposed: others may read it, or put another in its place.
        OSError: it cannot be read, or is no file: a pipe would be waited for.
    """
    with open(file, "rb", opener=_open_at_once) as found:
        if not stat.S_ISREG(os.fstat(found.fileno()).st_mode):
            raise OSError(errno.EINVAL, "it is no regular file", str(file))
        if fault := _fault(file, _exposure(os.fstat(found.fileno()))):
            raise Exposed(fault)
        yield found


def faults(files: Iterable[Path]) -> Iterator[str]:
    """Name those of *files* that others may read or replace, and say what to do."""
    for file in files:
        if fault := _fault(file, exposure(file)):
            yield fault


def replaceable(file: Path) -> Path | None:
    """Give a folder on the way to *file*, by each of its links, into which others may write.

    Where each may take away their own files alone, as in /tmp, nobody puts another in its place.
    """
    folders = (folder for path in _paths_to(file) for folder in path.parents)
    return next((each for each in folders if _is_open(each) and not _is_sticky(each)), None)


def check_place(socket: Path) -> None:
    """Raise `Exposed` where others may listen in the place of *socket* while nobody does.

    A folder like /tmp will do as long as what leads on from it is a folder or a link of our own.
    """
    for path in _paths_to(socket):
        for folder, below in zip(path.parents, (path, *path.parents), strict=False):
            leads_on = below != path or path.is_symlink()
            if _is_open(folder) and (why := _stranger(folder, below if leads_on else None)):
                raise Exposed(f"others may put another socket in the place of {socket}: {why}")


def _stranger(folder: Path, below: Path | None) -> str | None:
    """Say why *folder*, which is open to all, leads on to a stranger; None: it does not."""
    if not _is_sticky(folder):
        return f"chmod o-w {folder}, or have it in another folder"
    if not _is_ours(folder):
        return f"{folder} belongs to uid {_owner(folder)}: have it in another folder"
    if below is None or (owner := _owner(below)) is None:
        return f"all may write into {folder}: have it in a folder of its own, there or elsewhere"
    return None if _is_ours(below) else f"{below} belongs to uid {owner}: have it in another folder"


def _is_open(folder: Path) -> bool:
    """Say whether everybody may write into it."""
    return bool(_mode(folder) & stat.S_IWOTH)


def _is_sticky(folder: Path) -> bool:
    """Say whether each may take away their own files alone, as in /tmp."""
    return bool(_mode(folder) & stat.S_ISVTX)


def _mode(folder: Path) -> int:
    try:
        return folder.stat().st_mode
    except OSError:
        return 0


def _is_ours(path: Path) -> bool:
    """Say whether *path* itself, be it a link, is ours or root's; what is not there, is not."""
    return _owner(path) in {0, os.geteuid()}


def _owner(path: Path) -> int | None:
    try:
        return path.lstat().st_uid
    except OSError:
        return None


def _open_at_once(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)


def _paths_to(file: Path) -> Iterator[Path]:
    """Give *file*'s path, and those its links lead to: their folders' owners say what it is."""
    path = file.absolute()
    for _ in range(_MOST_LINKS):
        yield path
        linked = next((each for each in (path, *path.parents) if each.is_symlink()), None)
        if linked is None:
            return
        path = linked.parent / linked.readlink() / path.relative_to(linked)


def advice(file: Path) -> str:
    """Say what is to be done."""
    return f"chmod 0600 {file}, and change what is in it if others were there"


def _fault(file: Path, who: str | None) -> str | None:
    if who is not None:
        return f"{who} may read {file}: {advice(file)}"
    if file.exists() and (folder := replaceable(file)) is not None:
        return f"others may put another file in the place of {file}: chmod o-w {folder}"
    return None


def _exposure(found: os.stat_result) -> str | None:
    if found.st_mode & stat.S_IRWXO:
        return "others"
    if found.st_mode & (stat.S_IWGRP | stat.S_IXGRP):
        return "a whole group"
    if os.geteuid() != 0 and found.st_uid not in {0, os.geteuid()}:  # root's commands read all
        return f"uid {found.st_uid}, who owns it,"
    groups = {os.getegid(), *os.getgroups()}
    is_known = os.geteuid() == 0 or found.st_uid == 0 or found.st_gid in groups
    if found.st_mode & stat.S_IRGRP and not is_known:  # root is of no group of the service's
        return "another group"
    return None
