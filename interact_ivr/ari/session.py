"""One registration of the ARI application: from its websocket's opening to its loss.

Three tasks share it. One reads, so that pings are answered whatever else is going on; one hands on
what was read, in its order; one proves again and again that the socket is still ours.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Protocol, TypeVar

import aiohttp

from interact_ivr.ari.calls import Look
from interact_ivr.ari.client import (
    LOOK_SECONDS,
    AriError,
    Client,
    TakenOverError,
    Watch,
    if_it_can,
)
from interact_ivr.ari.events import (
    WANTED,
    MalformedError,
    application_of,
    bridges_of,
    channels_of,
    date_of,
    event_of,
    version_of,
)
from interact_ivr.ari.proof import Proof
from interact_ivr.ari.told import Application, Echo, Event, Replaced

T = TypeVar("T")

_WAITING = 10_000
"""Events that are read and not handled yet; then Asterisk waits."""
_AGAIN_SECONDS = 1.0


class Hearing(Protocol):
    """Whoever is told what goes on on the PBX."""

    async def looked(self, look: Look) -> None:
        """Hear what there is now, as events may have been missed."""

    async def heard(self, event: Event) -> None:
        """Hear of one event."""

    def received(self) -> None:
        """Hear that something came, of interest or not."""

    def malformed(self, reason: str) -> None:
        """Hear that something came that cannot be understood."""


class Session:
    """Registers, checks what it is subscribed to, looks, and listens; ends by an `AriError`."""

    def __init__(self, client: Client, hearing: Hearing) -> None:
        self._client = client
        self._hearing = hearing
        self._events: asyncio.Queue[Event | None] = asyncio.Queue(_WAITING)
        """None: look again."""
        self._proof = Proof(client)
        self._looks: set[asyncio.Task[None]] = set()
        self.version = ""
        self.filtered = False
        """Asterisk sends us only what is of interest."""

    async def run(self, watching: Callable[[], None]) -> None:
        """Do all of it; *watching* is called when nothing is missed any more. Never returns."""
        everything = not await self._client.may_subscribe()
        socket = await self._client.listen(everything=everything)
        try:
            await first_to_end(self._read(socket), self._handle(watching), self._proof.run(socket))
        finally:
            for look in self._looks:
                look.cancel()
            await socket.close()

    def look_soon(self) -> None:
        """Have the PBX looked at again: something could not be taken note of."""
        if not self._looks:
            task = asyncio.create_task(self._look_later())
            self._looks.add(task)
            task.add_done_callback(self._looks.discard)

    async def _look_later(self) -> None:
        await asyncio.sleep(_AGAIN_SECONDS)
        await self._events.put(None)

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            if message.type is aiohttp.WSMsgType.PING:
                with suppress(ConnectionError):  # then it is closed, which is read next
                    await socket.pong(message.data)
                continue
            if message.type is aiohttp.WSMsgType.PONG:
                self._proof.pong()
                continue
            self._hearing.received()
            if message.type not in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
                break
            try:
                event = event_of(message.data)
            except MalformedError as error:
                self._hearing.malformed(str(error))
                continue
            match event:
                case None:
                    pass
                case Replaced():
                    raise TakenOverError("another connection has registered our application")
                case Echo(mark=mark):
                    self._proof.echo(mark)
                    await self._events.put(event)
                case _:
                    await self._events.put(event)
        code = "" if socket.close_code is None else f" ({socket.close_code})"
        reason = f"the websocket was closed{code}: {socket.exception() or 'by Asterisk'}"
        raise AriError(Watch.UNREACHABLE, reason)

    async def _handle(self, watching: Callable[[], None]) -> None:
        await self._subscribe()
        await self._look()
        watching()
        while True:
            event = await self._events.get()
            if event is None:
                await self._look()
            else:
                await self._hearing.heard(event)

    async def _subscribe(self) -> None:
        """Have all channels and bridges told, and only what is of interest, if that can be.

        Who may only read has ``subscribeAll`` alone. That does nothing where another program has
        registered the application first, which settles it.
        """
        info = await self._client.ask("GET", "/asterisk/info", {"filter": "system"})
        self.version = _understood(version_of, info.body)
        wanted = {"allowed": [{"type": each} for each in WANTED]}
        path = f"{self._client.application}/eventFilter"
        self.filtered = await if_it_can(self._client.ask("PUT", path, body=wanted))
        known = await self._application()
        if known.channels and known.bridges:
            return
        for source in ("channel:", "bridge:"):
            await self._client.subscribe(source)
        if not (await self._application()).channels:
            raise AriError(Watch.REFUSED, "ARI does not tell our application of all channels")

    async def _application(self) -> Application:
        answer = await self._client.ask("GET", self._client.application)
        return _understood(application_of, answer.body)

    async def _look(self) -> None:
        """Read all channels; nothing is handled meanwhile, so that no event overtakes it."""
        channels = await self._client.ask("GET", "/channels", within=LOOK_SECONDS)
        read_at = time.monotonic()
        bridges = await self._client.ask("GET", "/bridges", within=LOOK_SECONDS)
        look = Look(
            _understood(channels_of, channels.body),
            _understood(bridges_of, bridges.body),
            date_of(channels.date),
            read_at,
        )
        await self._hearing.looked(look)


def _understood(read: Callable[[bytes], T], body: bytes) -> T:
    try:
        return read(body)
    except MalformedError as error:
        raise AriError(Watch.UNREACHABLE, f"what ARI answers is not understood: {error}") from None


async def first_to_end(*work: Awaitable[None]) -> None:
    """Run all until one ends, end the others, and raise what it ended by; the first one's first."""
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in filter(done.__contains__, tasks):
        task.result()
