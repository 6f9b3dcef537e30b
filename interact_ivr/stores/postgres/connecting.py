"""Connections to PostgreSQL: found by libpq's own rules, bounded in every wait, never shown."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import psycopg
from psycopg.adapt import AdaptersMap
from psycopg.conninfo import conninfo_to_dict
from psycopg.types.numeric import Int8Dumper

from interact_ivr.domain.errors import StoreUnavailable

Connection = psycopg.Connection[tuple[Any, ...]]

_DEFAULTS = {
    "application_name": "interact-ivr",
    "target_session_attrs": "read-write",
    "connect_timeout": 2,
    "keepalives_idle": 5,
    "keepalives_interval": 1,
    "keepalives_count": 3,
    "tcp_user_timeout": 3000,
}
"""What the URL does not say otherwise."""
_SESSION = """
    SET statement_timeout = '{milliseconds}ms';
    SET idle_in_transaction_session_timeout = '{milliseconds}ms'
"""


class Connecting:
    """Opens connections to the primary that *url* finds, with the password that it is given then.

    *longest* is how many seconds a statement may take, in the server's view too.
    """

    def __init__(self, url: str, password: Callable[[], str | None], longest: float) -> None:
        try:
            self._parameters: Mapping[str, Any] = {**_DEFAULTS, **conninfo_to_dict(url)}
        except psycopg.ProgrammingError:  # its text has the address whole
            raise StoreUnavailable("its address is not understood") from None
        self._password = password
        self._session = _SESSION.format(milliseconds=round(longest * 1000))

    def open(self) -> Connection:
        """Open one; raises psycopg.OperationalError where no primary answers."""
        try:
            secret = self._password()
        except OSError as error:
            raise StoreUnavailable(f"its password cannot be read: {error}") from error
        parameters = (
            self._parameters if secret is None else {**self._parameters, "password": secret}
        )
        connection = psycopg.connect(autocommit=True, context=_adapters(), **parameters)
        try:
            connection.execute(self._session)
        except psycopg.Error:
            connection.close()
            raise
        return connection


@cache
def _adapters() -> AdaptersMap:
    """Give how values are written: a whole number always as the same type, so plans are shared."""
    adapters = AdaptersMap(psycopg.adapters)
    adapters.register_dumper(int, Int8Dumper)
    return adapters
