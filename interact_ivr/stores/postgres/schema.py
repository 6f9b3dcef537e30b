"""PostgreSQL's schema, brought up to date by numbered migrations under the lock of one row.

Nodes of two releases may run at the same time while they are being upgraded: so a migration says,
in its first line, the oldest schema whose release still runs with it.
"""

import re
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime

import psycopg

from interact_ivr.stores.migrating import NEWER, SchemaError
from interact_ivr.stores.operations.times import from_micros
from interact_ivr.stores.postgres.connecting import Connecting, Connection
from interact_ivr.stores.postgres.failures import unavailable
from interact_ivr.stores.queries import load_migrations

OLDEST_POSTGRES = 140000
_RUNS_WITH = re.compile(r"-- runs with: (\d+)\n")
_CREATE = """
    CREATE TABLE IF NOT EXISTS schema_version (
        id BIGINT PRIMARY KEY CHECK (id = 1),
        version BIGINT NOT NULL,
        runs_with BIGINT NOT NULL
    );
    INSERT INTO schema_version (id, version, runs_with) VALUES (1, 0, 0) ON CONFLICT DO NOTHING;
    CREATE TABLE IF NOT EXISTS copied_from (
        id BIGINT PRIMARY KEY CHECK (id = 1),
        source TEXT NOT NULL,     -- the file, and on which machine
        state TEXT NOT NULL,      -- when that was written last
        begun_at BIGINT NOT NULL,
        table_name TEXT,          -- how far it has come: up to and with the row of this key
        up_to TEXT,
        finished_at BIGINT,       -- NULL: no node may have it
        outcome TEXT              -- JSON
    )
"""
_MADE_JUST_NOW = (
    psycopg.errors.UniqueViolation,
    psycopg.errors.DuplicateObject,
    psycopg.errors.DuplicateTable,
)
"""What IF NOT EXISTS says where another one makes the same at the same time."""
_LOCK = "SELECT version, runs_with FROM schema_version WHERE id = 1 FOR UPDATE"
_PRESENT = "SELECT version, runs_with FROM schema_version WHERE id = 1"
_UNFINISHED = "SELECT source FROM copied_from WHERE finished_at IS NULL"
_KEEP = "UPDATE schema_version SET version = %s, runs_with = %s WHERE id = 1"


def migrate(connection: Connection, migrations: Sequence[tuple[int, str]] | None = None) -> int:
    """Bring the schema up to date, in one transaction; give its version.

    Raises:
        SchemaError: it was written by a release that ours does not run with, or the server is old.
        psycopg.Error: it cannot be done; nothing of it is there.
    """
    if connection.info.server_version < OLDEST_POSTGRES:
        raise SchemaError(f"PostgreSQL {OLDEST_POSTGRES // 10_000} or later is needed")
    migrations = load_migrations("postgres") if migrations is None else migrations
    connection.execute(_CREATE)
    with connection.transaction():
        row = connection.execute(_LOCK).fetchone()
        version, runs_with = row or (0, 0)
        if runs_with > len(migrations):
            raise SchemaError(
                f"the store has schema {version}, this release knows schemas up to "
                f"{len(migrations)}: {NEWER}"
            )
        for number, script in migrations[version:]:
            connection.execute(script)
            connection.execute(_KEEP, [number, oldest_that_runs_with(script)])
    return max(int(version), len(migrations))


def oldest_that_runs_with(script: str) -> int:
    """Read from a migration the oldest schema whose release still runs with it."""
    found = _RUNS_WITH.match(script)
    if found is None:
        raise ValueError("a migration begins with the schema whose release still runs with it")
    return int(found[1])


def check_whole(connection: Connection) -> None:
    """Raise `SchemaError` where a copy into this store is not finished."""
    row = connection.execute(_UNFINISHED).fetchone()
    if row is not None:
        raise SchemaError(
            f"the copy of {row[0]} into the store is not finished: "
            "the same `interact-ivr db copy` again goes on with it"
        )


def prepare(connecting: Connecting) -> datetime:
    """Bring the schema up to date, also where another node is about to, and give the time.

    Raises:
        StoreUnavailable: the server cannot be reached, or will not have us.
        SchemaError: as `migrate` and `check_whole` do.
    """
    try:
        with closing(connecting.open()) as connection:
            try:
                connection.execute(_CREATE)
            except _MADE_JUST_NOW:
                connection.execute(_CREATE)
            check_whole(connection)
            migrate(connection)
            ((now,),) = connection.execute("SELECT store_now()").fetchall()
    except psycopg.Error as error:
        raise unavailable(error) from error
    return from_micros(now)


def look(connecting: Connecting) -> tuple[int, int, int]:
    """Give the schema that is there, the oldest that runs with it, and the latest that we know.

    Nothing is changed; where there is no schema yet, the first two are 0.

    Raises:
        StoreUnavailable: the server cannot be reached, or will not have us.
    """
    latest = len(load_migrations("postgres"))
    try:
        with closing(connecting.open()) as connection:
            ((there,),) = connection.execute("SELECT to_regclass('schema_version')").fetchall()
            if there is None:
                return 0, 0, latest
            row = connection.execute(_PRESENT).fetchone()
    except psycopg.Error as error:
        raise unavailable(error) from error
    version, runs_with = row or (0, 0)
    return int(version), int(runs_with), latest
