"""Reading beside the writer: what people look at must not make a call wait.

WAL lets a reader see the last committed state while the writer goes on. What is found by a key is
read at once; what goes through many rows waits for its turn, so that nobody waits behind it.
"""

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar
from weakref import WeakValueDictionary

from interact_ivr.domain.names import EnvironmentId
from interact_ivr.ports import Clock
from interact_ivr.stores.queries import load_queries
from interact_ivr.stores.sqlite.failures import unavailable
from interact_ivr.stores.sqlite.transaction import SqliteTransaction

T = TypeVar("T")


_MOST_KEPT = 4


class Reader:
    """Runs reading operations in worker threads, on connections that cannot write.

    A few connections are kept, with what they have read of the file. Long operations have one
    thread, and each environment has one of them in its queue, as has whoever operates all of them.
    """

    def __init__(self, database: Path, clock: Clock) -> None:
        self._uri = f"{database.absolute().as_uri()}?mode=ro"
        self._clock = clock
        self._queries = load_queries("sqlite")
        self._kept: deque[sqlite3.Connection] = deque()
        self._long = ThreadPoolExecutor(1, "store-reader")
        self._turns: WeakValueDictionary[EnvironmentId | None, asyncio.Lock] = WeakValueDictionary()

    async def run(self, operation: Callable[[SqliteTransaction], T]) -> T:
        """Give what *operation* read, or raise `StoreUnavailable`."""
        return await asyncio.to_thread(self._read, operation)

    async def run_long(
        self, environment: EnvironmentId | None, operation: Callable[[SqliteTransaction], T]
    ) -> T:
        """Do the same, one after the other; environments that ask at the same time take turns.

        None stands for the operator, who must see how it is while an environment asks for much.
        """
        loop = asyncio.get_running_loop()
        async with self._turns.setdefault(environment, asyncio.Lock()):
            return await loop.run_in_executor(self._long, self._read, operation)

    def close(self) -> None:
        """Let go of the file, also for a time: as long as it is open here, it stays as it was."""
        while self._kept:
            self._kept.pop().close()

    def _read(self, operation: Callable[[SqliteTransaction], T]) -> T:
        try:
            with ExitStack() as stack:
                connection = self._connection()
                stack.callback(connection.close)
                connection.execute("BEGIN")
                result = operation(SqliteTransaction(connection, self._queries, self._clock.now()))
                connection.execute("ROLLBACK")
                if len(self._kept) < _MOST_KEPT:
                    stack.pop_all()
                    self._kept.append(connection)
                return result
        except sqlite3.Error as error:
            self.close()
            raise unavailable(error) from error

    def _connection(self) -> sqlite3.Connection:
        try:
            return self._kept.pop()
        except IndexError:
            return sqlite3.connect(
                self._uri, uri=True, isolation_level=None, check_same_thread=False
            )
