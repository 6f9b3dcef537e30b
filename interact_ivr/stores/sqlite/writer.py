"""The one thread that writes: it takes what waits as a group, answers when that is on disk.

The group is one transaction, so many operations share one fsync. Where one is refused that has
changed something, the others are done anew without it: so an operation may be done twice, and acts
on nothing but its transaction. Futures resolve after COMMIT.
"""

import asyncio
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from contextvars import Context, copy_context
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from interact_ivr.domain.errors import StoreUnavailable, TooBusy, TooLate
from interact_ivr.domain.happening import Happening
from interact_ivr.domain.names import ulid_time
from interact_ivr.ports import Clock
from interact_ivr.stores.growth import Growth
from interact_ivr.stores.migrating import SchemaError
from interact_ivr.stores.queries import load_queries
from interact_ivr.stores.sqlite.failures import unavailable
from interact_ivr.stores.sqlite.schema import check_present, identity_of, open_database
from interact_ivr.stores.sqlite.transaction import SqliteTransaction

T = TypeVar("T")


class _Job(msgspec.Struct):
    operation: Callable[[Any], Any]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    deadline: float | None = None
    wanted: Callable[[], bool] | None = None
    alone: bool = False
    """Not for a transaction: done by the connection after its group's COMMIT."""
    happened: Sequence[Happening] = ()
    context: Context = msgspec.field(default_factory=copy_context)
    """Of whoever asked: what is told of it is told as in their task."""
    result: Any = msgspec.field(default=None)
    error: BaseException | None = msgspec.field(default=None)

    def check_wanted(self) -> None:
        """Raise `TooLate` where it is not to be begun any more."""
        past = self.deadline is not None and time.monotonic() >= self.deadline
        if past or (self.wanted is not None and not self.wanted()):
            raise TooLate

    def settle(self) -> None:
        """Hand the outcome to whoever still waits (runs in the loop's thread)."""
        if self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


