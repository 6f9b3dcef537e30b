"""How a session opens: what Asterisk's environment asks for, or why it is none."""

import asyncio
from unittest.mock import create_autospec

import pytest

from interact_ivr.agi.session import GoneError, Limits, Session, open_session
from interact_ivr.agi.wire import WireError


async def _opened(script: str, *, ended: bool = True) -> Session:
    reader = asyncio.StreamReader()
    reader.feed_data(
        f"agi_network_script: {script}\nagi_arg_1: a=b\n{'' if ended else 'a'}".encode()
    )
    if ended:
        reader.feed_data(b"\n")
    reader.feed_eof()
    return await open_session(reader, create_autospec(asyncio.StreamWriter), Limits())


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
async def test_the_address_names_the_script_and_its_surroundings(
    asked: str, script: str, query: dict[str, str]
) -> None:
    """What stands twice counts once, the first time."""
    session = await _opened(asked)
    assert (session.script, session.query) == (script, query)


async def test_a_query_of_too_many_fields_is_no_agi() -> None:
    """It is refused as other garbage is: told in the log, and no error of the service's."""
    with pytest.raises(WireError, match="the query has more than 20 fields"):
        await _opened("health?" + "&".join(f"k{index}=v" for index in range(100)))


async def test_an_environment_that_breaks_off_is_a_call_that_is_gone() -> None:
    """Nothing is run for half an environment."""
    with pytest.raises(GoneError, match="closed the connection"):
        await _opened("health", ended=False)
