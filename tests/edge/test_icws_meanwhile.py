"""Who asks over ICWS for ever new numbers takes few turns of the event loop from calls.

A number that is asked for the first time costs a good part of a millisecond: it is read by its
country's numbering plan. The house is the real one, in this process, so that turns can be counted.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession
from msgspec.structs import replace

from dialplan import Details
from interact_ivr.app import Parts, opened
from interact_ivr.config import load_config
from interact_ivr.house import House
from interact_ivr.metrics import Metrics
from interact_ivr.observing import Observing
from interact_ivr.service.numbers import Numbers
from testbed.icws import PASSWORD, USER
from testbed.ports import LOOPBACK
from testbed.wire import request

AT_ONCE, EACH = 64, 10
BESIDE_CALLS = 4
PATIENCE = 20.0


class Turns:
    """Counts the turns of the event loop, and what was read in each."""

    def __init__(self) -> None:
        self.now = 0
        self.read: Counter[int] = Counter()

    async def go_on(self) -> None:
        """Count them; others of the loop come between two, as a call does."""
        while True:
            self.now += 1
            await asyncio.sleep(0)


class CountedNumbers(Numbers):
    """Numbers of which it is known in which turn each was read."""

    def __init__(self, parts: Parts, turns: Turns) -> None:
        own = parts.numbers
        super().__init__(own._store, own._environments)
        self._turns = turns

    def details(self, environment: str, number: str) -> Details:
        """Read a number."""
        self._turns.read[self._turns.now] += 1
        return super().details(environment, number)


@pytest.fixture
async def parts(tmp_path: Path) -> AsyncIterator[Parts]:
    """Give the services, with a user."""
    config_file = tmp_path / "interact-ivr.toml"
    config_file.write_text(f'[store]\nurl = "sqlite:///{tmp_path}/ivr.db"\n')
    async with opened(load_config(config_file), "the test", Observing()) as parts:
        await parts.administration.add_user("default", USER, PASSWORD)
        yield parts


async def asked(port: int, path: str, headers: dict[str, str], first: int) -> int:
    """Ask for as many new numbers as one connection can, without waiting; count the answers."""
    bodies = [json.dumps({"phoneNumber": str(first + at)}).encode() for at in range(EACH)]
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    writer.write(b"".join(request("POST", path, headers, body) for body in bodies))
    for _ in bodies:
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 OK\r\n")
        _, _, length = head.decode().partition("Content-Length: ")
        await reader.readexactly(int(length.split("\r\n")[0]))
    writer.close()
    return len(bodies)


async def test_few_new_numbers_are_read_in_a_turn_while_there_is_a_call(
    parts: Parts, tmp_path: Path
) -> None:
    """However many are asked for at once: a call, which takes some turns, has its own between."""
    turns = Turns()
    counted = replace(parts, numbers=CountedNumbers(parts, turns))
    config = load_config(tmp_path / "interact-ivr.toml")
    async with House.of(config, counted, Metrics("0"), lambda: 1) as house:
        await house.server.start(LOOPBACK, 0)
        port = house.server.port
        async with (
            ClientSession(f"http://{LOOPBACK}:{port}") as session,
            session.post("/icws/connection", json={"userID": USER, "password": PASSWORD}) as made,
        ):
            told, cookie = await made.json(content_type=None), made.headers["Set-Cookie"]
        path = f"/icws/{told['sessionId']}/phone-numbers/query-details"
        shown = {"ININ-ICWS-CSRF-Token": told["csrfToken"], "Cookie": cookie.partition(";")[0]}
        counting = asyncio.create_task(turns.go_on())
        async with asyncio.timeout(PATIENCE):
            firsts = range(380_970_000_000, 380_970_000_000 + AT_ONCE * EACH, EACH)
            answered = await asyncio.gather(*(asked(port, path, shown, each) for each in firsts))
        counting.cancel()
        await house.server.close()
    assert sum(answered) == sum(turns.read.values()) == AT_ONCE * EACH
    assert max(turns.read.values()) <= BESIDE_CALLS, turns.read.most_common(3)
