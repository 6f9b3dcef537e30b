"""The store's own time under everything that a machine's clocks do."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interact_ivr.domain.lifecycle import Policy
from interact_ivr.domain.names import (
    ApplicationId,
    EnvironmentId,
    InteractionId,
    NumberKey,
    Scope,
    new_ulid,
)
from interact_ivr.domain.values import NewNumber
from interact_ivr.service.purge import Purge
from interact_ivr.stores.allocations import StoredAllocations
from interact_ivr.stores.numbers import StoredNumbers
from interact_ivr.stores.operations.times import from_micros, to_micros
from interact_ivr.stores.sqlite.clock import Reading, StoreClock, boot_id, read_clocks
from interact_ivr.stores.sqlite.journal import SqliteJournal
from interact_ivr.stores.sqlite.reader import Reader
from interact_ivr.stores.sqlite.schema import create_database, migrate, open_database
from interact_ivr.stores.sqlite.writer import Writer

NOON = 1_777_896_000_000_000
SECOND = 1_000_000
HOUR = 3600 * SECOND
DAY = 86_400
"""Seconds."""


@dataclass
class Machine:
    """A machine whose clocks the test moves, and a store on it."""

    connection: sqlite3.Connection
    wall: int = NOON
    boot: int = 5 * HOUR
    boots: int = 1

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Start the service, or start it again: only what is on disk is known."""
        self.clock = StoreClock.of(self.connection, f"boot {self.boots}", self.read)

    def read(self) -> Reading:
        """Read both clocks."""
        return Reading(self.wall, self.boot)

    def elapse(self, micros: int) -> None:
        """Let time go by, the machine awake or asleep."""
        self.wall += micros
        self.boot += micros

    def set_wall(self, by: int) -> None:
        """Set the wall clock."""
        self.wall += by

    def reboot(self, micros: int) -> None:
        """Start the machine again after *micros*; the boot clock begins anew."""
        self.wall += micros
        self.boot = SECOND
        self.boots += 1
        self.start()

    def commit(self) -> datetime:
        """Commit something, and give its time."""
        now = self.clock.now()
        row = (new_ulid(now, bytes(10)), to_micros(now))
        self.connection.execute("BEGIN")
        self.connection.execute(
            "INSERT OR IGNORE INTO journal (id, at, event, environment_id, number, allocation_id,"
            " interaction) VALUES (?, ?, 'allocated', 1, '+1', 'a', 'b')",
            row,
        )
        self.clock.keep(self.connection)
        self.connection.execute("COMMIT")
        return now


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """Give a machine at noon, with an empty store."""
    path = tmp_path / "interact-ivr.db"
    create_database(path)
    with closing(open_database(path)) as connection:
        migrate(connection)
        yield Machine(connection)


@pytest.mark.parametrize(
    ("steps", "passed"),
    [
        ([], 0),
        ([("elapse", 10)], 10),
        ([("set_wall", 3600)], 3600),
        ([("set_wall", -3600)], 0),
        ([("set_wall", -3600), ("elapse", 10)], 10),
        ([("set_wall", -10), ("elapse", 10), ("set_wall", 10)], 10),
        ([("set_wall", -10), ("set_wall", 30), ("elapse", 1)], 21),
        ([("set_wall", 3600), ("now", 0), ("set_wall", -3600), ("elapse", 10)], 3610),
        ([("set_wall", -3600), ("start", 0), ("elapse", 10)], 10),
        ([("set_wall", -3600), ("elapse", 10), ("start", 0)], 10),
        ([("set_wall", -3600), ("reboot", 60)], 0),
        ([("set_wall", -3600), ("reboot", 60), ("elapse", 10)], 10),
        ([("reboot", 60)], 60),
        ([("reboot", 60), ("set_wall", 3600)], 3660),
    ],
    ids=str,
)
def test_what_passes_of_store_time(
    machine: Machine, steps: list[tuple[str, int]], passed: int
) -> None:
    """What the boot clock says or the wall clock, whichever is more; never less than committed."""
    committed = machine.commit()
    for step, seconds in steps:
        match step:
            case "start":
                machine.start()
            case "now":
                machine.clock.now()
            case _:
                getattr(machine, step)(seconds * SECOND)
    assert machine.clock.now() - committed == timedelta(seconds=passed)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("elapse"), st.integers(0, HOUR)),
        st.tuples(st.just("set_wall"), st.integers(-5 * HOUR, 5 * HOUR)),
        st.tuples(st.just("start"), st.just(0)),
        st.tuples(st.just("commit"), st.just(0)),
        st.tuples(st.just("reboot"), st.integers(0, HOUR)),
    ),
    max_size=30,
)


