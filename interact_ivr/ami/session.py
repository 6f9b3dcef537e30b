"""One session with Asterisk's manager interface: panoramisk's Manager with its ends made safe.

panoramisk reads and writes AMI. What it lacks is added here, and only that: every action is
answered, refused, or the session is over within a time; a list is whole or not there; whoever is
refused at the login hears it; a session that is lost stays lost, and nothing of it is sent in
another one. Whoever wants to go on opens a new session.
"""

import asyncio
import codecs
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
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
_EVENTS: Final = "system,call,agent"
"""The classes of events that say what has changed; no calls' variables are among them."""
_WANTED: Final = (
    "Event: FullyBooted",
    "Event: Reload",
    "Event: QueueMember(Added|Removed)",
    "Event: MessageWaiting",
    "Event: ExtensionStatus",
    "Device: Queue:",
)
"""Asterisk's filters, regular expressions: what matches none is not sent."""

Message = Mapping[str, Any]
"""Headers by name, in any case; one that comes twice has a list of texts."""
Heard = Callable[[Message], None]
_SILENT: Final = logging.Logger("panoramisk", logging.CRITICAL)
"""panoramisk would log all that is said, passwords of phones included."""


class AmiLost(Exception):
    """There is no session, for the reason given; nothing more can be asked in it."""


class AmiRefused(Exception):
    """Asterisk has refused an action, in its own words; the session goes on."""


@dataclass(frozen=True, slots=True)
class Account:
    """Where a PBX's manager interface is, and as whom it is used."""

    host: str
    port: int
    user: str
    secret: Callable[[], str]
    """Reads it at each login; OSError where it cannot be read."""


class _Action(Action):  # type: ignore[misc]  # panoramisk has no types
    """An action that knows when it is answered."""

    def __init__(self, headers: Mapping[str, str], *, lists: bool) -> None:
        super().__init__(headers)
        self.heard: Callable[[], None] = lambda: None
        """Told of each message of the answer."""
        self._lists = lists

    def add_message(self, message: Any) -> bool:
        """Take a message of the answer; whether it is whole now."""
        self.responses.append(message)
        self.heard()
        whole = (
            message.get("Response") == "Error"
            or message.get("EventList") == "Complete"
            or not (self._begins_a_list(message) or "Event" in message)
        )
        if len(self.responses) > _MOST:
            raise ValueError("an answer without an end")
        if whole and not self.future.done():
            self.future.set_result(self.responses)
        return whole

    def _begins_a_list(self, message: Any) -> bool:
        """Where there is nothing to list, Asterisk may just say so: that is all of the answer."""
        return self._lists and message.get("EventList") == "start"


class _Protocol(AMIProtocol):  # type: ignore[misc]  # panoramisk has no types
    """panoramisk's, which also stands a server that closes at once, sends halves or no end."""

    def __init__(self, manager: "_Manager") -> None:
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


class _Manager(Manager):  # type: ignore[misc]  # panoramisk has no types
    """panoramisk's for one connection: it connects once, and neither pings nor logs in itself."""

    def __init__(self, account: Account, heard: Heard) -> None:
        super().__init__(
            host=account.host,
            port=account.port,
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


class Session:
    """A login, and what can be asked until it is lost. One action is asked at a time."""

    def __init__(self, manager: _Manager, patience_seconds: float) -> None:
        self._manager = manager
        self._patience_seconds = patience_seconds
        self.lost = manager.lost
        """Why the session has ended, once it has."""

    async def ask(self, action: str, **headers: str) -> Message:
        """Give the answer to *action*.

        Raises:
            AmiRefused: Asterisk will not.
            AmiLost: the session has ended, now at the latest.
        """
        return (await self._answer(_Action({"Action": action, **headers}, lists=False)))[-1]

    async def ask_all(self, action: str, **headers: str) -> Sequence[Message]:
        """Give all that *action* lists, as messages; it raises what `ask` does."""
        return (await self._answer(_Action({"Action": action, **headers}, lists=True)))[1:-1]

    async def _answer(self, action: _Action) -> list[Message]:
        if not all(map(str.isprintable, action.values())):
            raise AmiRefused(f"{action['Action']}: a value that is not one printable line")
        answer = await self._awaited(action)
        if answer[-1].get("Response") == "Error":
            raise AmiRefused(f"{action['Action']}: {answer[-1].get('Message', 'refused')}")
        return answer

    async def _awaited(self, action: _Action) -> list[Message]:
        loop = asyncio.get_running_loop()
        if self.lost.done():
            raise AmiLost(self.lost.result())
        try:
            async with asyncio.timeout(self._patience_seconds) as limit:
                action.heard = lambda: limit.reschedule(loop.time() + self._patience_seconds)
                future = self._manager.send_action(action)
                await asyncio.wait({future, self.lost}, return_when=asyncio.FIRST_COMPLETED)
        except TimeoutError:
            # What else came now might be taken for the answer to another action.
            silence = f"no answer to {action['Action']} within {self._patience_seconds:g} seconds"
            self._manager.end(silence)
        finally:
            action.heard = lambda: None
        if not future.done():
            raise AmiLost(self.lost.result())
        answer: list[Message] = future.result()
        return answer


@asynccontextmanager
async def logged_in(
    account: Account, heard: Heard, patience_seconds: float
) -> AsyncIterator[Session]:
    """Connect and log in; *heard* is told each event that may say that something has changed.

    Whoever is silent for *patience_seconds* while something is asked of them is gone.

    Raises:
        AmiLost: there is no connection, no AMI, or no login; the body's own are raised, too.
    """
    try:
        secret = account.secret()
    except OSError as error:
        raise AmiLost(f"the secret cannot be read: {error}") from error
    manager = _Manager(account, heard)
    session = Session(manager, patience_seconds)
    try:
        await _connect(manager, patience_seconds)
        await _log_in(session, account.user, secret)
        yield session
    finally:
        manager.end("the session is closed")


async def _connect(manager: _Manager, within_seconds: float) -> None:
    try:
        async with asyncio.timeout(within_seconds):
            await manager.connect()
    except TimeoutError:
        raise AmiLost(f"no connection within {within_seconds:g} seconds") from None
    except OSError as error:
        raise AmiLost(f"cannot be connected to: {error}") from error


async def _log_in(session: Session, user: str, secret: str) -> None:
    try:
        await session.ask("Login", Username=user, Secret=secret, Events=_EVENTS)
    except AmiRefused as error:
        raise AmiLost(f"refused: {error}") from error
    for wanted in _WANTED:
        with suppress(AmiRefused):  # then what is not wanted comes, too, and is passed over
            await session.ask("Filter", Operation="Add", Filter=wanted)
