"""Reading PostgreSQL, on connections of their own: what people look at takes none from a call.

What is found by a key is read at once; what goes through many rows waits for its turn. Nothing is
locked, and all of an operation sees one state.
"""

import asyncio
import re
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar
from weakref import WeakValueDictionary

import msgspec

from interact_ivr.domain.names import EnvironmentId
from interact_ivr.ports import Clock
from interact_ivr.stores.postgres.connecting import Connecting, Connection
from interact_ivr.stores.postgres.sessions import Sessions
from interact_ivr.stores.postgres.transaction import PostgresTransaction
from interact_ivr.stores.postgres.writer import pin
from interact_ivr.stores.transaction import Transaction

T = TypeVar("T")

LONGEST_SECONDS = 60.0
_THREADS = 4
_LOCK = re.compile(r"\s*\bFOR (NO KEY )?UPDATE\b( OF number| OF inventory)?( SKIP LOCKED)?")
_BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"


def without_locks(queries: Mapping[str, str]) -> dict[str, str]:
    """Give *queries* as one asks who changes nothing."""
    return {name: _LOCK.sub("", text) for name, text in queries.items()}


class Reader:
    """Runs operations that only read."""

    def __init__(
        self, connecting: Connecting, queries: Mapping[str, str], pinned: Clock | None = None
    ) -> None:
        self._queries = without_locks(queries)
        self._pinned = pinned
        self._short = Sessions(connecting, _THREADS, "store-reader")
        self._long = Sessions(connecting, 1, "store-long-reader")
        self._turns: WeakValueDictionary[EnvironmentId | None, asyncio.Lock] = WeakValueDictionary()

    async def run(self, operation: Callable[[Transaction], T]) -> T:
        """Give what *operation* read, or raise `StoreUnavailable`."""
        return await self._short.run(_Work(operation, self._queries, self._pinned))

    async def run_long(
        self, environment: EnvironmentId | None, operation: Callable[[Transaction], T]
    ) -> T:
        """Do the same, one after the other; environments that ask at the same time take turns."""
        async with self._turns.setdefault(environment, asyncio.Lock()):
            work = _Work(operation, self._queries, self._pinned)
            return await self._long.run(work, longest=LONGEST_SECONDS)

    def close(self) -> None:
        """Finish what waits, then let the connections go. Blocks until done."""
        self._short.close()
        self._long.close()


class _Work(msgspec.Struct, Generic[T], frozen=True):
    """An operation that reads: however often it is done, nothing comes of it."""

    operation: Callable[[Transaction], T]
    queries: Mapping[str, str]
    pinned: Clock | None

    @property
    def is_in_doubt(self) -> bool:
        """Never."""
        return False

    def attempt(self, connection: Connection) -> T:
        """Read once."""
        pin(connection, self.pinned)
        tx = PostgresTransaction(connection, self.queries, _BEGIN)
        try:
            return self.operation(tx)
        finally:
            if not connection.broken:
                tx.roll_back()