@given(steps=STEPS)
def test_nobody_waits_longer_than_the_hold(steps: list[tuple[str, int]]) -> None:
    """From any commit on at least as much store time passes as real time, while the machine is up.

    So a deadline in store time comes no later than its hold, whatever the wall clock does. After
    the machine was down, store time is not behind what was committed; nor ever behind the wall.
    """
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrate(connection)
        machine = Machine(connection)
        committed, committed_boot = machine.commit(), machine.boot
        for step, by in steps:
            if step == "commit":
                committed, committed_boot = machine.commit(), machine.boot
            elif step == "start":
                machine.start()
            else:
                getattr(machine, step)(by)
            now = machine.clock.now()
            if step == "reboot":
                assert now >= committed
                committed, committed_boot = machine.commit(), machine.boot
            assert now - committed >= timedelta(microseconds=machine.boot - committed_boot)
            assert now >= from_micros(machine.wall)


def test_how_far_the_wall_clock_was_set_back_is_known(machine: Machine) -> None:
    """So that the administrator can be told; nothing where it is right."""
    machine.clock.now()
    assert machine.clock.ahead == timedelta(0)
    machine.set_wall(-90 * SECOND)
    assert machine.clock.ahead == timedelta(seconds=90)


def test_who_sets_the_clock_is_told_of(machine: Machine) -> None:
    """Once a step, by how much, both ways; what is less than a second is nobody's business."""
    told: list[tuple[float, float]] = []
    clock = StoreClock.of(
        machine.connection,
        "boot 1",
        machine.read,
        lambda by, ahead: told.append((by.total_seconds(), ahead.total_seconds())),
    )
    for step in (0, -90, 60, 3600, 0.5, -0.5):
        machine.set_wall(int(step * SECOND))
        machine.elapse(HOUR)
        clock.now()
        clock.now()
    assert told == [(-90, 90), (60, 30), (3600, 0)]


def test_what_is_known_is_written_once(machine: Machine) -> None:
    """A transaction that has nothing new to keep changes no row."""
    machine.commit()
    changes = machine.connection.total_changes
    machine.clock.keep(machine.connection)
    machine.set_wall(-HOUR)
    machine.clock.now()
    machine.clock.keep(machine.connection)
    assert machine.connection.total_changes == changes
    machine.set_wall(2 * HOUR)
    machine.clock.now()
    machine.clock.keep(machine.connection)
    assert machine.connection.total_changes == changes + 1


@pytest.mark.parametrize(
    ("steps", "passed"),
    [
        ([], 0),
        ([("elapse", 10)], 10),
        ([("set_wall", -3600), ("elapse", 10)], -3590),
        ([("set_wall", DAY)], DAY),
        ([("set_wall", DAY + 1)], None),
        ([("set_wall", 3650 * DAY)], None),
        ([("set_wall", 3650 * DAY), ("now", 0), ("elapse", DAY - 1)], None),
        ([("set_wall", 3650 * DAY), ("now", 0), ("elapse", DAY)], 3651 * DAY),
        ([("set_wall", 3650 * DAY), ("now", 0), ("set_wall", -3650 * DAY)], None),
        (
            [("set_wall", 3650 * DAY), ("now", 0), ("set_wall", -3650 * DAY), ("elapse", DAY)],
            DAY,
        ),
        ([("set_wall", 3650 * DAY), ("start", 0)], None),
        ([("set_wall", 3650 * DAY), ("commit", 0), ("start", 0)], None),
        ([("set_wall", 3650 * DAY), ("commit", 0), ("start", 0), ("elapse", DAY)], 3651 * DAY),
        ([("set_wall", 3650 * DAY), ("commit", 0), ("reboot", 60)], None),
        ([("set_wall", 3650 * DAY), ("commit", 0), ("reboot", 60), ("elapse", DAY - 1)], None),
        ([("set_wall", 3650 * DAY), ("reboot", 60)], None),
        ([("elapse", 2 * DAY), ("start", 0)], 2 * DAY),
        ([("reboot", DAY)], DAY),
        ([("reboot", 2 * DAY)], None),
        ([("reboot", 2 * DAY), ("now", 0), ("elapse", DAY)], 3 * DAY),
    ],
    ids=str,
)
def test_a_date_has_come_whichever_clock_is_right(
    machine: Machine, steps: list[tuple[str, int]], passed: int | None
) -> None:
    """The earlier of store time and the wall; none for a day of running after a large step.

    Neither a restart nor a reboot makes that day shorter.
    """
    machine.commit()
    for step, seconds in steps:
        match step:
            case "start":
                machine.start()
            case "commit":
                machine.commit()
            case "now":
                machine.clock.now()
            case _:
                getattr(machine, step)(seconds * SECOND)
    date = machine.clock.date()
    wanted = None if passed is None else from_micros(NOON + passed * SECOND)
    assert date == wanted


