"""Proves again and again that a websocket of ARI is still ours, and that somebody is there.

A second connection of the same application takes over, and the first one's socket stays open,
answers pings and is silent; a dead one is silent, too, but answers none.
"""

import asyncio
import itertools
from contextlib import suppress

import aiohttp

from interact_ivr.ari.client import AriError, Client, TakenOverError, Watch, if_it_can
from interact_ivr.ari.events import ECHO

_PROOF_SECONDS = 2.0
"""Between two proofs, and how long one may take."""
_PONG_SECONDS = 1.0


class Proof:
    """Of one websocket; whoever reads that tells what came back."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._marks = itertools.count(1)
        self._awaited = ""
        """The mark that is to come back."""
        self._echoed = asyncio.Event()
        self._ponged = asyncio.Event()
        self._may_write = True

    def echo(self, mark: str) -> None:
        """Hear that an event of our own has come."""
        if mark == self._awaited:
            self._echoed.set()

    def pong(self) -> None:
        """Hear that a ping was answered."""
        self._ponged.set()

    async def run(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Have Asterisk send us an event of our own, every few seconds, and see whether it comes.

        A user who may only read cannot; then that the application is registered has to do. Ends by
        an `AriError`, and by nothing else.
        """
        while True:
            await asyncio.sleep(_PROOF_SECONDS)
            if self._may_write:
                self._may_write = await if_it_can(self._ask_for_echo())
            if not self._may_write:
                await self._client.ask("GET", self._client.application)
            elif not await self._comes_back():
                await self._wait_for_pong(socket)
                raise TakenOverError("the websocket is silent")

    async def _ask_for_echo(self) -> None:
        self._awaited = str(next(self._marks))
        self._echoed.clear()
        path, parameters = f"/events/user/{ECHO}", {"application": self._client.name}
        await self._client.ask("POST", path, parameters, {"variables": {"mark": self._awaited}})

    async def _comes_back(self) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(_PROOF_SECONDS):
                await self._echoed.wait()
        return self._echoed.is_set()

    async def _wait_for_pong(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """See that somebody is there: a dead socket is silent, too, and nobody has taken it over.

        Asterisk may know our application by that dead one for minutes.
        """
        self._ponged.clear()
        try:
            async with asyncio.timeout(_PONG_SECONDS):
                await socket.ping()
                await self._ponged.wait()
        except (TimeoutError, ConnectionError):
            raise AriError(Watch.UNREACHABLE, "the websocket answers no ping") from None
