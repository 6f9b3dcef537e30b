"""The store's own time: it never goes back, and passes at least as fast as time really does.

Store time is the boot clock plus a *lead*: the largest difference seen between the wall clock and
the boot clock. So a wall clock that is set forward counts as time passed; one that is set back is
waited for, while store time goes on with the boot clock, which also counts while the machine
sleeps: no allocation waits longer than its hold. The lead is kept in the file, and holds for as
long as the machine is up; after that the last committed time is what store time begins with.

What cannot be undone goes by `date` instead, which a wall clock that is wrong for a while does not
bring forward: it is never ahead of the wall clock, and for a day after that was set forward by more
than a day there is none.
"""

import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

import msgspec

from interact_ivr.domain.names import ulid_time
from interact_ivr.stores.operations.times import from_micros, to_micros
from interact_ivr.stores.queries import load_queries

_STEP = 1_000_000
"""Microseconds from which on a step of the wall clock is told."""
_DAY = 86_400_000_000
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Reading(msgspec.Struct, frozen=True):
    """Both clocks of the machine at one instant, in microseconds."""

    wall: int
    """Since 1970 UTC; may be set to anything at any time."""
    boot: int
    """Since the machine was started, its suspends included; nobody can set it."""

    @property
    def lead(self) -> int:
        """How far the wall clock is ahead of the boot clock: it changes when one sets it."""
        return self.wall - self.boot


def read_clocks() -> Reading:
    """Read both clocks; the wall first, since a pause between the two must not add to the lead."""
    wall = time.time_ns()
    return Reading(wall // 1000, -(-time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000))


def boot_id() -> str:
    """Give the name the kernel has for the time since the machine was started."""
    return _BOOT_ID.read_text("ascii").strip()


class _Known(msgspec.Struct, frozen=True):
    """What a store's file says of its clocks."""

    lead: int
    doubted_until: int


class StoreClock:
    """The `Clock` of the embedded store, for all its threads.

    Where the wall clock was set by a second or more, *stepped* is told by how much, and how far
    store time is ahead of it now; it is called by whichever thread asked for the time.
    """

    def __init__(
        self,
        lead: int,
        boot: str,
        read: Callable[[], Reading] = read_clocks,
        stepped: Callable[[timedelta, timedelta], None] | None = None,
        doubted_until: int = 0,
    ) -> None:
        self._lead = self._wall_lead = lead
        self._doubted_until = doubted_until
        self._boot = boot
        self._read = read
        self._stepped = stepped
        self._queries = load_queries("sqlite")
        self._lock = threading.Lock()

    @classmethod
    def of(
        cls,
        connection: sqlite3.Connection,
        boot: str,
        read: Callable[[], Reading] = read_clocks,
        stepped: Callable[[timedelta, timedelta], None] | None = None,
    ) -> Self:
        """Go on where the store's time has been, as its file says."""
        known = _known(connection, load_queries("sqlite"), boot, read())
        return cls(known.lead, boot, read, stepped, known.doubted_until)

    def now(self) -> datetime:
        """Give the store's time, aware, UTC."""
        _, now = self._look()
        return from_micros(now)

    def date(self) -> datetime | None:
        """Give a time that has come, whichever clock is right; None while the wall is doubted."""
        wall, now = self._look()
        return None if self._doubted_until else from_micros(min(wall, now))

    def _look(self) -> tuple[int, int]:
        """Give wall time and store time, and take note of what was done to the wall clock."""
        with self._lock:
            reading = self._read()
            step, self._wall_lead = reading.lead - self._wall_lead, reading.lead
            self._lead = max(self._lead, reading.lead)
            now, ahead = self._lead + reading.boot, self._lead - reading.lead
            if step > _DAY:
                self._doubted_until = reading.boot + _DAY
            elif reading.boot >= self._doubted_until:
                self._doubted_until = 0
        if self._stepped is not None and abs(step) >= _STEP:
            self._stepped(timedelta(microseconds=step), timedelta(microseconds=ahead))
        return reading.wall, now

    @property
    def ahead(self) -> timedelta:
        """How far store time is ahead of the wall clock, which was set back by so much."""
        with self._lock:
            return timedelta(microseconds=max(0, self._lead - self._read().lead))

    def keep(self, connection: sqlite3.Connection) -> None:
        """Write down what is to be known later, within the present transaction, if it is new."""
        values = {"boot": self._boot, "lead": self._lead, "doubted_until": self._doubted_until}
        connection.execute(self._queries["keep_lead"], values)


def _known(
    connection: sqlite3.Connection, queries: Mapping[str, str], boot: str, reading: Reading
) -> _Known:
    """Read what is known, and doubt a wall clock that is more than a day ahead of all of it."""
    leads, doubted_until = [], 0
    kept = connection.execute(queries["find_lead"], {"boot": boot}).fetchone()
    if kept is not None:
        same_boot, lead, doubted_until = kept
        if same_boot:
            leads.append(lead)
        elif doubted_until:
            doubted_until = reading.boot + _DAY
    last = connection.execute(queries["last_journal_id"]).fetchone()
    if last is not None:
        leads.append(to_micros(ulid_time(last[0])) - reading.boot)
    if leads and reading.lead - max(leads) > _DAY:
        doubted_until = reading.boot + _DAY
    return _Known(max([reading.lead, *leads]), doubted_until)