async def test_a_clock_that_is_wrong_for_a_while_purges_nothing(
    machine: Machine, tmp_path: Path
) -> None:
    """Ten years ahead for an hour: what is kept for a year is kept."""
    policy = Policy(timedelta(minutes=10), timedelta(0), strict_rest=False)
    scope = Scope(EnvironmentId(1), ApplicationId(1))
    path = tmp_path / "interact-ivr.db"
    with _opened(machine, path) as writer:
        reader = Reader(path, machine.clock)
        await StoredNumbers(writer, reader).add(scope, [NewNumber(NumberKey("+1"), "1")])
        store, record = StoredAllocations(writer, reader), SqliteJournal(writer, reader)
        for interaction in ("a", "b", "c"):
            await store.allocate(scope, InteractionId(interaction), None, None, policy)
            await store.free(scope.environment, [NumberKey("+1")], None)
            machine.elapse(HOUR)
        for wrong in (3650 * DAY, -3650 * DAY):
            machine.set_wall(wrong * SECOND)
            await _purged_once(record, machine)
            machine.elapse(HOUR)
        machine.elapse(DAY * SECOND)
        await _purged_once(record, machine)
        assert len((await record.entries(scope.environment, None, "", 100)).entries) == 6
        machine.elapse(366 * DAY * SECOND)
        await _purged_once(record, machine)
        assert len((await record.entries(scope.environment, None, "", 100)).entries) == 1


async def _purged_once(record: SqliteJournal, machine: Machine) -> None:
    """Let the task have its first turn."""
    failures: list[Exception] = []
    purge = Purge(
        record,
        machine.clock.date,
        timedelta(days=365),
        purged=lambda _: None,
        failed=failures.append,
    )
    await purge.turn()
    assert failures == []


async def test_an_allocation_expires_in_time_though_the_clock_is_set_back(
    machine: Machine, tmp_path: Path
) -> None:
    """A hold of ten minutes is over after ten minutes, over a step of an hour and a restart."""
    policy = Policy(timedelta(minutes=10), timedelta(0), strict_rest=False)
    scope = Scope(EnvironmentId(1), ApplicationId(1))
    path = tmp_path / "interact-ivr.db"
    with _opened(machine, path) as writer:
        await StoredNumbers(writer, Reader(path, machine.clock)).add(
            scope, [NewNumber(NumberKey("+1"), "1")]
        )
        await StoredAllocations(writer, Reader(path, machine.clock)).allocate(
            scope, InteractionId("a"), None, None, policy
        )
    machine.set_wall(-HOUR)
    machine.elapse(5 * 60 * SECOND)
    machine.start()
    with _opened(machine, path) as writer:
        store = StoredAllocations(writer, Reader(path, machine.clock))
        machine.elapse(5 * 60 * SECOND - 1)
        assert (await store.sweep(10)).expired == ()
        machine.elapse(1)
        assert [each.interaction for each in (await store.sweep(10)).expired] == ["a"]


@contextmanager
def _opened(machine: Machine, path: Path) -> Iterator[Writer]:
    writer = Writer(path, machine.clock, with_each=machine.clock.keep)
    writer.start()
    try:
        yield writer
    finally:
        writer.close()


def test_the_machine_s_own_clocks() -> None:
    """Both run, the boot has a name, and store time is the time of day."""
    first, second = read_clocks(), read_clocks()
    assert first.boot <= second.boot
    assert abs(first.lead - second.lead) < SECOND
    assert len(boot_id()) == 36
    clock = StoreClock(first.lead, boot_id())
    assert abs(clock.now() - from_micros(read_clocks().wall)) < timedelta(seconds=1)
