"""Packages of Debian, brought from the machine's own mirrors and unpacked into the user's cache.

A tree appears whole, by a rename, with a stamp that says of what it was made: what an interrupted
run has left is never taken for one. Nothing of the machine is changed, and root is not needed.
"""

from __future__ import annotations

import fcntl
import json
import os
import platform
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from testbed.packages import KEYRING, Package, PrivateApt, StepError, progress, unpack
from testbed.sources import machine_mirrors

STAMP = "complete.json"
UNFINISHED = "unfinished-"


@dataclass(frozen=True, slots=True)
class Tree:
    """What is to be unpacked into a folder of the cache: *packages*, and all that these need."""

    name: str
    packages: tuple[str, ...]
    suites: tuple[str, ...]
    """Of Debian; the first that has the packages."""
    layout: int
    """Raised when what is unpacked, or how, changes: an older folder is brought anew."""
    left_out: re.Pattern[str]
    """Names of packages that are not brought, although others name them."""
    prove: Callable[[Path], object]
    """Raises where what was unpacked does not serve."""


def cache_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Give the cache folder: ``INTERACT_IVR_CACHE``, or ``~/.cache/interact-ivr``."""
    named = environment.get("INTERACT_IVR_CACHE")
    return (Path(named) if named else Path.home() / ".cache/interact-ivr").absolute()


def is_complete(folder: Path, layout: int) -> bool:
    """Say whether *folder* was unpacked to its end, by this layout: the stamp is written last."""
    try:
        stamp = json.loads((folder / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(stamp, dict) and stamp.get("layout") == layout


def write_stamp(folder: Path, layout: int, suite: str, packages: tuple[Package, ...]) -> None:
    """Mark *folder* as complete, with the versions of what it holds."""
    versions = {package.name: package.version for package in packages}
    stamp = {"layout": layout, "suite": suite, "packages": versions}
    (folder / STAMP).write_text(json.dumps(stamp, indent=1) + "\n", encoding="utf-8")


def brought(tree: Tree, cache: Path) -> Path:
    """Give the folder of *tree*, fetched first when *cache* has none.

    Parallel callers wait for one another. Raises StepError and NoMirrorError.
    """
    folder = cache / tree.name
    if not is_complete(folder, tree.layout):
        _require_machine()
        cache.mkdir(parents=True, exist_ok=True)
        with _locked(cache / "lock"):
            if not is_complete(folder, tree.layout):
                _fetch(tree, folder)
    return folder


def _require_machine() -> None:
    machine = f"{platform.system()} {platform.machine()}"
    if machine != "Linux x86_64":
        raise StepError(f"this machine is {machine}; Debian's packages are taken for Linux x86_64")
    for needed in ("apt-get", "dpkg-deb", "tar", "setpriv"):
        if shutil.which(needed) is None:
            raise StepError(f"{needed} is missing; Debian 12 or 13 has it")
    if not KEYRING.exists():
        raise StepError(f"{KEYRING} is missing: install debian-archive-keyring")


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the lock on *path*; the kernel lets it go when its holder dies."""
    with path.open("a", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with progress("waiting for another run that is fetching packages"):
                fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _fetch(tree: Tree, folder: Path) -> None:
    """Try every suite and mirror in turn until one has brought the packages; raises StepError.

    Called under the lock, so what an earlier run left unfinished belongs to nobody.
    """
    for left in folder.parent.glob(UNFINISHED + "*"):
        shutil.rmtree(left, ignore_errors=True)
    choices = [(mirror, suite) for suite in tree.suites for mirror in machine_mirrors()]
    failures: list[str] = []
    for mirror, suite in choices:
        with tempfile.TemporaryDirectory(prefix=UNFINISHED, dir=folder.parent) as unfinished:
            try:
                return _fetch_from(mirror, suite, tree, Path(unfinished), folder)
            except StepError as error:
                failures.append(f"{suite} from {mirror}: {error}")
    raise StepError("\n".join(failures))


def _fetch_from(mirror: str, suite: str, tree: Tree, unfinished: Path, folder: Path) -> None:
    """Bring the packages of *suite* by way of *unfinished*; *folder* appears by a rename."""
    apt = PrivateApt(unfinished / "apt", mirror, suite)
    with progress(f"reading Debian's {suite}"):
        apt.update()
        packages = apt.closure(tree.packages, tree.left_out)
    megabytes = sum(package.size for package in packages) / 1e6
    with progress(f"downloading {len(packages)} packages, {megabytes:.0f} MB"):
        files = apt.download(packages)
    with progress("unpacking"):
        unpack(files, unfinished / "tree")
    tree.prove(unfinished / "tree")
    write_stamp(unfinished / "tree", tree.layout, suite, packages)
    shutil.rmtree(folder, ignore_errors=True)
    (unfinished / "tree").rename(folder)
