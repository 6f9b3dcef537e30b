"""A CSV file of numbers: read with every fault and its line, written harmless to spreadsheets."""

import csv
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import StringIO, TextIOWrapper
from pathlib import Path
from typing import Any, BinaryIO, TextIO

COLUMNS = ("number", "group", "dnid", "enabled")
_YES_NO = {"": True, "yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
_CHUNK_ROWS = 2_000
_CHUNK_SIZE = 250_000
"""Characters: a chunk is one line of the control socket, which has a limit."""
_FORMULA = re.compile(r"'*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]")
"""How a cell begins that a spreadsheet would calculate, or that was made harmless before."""
_NOT_UTF8 = re.compile(r"[\udc80-\udcff]")

Row = dict[str, object]
Chunk = dict[str, object]


class NumberFileError(Exception):
    """The file cannot be read as a table of numbers; *faults* names every reason."""

    def __init__(self, *faults: str) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


def read_numbers(
    file: str, headings: Mapping[str, str], at: Callable[[int], None]
) -> Iterator[Chunk]:
    """Read *file* (``-``: standard input) in chunks: rows, and the faults of lines that are none.

    As `number_chunks` does. *at* hears how many bytes have been read.

    Raises:
        NumberFileError: it cannot be read, or its header is wrong.
    """
    with _opened(file) as binary:
        yield from number_chunks(binary, headings, at)


def number_chunks(
    binary: BinaryIO, headings: Mapping[str, str], at: Callable[[int], None] = lambda _: None
) -> Iterator[Chunk]:
    """Read CSV in chunks: rows, and the faults of lines that are none.

    *headings* names what a column is called in the file; with any, columns that are none of ours
    are passed over.

    Raises:
        NumberFileError: its header is wrong, or it is not UTF-8.
    """
    text = TextIOWrapper(binary, "utf-8-sig", "surrogateescape", newline="")
    records = csv.reader(_lines(text), strict=True)
    rows: list[Row] = []
    faults: list[str] = []
    size, line = 0, 1
    try:
        header = _header(next(records, []), headings)
        line = records.line_num + 1  # where the record begins: a quoted cell may span lines
        for cells in records:
            if cells:
                rows += _row(line, header, cells, faults)
            line = records.line_num + 1
            size += 1 + sum(map(len, cells))
            if len(rows) + len(faults) >= _CHUNK_ROWS or size >= _CHUNK_SIZE:
                yield {"rows": rows, "faults": faults, "more": True}
                rows, faults, size = [], [], 0
                at(binary.tell() if binary.seekable() else 0)
    except csv.Error as error:
        faults.append(f"line {line}: not CSV: {error}")
    finally:
        text.detach()  # *binary* is its owner's to close
    yield {"rows": rows, "faults": faults, "more": False}


def header_line() -> str:
    """Write the header of an export."""
    return _csv([COLUMNS])


def number_lines(numbers: Iterable[Mapping[str, Any]]) -> str:
    """Write *numbers* as `read_numbers` reads them, each cell harmless."""
    return _csv(
        [
            *(harmless(number[name] or "") for name in ("entered", "group", "dnid")),
            "yes" if number["enabled"] else "no",
        ]
        for number in numbers
    )


def _csv(rows: Iterable[Sequence[str]]) -> str:
    text = StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def harmless(cell: str) -> str:
    """Give *cell* so that no spreadsheet calculates it; `as_meant` undoes it."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def as_meant(cell: str) -> str:
    """Give what `harmless` was given, or what a spreadsheet was told to take as text."""
    return cell[1:] if cell[:1] == "'" and _FORMULA.match(cell, 1) else cell


@contextmanager
def _opened(file: str) -> Iterator[BinaryIO]:
    try:
        if file == "-":
            yield sys.stdin.buffer
        else:
            with Path(file).open("rb") as opened:
                yield opened
    except OSError as error:
        raise NumberFileError(f"cannot be read: {error.strerror}") from error


def _lines(text: TextIO) -> Iterator[str]:
    for at, line in enumerate(text, 1):
        if not line.isascii() and _NOT_UTF8.search(line):
            raise NumberFileError(f"line {at}: not UTF-8")
        yield line


def _header(cells: list[str], headings: Mapping[str, str]) -> list[str | None]:
    """Give our column for each of the file's; None for one that is passed over."""
    ours = {headings.get(name, name).lower(): name for name in COLUMNS}
    named = [cell.strip().lower() for cell in cells]
    header = [ours.get(name) for name in named]
    faults = [
        f"line 1: {name!r} is not a column" for name in named if name not in ours and not headings
    ]
    faults += [f"line 1: the column {name!r} stands twice" for name in _doubled(named, ours)]
    if missing := [name for name in ("number", *headings) if name not in header]:
        wanted = " and ".join(dict.fromkeys(headings.get(name, name) for name in missing))
        faults.append(f"line 1: expected a header with {wanted} (and any of {COLUMNS[1:]})")
    if faults:
        raise NumberFileError(*faults)
    return header


def _row(line: int, header: list[str | None], cells: list[str], faults: list[str]) -> Iterator[Row]:
    if len(cells) != len(header):
        faults.append(f"line {line}: expected {len(header)} columns, got {len(cells)}")
        return
    pairs = zip(header, cells, strict=True)
    values = {name: as_meant(cell.strip()) for name, cell in pairs if name is not None}
    enabled = _YES_NO.get(values.get("enabled", "").lower())
    if enabled is None:
        faults.append(f"line {line}: enabled: expected yes or no, got {values['enabled']!r}")
    yield {
        "line": line,
        "number": values["number"],
        "group": values.get("group") or None,
        "dnid": values.get("dnid") or None,
        "enabled": enabled is not False,  # a wrong one is among the faults
    }


def _doubled(names: list[str], ours: Iterable[str]) -> list[str]:
    return sorted({name for name in ours if names.count(name) > 1})
