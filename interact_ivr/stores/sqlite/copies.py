"""Copies of a store: a backup beside the running service, and putting one in the store's place.

A backup reads one committed state through a connection of its own, as WAL allows: nobody waits
for it, and it waits for nobody.
"""

import itertools
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from interact_ivr.domain.acts import Told
from interact_ivr.stores.migrating import CopyError, SchemaError
from interact_ivr.stores.sqlite import trail
from interact_ivr.stores.sqlite.failures import unavailable
from interact_ivr.stores.sqlite.lock import FileLock
from interact_ivr.stores.sqlite.schema import check_version, create_database

Progress = Callable[[int, int], None]
"""Told how many pages are done, and of how many."""

_STEP_PAGES = 256
_BESIDE = ("-wal", "-shm")
_OWN = (*_BESIDE, "-journal", ".lock", ".ani-key", ".making")
"""How the names of a store's other files end."""


def back_up(database: Path, to: Path, progress: Progress, *, replace: bool = False) -> int:
    """Write the store's present state to *to*, readable by its owner alone; give its size.

    The file appears there whole, checked and on disk, or not at all.

    Raises:
        CopyError: *to* is there and may not be replaced, is a file of the store's own, or the copy
            is damaged.
    """
    _check_apart(to, database)
    if to.exists() and not replace:
        raise CopyError(f"{to} is there already")
    with closing(reading(database)) as source, _made_whole(to) as copy:
        _check_ours(source, database)
        _copy(source, copy, progress)
    return to.stat().st_size


def restore(
    database: Path, backup: Path, who: str, progress: Progress, told: Told | None = None
) -> Path | None:
    """Put *backup* in the place of the store at *database*; give where the old one is now.

    What is *told* of it is in the restored store's audit trail, if its schema has one.

    Raises:
        StoreHeldError: the service runs.
        CopyError, SchemaError: *backup* is damaged, another program's, or of a later release.
    """
    _check_apart(backup, database)
    database.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    with FileLock(database, who), closing(reading(backup)) as source:
        _check_ours(source, backup)
        aside = None
        with _made_whole(database) as copy:
            _copy(source, copy, progress)
            if told is not None:
                with closing(sqlite3.connect(copy, isolation_level=None)) as restored:
                    trail.add(restored, told)
            _give_to_owner_of(database if database.exists() else database.parent, copy)
            if database.exists():
                aside = _put_aside(database)
    return aside


def schema_of(database: Path) -> tuple[int, int]:
    """Give the schema of the store at *database*, and the latest one; raises `SchemaError`."""
    with closing(reading(database)) as connection:
        return check_version(connection)


def reading(file: Path) -> sqlite3.Connection:
    """Open *file* to read one committed state of it, the same one to the end."""
    if not file.is_file():
        raise CopyError(f"{file} is not there")
    connection = sqlite3.connect(
        f"{file.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None
    )
    try:
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM sqlite_schema")
    except sqlite3.DatabaseError as error:
        connection.close()
        raise CopyError(f"{file}: {unavailable(error).reason}") from error
    return connection


def _check_apart(copy: Path, database: Path) -> None:
    """Refuse a *copy* that is the store or one of its own files, there or not, by any name.

    What a copy is made in may be none of them either.
    """
    own = {"": "the store itself"} | dict.fromkeys(_OWN, "a file of the store's own")
    stores = (database, Path(os.path.realpath(database)))  # SQLite has a link's at its target
    for (ending, what), store in itertools.product(own.items(), stores):
        for file in (copy, _making(copy)):
            if _is_same(file, Path(f"{store}{ending}")):
                raise CopyError(f"{file} is {what}")


def _is_same(one: Path, other: Path) -> bool:
    if os.path.realpath(one) == os.path.realpath(other):
        return True
    return one.exists() and other.exists() and one.samefile(other)


def _check_ours(connection: sqlite3.Connection, file: Path) -> None:
    try:
        version, _ = check_version(connection)
    except SchemaError as error:
        raise SchemaError(f"{file}: {error}") from None
    if version == 0:
        raise SchemaError(f"{file}: there is nothing in it")


@contextmanager
def _made_whole(file: Path) -> Iterator[Path]:
    """Give a file to be filled beside *file*, and put it in its place when it is on disk."""
    making = _making(file)
    _remove(making)
    create_database(making)
    try:
        yield making
        _sync(making)
        making.replace(file)
        _sync(file.parent)
    finally:
        _remove(making)


def _making(file: Path) -> Path:
    return file.with_name(f"{file.name}.making")


def _copy(source: sqlite3.Connection, to: Path, progress: Progress) -> None:
    with closing(sqlite3.connect(to, isolation_level=None)) as copy:
        source.backup(
            copy,
            pages=_STEP_PAGES,
            progress=lambda _, remaining, total: progress(total - remaining, total),
        )
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, whole without a -wal beside it
        (found,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
    if found != "ok":
        raise CopyError(f"the copy is damaged: {' '.join(found.split())}")


def _give_to_owner_of(model: Path, file: Path) -> None:
    """Let the service's own user have what root restores."""
    if os.geteuid() == 0:
        owner = model.stat()
        os.chown(file, owner.st_uid, owner.st_gid)


def _put_aside(database: Path) -> Path:
    """Keep the old store under a dated name; the name *database* stays, for the new one.

    What its -wal holds is written into it first, or kept beside it where it is damaged.
    """
    with suppress(sqlite3.DatabaseError), closing(sqlite3.connect(database)) as old:
        old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    aside = _unused(f"{database}.{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
    for ending in _BESIDE:
        with suppress(FileNotFoundError):
            Path(f"{database}{ending}").rename(f"{aside}{ending}")
    aside.hardlink_to(database)
    return aside


def _unused(name: str) -> Path:
    file, count = Path(name), 1
    while file.exists():
        count += 1
        file = Path(f"{name}-{count}")
    return file


def _remove(file: Path) -> None:
    for ending in ("", "-journal", *_BESIDE):
        Path(f"{file}{ending}").unlink(missing_ok=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
