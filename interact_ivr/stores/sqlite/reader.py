"""Reading beside the writer: what people look at must not make a call wait.

WAL lets a reader see the last committed state while the writer goes on.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from interact_ivr.ports import Clock
from interact_ivr.stores.queries import load_queries
from interact_ivr.stores.sqlite.failures import unavailable
from interact_ivr.stores.sqlite.transaction import Transaction

T = TypeVar("T")


class Reader:
    """Runs reading operations in a worker thread, each on a connection that cannot write."""

    def __init__(self, database: Path, clock: Clock) -> None:
        self._uri = f"{database.absolute().as_uri()}?mode=ro"
        self._clock = clock
        self._queries = load_queries("sqlite")

    async def run(self, operation: Callable[[Transaction], T]) -> T:
        """Give what *operation* read, or raise `StoreUnavailable`."""
        return await asyncio.to_thread(self._read, operation)

    def _read(self, operation: Callable[[Transaction], T]) -> T:
        try:
            connection = sqlite3.connect(self._uri, uri=True, isolation_level=None)
            try:
                connection.execute("BEGIN")
                return operation(Transaction(connection, self._queries, self._clock.now()))
            finally:
                connection.close()
        except sqlite3.Error as error:
            raise unavailable(error) from error
