"""Keeps what one PBX knows of its extensions: read at the start, and again where it has changed.

While the PBX cannot be asked, what it told last stands. Nobody ever waits for it.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final, Protocol

import msgspec
import structlog

from dialplan import Owner, QueueType
from interact_ivr.ami.asking import Answer, ask
from interact_ivr.ami.changes import EVERYTHING, changed
from interact_ivr.ami.devices import devices
from interact_ivr.ami.owners import owners
from interact_ivr.ami.session import Account, AmiLost, Session, logged_in
from interact_ivr.ami.told import Message, Part
from interact_ivr.pace import Pace

_LISTS: Final = frozenset({Part.BOXES, Part.QUEUES})
_BUSY: Final = 0.1
"""The part of the time in which a PBX that changes all the while is being asked."""


class Timing(msgspec.Struct, frozen=True):
    """How a PBX is asked, in seconds."""

    patience: float = 3.0
    """How long it may be silent while something is asked of it."""
    ping_every: float = 1.5
    """With *patience* it bounds how long a PBX that hangs goes unnoticed."""
    settle: float = 0.2
    """How long what has changed may change on before it is read."""
    most_settle: float = 2.0
    """The same of a PBX that changes all the while, and takes long to read."""
    read_every: float = 300.0
    """How often all is read again, whatever was heard."""
    list_every: float = 60.0
    """The same of what one question tells whole: that it has lost something, no event may tell."""


class Hears(Protocol):
    """Hears how it stands with a PBX's directory."""

    def read(self, extensions: Mapping[str, int], refused: Sequence[str]) -> None:
        """Hear that it was read: how many extensions are whose, and what was refused."""

    def lost(self, why: str) -> None:
        """Hear that it cannot be read any more."""


class PbxDirectory:
    """What one PBX knows of its extensions."""

    def __init__(self, account: Account, hears: Hears, timing: Timing, pace: Pace) -> None:
        self.missing: str | None = "it was not asked yet"
        """Why the PBX cannot be asked; None: it can."""
        self.sessions = 0
        """How often it could be, after it could not."""
        self._account = account
        self._hears = hears
        self._timing = timing
        self._pace = pace
        self._failed = 0
        self._stood_at: float | None = None
        self._answer = Answer()
        self._owners: Mapping[str, Owner] = {}
        self._devices: Mapping[str, str] = {}
        self._read_at: float | None = None
        self._stale: frozenset[Part] = frozenset()
        self._stirred = asyncio.Event()

    def owner(self, extension: str) -> Owner | None:
        """Give whose *extension* is, as the PBX told last."""
        return self._owners.get(extension)

    def extension_of(self, device: str) -> str | None:
        """Give the extension whose phone *device* is, as the PBX told last; empty: a trunk's."""
        return self._devices.get(device)

    @property
    def age_seconds(self) -> float | None:
        """How long ago it was read whole or in part; None: never yet."""
        return None if self._read_at is None else time.monotonic() - self._read_at

    @property
    def extensions(self) -> Mapping[str, int]:
        """How many extensions are whose, by `user`, `station`, `workgroup`, `orbit` and `line`."""
        counts = Counter(owner.queue_type for owner in self._owners.values())
        return {kind.name.lower(): counts[kind] for kind in QueueType if kind >= QueueType.USER}

    @property
    def refused(self) -> list[str]:
        """What the PBX would not tell, in its own words."""
        return [*self._answer.refused.values()]

    async def run(self) -> None:
        """Keep it, whatever becomes of the PBX, until cancelled."""
        while True:
            self._stale, self._stood_at = frozenset(), None
            try:
                async with logged_in(self._account, self._heard, self._timing.patience) as session:
                    session.lost.add_done_callback(lambda _: self._stirred.set())
                    await self._follow(session)
            except AmiLost as error:
                self._lost(str(error))
            except Exception as error:  # noqa: BLE001  the outermost edge: told, tried again
                structlog.get_logger("ami").exception("reading the directory failed")
                self._lost(f"the service failed: {error!r}")
            held = 0.0 if self._stood_at is None else time.monotonic() - self._stood_at
            self._failed = self._pace.after(self._failed, held)
            await asyncio.sleep(self._pace.pause(self._failed))

    async def _follow(self, session: Session) -> None:
        """Read all, then what has changed, for as long as the session lasts."""
        await self._booted(session)
        self._stale = EVERYTHING
        settle = await self._read(session)
        whole_at = lists_at = time.monotonic()
        while True:
            if not await self._stirs() or session.lost.done():
                await session.ask("Ping")
            if time.monotonic() > whole_at + self._timing.read_every:
                self._stale, whole_at = EVERYTHING, time.monotonic()
            if time.monotonic() > lists_at + self._timing.list_every:
                self._stale, lists_at = self._stale | _LISTS, time.monotonic()
            if self._stale:
                await asyncio.sleep(settle)
                settle = await self._read(session)

    async def _booted(self, session: Session) -> None:
        """Wait until the PBX says that it is up: before, it knows half of what it will know."""
        with suppress(TimeoutError):  # whoever may not hear it says so by nothing
            async with asyncio.timeout(self._timing.patience):
                while self._stale != EVERYTHING and not session.lost.done():
                    await self._stirred.wait()
                    self._stirred.clear()

    async def _stirs(self) -> bool:
        """Wait until there is news, or for as long as nobody need be asked whether they live."""
        try:
            async with asyncio.timeout(self._timing.ping_every):
                await self._stirred.wait()
        except TimeoutError:
            return False
        self._stirred.clear()
        return True

    async def _read(self, session: Session) -> float:
        """Read what is stale, and say how long the next change should settle."""
        begun, parts = time.monotonic(), self._stale
        self._stale = frozenset()
        self._answer = await ask(session, parts, self._answer)
        told = self._answer.told
        self._owners, self._devices = await asyncio.to_thread(lambda: (owners(told), devices(told)))
        self._read_at = time.monotonic()
        self._stand()
        took = self._read_at - begun
        return min(max(self._timing.settle, took / _BUSY), self._timing.most_settle)

    def _heard(self, event: Message) -> None:
        if stale := changed(event, self._answer.told):
            self._stale |= stale
            self._stirred.set()

    def _stand(self) -> None:
        if self.missing is not None:
            self.missing = None
            self.sessions += 1
            self._stood_at = self._read_at
        self._hears.read(self.extensions, self.refused)

    def _lost(self, why: str) -> None:
        if self.missing != why:
            self.missing = why
            self._hears.lost(why)
