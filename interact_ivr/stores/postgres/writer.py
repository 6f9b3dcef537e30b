"""Changing PostgreSQL: one transaction an operation, begun again where another one came between.

Where the connection is lost while a transaction is being committed, nobody has said what became of
it. It is found out: by the last entry that it has written into the journal, which waits for whoever
is still writing it. What has written no entry is done again, as it says the same the second time.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

import psycopg

from interact_ivr.domain.happening import Happening
from interact_ivr.ports import Clock
from interact_ivr.stores.growth import Growth
from interact_ivr.stores.operations.times import to_micros
from interact_ivr.stores.postgres.connecting import Connection
from interact_ivr.stores.postgres.failures import is_lost
from interact_ivr.stores.postgres.sessions import Sessions
from interact_ivr.stores.postgres.transaction import PostgresTransaction
from interact_ivr.stores.transaction import Transaction

T = TypeVar("T")


class Writer:
    """Runs operations that change the store, many at a time.

    *told* hears what the journal was told by them, once it is committed, in the loop of whoever
    asked; *heard* what the server's clock has said. *pinned* is a test's clock instead of that.
    """

    def __init__(
        self,
        sessions: Sessions,
        queries: Mapping[str, str],
        *,
        told: Callable[[Happening], None] = lambda _: None,
        heard: Callable[[datetime], None] = lambda _: None,
        pinned: Clock | None = None,
    ) -> None:
        self.growth = Growth()
        self._sessions = sessions
        self._queries = queries
        self._told = told
        self._heard = heard
        self._pinned = pinned

    async def run(
        self,
        operation: Callable[[Transaction], T],
        *,
        deadline: float | None = None,
        wanted: Callable[[], bool] | None = None,
        plainly: Callable[[PostgresTransaction], T | None] | None = None,
        queries: Mapping[str, str] | None = None,
    ) -> T:
        """Run *operation* in a transaction and give its result once that is durable.

        *plainly* is tried first: one statement that does all of it, or gives None and does nothing.
        """
        work = _Work(operation, plainly, queries or self._queries, self._pinned)

        def tell() -> None:
            if work.time is not None:
                self._heard(work.time)
            if work.happened:
                self.growth.tell()
            for happening in work.happened:
                self._told(happening)

        return await self._sessions.run(work.attempt, deadline=deadline, wanted=wanted, told=tell)


@dataclass(slots=True)
class _Doubt(Generic[T]):
    """A transaction of which nobody has said whether it was committed, and what it gave."""

    entry: str
    result: T


class _Work(Generic[T]):
    """An operation, and what is known of its attempts."""

    def __init__(
        self,
        operation: Callable[[Transaction], T],
        plainly: Callable[[PostgresTransaction], T | None] | None,
        queries: Mapping[str, str],
        pinned: Clock | None,
    ) -> None:
        self.happened: list[Happening] = []
        self.time: datetime | None = None
        """What the clock said."""
        self._operation = operation
        self._plainly = plainly
        self._queries = queries
        self._pinned = pinned
        self._doubt: _Doubt[T] | None = None

    def attempt(self, connection: Connection) -> T:
        """Do it once; psycopg.Error where it may be done again."""
        pin(connection, self._pinned)
        if self._doubt is not None:
            if _is_there(connection, self._queries, self._doubt.entry):
                return self._doubt.result
            self._doubt = None
        if self._plainly is not None:
            tx = PostgresTransaction(connection, self._queries)
            plainly, self._plainly = self._plainly, None  # lost, it is found as an answer
            result = plainly(tx)
            if result is not None:
                self.happened = tx.happened
                return result
        return self._in_transaction(PostgresTransaction(connection, self._queries))

    def _in_transaction(self, tx: PostgresTransaction) -> T:
        try:
            result = self._operation(tx)
        except psycopg.Error as error:
            if not is_lost(error):
                tx.roll_back()
            raise
        except BaseException:
            tx.roll_back()
            raise
        self.happened, self.time = tx.happened, tx.time
        try:
            tx.commit()
        except psycopg.Error as error:
            if is_lost(error) and tx.made_id is not None:
                self._doubt = _Doubt(tx.made_id, result)
            raise
        return result


def pin(connection: Connection, clock: Clock | None) -> None:
    """Let a test's *clock* be the time, if there is one."""
    if clock is not None:
        now = str(to_micros(clock.now()))
        connection.execute("SELECT set_config('interact_ivr.now', %s, false)", [now])


def _is_there(connection: Connection, queries: Mapping[str, str], entry: str) -> bool:
    """Say whether the transaction that wrote *entry* was committed; wait where it still is."""
    tx = PostgresTransaction(connection, queries)
    try:
        return not tx.do("claim_entry", id=entry)
    finally:
        tx.roll_back()
