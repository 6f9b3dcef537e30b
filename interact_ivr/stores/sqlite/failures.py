"""SQLite's failures in the administrator's words; the driver's own stay the cause, for the log."""

import sqlite3

from interact_ivr.domain.errors import StoreUnavailable

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


def unavailable(error: sqlite3.Error | OSError) -> StoreUnavailable:
    """Tell *error* as a refusal that says what is wrong with the store."""
    primary = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    usual = "its file cannot be opened" if isinstance(error, OSError) else "it failed; see the log"
    refusal = StoreUnavailable(_REASONS.get(primary, usual))
    refusal.__cause__ = error
    return refusal
