"""What an operation on the SQLite store sees: named queries, one *now*, fresh ids."""

import os
import sqlite3
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from interact_ivr.domain.happening import Happening
from interact_ivr.domain.names import new_ulid


class SqliteTransaction:
    """One operation's view of the store, within a transaction that others may share."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        queries: Mapping[str, str],
        now: datetime,
        last_id: str = "",
    ) -> None:
        self.now = now
        self.last_id = last_id
        self.happened: list[Happening] = []
        """What the journal is told; whoever watches is, too, once it is on disk."""
        self._connection = connection
        self._queries = queries

    def one(self, query: str, **values: object) -> Any:
        """Give the first row of a named query, or None."""
        return self._connection.execute(self._queries[query], values).fetchone()

    def all(self, query: str, **values: object) -> list[Any]:
        """Give all rows of a named query."""
        return self._connection.execute(self._queries[query], values).fetchall()

    def do(self, query: str, **values: object) -> int:
        """Run a named query that changes rows, and say how many it changed."""
        return self._connection.execute(self._queries[query], values).rowcount

    def put(self, query: str, **values: object) -> None:
        """Run a named query that changes rows."""
        self._connection.execute(self._queries[query], values)

    def new_id(self) -> str:
        """Make an id that sorts after every earlier one of this store."""
        self.last_id = new_ulid(self.now, os.urandom(10), after=self.last_id)
        return self.last_id

    def new_act_id(self) -> str:
        """Make an id for the audit trail."""
        return new_ulid(self.now, os.urandom(10))
