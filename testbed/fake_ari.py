"""A server that plays Asterisk's ARI where a real one will not misbehave as wanted.

It answers what the watcher asks, one application at a time; each of its faults is an attribute.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Self
from urllib.parse import unquote

from aiohttp import WSMsgType, web

from testbed.ports import LOOPBACK

ALL = {
    "channel_ids": ["__AST_CHANNEL_ALL_TOPIC"],
    "bridge_ids": ["__AST_BRIDGE_ALL_TOPIC"],
}
SOME: dict[str, list[str]] = {"channel_ids": [], "bridge_ids": []}


class FakeAri:
    """Listens on loopback within ``async with``."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self.channels: list[dict[str, Any]] = []
        self.bridges: list[dict[str, Any]] = []
        self.variables: dict[tuple[str, str], str] = {}
        """By the channel's id and the variable's name; others cannot be read."""
        self.not_yet: dict[str, dict[str, str]] = {}
        """By the channel's id: what is set when its INVITE has been taken, if somebody waits."""
        self.statuses: dict[tuple[str, str], int] = {}
        """What is answered instead, by method and the first part of the path."""
        self.bodies: dict[str, bytes] = {}
        """What is answered to a GET instead, by the first part of the path."""
        self.subscribed: Mapping[str, list[str]] = SOME
        self.settled = False
        """Another program has registered the application first: to ask for all does nothing."""
        self.subscribes = True
        """A request to subscribe has an effect."""
        self.may_look = asyncio.Event()
        """The answer to GET /bridges waits for it."""
        self.may_look.set()
        self.echoes = True
        self.pongs = True
        self.closes_when_looked_at = False
        self.sends_to = ""
        """The websocket is to be had there instead."""
        self.cookie = ""
        """Set by each answer; who shows one is taken note of."""
        self.shown_cookies: list[str] = []
        self.host = LOOPBACK
        """As it is called."""
        self.answers_once = False
        """A connection that brings a second request is cut."""
        self.asked_over: set[asyncio.Transport | None] = set()
        self.ponged: list[bytes] = []
        """What came back of its own pings."""
        self.asked: list[str] = []
        self.filter: list[str] = []
        self.sockets: list[web.WebSocketResponse] = []
        self._transports: list[asyncio.Transport] = []
        self.connections = 0
        self.port = 0

    async def __aenter__(self) -> Self:
        """Begin to listen."""
        application = web.Application()
        application.on_response_prepare.append(self._bake)
        application.router.add_route("GET", "/ari/events", self._listen)
        application.router.add_route("*", "/ari/{first}{rest:(?s:.*)}", self._answer)
        self._runner = web.AppRunner(application, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, LOOPBACK, self.port, ssl_context=self._tls)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close all."""
        for socket in self.sockets:
            await socket.close()
        await self._runner.cleanup()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http{'s' if self._tls else ''}://{self.host}:{self.port}/ari"

    async def say(self, text: str | bytes) -> None:
        """Say something on the latest websocket."""
        socket = self.sockets[-1]
        await (socket.send_str(text) if isinstance(text, str) else socket.send_bytes(text))

    async def tell(self, kind: str, **fields: object) -> None:
        """Tell an event."""
        await self.say(json.dumps({"type": kind, "timestamp": now(), **fields}))

    async def create(
        self, name: str, extension: str, context: str = "inbound", state: str = "Ring"
    ) -> None:
        """Let a call come in."""
        self.channels.append(channel(name, extension, context) | {"state": state})
        await self.tell("ChannelCreated", channel=self.channels[-1])

    async def destroy(self, name: str) -> None:
        """Let a call be over."""
        (gone,) = [each for each in self.channels if each["id"] == name]
        self.channels.remove(gone)
        await self.tell("ChannelDestroyed", channel=gone)

    def cut(self) -> None:
        """Cut every websocket, without a word."""
        for transport in self._transports:
            transport.abort()
        self._transports.clear()

    async def _listen(self, request: web.Request) -> web.StreamResponse:
        if status := self.statuses.get(("GET", "events")):
            return web.Response(status=status)
        if self.sends_to:
            raise web.HTTPFound(self.sends_to)
        self.asked.append(f"GET {request.path_qs.removeprefix('/ari')}")
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        self.sockets.append(socket)
        if not self.settled:
            self.subscribed = ALL if request.query["subscribeAll"] == "true" else SOME
        if isinstance(request.transport, asyncio.Transport):
            self._transports.append(request.transport)
        self.connections += 1
        async for message in socket:
            if message.type is WSMsgType.PING and self.pongs:
                await socket.pong(message.data)
            elif message.type is WSMsgType.PONG:
                self.ponged.append(bytes(message.data))
        self.sockets.remove(socket)
        return socket

    async def _answer(self, request: web.Request) -> web.Response:
        first = request.match_info["first"].split("/")[0]
        self.asked.append(f"{request.method} {request.path_qs.removeprefix('/ari')}")
        over = request.transport
        if self.answers_once and over in self.asked_over and over is not None:
            over.abort()
        self.asked_over.add(over)
        if status := self.statuses.get((request.method, first)):
            return web.Response(status=status)
        if request.method == "GET" and first in self.bodies:
            return web.Response(body=self.bodies[first])
        match request.method, first:
            case "GET", "asterisk":
                return web.json_response({"system": {"version": "22.0.0"}})
            case "PUT", "applications":
                self.filter = [each["type"] for each in (await request.json())["allowed"]]
            case "POST", "applications" if not self.sockets:
                return web.Response(status=404)
            case "POST", "applications" if self.subscribes:
                self.subscribed = ALL
            case "GET", "channels" if request.path.endswith("/variable"):
                asked = (unquote(request.raw_path.split("/")[-2]), request.query["variable"])
                if asked[1].startswith("CHANNEL(pjsip,"):
                    for name, value in self.not_yet.pop(asked[0], {}).items():
                        self.variables[asked[0], name] = value
                    return web.json_response({"value": f"{asked[0]}@example.org"})
                if asked not in self.variables:  # as Asterisk answers for one that is not set, and
                    return web.Response(status=500 if "(" in asked[1] else 404)  # for a function
                return web.json_response({"value": self.variables[asked]})
            case "GET", "channels":
                return web.json_response(self.channels)
            case "GET", "bridges":
                await self.may_look.wait()
                if self.closes_when_looked_at:
                    asyncio.get_running_loop().call_soon(self.cut)
                return web.json_response(self.bridges)
            case "POST", "events":
                if self.echoes:
                    variables = (await request.json())["variables"]
                    await self.tell(
                        "ChannelUserevent", eventname="interact-ivr", userevent=variables
                    )
                return web.Response(status=204)
        return web.json_response({"name": "ours", **self.subscribed})

    async def _bake(self, request: web.Request, response: web.StreamResponse) -> None:
        self.shown_cookies += request.cookies
        if self.cookie:
            response.headers["Set-Cookie"] = f"{self.cookie}=1; Path=/"


def channel(
    name: str, extension: str, context: str = "inbound", *, phone: str = "", state: str = "Ring"
) -> dict[str, Any]:
    """Write a channel as Asterisk does: of the trunk, or of a *phone*."""
    return {
        "id": name,
        "name": f"PJSIP/{phone or 'trunk'}-{name}",
        "state": state,
        "caller": {"name": f"Caller {name}", "number": "15551234567"},
        "dialplan": {"context": context, "exten": extension, "priority": 1},
        "creationtime": now(),
    }


def now() -> str:
    """Write the time as Asterisk does."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"
