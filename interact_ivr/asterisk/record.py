"""What is on record of an installation, written before the first change and after the last.

So one that was interrupted is known, and all that it may have left behind.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from hashlib import sha256
from pathlib import Path

import msgspec

from interact_ivr.asterisk.faults import CannotInstallError
from interact_ivr.asterisk.finding import Place
from interact_ivr.asterisk.wanted import Choice, is_name_of_ours


class Phase(StrEnum):
    """How far it came."""

    INSTALLING = "installing"
    INSTALLED = "installed"
    REMOVING = "removing"


class Record(msgspec.Struct, frozen=True):
    """What is, or may be, ours."""

    phase: Phase = Phase.REMOVING
    choice: Choice = msgspec.field(default_factory=Choice)
    own: Mapping[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    """Our files, each with the digests of what we may have written there."""
    replaced: Mapping[str, str] = msgspec.field(default_factory=dict)
    """Those of them that were another's before, with its digest; it is in the backup."""
    lines: Mapping[str, bool] = msgspec.field(default_factory=dict)
    """Others' files that have lines of ours, each with whether we have made it."""
    folders: tuple[str, ...] = ()
    """Folders that we have made, each behind the one that it is in."""

    def is_ours(self, path: Path, content: bytes) -> bool:
        """Whether *content* is what we have written to *path*, unedited."""
        return digest(content) in self.own.get(str(path), ())

    def was_there(self, path: Path, content: bytes) -> bool:
        """Whether *content* is what stood at *path* before we replaced it."""
        return digest(content) == self.replaced.get(str(path))


def digest(content: bytes) -> str:
    """Give what a file's content is known by."""
    return sha256(content).hexdigest()


def file_of(place: Place) -> Path:
    """Say where the record is."""
    return place.ours / "record.json"


def read_record(place: Place) -> Record | None:
    """Read the record; None where there is none.

    Raises:
        CannotInstallError: it cannot be understood, or names files that are never ours: Asterisk's
            user owns the folder, and could have root take away whatever it likes.
    """
    file = file_of(place)
    if not file.exists():
        return None
    try:
        record = _read(file.read_text("utf-8"))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CannotInstallError(f"{file} cannot be understood: {error!r}") from error
    foreign = [path for path in record.own if not is_name_of_ours(place, Path(path))]
    if foreign:
        raise CannotInstallError(f"{file} names what is never ours: {', '.join(foreign)}")
    return record


def _read(text: str) -> Record:
    told = json.loads(text)
    return Record(
        Phase(told["phase"]),
        Choice(**told["choice"]),
        {path: tuple(digests) for path, digests in told["own"].items()},
        dict(told["replaced"]),
        dict(told["lines"]),
        tuple(told["folders"]),
    )


def written(record: Record) -> bytes:
    """Give the record as its file has it."""
    return (json.dumps(msgspec.to_builtins(record), indent=1) + "\n").encode()
