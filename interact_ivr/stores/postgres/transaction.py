"""What an operation on PostgreSQL sees: named queries, a time that is read under lock, fresh ids.

Statements are sent in pipelines: the first one with the transaction's beginning, one that locks
with the reading of the clock behind it, changes with what comes next. So a lock and the time at
which it was got are one round trip, and whatever that lock's last holder wrote is earlier.
"""

import os
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
import psycopg

from interact_ivr.domain.happening import Happening
from interact_ivr.domain.names import new_ulid, ulid_time
from interact_ivr.stores.operations.times import from_micros
from interact_ivr.stores.postgres.connecting import Connection

_CLOCK = "read_clock"
Cursor = psycopg.Cursor[tuple[Any, ...]]


class Mark(msgspec.Struct, frozen=True):
    """An entry by which it is known whether what wrote it was committed."""

    claim: str
    """The query that takes its id, unless it is there."""
    id: str


class PostgresTransaction:
    """One operation's transaction, begun by its first query."""

    def __init__(
        self, connection: Connection, queries: Mapping[str, str], begin: str = "BEGIN"
    ) -> None:
        self.happened: list[Happening] = []
        """What the journal is told; whoever watches is, too, once it is committed."""
        self.mark: Mark | None = None
        """The last entry that was made: it is there if the transaction was committed."""
        self._connection = connection
        self._queries = queries
        self._begin: str | None = begin
        self.time: datetime | None = None
        """What the clock said, if it was asked."""
        self._last_id = ""
        self._puts: list[tuple[str, Mapping[str, object]]] = []

    @property
    def session(self) -> int:
        """The server's process that does it."""
        return self._connection.info.backend_pid

    @property
    def now(self) -> datetime:
        """The time as of the last lock, or else of the first question for it; never earlier."""
        if self.time is None:
            self._read(self._run(_CLOCK, {}))
        if self.time is None:
            raise ValueError("the clock was read")
        return self.time

    def one(self, query: str, **values: object) -> Any:
        """Give the first row of a named query, or None."""
        return self._run(query, values).fetchone()

    def all(self, query: str, **values: object) -> list[Any]:
        """Give all rows of a named query."""
        return self._run(query, values).fetchall()

    def do(self, query: str, **values: object) -> int:
        """Run a named query that changes rows, and say how many it changed."""
        return self._run(query, values).rowcount

    def alone(self, query: str, **values: object) -> Any:
        """Give the first row of a named query that is a transaction of its own, or None."""
        if self._begin is None:
            raise ValueError("a transaction is under way")
        return self._connection.execute(self._queries[query], values).fetchone()

    def new_id(self) -> str:
        """Make an id that sorts after all that the journal said when the lock was got."""
        self._last_id = new_ulid(self.now, os.urandom(10), after=self._last_id)
        self.mark = Mark("claim_entry", self._last_id)
        return self._last_id

    def new_act_id(self) -> str:
        """Make an id for the audit trail."""
        self.mark = Mark("claim_act", new_ulid(self.now, os.urandom(10)))
        return self.mark.id

    def put(self, query: str, **values: object) -> None:
        """Run a named query that changes rows, with the next question or the commit."""
        self._puts.append((query, values))

    def commit(self) -> None:
        """Make it durable; nothing, where nothing was asked."""
        if self._begin is None:
            with self._connection.pipeline():
                self._send_puts()
                self._connection.execute("COMMIT", prepare=False)

    def roll_back(self) -> None:
        """Undo it."""
        self._puts.clear()
        if self._begin is None:  # past psycopg, which would forget what it has prepared
            self._connection.pgconn.exec_(b"ROLLBACK")

    def _run(self, query: str, values: Mapping[str, object]) -> Cursor:
        text = self._queries[query]
        locks = "FOR UPDATE" in text
        begin, self._begin = self._begin, None
        if begin is None and not locks and not self._puts:
            return self._connection.execute(text, values)
        with self._connection.pipeline():
            if begin is not None:
                self._connection.execute(begin, prepare=False)
            self._send_puts()
            cursor = self._connection.execute(text, values)
            clock = self._connection.execute(self._queries[_CLOCK]) if locks else None
        if clock is not None:
            self._read(clock)
        return cursor

    def _send_puts(self) -> None:
        puts, self._puts = self._puts, []
        for query, values in puts:
            self._connection.execute(self._queries[query], values)

    def _read(self, clock: Cursor) -> None:
        """Take the time as it is now, which is never earlier than it was, or than any entry."""
        ((micros, last_id),) = clock.fetchall()
        self._last_id = max(self._last_id, last_id or "")
        known = [from_micros(micros)]
        if self._last_id:
            known.append(ulid_time(self._last_id))
        if self.time is not None:
            known.append(self.time)
        self.time = max(known)
