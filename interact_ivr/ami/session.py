"""One session with Asterisk's manager interface: a login, and what is asked until it is lost.

Every action is answered, refused, or the session is over within a time; a list is whole or not
there; whoever is refused at the login hears it. Whoever wants to go on opens a new session.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final

import msgspec

from interact_ivr.ami.mended import OneAction, OneManager
from interact_ivr.ami.told import Message, text
from interact_ivr.domain.shown import shown

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

Heard = Callable[[Message], None]


class AmiLost(Exception):
    """There is no session, for the reason given; nothing more can be asked in it."""

    def __init__(self, reason: str) -> None:
        super().__init__(shown(reason))


class AmiRefused(Exception):
    """Asterisk has refused an action, in its own words, one printable line; the session goes on."""


class Account(msgspec.Struct, frozen=True):
    """Where a PBX's manager interface is, and as whom it is used."""

    host: str
    port: int
    user: str
    secret: Callable[[], str]
    """Reads it at each login; OSError where it cannot be read."""
    tls: Callable[[], ssl.SSLContext | None] = lambda: None
    """Says at each connection whose certificate is taken; None: TLS is not spoken."""


class Session:
    """A login, and what can be asked until it is lost. One action is asked at a time."""

    def __init__(self, manager: OneManager, patience_seconds: float) -> None:
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
        return (await self._answer(OneAction({"Action": action, **headers}, lists=False)))[-1]

    async def ask_all(self, action: str, **headers: str) -> Sequence[Message]:
        """Give all that *action* lists, as messages; it raises what `ask` does."""
        return (await self._answer(OneAction({"Action": action, **headers}, lists=True)))[1:-1]

    async def _answer(self, action: OneAction) -> list[Message]:
        if not all(map(str.isprintable, action.values())):
            raise AmiRefused(f"{action['Action']}: a value that is not one printable line")
        answer = await self._awaited(action)
        if answer[-1].get("Response") == "Error":
            raise AmiRefused(f"{action['Action']}: {text(answer[-1], 'Message') or 'refused'}")
        return answer

    async def _awaited(self, action: OneAction) -> list[Message]:
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
        secret, tls = account.secret(), account.tls()
    except OSError as error:
        raise AmiLost(f"the secret cannot be read: {error}") from error
    manager = OneManager(account.host, account.port, tls, heard)
    session = Session(manager, patience_seconds)
    try:
        await _connect(manager, patience_seconds)
        await _log_in(session, account.user, secret)
        yield session
    finally:
        manager.end("the session is closed")


async def _connect(manager: OneManager, within_seconds: float) -> None:
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
