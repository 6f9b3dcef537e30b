"""Whose an extension is: a user's, station's, workgroup's, orbit's or line's; read from a file.

It is the part that does not change by itself; what a PBX tells stands behind it.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec

from dialplan.details import QueueType
from dialplan.faults import Fault, PlanError
from dialplan.reading import Key, device, filled, keypad, line_of, one_line, read_bytes, read_toml

_KINDS: Final[Mapping[str, QueueType]] = {
    kind.name.lower(): kind
    for kind in QueueType
    if kind not in (QueueType.NONE, QueueType.MY_INTERACTIONS)  # which are nobody's extension
}
_EXTENSION: Final = Key("digits, * and #", keypad, required=True)
_KEYS: Final = {
    "extension": _EXTENSION,
    **{kind: Key("a name", filled) for kind in _KINDS},
    "mailbox": Key("a text", one_line),
    "device": Key("TECHNOLOGY/name, as Asterisk calls it", device),
}


class Owner(msgspec.Struct, frozen=True):
    """Whose an extension is."""

    extension: str
    queue_type: QueueType
    id: str
    """The user's, station's, workgroup's, orbit's or line's name."""
    mailbox: str = ""
    """Where a caller may leave a message; empty: nowhere."""
    device: str = ""
    """What rings there, as Asterisk calls it: `PJSIP/desk-3`, `Local/6929@agents`; or empty."""

    @property
    def on_device(self) -> str:
        """The extension whose calls are on its device: none where that is a line."""
        return "" if self.queue_type is QueueType.LINE else self.extension


class Directory(Protocol):
    """Knows whose an extension is."""

    def owner(self, extension: str) -> Owner | None:
        """The owner of *extension* as known now; never waits."""

    def extension_of(self, device: str) -> str | None:
        """The extension whose phone *device* is, as known now; empty: it is a line, and nobody's.

        None: not known. A *device* is what an Asterisk channel's name begins with: `PJSIP/desk-3`.
        """


class StaticDirectory:
    """A directory that a plan brings along."""

    def __init__(self, owners: Iterable[Owner] = ()) -> None:
        """Know *owners*, each of another extension."""
        self._owners = {owner.extension: owner for owner in owners}
        self._devices = {each.device: each.on_device for each in self._owners.values()}

    def owner(self, extension: str) -> Owner | None:
        """The owner of *extension*."""
        return self._owners.get(extension)

    def extension_of(self, device: str) -> str | None:
        """The extension whose phone *device* is."""
        return self._devices.get(device) if device else None


class Directories(msgspec.Struct, frozen=True):
    """Several, of which the first that knows an extension is asked no further."""

    directories: tuple[Directory, ...] = ()

    def owner(self, extension: str) -> Owner | None:
        """The owner of *extension*."""
        owners = (each.owner(extension) for each in self.directories)
        return next(filter(None, owners), None)

    def extension_of(self, device: str) -> str | None:
        """The extension whose phone *device* is, to the first that knows it."""
        extensions = (each.extension_of(device) for each in self.directories)
        return next((each for each in extensions if each is not None), None)


NOBODYS: Final = Directories()
"""Knows nobody."""


def read_directory(file: Path) -> tuple[Owner, ...]:
    """Read *file*: CSV if it is called so, else TOML with a table `[[extension]]` for each.

    Columns and keys are the same: `extension`; one of `user`, `station`, `workgroup`, `orbit` and
    `line`; and perhaps `mailbox` and `device`.

    Raises:
        PlanError: it cannot be read, or some of it is wrong.
    """
    faults: list[Fault] = []
    owners: dict[str, Owner] = {}
    devices: set[str] = set()
    rows = _rows_of_csv if file.name.lower().endswith(".csv") else _rows_of_toml
    for line, row in rows(file, faults):
        kinds = [kind for kind in _KINDS if kind in row]
        if len(kinds) != 1:
            expected = f"one of {', '.join(_KINDS)}"
            faults.append(Fault(str(file), "extension", expected, kinds or None, line))
        elif (extension := row.get("extension")) in owners:
            faults.append(Fault(str(file), "extension", "each once", extension, line))
        elif (rings := row.get("device", "")) in devices:
            faults.append(Fault(str(file), "device", "each once", rings, line))
        elif extension:
            id_, mailbox = row[kinds[0]], row.get("mailbox", "")
            owners[extension] = Owner(extension, _KINDS[kinds[0]], id_, mailbox, rings)
            devices |= {rings} - {""}
    if faults:
        raise PlanError(tuple(faults))
    return tuple(owners.values())


def _rows_of_toml(file: Path, faults: list[Fault]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    source = read_toml(file)
    for name in source.document.keys() - {"extension"}:
        source.fault((name,), "tables under [[extension]]", source.document[name])
    for path, row in source.tables("extension", source.document.get("extension", []), _KEYS):
        yield source.line(path), row
    faults += source.faults


def _rows_of_csv(file: Path, faults: list[Fault]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    name, content = str(file), read_bytes(file)
    try:
        lines = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
        header = [cell.strip().lower() for cell in next(lines, [])]
        unknown = [cell for cell in header if cell not in _KEYS]
        if unknown or "extension" not in header or len(set(header)) < len(header):
            expected = f"columns among {', '.join(_KEYS)}, each once, extension among them"
            faults.append(Fault(name, "", expected, ",".join(header), 1))
            return
        begins = lines.line_num + 1
        for cells in lines:
            if any(map(str.strip, cells)):
                yield begins, _row(name, begins, header, cells, faults)
            begins = lines.line_num + 1
    except UnicodeDecodeError as error:
        fault = Fault(name, "", "CSV in UTF-8", str(error), line_of(error, content))
        raise PlanError((fault,)) from error
    except csv.Error as error:
        raise PlanError((Fault(name, "", "CSV in UTF-8", str(error), lines.line_num),)) from error


def _row(
    name: str, line: int, header: list[str], cells: list[str], faults: list[Fault]
) -> Mapping[str, Any]:
    if len(cells) != len(header):
        faults.append(Fault(name, "", f"{len(header)} columns", len(cells), line))
    row = {}
    for column, cell in zip(header, map(str.strip, cells), strict=False):
        if not cell and column != "extension":
            continue  # an empty cell says nothing
        try:
            row[column] = _KEYS[column].read(cell)
        except ValueError as error:
            faults.append(Fault(name, column, str(error) or _KEYS[column].expected, cell, line))
    return row
