"""A store copied into PostgreSQL: the same pool goes on there, and nobody's time is longer."""

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

import pytest
import pytest_asyncio
from hypothesis import settings
from hypothesis.stateful import precondition, rule, run_state_machine_as_test

from interact_ivr.domain.acts import Act, Actor
from interact_ivr.domain.directory import AddTenant
from interact_ivr.domain.errors import StoreUnavailable
from interact_ivr.domain.lifecycle import Policy
from interact_ivr.domain.values import Status
from interact_ivr.stores.copied_tables import LEFT, TABLES
from interact_ivr.stores.copying import Copied, copy_store
from interact_ivr.stores.migrating import CopyError, SchemaError
from interact_ivr.stores.operations.times import to_micros
from interact_ivr.stores.postgres.connecting import Connecting
from interact_ivr.stores.postgres.schema import prepare
from interact_ivr.stores.postgres.target import Target, opened_target
from interact_ivr.stores.sqlite.clock import boot_id, read_clocks
from interact_ivr.stores.sqlite.holding import HeldStore, held
from tests.contract.cluster import databases
from tests.contract.stores import HOLD, REST, Pool, PostgresStore, SqliteStore
from tests.contract.test_state_machine import PoolMachine

ONE, TWO, THREE = (f"+38097452020{digit}" for digit in range(3))
ANI = "+441632960001"
SECOND = timedelta(seconds=1)
USED = 6
"""Allocations."""
POLICY = Policy(HOLD, REST, redial_for=HOLD, late_for=HOLD)
TOLD = Act(Actor("uid 0 (root)", "command line"), "db.copy").told()


def real_now() -> datetime:
    """Give the machine's time."""
    return datetime.now(UTC)


@pytest_asyncio.fixture
async def pool(tmp_path: Path) -> AsyncIterator[Pool]:
    """Give a pool of three numbers in a file, by the machine's time as the test began."""
    pool = Pool(SqliteStore(tmp_path))
    pool.clock.at = real_now()
    await pool.open()
    await pool.add(ONE, TWO, THREE)
    yield pool
    pool.store.close()


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[PostgresStore]:
    """Give an empty database, without anybody who is connected to it."""
    store = PostgresStore(tmp_path, pinned=False)
    databases().own(store.name).close()
    yield store
    store.close()


@contextmanager
def both(
    pool: Pool, shared: PostgresStore, connecting: Connecting | None = None
) -> Iterator[tuple[HeldStore, Target]]:
    """Give the file and the database as a copy has them."""
    pool.store.close()
    databases().own(shared.name).close()
    with (
        held(cast("SqliteStore", pool.store).path, "a test") as source,
        opened_target(connecting or shared.connecting, source.name, source.state) as target,
    ):
        yield source, target


def copy(pool: Pool, shared: PostgresStore, connecting: Connecting | None = None) -> Copied:
    """Copy the pool's file."""
    with both(pool, shared, connecting) as (source, target):
        return copy_store(source, target, lambda *_: None, TOLD)


async def moved(pool: Pool, shared: PostgresStore) -> Pool:
    """Give the pool as it goes on in the copy, by the server's time."""
    pool.store = shared
    await pool.open()
    return pool


def at(shared: PostgresStore, now: datetime) -> Connecting:
    """Give what connects to a server whose time stands."""
    url = shared._databases.cluster.url(shared.name)
    return Connecting(
        f"{url}&options={quote(f'-cinteract_ivr.now={to_micros(now)}')}", lambda: None, 10
    )


def test_every_table_is_copied_or_left_for_a_reason(tmp_path: Path) -> None:
    """A schema that grows says what becomes of what is new."""
    store = SqliteStore(tmp_path)
    store.open(Pool(store).clock, lambda _: None)
    store.close()
    assert {table for table, _ in store.columns()} == {*TABLES, *LEFT}


