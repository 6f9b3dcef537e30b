"""Opening a SQLite file: its pragmas, and its schema brought up to date by numbered migrations."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

from interact_ivr.stores.migrating import NEWER, SchemaError
from interact_ivr.stores.queries import load_migrations
from interact_ivr.stores.sqlite.lock import FileLock

OLDEST_SQLITE = (3, 37, 0)
"""STRICT tables."""
_KEPT_OF_WAL = 4 * 1024 * 1024
"""Bytes of the log that stay, as many as it has between two checkpoints.

What a long reader has made of it is given back when it begins anew.
"""
_OURS = {"number", "allocation", "answer", "journal"}


def create_database(path: Path) -> None:
    """Make an empty file at *path*, readable by its owner alone, unless there is one."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))


def open_database(path: Path, *, busy_timeout_ms: int = 250) -> sqlite3.Connection:
    """Open the file at *path* for the writer, with WAL and synchronous=FULL.

    A file that is gone is not made anew: who lost a store should not go on with an empty one. A
    later release's is left as it is, to the byte.

    Raises:
        SchemaError: as `check_version` does, or SQLite is too old.
    """
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        needed = ".".join(map(str, OLDEST_SQLITE))
        raise SchemaError(f"SQLite {needed} or later is needed, this is {sqlite3.sqlite_version}")
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
    )
    try:
        connection.execute(f"PRAGMA busy_timeout = {busy_timeout_ms:d}")
        check_version(connection)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA journal_size_limit = {_KEPT_OF_WAL:d}")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")  # what is purged is not left in free pages
    except (sqlite3.Error, SchemaError):
        connection.close()
        raise
    return connection


def identity_of(path: Path) -> tuple[int, int]:
    """Give what tells the file at *path* from all others: its device, its number there."""
    found = path.stat()
    return found.st_dev, found.st_ino


def check_ours(connection: sqlite3.Connection) -> int:
    """Give the schema's version; raise `SchemaError` for another program's file, left as it is."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema")}
    if not (tables >= _OURS if version else tables == set()):
        raise SchemaError("the file is a database of another program")
    return int(version)


def check_version(connection: sqlite3.Connection) -> tuple[int, int]:
    """Give the file's schema and the latest one that this release knows; 0 is an empty file.

    Raises:
        SchemaError: the file was written by a later release, or is another program's.
    """
    latest = len(load_migrations("sqlite"))
    version = check_ours(connection)
    if version > latest:
        raise SchemaError(
            f"the store has schema {version}, this release knows schemas up to {latest}: {NEWER}"
        )
    return version, latest


def check_present(connection: sqlite3.Connection) -> None:
    """Raise `SchemaError` for a file that this release's queries are not made for."""
    version, latest = check_version(connection)
    if version != latest:
        raise SchemaError(f"the store has schema {version}, and needs schema {latest} to be served")


def migrate_file(
    path: Path, who: str, then: Callable[[sqlite3.Connection], object] = lambda _: None
) -> int:
    """Bring the file at *path* up to date as `migrate` does, and do *then*, under its lock."""
    with FileLock(path, who), closing(open_database(path)) as connection:
        version = migrate(connection)
        then(connection)
        return version


def migrate(connection: sqlite3.Connection) -> int:
    """Bring the schema up to date, one transaction a migration; give its version.

    Raises:
        SchemaError: as `check_version` does.
    """
    version, latest = check_version(connection)
    for number, script in load_migrations("sqlite")[version:]:
        try:
            connection.executescript(
                f"BEGIN;\n{script}\nPRAGMA user_version = {number:d};\nCOMMIT;"
            )
        except sqlite3.Error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
    return latest
