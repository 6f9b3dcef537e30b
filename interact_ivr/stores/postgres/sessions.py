"""Threads with connections: what waits is bounded, and so is how long anything takes.

A thread that works has one connection, so there is no pool of these beside that of the threads:
one queue, and whoever opens a connection is told why that failed. An attempt that takes too long is
ended from outside, by shutting its socket, as a server that is silent ends none.
"""

import asyncio
import itertools
import os
import random
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Generic, Protocol, TypeVar

import msgspec
import psycopg

from interact_ivr.domain.errors import StoreUnavailable, TooBusy, TooLate
from interact_ivr.stores.postgres.connecting import Connecting, Connection
from interact_ivr.stores.postgres.failures import is_lost, passes, unavailable

T = TypeVar("T")
Result = TypeVar("Result", covariant=True)

LONGEST_SECONDS = 10.0
"""An attempt without a deadline; with one, it ends soon after that."""
_GRACE_SECONDS = 0.5
_LOOK_SECONDS = 0.1
"""How often it is looked whether an attempt takes too long."""
_DOUBT_SECONDS = 10.0
"""How much longer it is tried to find out what became of one, while somebody waits to be told."""
_DOUBT_OF_CALL_SECONDS = 3600.0
"""The same, where the call has been told: what it took is put on record whenever that is known."""
_PATIENCE_SECONDS = 3.0
"""How long what has no deadline is tried again."""
_PAUSES = (0.002, 0.01, 0.03, 0.1, 0.2)
_CLOSING_SECONDS = 1.0
"""How long what is under way may go on when the store is closed."""
_CLOSING_LOOK_SECONDS = 0.02
_MOST_WAITING = 4096


class Attempts(Protocol[Result]):
    """Something that may have to be attempted several times."""

    @property
    def is_in_doubt(self) -> bool:
        """Whether nobody has said what became of the last attempt: that must be found out."""

    def attempt(self, connection: Connection) -> Result:
        """Do it once; psycopg.Error where it failed."""


class _Job(msgspec.Struct, Generic[T]):
    work: Attempts[T]
    longest: float
    deadline: float | None
    wanted: Callable[[], bool] | None
    connection: Connection | None = None
    ends: float = 0.0
    """When the attempt that is under way is ended."""

    def check_wanted(self) -> None:
        """Raise `TooLate` where it is not to be begun any more."""
        if self.work.is_in_doubt:
            return
        past = self.deadline is not None and time.monotonic() >= self.deadline
        if past or (self.wanted is not None and not self.wanted()):
            raise TooLate

    def begin(self, connection: Connection) -> None:
        """Take note of the attempt that begins, and of when it is to be ended."""
        now = time.monotonic()
        self.ends = now + self.longest
        if self.deadline is not None:
            self.ends = max(self.deadline, now) + _GRACE_SECONDS
        self.connection = connection

    def sever(self) -> None:
        """End the attempt that is under way if it takes too long: its thread finds it lost."""
        connection = self.connection
        if connection is not None and time.monotonic() >= self.ends:
            with (
                suppress(OSError, psycopg.Error),
                socket.socket(fileno=os.dup(connection.fileno())) as end,
            ):
                end.shutdown(socket.SHUT_RDWR)


