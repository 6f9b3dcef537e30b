"""How a session opens: what Asterisk's environment asks for, or why it is none."""

import socket

import pytest

from interact_ivr.agi.bell import Bell
from interact_ivr.agi.doorway import Arrival
from interact_ivr.agi.session import Limits, Session, session_of
from interact_ivr.agi.wire import WireError


def _opened(script: str) -> Session:
    ours, asterisks = socket.socketpair()
    with asterisks:
        arrival = Arrival(ours, Bell())
        asterisks.sendall(f"agi_network_script: {script}\nagi_arg_1: a=b\n\n".encode())
        call = arrival.call()
        assert call is not None
        try:
            session = session_of(arrival, call, Limits())
        except WireError:
            ours.close()
            raise
        session.close()
        return session


@pytest.mark.parametrize(
    ("asked", "script", "query"),
    [
        ("health", "health", {}),
        ("/health/?", "health", {}),
        ("x?environment=a&pbx=b", "x", {"environment": "a", "pbx": "b"}),
        ("x?environment=a&environment=b&pbx=", "x", {"environment": "a", "pbx": ""}),
        ("x?environment=a%20b?c", "x", {"environment": "a b?c"}),
        ("", "", {}),
    ],
)
def test_the_address_names_the_script_and_its_surroundings(
    asked: str, script: str, query: dict[str, str]
) -> None:
    """What stands twice counts once, the first time."""
    session = _opened(asked)
    assert (session.script, session.query) == (script, query)


def test_a_query_of_too_many_fields_is_no_agi() -> None:
    """It is refused as other garbage is: told in the log, and no error of the service's."""
    with pytest.raises(WireError, match="the query has more than 20 fields"):
        _opened("health?" + "&".join(f"k{index}=v" for index in range(100)))
