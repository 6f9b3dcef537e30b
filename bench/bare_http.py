"""The peer that HTTP is measured against: aiohttp on the same loop, the same headers, no work.

``python -m bench.bare_http PORT [SIZE]`` answers until it is ended; ICWS's details by SIZE bytes.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvloop
from aiohttp import web

from interact_ivr.api.icws.wire import CONTENT_TYPE
from testbed.children import argv, stop
from testbed.ports import LOOPBACK

READY_SECONDS = 30.0
POLL_SECONDS = 0.02

HEADERS = {
    "X-Request-Id": "0123456789abcdef",
    "Server": "interact-ivr",
    "X-Content-Type-Options": "nosniff",
}


async def answer(_: web.Request) -> web.Response:
    """Answer as a free does."""
    return web.Response(text="", headers=HEADERS)


async def application(size: int) -> web.Application:
    """Serve the paths of free and get, and of ICWS's details, which have *size* bytes."""
    details = b"x" * size
    headers = HEADERS | {"Content-Type": CONTENT_TYPE}

    async def show(_: web.Request) -> web.Response:
        return web.Response(body=details, headers=headers)

    made = web.Application()
    made.router.add_post("/icws/{sessionId}/phone-numbers/query-details", show)
    made.router.add_post("/interact/version/{version}/dnis/allocate/free/{phone}", answer)
    made.router.add_get("/interact/version/{version}/dnis/allocate/get/{phone}", answer)
    return made


@contextmanager
def serving(port: int, size: int = 0) -> Iterator[str]:
    """Run it in a process of its own, and give its address once it answers there.

    Raises:
        OSError: it does not within READY_SECONDS.
    """
    command = argv((sys.executable, "-m", "bench.bare_http"), str(port), str(size))
    child = subprocess.Popen(command)
    try:
        _wait_answers(port)
        yield f"http://{LOOPBACK}:{port}"
    finally:
        stop(child, 5.0)


def _wait_answers(port: int) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            socket.create_connection((LOOPBACK, port), 1.0).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(POLL_SECONDS)
        else:
            return


if __name__ == "__main__":
    uvloop.install()
    port, size = int(sys.argv[1]), int([*sys.argv, "0"][2])
    web.run_app(application(size), host=LOOPBACK, port=port, access_log=None, print=None)
