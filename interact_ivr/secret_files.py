"""Which files with a secret others may read; who may is said here alone.

0600, or 0640 where root owns the file or its group is the service's own: so it can be given a
secret that it cannot change. Nothing here changes a mode.
"""

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path


def exposure(file: Path) -> str | None:
    """Say who else may read *file*, or write it; None: nobody, or it is not there."""
    try:
        found = file.stat()
    except OSError:
        return None
    return _exposure(found)


def exposure_of(descriptor: int) -> str | None:
    """Say the same of a file that is open."""
    return _exposure(os.fstat(descriptor))


def faults(files: Iterable[Path]) -> Iterator[str]:
    """Name those of *files* that others may read, and say what to do."""
    for file in files:
        if (who := exposure(file)) is not None:
            yield f"{who} may read {file}: {advice(file)}"


def advice(file: Path) -> str:
    """Say what is to be done."""
    return f"chmod 0600 {file}, and change what is in it if others were there"


def _exposure(found: os.stat_result) -> str | None:
    if found.st_mode & stat.S_IRWXO:
        return "others"
    if found.st_mode & (stat.S_IWGRP | stat.S_IXGRP):
        return "a whole group"
    groups = {os.getegid(), *os.getgroups()}
    is_known = os.geteuid() == 0 or found.st_uid == 0 or found.st_gid in groups
    if found.st_mode & stat.S_IRGRP and not is_known:  # root is of no group of the service's
        return "another group"
    return None