class MovingMachine(PoolMachine):
    """A pool that is copied into PostgreSQL once it has been in use, and goes on there."""

    def __init__(self) -> None:
        """Begin in a file."""
        super().__init__("sqlite")
        self.moved = False

    @precondition(lambda self: len(self.lent) > USED and not self.moved)
    @rule()
    def move(self) -> None:
        """Find in the copy whatever there was, in any state."""
        shared = PostgresStore(Path(self._folder.name))
        copied = copy(self.pool, shared)
        assert copied.different == []
        assert copied.ahead_seconds == 0
        self.pool.store = shared
        self.moved = True
        self.run(self.pool.open())


@pytest.mark.timeout(600)  # a failure is made small before it is told
def test_any_pool_goes_on_in_its_copy_as_the_model_says() -> None:
    """Any order of operations before the copy and after it: answers, numbers, journal."""
    drive(max_examples=2)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_any_pool_goes_on_in_its_copy_as_the_model_says_for_long() -> None:
    """The same, three hundred times."""
    drive(max_examples=300)


def drive(*, max_examples: int) -> None:
    """Run the machine."""
    usual = settings(deadline=None, max_examples=max_examples, stateful_step_count=40)
    run_state_machine_as_test(cast("Any", MovingMachine), settings=usual)


async def test_who_waits_is_found_and_an_old_call_is_told_the_same(
    pool: Pool, shared: PostgresStore
) -> None:
    """Also who redials and who comes too late; the next one gets the longest-rested number."""
    await pool.allocate("told")
    told = await pool.retrieve(ONE, call="1", ani=ANI)
    await pool.allocate("waiting")
    copied = copy(pool, shared)
    assert copied.journal.source.rows == copied.journal.target.rows == 3
    await moved(pool, shared)
    again = await pool.retrieve(ONE, call="1", ani=ANI)
    assert (again.status, again.interaction, again.repeated) == (Status.FOUND, "told", True)
    assert again.allocation == told.allocation
    found = await pool.retrieve(TWO, call="2")
    assert (found.status, found.interaction) == (Status.FOUND, "waiting")
    redialed = await pool.retrieve(ONE, call="3", ani=ANI, policy=POLICY)
    assert (redialed.status, redialed.interaction) == (Status.REDIAL, "told")
    assert (await pool.retrieve(ONE, call="4", policy=POLICY)).status is Status.LATE
    assert (await pool.allocate("next")).number == THREE


async def test_all_that_was_set_up_is_there(pool: Pool, shared: PostgresStore) -> None:
    """Tenants, and so whatever hangs on them."""
    await pool.directory.change(AddTenant("another"))
    before = await pool.directory.read()
    copy(pool, shared)
    assert await (await moved(pool, shared)).directory.read() == before


@pytest.mark.parametrize("ahead", [300, -300])
async def test_nobody_waits_longer_nor_less_where_clocks_differ(
    pool: Pool, shared: PostgresStore, ahead: int
) -> None:
    """The end of a wait is as far away by the server's clock; what has been stays on record."""
    lent = await pool.allocate("waiting")
    await pool.allocate("over")
    await pool.retrieve(TWO, call="1")
    await pool.ringing(ONE, "2", HOLD)
    keep_lead(pool, timedelta(seconds=max(ahead, 0)))
    late = at(shared, real_now() + timedelta(seconds=max(-ahead, 0)))
    copied = copy(pool, shared, late)
    assert copied.different == []
    assert abs(copied.ahead_seconds - ahead) < 100
    shift = timedelta(seconds=copied.ahead_seconds)
    ((expires,),) = shared.rows("SELECT expires_at FROM allocation WHERE ended_at IS NULL")
    ((free,),) = shared.rows("SELECT free_from FROM number WHERE allocation_id IS NOT NULL")
    assert expires == free == to_micros(lent.expires_at - shift)
    ((since, until),) = shared.rows("SELECT since, until FROM ringing")
    assert since == to_micros(pool.clock.at - shift)
    assert until == to_micros(pool.clock.at + HOLD - shift)
    assert shared.rows("SELECT expires_at - allocated_at FROM allocation WHERE ended_at > 0") == [
        (to_micros(lent.expires_at) - to_micros(lent.allocated_at),)
    ]


