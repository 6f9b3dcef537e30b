"""panoramisk's Manager for one connection, with its ends made safe.

panoramisk reads and writes AMI. What it lacks is added here, and only that: an answer is known to
be whole; what comes is bounded, and taken in turns; a connection that is lost stays lost, and
nothing of it is sent in another one.
"""

import asyncio
import codecs
import logging
import ssl
from collections.abc import Callable, Mapping
from typing import Any, Final

from panoramisk.actions import Action
from panoramisk.ami_protocol import AMIProtocol
from panoramisk.manager import Manager

_LONGEST: Final = 1024 * 1024
"""Characters of a message that has no end yet."""
_AT_ONCE: Final = 16 * 1024
"""Bytes that are taken apart before others have their turn: some milliseconds."""
_MOST: Final = 500_000
"""Messages of one answer."""
_LARGEST: Final = 64 * 1024 * 1024
"""Characters of one answer's values: a hundred thousand mailboxes are half of it."""

_SILENT: Final = logging.Logger("panoramisk", logging.CRITICAL)
"""panoramisk would log all that is said, passwords of phones included."""


class OneAction(Action):  # type: ignore[misc]  # panoramisk has no types
    """An action that knows when it is answered."""

    def __init__(self, headers: Mapping[str, str], *, lists: bool) -> None:
        super().__init__(headers)
        self.heard: Callable[[], None] = lambda: None
        """Told of each message of the answer."""
        self._lists = lists
        self._room = _LARGEST

    def add_message(self, message: Any) -> bool:
        """Take a message of the answer; whether it is whole now."""
        self.responses.append(message)
        self.heard()
        whole = (
            message.get("Response") == "Error"
            or message.get("EventList") == "Complete"
            or not (self._begins_a_list(message) or "Event" in message)
        )
        self._room -= sum(len(str(value)) for value in message.values())
        if len(self.responses) > _MOST or self._room < 0:
            raise ValueError("an answer without an end")
        if whole and not self.future.done():
            self.future.set_result(self.responses)
        return whole

    def _begins_a_list(self, message: Any) -> bool:
        """Where there is nothing to list, Asterisk may just say so: that is all of the answer."""
        return self._lists and message.get("EventList") == "start"


class _Protocol(AMIProtocol):  # type: ignore[misc]  # panoramisk has no types
    """panoramisk's, which also stands a server that closes at once, sends halves or no end."""

    def __init__(self, manager: "OneManager") -> None:
        self._manager = manager
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._rest = b""

    def connection_made(self, transport: Any) -> None:
        """Belong to the manager from the first byte on."""
        super().connection_made(transport)
        self.factory = self._manager

    def data_received(self, data: bytes) -> None:
        """Take bytes, some at a time; a character may come in two parts."""
        is_at_it, self._rest = bool(self._rest), self._rest + data
        if not is_at_it:
            self._take()

    def _take(self) -> None:
        if self.transport.is_closing():
            return
        some, self._rest = self._rest[:_AT_ONCE], self._rest[_AT_ONCE:]
        try:
            super().data_received(self._decode(some).encode())
        except (AttributeError, TypeError, ValueError) as error:
            self._manager.end(f"what came is no AMI: {error!r}")
        if self.queue and len(self.queue[-1]) > _LONGEST:
            self._manager.end("a message came without an end")
        if self._rest:
            self.transport.pause_reading()
            asyncio.get_running_loop().call_soon(self._take)
        else:
            self.transport.resume_reading()


class OneManager(Manager):  # type: ignore[misc]  # panoramisk has no types
    """panoramisk's for one connection: it connects once, and neither pings nor logs in itself."""

    def __init__(
        self, host: str, port: int, tls: ssl.SSLContext | None, heard: Callable[[Any], None]
    ) -> None:
        """*heard* is told each event that belongs to no answer."""
        super().__init__(
            host=host,
            port=port,
            ssl=tls or False,
            protocol_factory=lambda: _Protocol(self),
            log=_SILENT,
        )
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        """Why the connection has ended, once it has."""
        self.register_event("*", lambda _, event: heard(event))

    def connection_made(self, future: "asyncio.Future[Any]") -> None:
        """Take the connection; if there is none, whoever wanted it is told."""
        if future.cancelled() or future.exception() is not None:
            return
        super().connection_made(future)
        if self.lost.done():  # before it was ours
            self.close()

    def connection_lost(self, error: object) -> None:
        """Note that it has ended, and do nothing about it."""
        self.end(f"the connection was lost: {error}" if error else "Asterisk closed the connection")

    def ping(self) -> None:
        """Send none: the session does, and waits for the answer."""

    def end(self, why: str) -> None:
        """Close the connection, and forget what was to be sent."""
        if not self.lost.done():
            self.lost.set_result(why)
        self.close()
        self.awaiting_actions.clear()
