"""What changes for given numbers when one plan takes the place of another."""

import csv
import io
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from dialplan.cases import plain
from dialplan.engine import Engine
from dialplan.faults import Fault, PlanError
from dialplan.text import NotANumber


class Change(msgspec.Struct, frozen=True):
    """A number of which something changes."""

    number: str
    old: Mapping[str, object]
    """What changes of its details, as it was."""
    new: Mapping[str, object]
    """The same, as it would be; `refused` says why it is no number."""


def difference(old: Engine, new: Engine, numbers: Iterable[str]) -> Iterator[Change]:
    """Give the changes, in the order of *numbers*."""
    for number in numbers:
        before, after = _told(old, number), _told(new, number)
        names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
        if names:
            yield Change(
                number,
                {name: before[name] for name in names if name in before},
                {name: after[name] for name in names if name in after},
            )


def numbers_of(file: str, content: bytes) -> Sequence[str]:
    """The numbers in *content*: one a line, or the column `number` of CSV, else the first.

    Raises:
        PlanError: it is neither; *file* is what to call it.
    """
    try:
        rows = [*csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))]
    except (UnicodeDecodeError, csv.Error) as error:
        raise PlanError((Fault(file, "", "numbers in UTF-8, one a line", str(error)),)) from error
    names = [cell.strip().lower() for cell in rows[0]] if rows else []
    column = names.index("number") if "number" in names else 0
    cells = (row[column].strip() for row in rows["number" in names :] if len(row) > column)
    return [cell for cell in cells if cell]


def read_numbers(file: str) -> Sequence[str]:
    """The numbers in *file*, of which `-` is standard input.

    Raises:
        PlanError: as `numbers_of` does.
        OSError: it cannot be read.
    """
    return numbers_of(file, sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes())


def _told(engine: Engine, number: str) -> Mapping[str, object]:
    try:
        return dict(plain(engine.resolve(number)))
    except NotANumber as error:
        return {"refused": str(error)}
