"""A SQLite store that is held: nobody serves it meanwhile, and all that is read is one state of it.

Nothing is written; the file stays as it was.
"""

import os
import socket
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from interact_ivr.domain.names import ulid_time
from interact_ivr.stores.copied_tables import TABLES, Key, Row, Table
from interact_ivr.stores.migrating import CopyError, SchemaError
from interact_ivr.stores.queries import load_queries
from interact_ivr.stores.sqlite.clock import StoreClock, boot_id
from interact_ivr.stores.sqlite.copies import reading
from interact_ivr.stores.sqlite.lock import FileLock
from interact_ivr.stores.sqlite.schema import check_version


class HeldStore:
    """What a copy reads of the file at *path*."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.name = f"{socket.gethostname()}:{os.path.realpath(path)}"
        """Which file it is, wherever it is read of."""
        self.state = _state(path)
        """What becomes another one as soon as anybody writes to it."""
        self.tables = [_table(connection, name) for name in TABLES]
        self._connection = connection
        self._queries: Mapping[str, str] = load_queries("sqlite")
        self._clock = StoreClock.of(connection, boot_id())

    def page(self, table: Table, after: Key | None) -> Sequence[Row]:
        """Give the next rows of *table* behind the key *after*, in order; none at its end."""
        text = table.page("?", after=after is not None)
        return self._connection.execute(text, after or ()).fetchall()

    def count(self, table: Table) -> int:
        """Count the rows of a table."""
        query = " ".join(("SELECT count(*) FROM", table.name))
        ((rows,),) = self._connection.execute(query).fetchall()
        return int(rows)

    def now(self) -> datetime:
        """Give the store's time, as the service would go by it if it ran now."""
        return self._clock.now()

    def last_entry(self) -> datetime | None:
        """Give when the journal was written last; None: never."""
        last = self._connection.execute(self._queries["last_journal_id"]).fetchone()
        return None if last is None else ulid_time(last[0])


@contextmanager
def held(path: Path, who: str) -> Iterator[HeldStore]:
    """Hold the store at *path* as its only process, and give it to read.

    Raises:
        StoreHeldError: the service runs.
        CopyError, SchemaError: it is not there, not ours, or not of this release's schema.
    """
    if not path.is_file():
        raise CopyError(f"{path} is not there")
    with FileLock(path, who), closing(reading(path)) as connection:
        version, latest = check_version(connection)
        if version != latest:
            raise SchemaError(f"{path} has schema {version}, this release has {latest}: migrate it")
        yield HeldStore(path, connection)


def _state(path: Path) -> str:
    """Say when the file and its -wal were written last, and how long they are."""
    files = [file for file in (path, path.with_name(f"{path.name}-wal")) if file.exists()]
    written = [(file.stat().st_mtime_ns, file.stat().st_size) for file in files]
    return " ".join(f"{at}/{size}" for at, size in written if size)


def _table(connection: sqlite3.Connection, name: str) -> Table:
    query = "SELECT name, pk FROM pragma_table_info(?) ORDER BY cid"
    columns = connection.execute(query, [name]).fetchall()
    key = sorted((place, column) for column, place in columns if place)
    return Table(name, tuple(column for column, _ in columns), tuple(column for _, column in key))
