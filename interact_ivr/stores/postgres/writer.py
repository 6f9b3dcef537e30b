"""Changing PostgreSQL: one transaction an operation, begun again where another one came between.

Where the connection is lost while a transaction is being committed, nobody has said what became of
it. It is found out: the session that it was sent over is ended, so that it cannot come later, and
then the last entry that it has written into the journal or the audit trail is there or not; asking
for it waits for whoever is still writing it. What has written no entry is done again, as it says
the same the second time.
"""

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Generic, TypeVar

import msgspec
import psycopg

from interact_ivr.domain.errors import TooLate
from interact_ivr.domain.happening import Happening
from interact_ivr.ports import Clock
from interact_ivr.stores.growth import Growth
from interact_ivr.stores.operations.times import to_micros
from interact_ivr.stores.postgres.connecting import Connection
from interact_ivr.stores.postgres.failures import is_lost
from interact_ivr.stores.postgres.sessions import Sessions
from interact_ivr.stores.postgres.transaction import Mark, PostgresTransaction
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
        plain: "Plain[T] | None" = None,
        queries: Mapping[str, str] | None = None,
    ) -> T:
        """Run *operation* in a transaction and give its result once that is durable.

        What is *plain* is tried first, in one statement.
        """
        work = _Work(operation, plain, queries or self._queries, self._pinned, deadline)

        def tell() -> None:
            if work.time is not None:
                self._heard(work.time)
            if work.happened:
                self.growth.tell()
            for happening in work.happened:
                self._told(happening)

        return await self._sessions.run(work, deadline=deadline, wanted=wanted, told=tell)


class Plain(msgspec.Struct, Generic[T], frozen=True):
    """What an operation is in most cases: one statement."""

    do: Callable[[PostgresTransaction], T | None]
    """Does all of it, or gives None and does nothing."""
    recall: Callable[[Transaction], T | None]
    """Gives what was done of it by a statement whose answer was lost; waits for that one."""


class _Doubt(msgspec.Struct, Generic[T], frozen=True):
    """A transaction of which nobody has said whether it was committed, and what it gave."""

    mark: Mark
    session: int
    """The server's process that it was sent to."""
    result: T


class _Work(Generic[T]):
    """An operation, and what is known of its attempts."""

    def __init__(
        self,
        operation: Callable[[Transaction], T],
        plain: Plain[T] | None,
        queries: Mapping[str, str],
        pinned: Clock | None,
        deadline: float | None,
    ) -> None:
        self.happened: list[Happening] = []
        self.time: datetime | None = None
        """What the clock said."""
        self._operation = operation
        self._plain = plain
        self._queries = queries
        self._pinned = pinned
        self._deadline = deadline
        self._doubt: _Doubt[T] | Plain[T] | None = None

    @property
    def is_in_doubt(self) -> bool:
        """Whether nobody has said what became of the last attempt."""
        return self._doubt is not None

    def attempt(self, connection: Connection) -> T:
        """Do it once; psycopg.Error where it failed, which may leave a doubt."""
        pin(connection, self._pinned)
        if self._doubt is not None:
            if done := self._find_out(PostgresTransaction(connection, self._queries), self._doubt):
                return done[0]
            self._doubt = None
            self._check_time()
        if self._plain is not None:
            result = self._do_plainly(PostgresTransaction(connection, self._queries), self._plain)
            if result is not None:
                return result
            self._check_time()  # it may have waited for the number
        return self._in_transaction(PostgresTransaction(connection, self._queries))

    def _find_out(self, tx: PostgresTransaction, doubt: "_Doubt[T] | Plain[T]") -> tuple[T] | None:
        """Give the result of what is in *doubt*, if it was committed; nothing comes of asking."""
        match doubt:
            case Plain(recall=recall):
                recalled = recall(tx)
                found = None if recalled is None else (recalled,)
            case _Doubt(mark, session, result):
                found = (result,) if _was_committed(tx, mark, session) else None
        tx.roll_back()
        return found

    def _do_plainly(self, tx: PostgresTransaction, plain: Plain[T]) -> T | None:
        try:
            result = plain.do(tx)
        except psycopg.Error as error:
            if is_lost(error):
                self._doubt = plain
            raise
        self.happened = tx.happened
        self._plain = None if result is None else plain
        return result

    def _check_time(self) -> None:
        """Raise `TooLate` where whoever asked has been told so: then nothing is to come of it."""
        if self._deadline is not None and time.monotonic() >= self._deadline:
            raise TooLate

    def _in_transaction(self, tx: PostgresTransaction) -> T:
        try:
            result = self._operation(tx)
            self._check_time()
        except psycopg.Error as error:
            if not is_lost(error):
                tx.roll_back()
            raise
        except BaseException:
            tx.roll_back()
            raise
        self.happened, self.time = tx.happened, tx.time
        session = tx.session  # which a connection that is lost does not know any more
        try:
            tx.commit()
        except psycopg.Error as error:
            if not is_lost(error):
                tx.roll_back()
            elif tx.mark is not None:
                self._doubt = _Doubt(tx.mark, session, result)
            raise
        return result


def _was_committed(tx: PostgresTransaction, mark: Mark, session: int) -> bool:
    """Say whether *mark* is there for good; else nothing will come of it any more."""
    if (ended := tx.one("end_session", session=session)) and not ended[0]:
        raise psycopg.OperationalError("a session whose commit is in doubt does not end")
    if tx.do(mark.claim, id=mark.id):
        return False
    tx.one("follow_commit")
    tx.commit()
    return True


def pin(connection: Connection, clock: Clock | None) -> None:
    """Let a test's *clock* be the time, if there is one."""
    if clock is not None:
        now = str(to_micros(clock.now()))
        connection.execute("SELECT set_config('interact_ivr.now', %s, false)", [now])
