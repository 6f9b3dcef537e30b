"""The HTTP house with agents' phones on which a test puts calls: all of it real but the PBX.

It runs in a thread with the service's own kind of event loop, so that a test may read sockets, or
drive a browser, meanwhile.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import uvloop

from interact_ivr.app import Parts, opened
from interact_ivr.config import load_config
from interact_ivr.domain.access import Role
from interact_ivr.domain.names import AllocationId, Ani, CallRef, Group, InteractionId, NumberKey
from interact_ivr.domain.phone_calls import Party, PhoneCall, PhoneState, Told
from interact_ivr.domain.values import Status
from interact_ivr.house import House
from interact_ivr.metrics import Metrics
from interact_ivr.observing import Observing
from interact_ivr.service.sites import Site
from testbed.ports import LOOPBACK
from testbed.wire import Answer, ask

ACME, BOLT = "acme/live", "bolt/live"
MAIN = "main"
NUMBER, CALLER = "+13178723000", "+14085551234"
PATIENCE_SECONDS = 10.0
POLL_SECONDS = 0.01

T = TypeVar("T")


def until(holds: Callable[[], bool]) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(POLL_SECONDS)


class Desk:
    """Two tenants' agents on PBXes they share, unless *sites* says otherwise."""

    def __init__(
        self,
        folder: Path,
        settings: str = "",
        sites: Sequence[Site] = (),
        observing: Observing | None = None,
    ) -> None:
        self._config = folder / "desk.toml"
        self._config.write_text(
            f'[store]\nurl = "sqlite:///{folder}/desk.db"\n[dial_plan]\nplan = "nanp"\n{settings}'
        )
        self._sites = sites or [Site(MAIN, (ACME, BOLT))]
        self._observing = observing or Observing()
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._stack = AsyncExitStack()
        self.port = 0
        self.parts: Parts
        self.house: House

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://{LOOPBACK}:{self.port}"

    def __enter__(self) -> Self:
        """Open it."""
        self._thread.start()
        self.wait(self._open())
        return self

    async def _open(self) -> None:
        config = load_config(self._config)
        self.parts = await self._stack.enter_async_context(
            opened(config, "the test", self._observing, sites=self._sites)
        )
        for tenant in ("acme", "bolt"):
            await self.parts.administration.add_tenant(tenant)
            await self.parts.administration.add_environment(f"{tenant}/live", "nanp")
        await self._listen(0)

    async def _listen(self, port: int) -> None:
        config = load_config(self._config)
        self.house = await self._stack.enter_async_context(
            House.of(config, self.parts, Metrics("0"), lambda: 0)
        )
        await self.house.server.start(LOOPBACK, port)
        self.port = self.house.server.port

    def go_away(self) -> None:
        """End every stream and connection, and listen no more; phones go on."""
        self.do(self.house.streams.close)
        self.wait(self.house.server.close())

    def come_back(self) -> None:
        """Listen again, where it did."""
        self.wait(self._listen(self.port))

    def close(self, within: float = 2.0) -> None:
        """Stop as the service does; a second time does nothing."""
        if self.port:
            self.do(self.house.streams.close)
            self.wait(self.house.server.close(within))
            self.port = 0

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()
        self.wait(self._stack.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_SECONDS)
        self._loop.close()

    def wait(self, what: Coroutine[Any, Any, T]) -> T:
        """Have *what* done there, and give what comes of it."""
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(PATIENCE_SECONDS)

    def do(self, what: Callable[..., T], *arguments: Any) -> T:
        """Do *what* there."""

        async def done() -> T:
            return what(*arguments)

        return self.wait(done())

    def token(
        self, *extensions: str, role: Role = Role.AGENT, environment: str = ACME, **more: Any
    ) -> str:
        """Give out a token."""
        add = self.parts.administration.add_token
        return self.wait(add(environment, role, extensions=extensions, **more))

    def take_back(self, token: str) -> None:
        """Take *token* back."""
        remove: Callable[[str], Awaitable[None]] = self.parts.administration.remove_token

        async def removed() -> None:
            await remove(token[:12])

        self.wait(removed())

    def shows(self, call: PhoneCall) -> None:
        """Have a call on a phone."""
        self.do(self.parts.agents.shows, call)

    def over(self, uniqueid: str = "p1", at: datetime | None = None) -> None:
        """End it."""
        self.do(self.parts.agents.over, MAIN, uniqueid, at or datetime.now(UTC))

    def told(self, uniqueid: str = "c1", interaction: str | None = "basket-4711", **k: Any) -> None:
        """Have a customer's call told whose it is."""
        environment = self.do(self.parts.environments.named, k.pop("environment", ACME)).id
        fields: dict[str, Any] = {
            "at": datetime.now(UTC),
            "status": Status.FOUND if interaction else Status.NOT_ALLOCATED,
            "number": NumberKey(NUMBER),
            "ani": Ani(CALLER),
            "interaction": InteractionId(interaction) if interaction else None,
            "group": Group("sales") if interaction else None,
            "allocation": AllocationId("0" * 26) if interaction else None,
            "waited": timedelta(seconds=134) if interaction else None,
        }
        told = Told(environment=environment, uniqueid=uniqueid, **(fields | k))
        self.do(self.parts.agents.told, CallRef(MAIN, uniqueid), told)

    def ask(
        self, path: str, token: str = "", method: str = "GET", body: bytes = b"", **headers: str
    ) -> Answer:
        """Ask with *token*; of *headers*' names each ``_`` is a ``-``."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        shown = {"Authorization": f"Bearer {token}"} if token else {}
        return ask(self.port, method, path, shown | named, body)

    def listen(self, path: str, **headers: str) -> Stream:
        """Open an event stream."""
        return Stream(self.port, path, {k.replace("_", "-"): v for k, v in headers.items()})


def customer(uniqueid: str = "c1", environment: str = ACME, **fields: Any) -> Party:
    """Make a customer who came in from outside."""
    shown: dict[str, Any] = {"number": CALLER, "name": "Ann Smith", "dialed": NUMBER, "near": True}
    return Party(uniqueid, environment=environment, **(shown | fields))


def on_phone(
    *others: Party,
    uniqueid: str = "p1",
    state: PhoneState = PhoneState.RINGING,
    extension: str = "6929",
    ago: float = 0.0,
    pbx: str = MAIN,
) -> PhoneCall:
    """Make a call that came to a phone *ago* seconds."""
    at = datetime.now(UTC) - timedelta(seconds=ago)
    return PhoneCall(pbx, uniqueid, extension, state, at, at, others or (customer(),))


@dataclass(frozen=True)
class Event:
    """One event of a stream."""

    name: str
    data: str


class Stream:
    """Reads server-sent events; every read has a deadline."""

    def __init__(self, port: int, path: str, headers: dict[str, str]) -> None:
        self._connection = HTTPConnection(LOOPBACK, port, timeout=PATIENCE_SECONDS)
        self._connection.request("GET", path, headers=headers)
        self.socket: socket.socket = self._connection.sock
        self.response: HTTPResponse = self._connection.getresponse()
        self.comments = 0

    def next(self) -> Event | None:
        """Give the next event; None: the stream has ended."""
        name = ""
        data: list[str] = []
        for line in self._lines():
            field, _, value = line.partition(":")
            if line == "" and (name or data):
                return Event(name, "\n".join(data))
            self.comments += line.startswith(":")
            if field == "event":
                name = value.strip()
            elif field == "data":
                data.append(value.removeprefix(" "))
        return None

    def _lines(self) -> Iterator[str]:
        while line := self.response.readline():
            yield line.decode().rstrip("\n")

    def close(self) -> None:
        """Go away."""
        self.response.close()
        self._connection.close()

    def reset(self) -> None:
        """Go away without a good-bye."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def __enter__(self) -> Self:
        """Give the stream."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Go away."""
        self.close()
