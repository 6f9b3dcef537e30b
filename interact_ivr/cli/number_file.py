"""Reading a CSV file of numbers, with every fault there is and its line."""

import csv
import io
import sys
from collections.abc import Iterator
from pathlib import Path

_COLUMNS = ("number", "group", "dnid", "enabled")
_YES_NO = {"": True, "yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}

Row = dict[str, object]


class NumberFileError(Exception):
    """The file cannot be read as a table of numbers; *faults* names every reason."""

    def __init__(self, *faults: str) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


def read_numbers(file: str) -> tuple[list[Row], list[str]]:
    """Read *file* (``-``: standard input) as rows of line, number, group, dnid and enabled.

    Beside the rows stand the faults of the lines that are none. A file that cannot be read, or
    whose header is wrong, raises `NumberFileError`.
    """
    records = csv.reader(io.StringIO(_text(file), newline=""), strict=True)
    faults: list[str] = []
    rows: list[Row] = []
    try:
        header = _header(next(records, []))
        for cells in records:
            if cells:
                rows += _row(records.line_num, header, cells, faults)
    except csv.Error as error:
        faults.append(f"line {records.line_num}: not CSV: {error}")
    return rows, faults


def _text(file: str) -> str:
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise NumberFileError(f"cannot be read: {error.strerror}") from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise NumberFileError(f"line {line}: not UTF-8") from error


def _header(cells: list[str]) -> list[str]:
    header = [cell.strip().lower() for cell in cells]
    faults = [f"line 1: {name!r} is not a column" for name in header if name not in _COLUMNS]
    faults += [f"line 1: the column {name!r} stands twice" for name in _doubled(header)]
    if "number" not in header:
        faults.append(f"line 1: expected a header with number (and any of {_COLUMNS[1:]})")
    if faults:
        raise NumberFileError(*faults)
    return header


def _row(line: int, header: list[str], cells: list[str], faults: list[str]) -> Iterator[Row]:
    if len(cells) != len(header):
        faults.append(f"line {line}: expected {len(header)} columns, got {len(cells)}")
        return
    values = dict(zip(header, (cell.strip() for cell in cells), strict=True))
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


def _doubled(names: list[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})
