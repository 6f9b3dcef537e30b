"""Of a connection that has ended, nothing waits for the garbage collector, which comes seldom."""

from __future__ import annotations

import asyncio
import gc
import re

import pytest
from aiohttp import web

from interact_ivr.api.answering import Answering, Speech
from interact_ivr.api.connections import Connection
from interact_ivr.api.native.problems import NativeDialect
from interact_ivr.api.server import HttpServer
from interact_ivr.api.sources import Sources
from interact_ivr.domain.errors import BadInput
from testbed.ports import LOOPBACK

PATIENCE = 10.0
TIMES = 10


@pytest.fixture
async def server() -> HttpServer:
    """Give a server that takes what is posted, or refuses it; whoever has it closes it."""

    async def taken(request: web.Request) -> web.Response:
        return web.Response(body=await request.read())

    async def refused(request: web.Request) -> web.Response:
        raise BadInput("body", "something else", await request.text())

    dialects = [Speech(re.compile(""), NativeDialect())]
    answering = Answering(dialects, Sources(), 100, lambda *_: None, lambda: 0)
    application = web.Application(middlewares=[answering.middleware])
    application.router.add_post("/taken", taken)
    application.router.add_post("/refused", refused)
    application.router.add_get("/looked-at", taken)
    server = HttpServer(application, lambda *_: web.Response(status=400))
    await server.start(LOOPBACK, 0)
    return server


@pytest.mark.parametrize(
    ("path", "status"), [("/taken", 200), ("/refused", 400), ("/none", 404), ("/looked-at", 405)]
)
async def test_a_connection_that_has_ended_is_gone(
    server: HttpServer, path: str, status: int
) -> None:
    """With its requests and their bodies, however they were answered."""
    gc.collect()
    others = _there()
    gc.disable()
    try:
        for _ in range(TIMES):
            assert await _post(server.port, path) == status
        await server.close(PATIENCE)
        assert [each for each in _there() if not any(each is other for other in others)] == []
    finally:
        gc.enable()


def _there() -> list[object]:
    return [each for each in gc.get_objects() if isinstance(each, Connection | web.Request)]


async def _post(port: int, path: str) -> int:
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    writer.write(f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    writer.close()
    return int(head.split()[1])