def keep_lead(pool: Pool, ahead: timedelta) -> None:
    """Let the file's time be ahead of the machine's, as after a step backwards."""
    lead = read_clocks().lead + ahead // timedelta(microseconds=1)
    with closing(sqlite3.connect(cast("SqliteStore", pool.store).path)) as connection, connection:
        values = (boot_id(), lead)
        connection.execute("INSERT INTO clock (id, boot, lead) VALUES (1, ?, ?)", values)


async def test_a_server_that_is_behind_the_journal_is_waited_for(
    pool: Pool, shared: PostgresStore
) -> None:
    """So its time does not stand still for who waits."""
    pool.clock.at = real_now() + SECOND
    lent = await pool.allocate("waiting")
    keep_lead(pool, SECOND)
    assert copy(pool, shared).different == []
    assert real_now() >= pool.clock.at
    ((expires,),) = shared.rows("SELECT expires_at FROM allocation")
    assert abs(expires - to_micros(lent.expires_at)) < 2 * SECOND // timedelta(microseconds=1)


async def test_a_server_that_is_far_behind_has_no_copy(pool: Pool, shared: PostgresStore) -> None:
    """Nothing is written; it says by how much."""
    pool.clock.at = real_now() + timedelta(hours=1)
    await pool.allocate("waiting")
    with pytest.raises(CopyError, match=r"clock is 0:5\d:\d\d.* behind the journal"):
        copy(pool, shared)
    assert shared.rows("SELECT 1 FROM copied_from") == []


async def test_a_database_in_use_is_left_alone(pool: Pool, shared: PostgresStore) -> None:
    """One with a number, a tenant or a setting of its own; one that a node is connected to."""
    for used in (
        "INSERT INTO number (id, environment_id, application_id, number, entered, enabled)"
        " VALUES (1, 1, 1, '+49', '+49', 1)",
        "INSERT INTO tenant (name) VALUES ('mine')",
        "UPDATE environment SET dial_plan = 'mine'",
        "UPDATE application SET late_for = 1",
    ):
        shared.rows(used)
        with pytest.raises(CopyError, match="the database is in use: a copy needs one of its own"):
            copy(pool, shared)
        shared.rows("DELETE FROM number; DELETE FROM tenant WHERE name = 'mine'")
        shared.rows("UPDATE environment SET dial_plan = NULL")
        shared.rows("UPDATE application SET late_for = NULL")
    with (
        shared.connecting.open(),
        pytest.raises(CopyError, match="in use: a node is connected to it"),
    ):
        copy(pool, shared)
    assert copy(pool, shared).different == []


async def test_a_node_that_comes_before_the_end_is_told_of(
    pool: Pool, shared: PostgresStore
) -> None:
    """One that had opened the store before the copy began: that is not finished then."""
    with both(pool, shared) as (source, target):
        target.claim()
        with (
            shared.connecting.open(),
            pytest.raises(CopyError, match="in use: a node is connected to it"),
        ):
            copy_store(source, target, lambda *_: None)
        assert not copy_store(source, target, lambda *_: None).different


async def test_no_node_starts_on_half_a_copy(pool: Pool, shared: PostgresStore) -> None:
    """It is told what to do."""
    with both(pool, shared) as (_, target):
        target.claim()
    with pytest.raises(SchemaError, match=r"interact-ivr.db into the store is not finished"):
        prepare(shared.connecting)
    copy(pool, shared)
    assert prepare(shared.connecting) <= real_now() + SECOND


