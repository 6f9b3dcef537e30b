"""A filled store of every schema there was is upgraded to the present one, and nothing is lost."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from interact_ivr.domain.lifecycle import State
from interact_ivr.domain.values import Status
from interact_ivr.stores.migrating import SchemaError
from interact_ivr.stores.queries import load_migrations
from interact_ivr.stores.sqlite.schema import check_version, migrate, migrate_file
from tests.contract.stores import START, Pool, SqliteStore

FIXTURES = Path(__file__).parents[1] / "fixtures"
NUMBERS = {f"+38097452020{digit}": state for digit, state in enumerate([
    State.IDLE,
    State.IDLE,
    State.RESTING,
    State.ALLOCATED,
    State.IDLE,
    State.LAPSED,
    State.IDLE,
])}  # fmt: skip
NEVER, FREED, RETRIEVED, WAITING, EXPIRED, LAPSED, DISABLED = NUMBERS
EVENTS = [
    ("allocated", "freed"),
    ("freed", "freed"),
    ("allocated", "expired"),
    ("expired", "expired"),
    ("allocated", "lapsed"),
    ("allocated", "retrieved"),
    ("allocated", "waiting"),
    ("renewed", "waiting"),
    ("retrieved", "retrieved"),
    ("undelivered", "retrieved"),
]


def _schema_1(folder: Path) -> Path:
    path = folder / "interact-ivr.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((FIXTURES / "schema-1.sql").read_text("utf-8"))
    return path


def _rows(path: Path) -> dict[str, list[Any]]:
    """Read what schema 1 had, as it had it."""
    columns = {
        "environment": "id, tenant, name",
        "application": "id, environment_id, name",
        "number": "id, environment_id, application_id, number, entered, dnid, group_name, enabled,"
        " allocation_id, free_from",
        "allocation": "id, number_id, application_id, interaction, group_name, allocated_at,"
        " expires_at, ended_at, ended_as",
        "answer": "number_id, pbx, uniqueid, status, allocation_id, answered_at",
        "journal": "id, at, event, environment_id, number, allocation_id, interaction, expires_at,"
        " pbx, uniqueid, ani",
    }
    with closing(sqlite3.connect(path)) as connection:
        return {
            table: connection.execute(f"SELECT {names} FROM {table} ORDER BY 1, 2").fetchall()
            for table, names in columns.items()
        }


@pytest_asyncio.fixture
async def upgraded(tmp_path: Path) -> AsyncIterator[Pool]:
    """Give the pool of a store that was filled by the first release, an hour after its start."""
    _schema_1(tmp_path)
    pool = Pool(SqliteStore(tmp_path))
    pool.pass_(timedelta(hours=1))
    await pool.open()
    yield pool
    pool.store.close()


def test_every_row_of_schema_1_is_there_after_the_upgrade(tmp_path: Path) -> None:
    """Value by value, in every table."""
    path = _schema_1(tmp_path)
    before = _rows(path)
    assert all(before.values())
    assert migrate_file(path, "a test") == len(load_migrations("sqlite"))
    assert _rows(path) == before
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_an_upgraded_schema_is_the_one_a_new_store_has(tmp_path: Path) -> None:
    """Table by table, word by word."""
    query = "SELECT type, name, sql FROM sqlite_schema ORDER BY name"
    with closing(sqlite3.connect(":memory:")) as new, closing(
        sqlite3.connect(_schema_1(tmp_path))
    ) as old:  # fmt: skip
        migrate(new)
        migrate(old)
        assert old.execute(query).fetchall() == new.execute(query).fetchall()


async def test_every_number_stands_as_it_did(upgraded: Pool) -> None:
    """Idle, resting, allocated, lapsed; disabled or not; with its group; and the journal."""
    assert await upgraded.states() == NUMBERS
    shown = {str(number.number): number for number in await upgraded.shown()}
    assert [number for number in shown if not shown[number].enabled] == [DISABLED]
    assert (shown[EXPIRED].group, shown[LAPSED].group) == ("sales", "support")
    assert (shown[NEVER].dnid, shown[DISABLED].dnid) == ("0200", None)
    assert shown[WAITING].interaction == "waiting"
    assert upgraded.events() == EVENTS


async def test_life_goes_on_after_the_upgrade(upgraded: Pool) -> None:
    """Who waits is found, who was told is told again, what ran out expires, a new one is lent."""
    found = await upgraded.retrieve(WAITING, call="new")
    assert (found.interaction, found.waited) == ("waiting", timedelta(minutes=10))
    again = await upgraded.retrieve(RETRIEVED, call="pbx-1.7")
    assert (again.status, again.interaction, again.repeated) == (Status.FOUND, "retrieved", True)
    assert again.caller_match is None
    (expired,) = (await upgraded.sweep()).expired
    assert (expired.interaction, expired.at) == ("lapsed", START + timedelta(minutes=55))
    assert (await upgraded.allocate("new")).number == NEVER
    assert upgraded.events()[len(EVENTS) :] == [
        ("retrieved", "waiting"),
        ("expired", "lapsed"),
        ("allocated", "new"),
    ]


def _filled(path: Path, allocations: int) -> sqlite3.Connection:
    """Make a store of schema 1 in which every number was lent four times, as busy ones are."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript(f"{load_migrations('sqlite')[0][1]} PRAGMA user_version = 1; BEGIN;")
    connection.executemany(
        "INSERT INTO number VALUES (?1, 1, 1, '+' || ?1, ?1, NULL, NULL, 1, NULL, 1000)",
        ((number,) for number in range(allocations // 4)),
    )
    each = [(count, count % (allocations // 4), f"{count:026}") for count in range(allocations)]
    connection.executemany(
        "INSERT INTO allocation VALUES (?3, ?2, 1, ?1, NULL, ?1, ?1 + 9, ?1 + 5, 'retrieved')",
        each,
    )
    connection.executemany(
        "INSERT INTO answer VALUES (?2, 'main', ?1, 'FOUND', ?3, ?1 + 5)",
        each,
    )
    connection.executemany(
        "INSERT INTO journal VALUES ('1' || ?3, ?1 + 5, 'retrieved', 1, '+' || ?2, ?3, ?1, NULL,"
        " 'main', ?1, '+44' || ?1)",
        each,
    )
    connection.execute("COMMIT")
    return connection


def _steps(connection: sqlite3.Connection, at_most: int) -> int:
    """Upgrade, and count what SQLite does for it, in thousands; it is stopped beyond *at_most*."""
    thousands = 0

    def count() -> bool:
        nonlocal thousands
        thousands += 1
        return thousands > at_most

    connection.set_progress_handler(count, 1000)
    migrate(connection)
    connection.set_progress_handler(None, 0)
    return thousands


def test_a_store_ten_times_as_large_is_upgraded_with_ten_times_the_work(tmp_path: Path) -> None:
    """Not a hundred times; and each allocation has its own caller, each number its last one."""
    with closing(_filled(tmp_path / "small.db", 2_000)) as small:
        few = _steps(small, at_most=1_000_000)
    with closing(_filled(tmp_path / "large.db", 20_000)) as large:
        many = _steps(large, at_most=few * 13)
        assert many > few * 7
        wrong = "SELECT count(*) FROM allocation WHERE ended_by IS NOT '+44' || interaction"
        assert large.execute(wrong).fetchone() == (0,)
        last = "SELECT max(id) FROM allocation WHERE number_id = number.id"
        wrong = f"SELECT count(*) FROM number WHERE last_allocation_id IS NOT ({last})"
        assert large.execute(wrong).fetchone() == (0,)


def test_a_later_schema_is_refused(tmp_path: Path) -> None:
    """Not a byte is written, and the sentence says which one it is."""
    path = _schema_1(tmp_path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 999")
    before = path.read_bytes()
    with pytest.raises(SchemaError, match="has schema 999, this release knows schemas up to"):
        migrate_file(path, "a test")
    assert path.read_bytes() == before


@pytest.mark.parametrize("version", [0, 1])
def test_another_program_s_database_is_refused(version: int) -> None:
    """Whatever its version is."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE number (id)")
        connection.execute(f"PRAGMA user_version = {version}")
        with pytest.raises(SchemaError, match="another program"):
            check_version(connection)
