"""A PostgreSQL into which a store is copied: rows and how far they have come, in one transaction.

Until all is there and compared, no node serves it; a copy that broke off goes on where it was.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

import msgspec
import psycopg

from interact_ivr.domain.acts import Told
from interact_ivr.domain.names import new_ulid
from interact_ivr.stores.copied_tables import TABLES, Key, Row, Table
from interact_ivr.stores.migrating import CopyError
from interact_ivr.stores.operations import audit
from interact_ivr.stores.operations.times import from_micros, micros_of
from interact_ivr.stores.postgres.connecting import Connecting, Connection
from interact_ivr.stores.postgres.failures import unavailable
from interact_ivr.stores.postgres.queries import postgres_queries
from interact_ivr.stores.postgres.schema import migrate

_LOCK = "LOCK TABLE copied_from IN SHARE ROW EXCLUSIVE MODE"
_EMPTY = f"TRUNCATE {', '.join(TABLES)}"
_LOOK = f"ANALYZE {', '.join(TABLES)}"
_SHIFTS = ("shift_allocations", "shift_numbers", "shift_ringing")


class Place(msgspec.Struct, frozen=True):
    """How far a copy has come: up to which *key* of which *table*."""

    table: str | None = None
    key: str | None = None
    """JSON."""

    def after(self, table: Table) -> Key | None:
        """Give the key of *table* behind which its rows are missing; None: all of them are."""
        if self.key is None or table.name != self.table:
            return None
        return msgspec.json.decode(self.key, type=list[str | int])


class Target:
    """The store that *connection* leads to, for the copy of one *state* of one *source*."""

    def __init__(self, connection: Connection, source: str, state: str) -> None:
        self.place = Place()
        self.outcome: str | None = None
        """What the copy came to, once it is finished."""
        self._connection = connection
        self._queries = postgres_queries()
        self._source, self._state = source, state

    def claim(self) -> bool:
        """Take it for this copy; say whether that goes on where it was, or is finished already.

        What an earlier copy of the same file has left, that was written to since, is removed.

        Raises:
            CopyError: it is in use, or is another copy's.
        """
        with self._connection.transaction():
            self._connection.execute(_LOCK)  # waits for the last step of a copy that was killed
            row = self._connection.execute(self._queries["find_copy"]).fetchone()
            if row is None:
                self._check_unused()
            else:
                source, state, table, key, begun, finished, self.outcome = row
                self._check_ours(source, begun, finished is not None, state)
                if state == self._state:
                    self.place = Place(table, key)
                    return True
            self._connection.execute(_EMPTY)
            self._do("begin_copy", source=self._source, state=self._state)
        return False

    def page(self, table: Table, after: Key | None) -> Sequence[Row]:
        """Give the next rows of *table* behind the key *after*, in order; none at its end."""
        text = table.page("%s", after=after is not None)
        return self._connection.execute(text, after or ()).fetchall()

    def count(self, table: Table) -> int:
        """Count the rows of a table."""
        query = " ".join(("SELECT count(*) FROM", table.name))
        ((rows,),) = self._connection.execute(query).fetchall()
        return int(rows)

    def put(self, table: Table, rows: Sequence[Row]) -> None:
        """Add *rows*, the next ones of *table*, and take note of the last one."""
        place = Place(table.name, msgspec.json.encode(table.key_of(rows[-1])).decode())
        text = f"COPY {table.name} ({', '.join(table.columns)}) FROM STDIN"
        with self._connection.transaction():
            self._move(place)
            with self._connection.cursor() as cursor, cursor.copy(text) as copy:
                for row in rows:
                    copy.write_row(row)
        self.place = place

    def now(self) -> datetime:
        """Give the server's time."""
        ((micros,),) = self._connection.execute("SELECT store_now()").fetchall()
        return from_micros(micros)

    def finish(self, outcome: str, ahead: timedelta, told: Told | None = None) -> None:
        """Let nodes have it; what is still to come in it comes *ahead* earlier by its clock.

        What is *told* of the copy is in its audit trail from then on.

        Raises:
            CopyError: a node has it already.
        """
        self._connection.execute(_LOOK)  # else the first look-ups would go through all
        with self._connection.transaction():
            self._check_alone()
            self._move(self.place)
            for query in _SHIFTS if ahead else ():
                self._do(query, ahead=micros_of(ahead))
            if told is not None:
                now = self.now()
                self._do("add_audit", **audit.row(told, new_ulid(now, os.urandom(10)), now))
            self._do("finish_copy", outcome=outcome)

    def _move(self, place: Place) -> None:
        moved = self._do(
            "keep_copied",
            table_name=place.table,
            up_to=place.key,
            source=self._source,
            state=self._state,
            was_table=self.place.table,
            was_up_to=self.place.key,
        )
        if not moved:
            raise CopyError("another copy has come in between")

    def _check_unused(self) -> None:
        self._check_alone()
        ((unused,),) = self._connection.execute(self._queries["is_unused"]).fetchall()
        if not unused:
            raise CopyError("the database is in use: a copy needs one of its own")

    def _check_ours(self, source: str, begun: int, finished: bool, state: str) -> None:
        at = f"{from_micros(begun):%Y-%m-%d %H:%M:%SZ}"
        if source != self._source:
            raise CopyError(f"the database has a copy of {source}, begun {at}")
        if finished and state != self._state:
            raise CopyError(f"the database has a copy, begun {at}; {source} was written to since")

    def _check_alone(self) -> None:
        ((nodes,),) = self._connection.execute(self._queries["count_nodes"]).fetchall()
        if nodes:
            raise CopyError("the database is in use: a node is connected to it")

    def _do(self, query: str, **values: object) -> int:
        return self._connection.execute(self._queries[query], values).rowcount


@contextmanager
def opened_target(connecting: Connecting, source: str, state: str) -> Iterator[Target]:
    """Open the target of a copy, its schema brought up to date.

    Raises:
        StoreUnavailable: the server cannot be reached or will not have us, then or later.
        SchemaError: as `migrate` does.
    """
    try:
        with connecting.open() as connection:
            connection.execute(postgres_queries()["tell_name"])
            migrate(connection)
            yield Target(connection, source, state)
    except psycopg.Error as error:
        raise unavailable(error) from error