async def test_half_a_copy_is_gone_on_with_or_begun_anew(pool: Pool, shared: PostgresStore) -> None:
    """Anew where the file was written to meanwhile: the service ran between the two."""
    with both(pool, shared) as (source, target):
        target.claim()
        tables = {table.name: table for table in source.tables}
        for name in ("tenant", "environment"):
            target.put(tables[name], source.page(tables[name], None))
    assert copy(pool, shared).resumed
    anew = PostgresStore(Path(), pinned=False)
    with both(pool, anew) as (source, target):
        target.claim()
        target.put(tables["tenant"], source.page(tables["tenant"], None))
    await pool.open()
    await pool.allocate("later")
    copied = copy(pool, anew)
    assert (copied.resumed, copied.different) == (False, [])
    assert anew.rows("SELECT interaction FROM allocation") == [("later",)]


async def test_a_finished_copy_is_told_again_and_not_made_again(
    pool: Pool, shared: PostgresStore
) -> None:
    """Whoever was killed before telling tells the same; a file that went on is another matter."""
    copied = copy(pool, shared)
    again = copy(pool, shared)
    assert (again.tables, again.resumed) == (copied.tables, True)
    assert shared.rows("SELECT who, action FROM audit") == [(TOLD.who, TOLD.action)]
    await pool.open()
    await pool.allocate("later")
    with pytest.raises(CopyError, match="was written to since"):
        copy(pool, shared)
    with pytest.raises(CopyError, match="the database has a copy of"):
        copy(await another(pool), shared)


async def another(pool: Pool) -> Pool:
    """Give a pool in another file."""
    folder = cast("SqliteStore", pool.store).path.parent / "another"
    folder.mkdir()
    other = Pool(SqliteStore(folder))
    await other.open()
    return other


async def test_two_copies_at_once_are_one(pool: Pool, shared: PostgresStore) -> None:
    """Who has lost touch with what the other one has done gives up, and nothing is there twice."""
    with both(pool, shared) as (source, target):
        target.claim()
        with opened_target(shared.connecting, source.name, source.state) as other:
            assert other.claim()
            (tenant,) = [each for each in source.tables if each.name == "tenant"]
            target.put(tenant, source.page(tenant, None))
            with pytest.raises(CopyError, match="another copy has come in between"):
                other.put(tenant, source.page(tenant, None))
        assert not copy_store(source, target, lambda *_: None).different


async def test_a_difference_is_found_and_named(pool: Pool, shared: PostgresStore) -> None:
    """By the sums of the rows; the copy is not served then, however often it is tried."""
    await pool.allocate("waiting")
    with both(pool, shared) as (source, target):
        target.claim()
        for table in source.tables:
            if rows := source.page(table, None):
                target.put(table, rows)
    shared.rows("UPDATE journal SET ani = '0'")
    copied = copy(pool, shared)
    assert copied.different == ["journal"]
    assert copied.journal.source.rows == copied.journal.target.rows == 1
    with pytest.raises(SchemaError, match="not finished"):
        prepare(shared.connecting)


async def test_a_server_that_goes_away_is_one_sentence(pool: Pool, shared: PostgresStore) -> None:
    """And the copy goes on afterwards."""
    with pytest.raises(StoreUnavailable, match="it is being shut down or started"):
        break_off(pool, shared)
    assert copy(pool, shared).different == []


def break_off(pool: Pool, shared: PostgresStore) -> None:
    """Let the server end the copy's connection when a part of it is there."""
    with both(pool, shared) as (source, target):
        target.claim()
        shared.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'interact-ivr db copy'"
        )
        copy_store(source, target, lambda *_: None)


def test_a_store_without_a_file_or_of_another_schema_is_no_source(tmp_path: Path) -> None:
    """A sentence each; no file is made."""
    file = tmp_path / "nothing.db"
    with pytest.raises(CopyError, match="is not there"), held(file, "a test"):
        pass
    assert [*tmp_path.iterdir()] == []
    store = SqliteStore(tmp_path)
    store.open(Pool(store).clock, lambda _: None)
    store.close()
    with closing(sqlite3.connect(store.path)) as connection:
        connection.execute("PRAGMA user_version = 1")
    with pytest.raises(SchemaError, match="has schema 1, this release has"), held(store.path, "x"):
        pass
