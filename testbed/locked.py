"""The packages that the lock names, as the file has them; nothing here is installed or fetched."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

LOCK: Final = Path(__file__).parent.parent / "requirements/run.txt"
"""What the service runs with, by `make lock`."""
_PACKAGE: Final = re.compile(r"(?P<name>[\w.-]+)(\[[^]]*\])?==(?P<version>\S+)( ; (?P<marker>.+))?")
_HASH: Final = re.compile(r"--hash=sha256:([0-9a-f]{64})")


class LockError(Exception):
    """Raised for a line of the lock that is none; holds the line."""


@dataclass(frozen=True, slots=True)
class Locked:
    """A package: its name and version, where it is needed, and the SHA-256 of each of its files."""

    name: str
    version: str
    marker: str
    """As PEP 508 has it; empty: everywhere."""
    hashes: Sequence[str]

    @property
    def purl(self) -> str:
        """Give its package URL (the purl specification's type ``pypi``)."""
        return f"pkg:pypi/{self.name.lower().replace('_', '-')}@{self.version}"


def read_lock(text: str) -> list[Locked]:
    """Read a lock with hashes, as `uv pip compile` writes it.

    Raises:
        LockError: a line is no package with a version, or has no hash.
    """
    joined = text.replace("\\\n", " ")
    return [_read(line) for line in joined.splitlines() if line.strip() and line[0] != "#"]


def _read(line: str) -> Locked:
    stated, *_ = line.partition(" --hash")
    found = _PACKAGE.fullmatch(stated.strip())
    hashes = _HASH.findall(line)
    if found is None or not hashes:
        raise LockError(f"no package with a version and hashes: {line[:80]!r}")
    return Locked(found["name"], found["version"], found["marker"] or "", hashes)
