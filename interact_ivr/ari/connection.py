"""Keeps a PBX watched: registers, registers again after every loss, and says how it stands.

Who is taken over does not take back: two programs with the same application would throw each other
out for ever. It looks every few seconds whether the other one has gone.
"""

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol

import msgspec
import structlog

from interact_ivr.ari.client import AriError, Client, TakenOverError, Watch
from interact_ivr.ari.session import Hearing, Session
from interact_ivr.pace import Pace


class Standing(msgspec.Struct, frozen=True):
    """How it stands with the watching of a PBX, since when, and why."""

    state: Watch
    since: datetime
    reason: str = ""
    version: str = ""
    """Asterisk's, as it was last told."""
    filtered: bool = False
    """Asterisk sends us only what is of interest."""

    @property
    def missing(self) -> str | None:
        """Say what is missing; None: nothing."""
        if self.state is Watch.WATCHING:
            return None
        return f"{self.state}: {self.reason}" if self.reason else str(self.state)


class Hears(Hearing, Protocol):
    """What the connection tells of beside events."""

    def stands(self, standing: Standing) -> None:
        """Hear how it stands now."""


class Connection:
    """Watches one PBX until cancelled."""

    def __init__(self, client: Client, hears: Hears, pace: Pace) -> None:
        self._client = client
        self._hears = hears
        self._pace = pace
        self._session: Session | None = None
        self._contested = False
        """Another connection may have our application."""
        self._failed = 0
        self._watching_at: float | None = None
        self.standing = Standing(Watch.CONNECTING, datetime.now(UTC))
        self.connections = 0
        """How often it came to watching."""

    @property
    def reconnects(self) -> int:
        """How often it came to watching again."""
        return max(self.connections - 1, 0)

    async def run(self) -> None:
        """Watch, and begin anew after whatever ends it, until cancelled."""
        while True:
            self._watching_at = None
            try:
                await self._watch()
            except AriError as error:
                self._contested = self._contested or isinstance(error, TakenOverError)
                self._stand(error.state, str(error))
            except Exception as error:  # noqa: BLE001  the outermost edge: told, tried again
                structlog.get_logger("ari").exception("watching failed")
                self._stand(Watch.UNREACHABLE, f"the service failed: {error!r}")
            held = 0.0 if self._watching_at is None else time.monotonic() - self._watching_at
            self._failed = self._pace.after(self._failed, held)
            await asyncio.sleep(self._pace.pause(self._failed))

    def look_soon(self) -> None:
        """Have the PBX looked at again: something could not be taken note of."""
        if self._session is not None:
            self._session.look_soon()

    async def _watch(self) -> None:
        self._client.read_password()
        if self._contested and await _is_registered(self._client):
            raise AriError(Watch.TAKEN_OVER, "another connection has registered our application")
        self._contested = False
        self._session = session = Session(self._client, self._hears)
        try:
            await session.run(lambda: self._begin(session))
        finally:
            self._session = None

    def _begin(self, session: Session) -> None:
        self._watching_at = time.monotonic()
        self.connections += 1
        self._stand(Watch.WATCHING, "", session)

    def _stand(self, state: Watch, reason: str, session: Session | None = None) -> None:
        old = self.standing
        if (old.state, old.reason) == (state, reason):
            return
        self.standing = Standing(
            state,
            old.since if old.state is state else datetime.now(UTC),
            reason,
            session.version if session else old.version,
            session.filtered if session else False,
        )
        self._hears.stands(self.standing)


async def _is_registered(client: Client) -> bool:
    try:
        await client.ask("GET", client.application)
    except AriError as error:
        if error.status != 404:
            raise
        return False
    return True
