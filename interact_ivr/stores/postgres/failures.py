"""PostgreSQL's failures: which of them pass, and what they are in the administrator's words.

The driver's own text stays the cause, for the log: it may name hosts and users.
"""

import psycopg

from interact_ivr.domain.errors import StoreUnavailable
from interact_ivr.stores.migrating import SchemaError

_AGAIN = {
    "40001",  # serialization_failure
    "40P01",  # deadlock_detected
    "55P03",  # lock_not_available
    "23505",  # unique_violation: another node has just written the same
    "23503",  # foreign_key_violation: another node has just removed what this hangs on
    "25006",  # read_only_sql_transaction: this server is no primary any more
    "53300",  # too_many_connections
}
_REASONS = {
    "40": "others change the same all the time",
    "23": "others change the same all the time",
    "25006": "its primary has become a standby",
    "28": "it does not let us in",
    "3D": "there is no such database",
    "42501": "its user may not do that",
    "42P01": "its tables are not there",
    "53100": "its disk is full",
    "53200": "it is out of memory",
    "53300": "it has no connection left",
    "57014": "it took too long",
    "57P": "it is being shut down or started",
    "08": "it cannot be reached",
}
"""By the code, or by how that begins; the longest that fits counts."""
_SAID = {
    "authentication": "28",
    "too many clients": "53300",
    "too many connections": "53300",
    "connection slots": "53300",
}
"""The code of what is said to who is not let in: of that, the driver gives the text only."""


def passes(error: Exception) -> bool:
    """Say whether the same may succeed if it is done again: nothing of it is there, or may be."""
    if not isinstance(error, psycopg.Error):
        return False
    return error.sqlstate in _AGAIN or is_lost(error)


def is_lost(error: Exception) -> bool:
    """Say whether the connection is of no use any more, or there was none."""
    if not isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return False
    state = error.sqlstate
    return state is None or state.startswith(("08", "57P")) or state in ("25006", "53300")


def unavailable(error: Exception) -> StoreUnavailable:
    """Tell *error* as a refusal that says what is wrong with the store."""
    refusal = StoreUnavailable(_reason(error))
    refusal.__cause__ = error
    return refusal


def _reason(error: Exception) -> str:
    match error:
        case SchemaError():
            return str(error)
        case psycopg.Error(sqlstate=str(state)):
            fits = [code for code in _REASONS if state.startswith(code)]
            return _REASONS[max(fits, key=len)] if fits else "it failed; see the log"
        case psycopg.OperationalError():
            codes = [code for words, code in _SAID.items() if words in str(error)]
            return _REASONS[codes[0] if codes else "08"]
        case _:
            return "it failed; see the log"
