"""The file that an environment's dial plan comes from: replaced as a whole, the former kept beside.

A plan is replaced where it stands already, and nowhere else: what the configuration and the
environments name stays what counts, also after the next reload.
"""

import getpass
import hashlib
import os
import shlex
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from dialplan import PlanError, shipped_plans
from dialplan.cases import cases_of
from dialplan.plan_file import find_plan

_FORMER: Final = ".former"
_NEW: Final = ".new"


class PlanFile(msgspec.Struct, frozen=True):
    """A plan's own file; shipped plans have none."""

    path: Path

    @property
    def former(self) -> Path:
        """Where the plan is kept that counted before."""
        return self.path.with_name(self.path.name + _FORMER)

    def text(self) -> str | None:
        """Give what it holds; None: it cannot be read."""
        return _read(self.path)

    def former_text(self) -> str | None:
        """Give the plan that counted before; None: there is none."""
        return _read(self.former)

    def why_not_written(self) -> str:
        """Say why this process may not replace it, and how it is done by hand; empty: it may."""
        folder = self.path.parent
        if os.access(folder, os.W_OK | os.X_OK) and os.access(self.path, os.R_OK):
            return ""
        return (
            f"{self.path} cannot be replaced by the service's user, {getpass.getuser()}: as root, "
            f"install -m 0644 NEW.toml {shlex.quote(str(self.path))} && systemctl reload "
            "interact-ivr; or keep the file in /var/lib/interact-ivr"
        )

    def replace(self, text: str) -> None:
        """Put *text* in its place; what it held until then is the former. All on disk, or none.

        Raises:
            OSError: it cannot be written.
        """
        held = self.path.read_bytes()
        mode = self.path.stat().st_mode & 0o777
        new = _lay_down(self.path, text.encode(), mode)  # before the way back is given up
        _write(self.former, held, mode)
        _put(new, self.path)

    def restore(self, former: str | None) -> None:
        """Put the former back, and in its place the one of before, if there was any."""
        self.former.replace(self.path)
        if former is not None:
            _write(self.former, former.encode(), self.path.stat().st_mode & 0o777)


def own_file(plan_name: str) -> PlanFile | None:
    """Give the file of a plan by its name; None: it is a shipped plan."""
    if plan_name.partition(":")[0] in shipped_plans():
        return None
    path, _, _ = find_plan(plan_name, Path())
    return PlanFile(path.resolve())


def cases_beside(plan_name: str) -> Path | None:
    """Give the file of cases beside a plan of one's own; None: there is none."""
    try:
        file = own_file(plan_name)
        cases = None if file is None else cases_of(str(file.path))
    except PlanError:  # its name is none any more
        return None
    return cases if cases is not None and cases.is_file() else None


def as_written(text: str) -> str:
    """Give *text* with the ends of its lines as they are in files: a browser's have two letters."""
    return text.replace("\r\n", "\n")


def expressions(text: str) -> Sequence[str]:
    """Name the rules and conversions of a plan that have a regular expression of their own."""
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):  # trying it says so
        return ()
    return [
        f"{kind} {at}"
        for kind in ("conversion", "rule")
        for at, each in enumerate(document.get(kind, ()), 1)
        if isinstance(each, dict) and "regex" in each
    ]


def sum_of(held: bytes) -> str:
    """Give the SHA-256 of what a file holds, as ``sha256sum`` prints it."""
    return hashlib.sha256(held).hexdigest()


def seal_of(text: str, counting: str | None) -> str:
    """Give what stands for *text* as it was compared with the plan that is *counting*."""
    both = hashlib.sha256(as_written(text).encode()).digest()
    return hashlib.sha256(both + (counting or "").encode()).hexdigest()


def sharing(file: PlanFile, names: Iterator[tuple[str, str]]) -> Sequence[str]:
    """Of environments and the names of their plans, give the environments that have this *file*."""
    return [environment for environment, name in names if own_file(name) == file]


def _read(path: Path) -> str | None:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def _write(path: Path, data: bytes, mode: int) -> None:
    _put(_lay_down(path, data, mode), path)


def _lay_down(path: Path, data: bytes, mode: int) -> Path:
    """Have *data* on disk beside *path*, and say where."""
    new = path.with_name(path.name + _NEW)
    with new.open("wb") as file:
        file.write(data)
        file.flush()
        os.fchmod(file.fileno(), mode)
        os.fsync(file.fileno())
    return new


def _put(new: Path, path: Path) -> None:
    """Let *new* be *path*, also after the machine has stopped at once."""
    new.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