class Writer:
    """A thread with the store's only writing connection, fed by a bounded queue."""

    def __init__(
        self,
        database: Path,
        clock: Clock,
        *,
        queue_limit: int = 4096,
        group_limit: int = 128,
        with_each: Callable[[sqlite3.Connection], None] | None = None,
        told: Callable[[Happening], None] = lambda _: None,
    ) -> None:
        """*with_each* is done at the end of each group's transaction, which it is part of.

        *told* hears what the journal was told, in its order and once it is on disk, in the loop of
        whoever asked, who goes on after that.
        """
        self.database = database
        self.growth = Growth()
        self.let_go: Callable[[], None] = lambda: None
        """Lets others of this process close the file, too: else it stays open as it was before."""
        self._clock = clock
        self._with_each = with_each
        self._told = told
        self._queries = load_queries("sqlite")
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._queue_limit = queue_limit
        self._group_limit = group_limit
        self._connection: sqlite3.Connection | None = None
        self._identity = (0, 0)
        self._last_time = datetime.fromtimestamp(0, UTC)
        self._last_id = ""
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)

    def start(self) -> None:
        """Open the file and begin to work; an error of the first opening is raised here."""
        self._open()
        self._thread.start()

    def close(self) -> None:
        """Finish what waits, then close the file. Blocks until done."""
        self._closing = True
        if self._thread.is_alive():
            self._jobs.put(None)
            self._thread.join()
        self._drop_connection()

    async def run(
        self,
        operation: Callable[[SqliteTransaction], T],
        *,
        deadline: float | None = None,
        wanted: Callable[[], bool] | None = None,
    ) -> T:
        """Run *operation* in a transaction and give its result once that is on disk.

        Past *deadline* (`time.monotonic`), when the waiting task is gone, or when *wanted* says no
        in the writer's thread, it is not begun.

        Raises:
            StoreUnavailable: the store could not do it; nothing of it is there.
            Refusal: whatever *operation* raised; nothing of it is there.
        """
        loop = asyncio.get_running_loop()
        job = _Job(operation, loop, loop.create_future(), deadline=deadline, wanted=wanted)
        result: T = await self._put(job)
        return result

    async def run_alone(self, operation: Callable[[sqlite3.Connection], T]) -> T:
        """Run *operation* in no transaction, as a pragma may want it; all else waits meanwhile."""
        loop = asyncio.get_running_loop()
        result: T = await self._put(_Job(operation, loop, loop.create_future(), alone=True))
        return result

    def _put(self, job: _Job) -> asyncio.Future[Any]:
        if self._closing:
            raise StoreUnavailable("it is being closed")
        if self._jobs.qsize() >= self._queue_limit:
            raise TooBusy
        self._jobs.put(job)
        return job.future

    def _run(self) -> None:
        while True:
            group, last = self._next_group()
            if group:
                self._work(group)
                for loop in {job.loop for job in group}:
                    mine = [job for job in group if job.loop is loop]
                    with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                        loop.call_soon_threadsafe(self._settle, mine)
            if last:
                return

    def _settle(self, jobs: list[_Job]) -> None:
        for job in jobs:  # first: what watches may fail, and whoever waits goes on in a later turn
            job.settle()
        for job in jobs:
            if job.error is None:
                for happening in job.happened:
                    job.context.run(self._told, happening)

    def _next_group(self) -> tuple[list[_Job], bool]:
        """Wait for work and take all there is, up to the limit; True when it is the last."""
        group: list[_Job] = []
        job = self._jobs.get()
        while job is not None:
            group.append(job)
            if len(group) == self._group_limit:
                return group, False
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return group, False
        return group, True

    def _work(self, group: list[_Job]) -> None:
        before = self._last_id
        try:
            connection = self._commit(group)
        except Exception as error:  # noqa: BLE001  whatever it is, the thread goes on
            self._drop_connection()  # a transaction that was not committed ends with it
            for job in group:
                job.error = unavailable(error)
            return
        if self._last_id != before:
            self.growth.tell()
        for job in group:
            if job.alone:
                _do_alone(connection, job)

    def _commit(self, group: list[_Job]) -> sqlite3.Connection:
        """Do all of *group* that is for a transaction in one, and give its connection."""
        connection = self._connection or self._open()
        self._check_there()
        jobs = [job for job in group if not job.alone]
        while (halfway := self._attempt_all(connection, jobs)) is not None:
            connection.execute("ROLLBACK")
            jobs = [job for job in jobs if job is not halfway]
        if self._with_each is not None:
            self._with_each(connection)
        connection.execute("COMMIT")
        return connection

    def _attempt_all(self, connection: sqlite3.Connection, jobs: Sequence[_Job]) -> _Job | None:
        """Begin a transaction and do *jobs*; give the first that was refused halfway, and stop.

        Nearly all that is refused has changed nothing yet; a savepoint for each would cost all of
        them a third more, as SQLite copies each page that is changed behind one.
        """
        connection.execute("BEGIN IMMEDIATE")
        for job in jobs:
            before = connection.total_changes
            self._attempt(connection, job)
            if job.error is not None and connection.total_changes != before:
                return job
        return None

    def _attempt(self, connection: sqlite3.Connection, job: _Job) -> None:
        job.error, job.happened = None, ()  # of an attempt that another one's refusal has undone
        if job.future.cancelled():
            return
        try:
            job.check_wanted()
            tx = SqliteTransaction(connection, self._queries, self._now(), self._last_id)
            job.result = job.operation(tx)
            self._last_id = tx.last_id
            job.happened = tx.happened
        except sqlite3.DatabaseError as error:
            if not isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError):
                raise  # full, read-only, locked, broken: the whole group fails
            job.error = error
        except Exception as error:  # noqa: BLE001  the edge of the thread: told to the one who asked
            job.error = error

    def _check_there(self) -> None:
        """Raise OSError where the file that is open is not there any more, or another one is.

        It could be written to, and all of it would be gone with the process.
        """
        if identity_of(self.database) != self._identity:
            raise FileNotFoundError(f"{self.database} is not the file that was opened")

    def _now(self) -> datetime:
        """The present, never earlier than a time this store has given before."""
        self._last_time = max(self._clock.now(), self._last_time)
        return self._last_time

    def _open(self) -> sqlite3.Connection:
        connection = open_database(self.database)
        try:
            self._identity = identity_of(self.database)
            check_present(connection)
            row = connection.execute(self._queries["last_journal_id"]).fetchone()
        except (sqlite3.Error, SchemaError, OSError):
            connection.close()
            raise
        if row is not None:
            self._last_id = max(self._last_id, row[0])
            self._last_time = max(self._last_time, ulid_time(self._last_id))
        self._connection = connection
        return connection

    def _drop_connection(self) -> None:
        self.let_go()
        connection, self._connection = self._connection, None
        if connection is not None:  # the last one that is closed leaves nothing in the WAL
            with suppress(sqlite3.Error):
                connection.close()


def _do_alone(connection: sqlite3.Connection, job: _Job) -> None:
    try:
        job.result = job.operation(connection)
    except sqlite3.Error as error:
        job.error = unavailable(error)
    except Exception as error:  # noqa: BLE001  as in a transaction: told to the one who asked
        job.error = error
