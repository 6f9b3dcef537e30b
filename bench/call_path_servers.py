"""The servers that Asterisk asks in our place: as little as each kind can be, and no less.

``python -m bench.call_path_servers KIND PORT [DATABASE]`` answers until it is ended. ``http`` looks
nothing up, ``listener`` is our own without a store, ``panoramisk`` reads SQLite. Each runs on
uvloop, as the service does, and logs nothing.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import structlog
import uvloop
from aiohttp import web
from panoramisk import fast_agi

from interact_ivr.agi.listener import Listener
from interact_ivr.agi.session import Session
from testbed.ports import LOOPBACK

BACKLOG = 1024
SCRIPT = "look"
SELECT = "SELECT interaction FROM number WHERE number = ?"
#: What a script of a few lines is, whom Asterisk forks: it asks SQLite, sets one variable and ends.
FORKED = f"""\
#!{{python}}
import sqlite3, sys
said = dict(line.rstrip("\\n").split(": ", 1) for line in iter(sys.stdin.readline, "\\n"))
store = sqlite3.connect("{{database}}")
row = store.execute("{SELECT}", (said["agi_arg_1"],)).fetchone()
print(f'SET VARIABLE ANSWER "{{{{row[0]}}}}"', flush=True)
sys.stdin.readline()
"""


async def serve_http(port: int, _: Path) -> None:
    """Answer any GET with what it asks for."""

    async def answer(request: web.Request) -> web.Response:
        return web.Response(text=request.match_info["number"])

    application = web.Application()
    application.router.add_get("/{number}", answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, LOOPBACK, port, backlog=BACKLOG).start()


async def serve_listener(port: int, _: Path) -> None:
    """Set one variable, and look nothing up."""

    async def look(session: Session) -> None:
        await session.set({"ANSWER": session.argument(0)})

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    await Listener({SCRIPT: look}).start(LOOPBACK, port)


async def serve_panoramisk(port: int, database: Path) -> None:
    """Read SQLite, and set one variable."""
    store = sqlite3.connect(database)

    async def look(request: Any) -> None:
        (told,) = store.execute(SELECT, (request.headers["agi_arg_1"],)).fetchone()
        await request.send_command(f'SET VARIABLE ANSWER "{told}"')

    logging.disable(logging.INFO)
    application = fast_agi.Application(loop=asyncio.get_running_loop())
    application.add_route(SCRIPT, look)
    await asyncio.start_server(application.handler, LOOPBACK, port, backlog=BACKLOG)


KINDS: dict[str, Callable[[int, Path], Awaitable[None]]] = {
    "http": serve_http,
    "listener": serve_listener,
    "panoramisk": serve_panoramisk,
}


async def main() -> None:
    """Serve, until ended."""
    kind, port, database = [*sys.argv[1:], ""][:3]
    await KINDS[kind](int(port), Path(database))
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main())
