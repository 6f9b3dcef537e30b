"""SQLite's failures in the administrator's words; the driver's own stay the cause, for the log."""

import sqlite3

from interact_ivr.domain.errors import StoreUnavailable
from interact_ivr.stores.migrating import SchemaError

_REASONS = {
    sqlite3.SQLITE_BUSY: "another program holds its file",
    sqlite3.SQLITE_LOCKED: "another program holds its file",
    sqlite3.SQLITE_FULL: "its disk, or its file, is full",
    sqlite3.SQLITE_READONLY: "it is read-only",
    sqlite3.SQLITE_PERM: "its file may not be opened",
    sqlite3.SQLITE_CANTOPEN: "its file cannot be opened",
    sqlite3.SQLITE_IOERR: "its file cannot be read or written",
    sqlite3.SQLITE_CORRUPT: "its file is damaged",
    sqlite3.SQLITE_NOTADB: "its file is no database",
}


def unavailable(error: Exception) -> StoreUnavailable:
    """Tell *error* as a refusal that says what is wrong with the store."""
    refusal = StoreUnavailable(_reason(error))
    refusal.__cause__ = error
    return refusal


def _reason(error: Exception) -> str:
    match error:
        case SchemaError():
            return str(error)
        case OSError():
            return "its file cannot be opened"
        case _:
            primary = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
            return _REASONS.get(primary, "it failed; see the log")
