"""The peer that REST is measured against: aiohttp on the same loop, the same headers, no work.

``python -m bench.bare_http PORT`` answers until it is ended.
"""

from __future__ import annotations

import sys

import uvloop
from aiohttp import web

from testbed.ports import LOOPBACK

HEADERS = {
    "X-Request-Id": "0123456789abcdef",
    "Server": "interact-ivr",
    "X-Content-Type-Options": "nosniff",
}


async def answer(_: web.Request) -> web.Response:
    """Answer as a free does."""
    return web.Response(text="", headers=HEADERS)


async def application() -> web.Application:
    """Serve the paths of free and get."""
    made = web.Application()
    made.router.add_post("/interact/version/{version}/dnis/allocate/free/{phone}", answer)
    made.router.add_get("/interact/version/{version}/dnis/allocate/get/{phone}", answer)
    return made


if __name__ == "__main__":
    uvloop.install()
    web.run_app(application(), host=LOOPBACK, port=int(sys.argv[1]), access_log=None, print=None)
