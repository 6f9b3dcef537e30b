"""The audit trail of a SQLite store, for what is done to its file as a whole, past any service."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from interact_ivr.domain.acts import Told
from interact_ivr.domain.names import new_ulid
from interact_ivr.stores.operations import audit
from interact_ivr.stores.queries import load_queries
from interact_ivr.stores.sqlite.clock import StoreClock, boot_id
from interact_ivr.stores.sqlite.lock import FileLock
from interact_ivr.stores.sqlite.schema import open_database


def add_alone(database: Path, told: Told) -> bool:
    """Put *told* on record in the store at *database*, which nobody serves; see `add`.

    Raises:
        StoreHeldError: somebody does.
        SchemaError: as `open_database` does.
    """
    who = f"interact-ivr {told.action.replace('.', ' ')}"
    with FileLock(database, who), closing(open_database(database)) as connection:
        return add(connection, told)


def add(connection: sqlite3.Connection, told: Told) -> bool:
    """Put *told* on record, in the transaction under way; False: that schema has no audit trail."""
    if connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'audit'").fetchone() is None:
        return False
    now = StoreClock.of(connection, boot_id()).now()
    row = audit.row(told, new_ulid(now, os.urandom(10)), now)
    connection.execute(load_queries("sqlite")["add_audit"], row)
    return True
