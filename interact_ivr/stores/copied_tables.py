"""What a copy from one store into another is made of: tables, their rows in order, and their sum.

Both stores have the same tables and columns, and sort alike: texts by their bytes. So one statement
reads a page of either, and what is the same gives the same sum.
"""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import msgspec

Row = tuple[Any, ...]
Key = Sequence[Any]

TABLES = (
    *("tenant", "environment", "application", "application_key", "user_account", "token"),
    *("inventory", "number", "allocation", "answer", "ringing", "journal", "audit"),
)
"""All that is copied, each behind what its rows hang on."""
LEFT = {
    "clock": "of the machine that had the file; a server has its own",
    "node": "who is there now",
    "duty": "what one of those who are there does now",
}
"""What is not, and why."""
_PAGE_ROWS = 5_000
_WHOLE_ROWS = 10_000_000
_WHOLE = {"application"}
"""Tables whose rows hang on each other, in any order: a page of these is the table."""


class Table(msgspec.Struct, frozen=True):
    """A table; *key* are those of its *columns* that its rows are found by."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]

    def key_of(self, row: Row) -> Key:
        """Give the key of one of its rows."""
        return [row[self.columns.index(each)] for each in self.key]

    def page(self, mark: str, *, after: bool) -> str:
        """Write what reads a page of rows in order, *after* a key or from the first one on.

        *mark* stands for a value in the dialect of who reads it.
        """
        key = ", ".join(self.key)
        marks = ", ".join([mark] * len(self.key))
        parts = ["SELECT", ", ".join(self.columns), "FROM", self.name]
        if after:
            parts.append(f"WHERE ({key}) > ({marks})")
        most = _WHOLE_ROWS if self.name in _WHOLE else _PAGE_ROWS
        return " ".join([*parts, f"ORDER BY {key} LIMIT {most}"])


class Side(Protocol):
    """A store that is read for a copy."""

    def page(self, table: Table, after: Key | None) -> Sequence[Row]:
        """Give the next rows of *table* behind the key *after*, in order; none at its end."""


def pages(side: Side, table: Table, after: Key | None = None) -> Iterator[Sequence[Row]]:
    """Give the rows of a table, page by page."""
    while rows := side.page(table, after):
        yield rows
        after = table.key_of(rows[-1])


class Sum(msgspec.Struct, frozen=True):
    """How many rows a table has, and the SHA-256 of them, hexadecimal.

    Each row is a line, a JSON array of its columns, in the order of the table's key; binary values
    are base64.
    """

    rows: int
    sha256: str


def sums(side: Side, table: Table) -> Iterator[Sum]:
    """Give the sum of what is read so far, page by page; at least once."""
    rows, digest, encoder = 0, hashlib.sha256(), msgspec.json.Encoder()
    for page in pages(side, table):
        digest.update(encoder.encode_lines(page))
        rows += len(page)
        yield Sum(rows, "")
    yield Sum(rows, digest.hexdigest())
