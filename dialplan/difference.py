"""What changes for given numbers when one plan takes the place of another."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from dialplan.cases import plain
from dialplan.engine import Engine
from dialplan.text import NotANumber


@dataclass(frozen=True, slots=True)
class Change:
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


def numbers_of(lines: Iterable[str]) -> Iterator[str]:
    """The numbers of a file: one a line, or the column `number` of a CSV file, else its first."""
    rows = csv.reader(lines)
    column = 0
    for at, row in enumerate(rows):
        names = [cell.strip().lower() for cell in row]
        if at == 0 and "number" in names:
            column = names.index("number")
        elif len(row) > column and row[column].strip():
            yield row[column].strip()


def _told(engine: Engine, number: str) -> Mapping[str, object]:
    try:
        return dict(plain(engine.resolve(number)))
    except NotANumber as error:
        return {"refused": str(error)}
