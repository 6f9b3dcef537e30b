"""A filled store of each earlier schema, of either kind, is upgraded: row by row all is there."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from interact_ivr.domain.names import ApplicationId, EnvironmentId, Scope
from interact_ivr.domain.values import Status
from interact_ivr.stores.postgres.schema import migrate as migrate_postgres
from interact_ivr.stores.queries import load_migrations
from interact_ivr.stores.sqlite.schema import migrate, migrate_file
from tests.contract.cluster import databases
from tests.contract.earlier_rows import HELD, ROWS, of_columns
from tests.contract.stores import Pool, PostgresStore, SqliteStore

SQLITE, POSTGRES = load_migrations("sqlite"), load_migrations("postgres")
BY_MIGRATIONS = {"inventory"}
"""Tables whose only row the migrations write; it says more in a later schema."""
OF_POSTGRES = {"schema_version", "copied_from"}

Content = Mapping[str, tuple[Sequence[str], Sequence[Any]]]
"""Of each table, its columns and its rows, in order."""


def _sqlite_of(path: Path, version: int) -> None:
    """Make a file as the release of schema *version* did, and fill it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        for number, script in SQLITE[:version]:
            connection.executescript(f"BEGIN;\n{script}\nPRAGMA user_version = {number};\nCOMMIT;")
        tables = _columns_of_sqlite(connection)
        for table in (each for each in ROWS if each in tables):
            for row in of_columns(table, tables[table]):
                named = ", ".join(row), ", ".join(f":{name}" for name in row)
                connection.execute(f"INSERT INTO {table} ({named[0]}) VALUES ({named[1]})", row)


def _columns_of_sqlite(connection: sqlite3.Connection) -> dict[str, list[str]]:
    query = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    named = "SELECT name FROM pragma_table_info(?)"
    return {
        table: [name for (name,) in connection.execute(named, (table,))]
        for (table,) in connection.execute(query).fetchall()
    }


def _content_of_sqlite(path: Path, like: Content | None = None) -> Content:
    """Read the file; the tables and columns of *like*, or all."""
    with closing(sqlite3.connect(path)) as connection:
        tables = _columns_of_sqlite(connection)
        columns = {name: tuple(like[name][0]) for name in like} if like else tables
        return {
            table: (of, sorted(connection.execute(f"SELECT {', '.join(of)} FROM {table}"), key=str))
            for table, of in columns.items()
        }


@pytest.mark.parametrize("version", range(1, len(SQLITE) + 1))
def test_every_row_of_every_table_is_there_after_an_upgrade(tmp_path: Path, version: int) -> None:
    """Value by value; none is there twice, and what refers to another row still does."""
    path = tmp_path / "interact-ivr.db"
    _sqlite_of(path, version)
    before = _content_of_sqlite(path)
    assert [table for table, (_, rows) in before.items() if not rows] == []
    assert migrate_file(path, "a test") == len(SQLITE)
    assert _content_of_sqlite(path, before) == _listed(before)
    with closing(sqlite3.connect(path)) as connection, closing(sqlite3.connect(":memory:")) as new:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        migrate(new)
        query = "SELECT type, name, sql FROM sqlite_schema ORDER BY name"
        assert connection.execute(query).fetchall() == new.execute(query).fetchall()


def _listed(content: Content) -> Content:
    return {table: (tuple(columns), rows) for table, (columns, rows) in content.items()}


@pytest.mark.parametrize("version", range(1, len(SQLITE) + 1))
async def test_who_waits_is_found_after_an_upgrade(tmp_path: Path, version: int) -> None:
    """Whichever release lent the number."""
    store = SqliteStore(tmp_path)
    _sqlite_of(store.path, version)
    await _is_found(Pool(store))


@pytest.fixture(params=range(1, len(POSTGRES) + 1))
def earlier(request: pytest.FixtureRequest) -> Iterator[tuple[str, psycopg.Connection[Any]]]:
    """Give a database as the release of each schema made and filled it, by its name, connected."""
    version = request.param
    name = f"of_schema_{version}"
    with closing(databases().connect("postgres")) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    with closing(databases().connect(name)) as connection:
        migrate_postgres(connection, POSTGRES[:version])
        tables = _columns_of_postgres(connection)
        for table in (each for each in ROWS if each in tables):
            for row in of_columns(table, tables[table]):
                connection.execute(_insertion(table, row), row)
        yield name, connection


def _insertion(table: str, row: Mapping[str, Any]) -> sql.Composed:
    return sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, row)),
        sql.SQL(", ").join(map(sql.Placeholder, row)),
    )


def _columns_of_postgres(connection: psycopg.Connection[Any]) -> dict[str, list[str]]:
    query = (
        "SELECT table_name, column_name FROM information_schema.columns"
        " WHERE table_schema = 'public' ORDER BY table_name, ordinal_position"
    )
    tables: dict[str, list[str]] = {}
    for table, column in connection.execute(query).fetchall():
        if table not in OF_POSTGRES:
            tables.setdefault(table, []).append(column)
    return tables


def _content_of_postgres(
    connection: psycopg.Connection[Any], columns: Mapping[str, Sequence[str]]
) -> Content:
    content = {}
    for table, of in columns.items():
        named = sql.SQL(", ").join(map(sql.Identifier, of))
        query = sql.SQL("SELECT {} FROM {}").format(named, sql.Identifier(table))
        content[table] = (of, sorted(connection.execute(query).fetchall(), key=str))
    return content


async def test_postgres_has_every_row_after_an_upgrade(
    earlier: tuple[str, psycopg.Connection[Any]], tmp_path: Path
) -> None:
    """Value by value, in every table; and who waits is found."""
    name, connection = earlier
    columns = _columns_of_postgres(connection)
    before = _content_of_postgres(connection, columns)
    assert [table for table, (_, rows) in before.items() if not rows] == []
    assert migrate_postgres(connection) == len(POSTGRES)
    assert _content_of_postgres(connection, columns) == before
    await _is_found(Pool(PostgresStore(tmp_path, connecting=databases().connecting(name))))


def test_the_rows_are_of_every_table_that_there_is() -> None:
    """A migration that adds a table adds rows of it here."""
    with closing(sqlite3.connect(":memory:")) as connection:
        migrate(connection)
        tables = _columns_of_sqlite(connection)
    assert set(ROWS) | BY_MIGRATIONS == set(tables)
    for table, columns in tables.items():
        named = {name for row in ROWS.get(table, []) for name in row}
        assert table in BY_MIGRATIONS or named == set(columns)


async def _is_found(pool: Pool) -> None:
    """Call the number that is held in every earlier store, an hour after the test's start."""
    pool.pass_(timedelta(hours=1))
    await pool.open()
    pool.scope = Scope(EnvironmentId(1), ApplicationId(1))
    try:
        found = await pool.retrieve(f"+{HELD}", call="new")
        assert (found.status, found.interaction) == (Status.FOUND, "waiting")
    finally:
        pool.store.close()
