"""Brings Asterisk 22, SIPp, wrk and PostgreSQL into the user's cache; ``python -m testbed.fetch``.

Debian 12 and 13 have no Asterisk. The packages of a later Debian are unpacked into a folder and run
there by their own loader: the machine itself is not changed, and root is not needed. PostgreSQL is
that of the machine's own Debian, as an operator has it.
"""

from __future__ import annotations

import fcntl
import json
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from testbed.packages import KEYRING, Package, PrivateApt, StepError, progress, unpack
from testbed.postgres_tools import PostgresTools, named_postgres, unpacked_postgres
from testbed.sources import NoMirrorError, machine_mirrors, machine_suite
from testbed.tools import Tools, ToolsError, named_tools, unpacked_tools

PACKAGES = (
    "asterisk",
    "asterisk-modules",
    "sip-tester",
    "wrk",
    "libsqliteodbc",
    "odbc-postgresql",
)
SUITES = ("forky", "sid")
POSTGRES_PACKAGES = ("postgresql",)
POSTGRES_LEFT_OUT = r"libc6|libllvm.*|libz3.*|locales.*|ssl-cert|ucf|openssl|sysvinit.*|init-.*"
"""The machine's own C library runs it; what compiles queries is not used."""
STAMP = "complete.json"
UNFINISHED = "unfinished-"
LAYOUT = 2  # raised when what is unpacked, or how, changes: an older folder is brought anew
ADVICE = (
    "The administrator can let this machine reach its Debian mirror, "
    "or name an Asterisk 20-22 by INTERACT_IVR_ASTERISK (its binary or its prefix)."
)
POSTGRES_ADVICE = (
    "The administrator can let this machine reach its Debian mirror, "
    "or name a PostgreSQL of 14 or later by INTERACT_IVR_POSTGRES (its folder of programs)."
)


class FetchError(Exception):
    """Raised when something cannot be had: what failed, what was printed, and what can be done."""


def cache_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Give the cache folder: ``INTERACT_IVR_CACHE``, or ``~/.cache/interact-ivr``."""
    named = environment.get("INTERACT_IVR_CACHE")
    return (Path(named) if named else Path.home() / ".cache/interact-ivr").absolute()


def is_complete(tree: Path) -> bool:
    """Say whether *tree* was unpacked to its end, by this layout: the stamp is written last."""
    try:
        stamp = json.loads((tree / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(stamp, dict) and stamp.get("layout") == LAYOUT


def write_stamp(tree: Path, suite: str, packages: tuple[Package, ...]) -> None:
    """Mark *tree* as complete, with the versions of what it holds."""
    versions = {package.name: package.version for package in packages}
    stamp = {"layout": LAYOUT, "suite": suite, "packages": versions}
    (tree / STAMP).write_text(json.dumps(stamp, indent=1) + "\n", encoding="utf-8")


def bring() -> Tools:
    """Give the tools, fetched first when the cache has none; parallel callers wait for one another.

    ``INTERACT_IVR_ASTERISK`` may name another Asterisk 20-22, used as it is. Raises FetchError.
    """
    named = os.environ.get("INTERACT_IVR_ASTERISK")
    try:
        return named_tools(Path(named)) if named else _cached_tools(cache_folder())
    except (OSError, StepError, NoMirrorError, ToolsError) as error:
        raise FetchError(f"Asterisk cannot be had: {error}\n{ADVICE}") from error


def bring_postgres() -> PostgresTools:
    """Give PostgreSQL, fetched first when the cache has none.

    ``INTERACT_IVR_POSTGRES`` may name another one's folder of programs. Raises FetchError.
    """
    named = os.environ.get("INTERACT_IVR_POSTGRES")
    try:
        if named:
            return named_postgres(Path(named))
        wanted = Wanted(POSTGRES_PACKAGES, (machine_suite(),), unpacked_postgres, POSTGRES_LEFT_OUT)
        return unpacked_postgres(_cached(cache_folder(), "postgres", wanted))
    except (OSError, StepError, NoMirrorError, ToolsError) as error:
        raise FetchError(f"PostgreSQL cannot be had: {error}\n{POSTGRES_ADVICE}") from error


@dataclass(frozen=True, slots=True)
class Wanted:
    """Packages to be brought: of which suites, and what says that the unpacked tree serves."""

    packages: tuple[str, ...]
    suites: tuple[str, ...]
    check: Callable[[Path], object]
    also_left_out: str = ""


def _cached_tools(cache: Path) -> Tools:
    return unpacked_tools(_cached(cache, "asterisk", Wanted(PACKAGES, SUITES, unpacked_tools)))


def _cached(cache: Path, name: str, wanted: Wanted) -> Path:
    tree = cache / name
    if not is_complete(tree):
        _require_machine()
        cache.mkdir(parents=True, exist_ok=True)
        with _locked(cache / "lock"):
            if not is_complete(tree):
                _fetch(tree, wanted)
    return tree


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
            with progress("waiting for another run that is fetching"):
                fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _fetch(tree: Path, wanted: Wanted) -> None:
    """Try every suite and mirror in turn until one has brought the packages; raises StepError.

    Called under the lock, so what an earlier run left unfinished belongs to nobody.
    """
    for left in tree.parent.glob(UNFINISHED + "*"):
        shutil.rmtree(left, ignore_errors=True)
    choices = [(mirror, suite) for suite in wanted.suites for mirror in machine_mirrors()]
    failures: list[str] = []
    for mirror, suite in choices:
        with tempfile.TemporaryDirectory(prefix=UNFINISHED, dir=tree.parent) as folder:
            try:
                return _fetch_from(mirror, suite, Path(folder), tree, wanted)
            except StepError as error:
                failures.append(f"{suite} from {mirror}: {error}")
    raise StepError("\n".join(failures))


def _fetch_from(mirror: str, suite: str, folder: Path, tree: Path, wanted: Wanted) -> None:
    """Bring the packages of *suite* by way of *folder*; *tree* appears by a rename, stamped."""
    apt = PrivateApt(folder / "apt", mirror, suite)
    with progress(f"reading Debian's {suite}"):
        apt.update()
        packages = apt.closure(wanted.packages, wanted.also_left_out)
    megabytes = sum(package.size for package in packages) / 1e6
    with progress(f"downloading {len(packages)} packages, {megabytes:.0f} MB"):
        files = apt.download(packages)
    with progress("unpacking"):
        unpack(files, folder / "tree")
    wanted.check(folder / "tree")
    write_stamp(folder / "tree", suite, packages)
    shutil.rmtree(tree, ignore_errors=True)
    (folder / "tree").rename(tree)


def main() -> int:
    """Fetch, and say in one line what is there."""
    try:
        tools, postgres = bring(), bring_postgres()
    except FetchError as error:
        print(f"testbed.fetch: {error}", file=sys.stderr)
        return 1
    print(f"Asterisk {tools.version} and SIPp are there: {tools.modules}")
    print(f"PostgreSQL {postgres.version} is there: {postgres.programs}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
