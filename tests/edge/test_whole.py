"""Answers that are sent in one piece: as aiohttp would send them, to whoever asks, however."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
from aiohttp import web

from interact_ivr.api.server import HttpServer
from interact_ivr.api.whole import Whole
from testbed.ports import LOOPBACK
from testbed.service import Service
from testbed.wire import Answer, Wire

VERSION = "/icws/connection/version"
PATIENCE = 10.0
CHANGING = ("x-request-id", "date", "connection")
"""Headers that are not the same each time, or not for each kind of request."""


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Give a service."""
    with Service(tmp_path_factory.mktemp("whole")) as service:
        yield service


def of_all(answer: Answer) -> tuple[int, dict[str, str]]:
    """Give what is the same for every kind of request."""
    headers = {name: value for name, value in answer.headers.items() if name not in CHANGING}
    return answer.status, headers


ASKED = {
    "HTTP/1.0": f"GET {VERSION} HTTP/1.0\r\n\r\n",
    "HTTP/1.0, kept": f"GET {VERSION} HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    "the last one": f"GET {VERSION} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "HEAD": f"HEAD {VERSION} HTTP/1.1\r\nHost: a\r\n\r\n",
}


@pytest.mark.parametrize("kind", ASKED)
def test_who_asks_in_another_way_is_answered_the_same(here: Service, kind: str) -> None:
    """But for the body of a HEAD, and what is said of the connection."""
    with Wire(here.http_port) as wire:
        plain = wire.ask("GET", VERSION)
        again = wire.ask("GET", VERSION)
    assert "connection" not in plain.headers
    assert plain.headers["x-request-id"] < again.headers["x-request-id"]
    with Wire(here.http_port) as wire:
        told = wire.send(ASKED[kind].encode()).answer(kind.split()[0])
        assert of_all(told) == of_all(plain)
        assert told.body == (b"" if kind == "HEAD" else plain.body)
        kept = "HTTP/1.0, kept", "HEAD"
        if kind in kept:
            assert wire.send(ASKED[kind].encode()).answer(kind.split()[0]).status == 200
        else:
            assert wire.rest() == b""


BIG, MANY = 2_000_000, 60
OF_OTHERS = 50


@pytest.fixture
async def answered(unused: list[str]) -> AsyncIterator[HttpServer]:
    """Give a server of large answers, and of small ones; *unused* hears of each large one."""

    async def large(_: web.Request) -> web.Response:
        unused.append("large")
        return Whole(body=b"x" * BIG)

    async def small(_: web.Request) -> web.Response:
        return Whole(body=b"x")

    application = web.Application()
    application.router.add_get("/large", large)
    application.router.add_get("/small", small)
    server = HttpServer(application, lambda *_: web.Response(status=400))
    await server.start(LOOPBACK, 0)
    yield server
    await server.close(0.1)


@pytest.fixture
def unused() -> list[str]:
    """Give what is filled with the answers that were made."""
    return []


async def test_who_reads_nothing_is_waited_for(answered: HttpServer, unused: list[str]) -> None:
    """What is asked behind it is not answered into memory, whatever comes meanwhile."""
    async with asyncio.timeout(PATIENCE):
        deaf, deaf_writer = await asyncio.open_connection(LOOPBACK, answered.port, limit=1)
        deaf_writer.write(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n" * MANY)
        reader, writer = await asyncio.open_connection(LOOPBACK, answered.port)
        for _ in range(OF_OTHERS):
            writer.write(b"GET /small HTTP/1.1\r\nHost: a\r\n\r\n")
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 OK\r\n")
            await reader.readexactly(1)
        assert 0 < len(unused) < MANY / 2
        for _ in range(MANY):  # and all of it once they do
            await _read(deaf)
        assert len(unused) == MANY
        for each in (deaf_writer, writer):
            each.close()


async def _read(reader: asyncio.StreamReader) -> None:
    """Read one answer: a head, which is short, and a large body."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += await reader.readexactly(1)
    await reader.readexactly(BIG)
