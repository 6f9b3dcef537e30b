"""The peer that HTTP is measured against: aiohttp on the same loop, the same headers, no work.

``python -m bench.bare_http PORT [SIZE]`` answers until it is ended; ICWS's details by SIZE bytes.
"""

from __future__ import annotations

import sys

import uvloop
from aiohttp import web

from interact_ivr.api.icws.wire import CONTENT_TYPE
from testbed.ports import LOOPBACK

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


if __name__ == "__main__":
    uvloop.install()
    port, size = int(sys.argv[1]), int([*sys.argv, "0"][2])
    web.run_app(application(size), host=LOOPBACK, port=port, access_log=None, print=None)
