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
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, TypeVar

import psycopg

from interact_ivr.domain.errors import StoreUnavailable, TooBusy, TooLate
from interact_ivr.stores.postgres.connecting import Connecting, Connection
from interact_ivr.stores.postgres.failures import is_lost, passes, unavailable

T = TypeVar("T")

LONGEST_SECONDS = 10.0
"""An attempt without a deadline; with one, it ends soon after that."""
_GRACE_SECONDS = 0.5
_PATIENCE_SECONDS = 3.0
"""How long what has no deadline is tried again."""
_PAUSES = (0.002, 0.01, 0.03, 0.1, 0.2)
_MOST_WAITING = 4096


@dataclass(slots=True)
class _Job(Generic[T]):
    attempt: Callable[[Connection], T]
    deadline: float | None
    wanted: Callable[[], bool] | None
    connection: Connection | None = None
    severed: bool = False

    def check_wanted(self) -> None:
        """Raise `TooLate` where it is not to be begun any more."""
        past = self.deadline is not None and time.monotonic() >= self.deadline
        if past or self.severed or (self.wanted is not None and not self.wanted()):
            raise TooLate

    def sever(self) -> None:
        """End the attempt that is under way: its thread finds the connection lost."""
        self.severed = True
        connection = self.connection
        if connection is not None:
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
        self._waiting = 0
        self._closing = False

    async def run(
        self,
        attempt: Callable[[Connection], T],
        *,
        deadline: float | None = None,
        wanted: Callable[[], bool] | None = None,
        told: Callable[[], None] | None = None,
        longest: float = LONGEST_SECONDS,
    ) -> T:
        """Give what *attempt* gives; done again where it fails for what passes.

        Past *deadline*, or when it is not *wanted* any more, it is not begun again. *told* is
        called in the loop when it is done, before whoever waits goes on.

        Raises:
            StoreUnavailable: it could not be done.
            Exception: whatever *attempt* raised that is no failure of the store.
        """
        if self._closing:
            raise StoreUnavailable("it is being closed")
        if self._waiting >= _MOST_WAITING:
            raise TooBusy
        loop = asyncio.get_running_loop()
        job = _Job(attempt, deadline, wanted)
        if deadline is not None:
            longest = max(0.0, deadline - time.monotonic()) + _GRACE_SECONDS
        timer = loop.call_later(longest, job.sever)
        self._waiting += 1
        future = loop.run_in_executor(self._threads, self._work, job)
        if told is not None:
            future.add_done_callback(lambda done: done.cancelled() or done.exception() or told())
        try:
            return await future
        finally:
            self._waiting -= 1
            if future.done():
                timer.cancel()

    def close(self) -> None:
        """Finish what waits, then let the connections go. Blocks until done."""
        self._closing = True
        self._threads.shutdown()
        self._drop_idle()

    def _work(self, job: _Job[T]) -> T:
        until = job.deadline or time.monotonic() + _PATIENCE_SECONDS
        for pause in _pauses():
            job.check_wanted()
            try:
                return self._try(job)
            except Exception as error:
                if not isinstance(error, psycopg.Error):
                    raise
                if job.severed or not passes(error) or time.monotonic() + pause >= until:
                    raise unavailable(error) from error
            time.sleep(pause)
        raise AssertionError("pauses have no end")

    def _try(self, job: _Job[T]) -> T:
        connection = self._idle.pop() if self._idle else self._connecting.open()
        job.connection = connection
        try:
            result = job.attempt(connection)
        except psycopg.Error as error:
            if is_lost(error) or connection.broken:
                self._drop_idle()  # they were opened before, to the same server
            raise
        finally:
            job.connection = None
            self._put_back(connection)
        return result

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
