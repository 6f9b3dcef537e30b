"""Asterisk's side of an AMI session, byte by byte, over a socket; it can misbehave as told.

It is not Asterisk: an `AmiPeer` says what was recorded from the office's PBX (`testbed/office.py`),
or what a test has it say.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from testbed.ami_texts import FOLDER
from testbed.ports import LOOPBACK

BANNER = "Asterisk Call Manager/11.0.0\r\n"
BOOTED = "Event: FullyBooted\r\nPrivilege: system,all\r\nStatus: Fully Booted\r\n\r\n"
REFUSED = "Response: Error\r\nMessage: Permission denied\r\n\r\n"
DONE = "Response: Success\r\nMessage: Done\r\n\r\n"

_RECORDED = {
    "PJSIPShowEndpoints": "endpoints",
    "VoicemailUsersList": "voicemail",
    "QueueStatus": "queues",
    "Parkinglots": "parking-lots",
    "ExtensionStateList": "hints",
}

Action = dict[str, str]
Conversation = Callable[["AmiPeer"], Awaitable[None]]


class Gone(Exception):
    """Raised when the other side has closed."""


class AmiPeer:
    """One connection; `actions` are those that came, and `says` is what some are answered with."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.actions: list[Action] = []
        self.says: dict[str, str] = {}
        self._reader = reader
        self._writer = writer

    async def action(self) -> Action:
        """Give the next action, or raise `Gone`."""
        try:
            text = await self._reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            raise Gone from None
        lines = text.decode().strip().split("\r\n")
        action = dict(line.split(": ", 1) for line in lines)
        self.actions.append(action)
        return action

    async def say(self, text: str | bytes) -> None:
        """Send *text* as it is."""
        self._writer.write(text.encode() if isinstance(text, str) else text)
        with suppress(ConnectionError):
            await self._writer.drain()

    async def answer(self, action: Action, text: str) -> None:
        """Send *text* as the answer to *action*."""
        for message in filter(None, text.split("\r\n\r\n")):
            lines = [line for line in message.split("\r\n") if line != "ActionID: 1"]
            await self.say("\r\n".join([*lines, f"ActionID: {action['ActionID']}", "", ""]))

    async def welcome(self) -> None:
        """Let whoever it is log in."""
        await self.say(BANNER)
        await self.answer(await self.action(), DONE)
        await self.say(BOOTED)

    async def serve(self) -> None:
        """Answer whatever is asked, until the other side closes."""
        with suppress(Gone):
            while True:
                action = await self.action()
                await self.answer(action, self.answer_to(action))

    def answer_to(self, action: Action) -> str:
        """Give what the office says to *action*, or what a test has it say."""
        name = action["Action"]
        if name in self.says:
            return self.says[name]
        if name == "PJSIPShowEndpoint":
            return _text(f"endpoint-{action['Endpoint']}")
        if name == "ShowDialPlan":
            return _text("dialplan-701" if "Extension" in action else "dialplan-parkedcalls")
        return _text(_RECORDED[name]) if name in _RECORDED else DONE


def _text(name: str) -> str:
    return (FOLDER / f"{name}.txt").read_bytes().decode()


@asynccontextmanager
async def ami(
    conversation: Conversation, port: int = 0, tls: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    """Listen on loopback, have *conversation* with each who connects, and give the port."""
    talks: set[asyncio.Task[None]] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        talks.add(task)
        try:
            with suppress(Gone, asyncio.CancelledError):  # the server's, at its end
                await conversation(AmiPeer(reader, writer))
        finally:
            talks.discard(task)
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    server = await asyncio.start_server(talk, LOOPBACK, port, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in [*talks]:
            task.cancel()
        await asyncio.gather(*talks, return_exceptions=True)


async def silence() -> None:
    """Say nothing more, for ever."""
    await asyncio.Event().wait()