class Sessions:
    """Runs attempts in a bounded number of threads, each on a connection that is kept open."""

    def __init__(self, connecting: Connecting, threads: int, name: str) -> None:
        self._connecting = connecting
        self._threads = ThreadPoolExecutor(threads, name)
        self._idle: deque[Connection] = deque()
        self._under_way: dict[Future[Any], _Job[Any]] = {}
        self._closes_at: float | None = None

    async def run(
        self,
        work: Attempts[T],
        *,
        deadline: float | None = None,
        wanted: Callable[[], bool] | None = None,
        told: Callable[[], None] | None = None,
        longest: float = LONGEST_SECONDS,
    ) -> T:
        """Give what *work* gives; it is attempted again where it fails for what passes.

        Past *deadline*, or when it is not *wanted* any more, it is not begun again, but for finding
        out what became of it. *told* is called in the loop when it is done, before whoever waits
        goes on.

        Raises:
            StoreUnavailable: it could not be done.
            Exception: whatever *work* raised that is no failure of the store.
        """
        if self._closes_at is not None:
            raise StoreUnavailable("it is being closed")
        if len(self._under_way) >= _MOST_WAITING:
            raise TooBusy
        loop = asyncio.get_running_loop()
        job = _Job(work, longest, deadline, wanted)
        submitted = self._threads.submit(self._work, job)
        self._under_way[submitted] = job

        def done(submitted: Future[T]) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._done, submitted, told)

        submitted.add_done_callback(done)  # first: whoever waits goes on after it
        self._watch(loop, job, submitted)
        return await asyncio.wrap_future(submitted)

    def _watch(self, loop: asyncio.AbstractEventLoop, job: _Job[T], submitted: Future[T]) -> None:
        """End what takes too long, also where nobody waits for it any more: it has a thread."""
        if not submitted.done():
            job.sever()
            loop.call_later(_LOOK_SECONDS, self._watch, loop, job, submitted)

    def _done(self, submitted: Future[T], told: Callable[[], None] | None) -> None:
        del self._under_way[submitted]
        if told is not None and not submitted.cancelled() and submitted.exception() is None:
            told()

    def close(self) -> None:
        """Finish what waits, if that is soon, then let the connections go. Blocks until done."""
        self._closes_at = closes_at = time.monotonic() + _CLOSING_SECONDS
        while jobs := [job for done, job in self._under_way.items() if not done.done()]:
            for job in jobs:
                job.ends = min(job.ends, closes_at)
                job.sever()
            time.sleep(_CLOSING_LOOK_SECONDS)
        self._threads.shutdown()
        self._drop_idle()

    def _work(self, job: _Job[T]) -> T:
        until = job.deadline or time.monotonic() + _PATIENCE_SECONDS
        in_doubt = _DOUBT_SECONDS if job.deadline is None else _DOUBT_OF_CALL_SECONDS
        for pause in _pauses():
            job.check_wanted()
            self._check_open()
            try:
                return self._try(job)
            except psycopg.Error as error:
                doubt = job.work.is_in_doubt  # it stays, whatever keeps it from being found out
                last = until + (in_doubt if doubt else 0)
                if not (doubt or passes(error)) or time.monotonic() + pause >= last:
                    raise unavailable(error) from error
            time.sleep(pause)
        raise AssertionError("pauses have no end")

    def _check_open(self) -> None:
        """Raise `StoreUnavailable` where there was time enough to finish."""
        if self._closes_at is not None and time.monotonic() >= self._closes_at:
            raise StoreUnavailable("it is being closed")

    def _try(self, job: _Job[T]) -> T:
        connection = self._idle.pop() if self._idle else self._connecting.open()
        job.begin(connection)
        try:
            return job.work.attempt(connection)
        except psycopg.Error as error:
            connection.close()  # what a broken-off pipeline has prepared, psycopg does not know
            if is_lost(error):
                self._drop_idle()  # they were opened before, to the same server
            raise
        finally:
            job.connection = None
            self._put_back(connection)

    def _put_back(self, connection: Connection) -> None:
        """Keep it for the next one, if nothing is under way on it and nobody has ended it."""
        if connection.info.transaction_status is not psycopg.pq.TransactionStatus.IDLE:
            connection.close()
        if not connection.closed:
            self._idle.append(connection)

    def _drop_idle(self) -> None:
        while self._idle:
            with suppress(IndexError):
                self._idle.pop().close()


def _pauses() -> Iterator[float]:
    """Give the seconds between two attempts: each somewhat by chance, so that nobody keeps pace."""
    for pause in itertools.chain(_PAUSES, itertools.repeat(_PAUSES[-1])):
        yield pause * random.uniform(0.5, 1.5)  # noqa: S311  no secret
