"""Watches one PBX: a call that comes in for a number of the pool marks that as ringing.

Which calls are on phones is followed as well (`following`). What is asked of the store or of
Asterisk for one call is done beside the events of others; of the same call, one thing after the
other.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from interact_ivr.ari.calls import Arrived, Calls, Gone, Look, Move
from interact_ivr.ari.client import Access, AriError, Client
from interact_ivr.ari.connection import Connection, Standing
from interact_ivr.ari.dialed import dialed, has_asked
from interact_ivr.ari.events import MalformedError
from interact_ivr.ari.following import Following, Hears
from interact_ivr.ari.lag import Lag
from interact_ivr.ari.told import Event, OfCalls
from interact_ivr.domain.errors import Refusal, StoreUnavailable
from interact_ivr.domain.names import CallRef
from interact_ivr.pace import Pace
from interact_ivr.service.ringing import Ringing

_AT_ONCE = 64
"""Calls that are being taken note of; behind them Asterisk's events wait."""
_OURS_ALONE = {"", "s", "h", "i", "t"}
"""Extensions of the Asterisk dialplan's own, which nobody dials."""


class Observer(Protocol):
    """Hears what is counted of one PBX."""

    def received(self) -> None:
        """Hear that something came, of interest or not."""

    def event(self, late: float) -> None:
        """Hear of an event, and by how many seconds it was *late* when it was done with."""

    def malformed(self, reason: str) -> None:
        """Hear of something that cannot be understood."""

    def unread(self, call: str, reason: str) -> None:
        """Hear of a call whose dialed number could not be read: nothing is guessed in its place."""

    def unknown(self, call: str, reason: str) -> None:
        """Hear of a call on a phone of which something could not be asked."""

    def failed(self, call: str, error: Exception) -> None:
        """Hear of a call that could not be taken note of."""

    def stands(self, standing: Standing) -> None:
        """Hear how it stands with the watching."""


class Pbx(msgspec.Struct, frozen=True):
    """A PBX as it is watched."""

    name: str
    access: Access
    contexts: Mapping[str, str]
    """Where calls come in, each with the environment of its calls."""
    dnis_from: Sequence[str]
    """Where the dialed number is looked for. What stands behind ``extension`` is not read: that
    would be a request for each call that is none of ours."""


class Watcher:
    """Watches *pbx* until cancelled."""

    def __init__(
        self,
        pbx: Pbx,
        ringing: Ringing,
        agents: Hears,
        observer: Observer,
        now: Callable[[], datetime],
        pace: Pace | None = None,
    ) -> None:
        """*now* is what the PBX's times are compared with."""
        self.pbx = pbx
        self._ringing = ringing
        self._observer = observer
        self._now = now
        self._calls = Calls(pbx.contexts)
        self._lag = Lag()
        self._beside = asyncio.Semaphore(_AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()
        """All that is being done."""
        self._last: dict[str, asyncio.Task[None]] = {}
        """The last thing that is done for a call, by its id."""
        self._noted: set[str] = set()
        """The calls that are on record as being on a number, by their ids."""
        self._client = Client(pbx.access)
        self._following = Following(
            *(pbx.name, pbx.contexts, agents, self._client, observer.unknown, now)
        )
        self._connection = Connection(self._client, self, pace or Pace())
        self.events = self.malformed_events = self.unread = 0
        self.late = 0.0
        """By how many seconds the last event was late."""

    @property
    def standing(self) -> Standing:
        """How it stands with the watching."""
        return self._connection.standing

    @property
    def reconnects(self) -> int:
        """How often the PBX was lost, and watched again."""
        return self._connection.reconnects

    @property
    def calls(self) -> int:
        """How many calls are on numbers of the pools, or were and are still there."""
        return len(self._noted)

    @property
    def on_phones(self) -> int:
        """How many calls are on phones."""
        return self._following.calls

    async def run(self) -> None:
        """Watch."""
        async with self._client:
            try:
                await self._connection.run()
            finally:
                for task in self._tasks:
                    task.cancel()
                await asyncio.gather(*self._tasks, return_exceptions=True)
                await self._following.close()

    def stands(self, standing: Standing) -> None:
        """Pass on how it stands."""
        self._observer.stands(standing)

    def received(self) -> None:
        """Count."""
        self.events += 1
        self._observer.received()

    def malformed(self, reason: str) -> None:
        """Count, and pass it on."""
        self.malformed_events += 1
        self._observer.malformed(reason)

    async def heard(self, event: Event) -> None:
        """Do what follows from an event."""
        if isinstance(event, OfCalls):
            self._following.heard(event)
        move = self._calls.event(event)
        if move is None:
            self._done(event.at)
        else:
            await self._begin(move, event.at)

    async def looked(self, look: Look) -> None:
        """Do what follows from all that there is."""
        self._following.looked(look)
        try:
            noted = await self._ringing.calls_of(self.pbx.name)
        except Refusal as error:
            self._observer.failed("", error)
            self._connection.look_soon()
            noted = frozenset()
        self._noted |= noted
        for move in self._calls.look(look, frozenset(self._noted)):
            await self._begin(move, None)

    async def _begin(self, move: Move, said: datetime | None) -> None:
        """Do *move* beside all else, once what was begun for the same call is done."""
        call = move.channel.id if isinstance(move, Arrived) else move.channel
        try:
            await self._beside.acquire()
        except asyncio.CancelledError:  # the socket is lost; the next look finds it
            self._calls.take_back(move)
            raise
        task = asyncio.create_task(self._do(call, move, self._last.get(call), said))
        self._tasks.add(task)
        self._last[call] = task
        task.add_done_callback(lambda done: self._end(call, done))

    def _end(self, call: str, done: asyncio.Task[None]) -> None:
        self._beside.release()
        self._tasks.discard(done)
        if self._last.get(call) is done:
            del self._last[call]

    async def _do(
        self, call: str, move: Move, before: asyncio.Task[None] | None, said: datetime | None
    ) -> None:
        if before is not None:
            await asyncio.wait([before])
        try:
            match move:
                case Arrived():
                    await self._arrived(move)
                case Gone() if call in self._noted:
                    await self._ringing.stopped(CallRef(self.pbx.name, call))
                    self._noted.discard(call)
                case Gone():
                    pass  # it was on none of ours
        except Refusal as error:
            self._observer.failed(call, error)
            if isinstance(error, StoreUnavailable):  # all else would be no other the next time
                self._calls.forget(call)
                self._connection.look_soon()
        except Exception as error:  # noqa: BLE001  the task's outermost edge: told, found again
            self._observer.failed(call, error)
            self._calls.forget(call)
        if said is not None:
            self._done(said)

    async def _arrived(self, arrived: Arrived) -> None:
        """Mark the first dialed number that is one of ours."""
        call = CallRef(self.pbx.name, arrived.channel.id)
        if arrived.seen is not None and await has_asked(self._client, arrived.channel):
            return
        for place in self.pbx.dnis_from:
            try:
                number = await dialed(self._client, place, arrived.channel)
            except (AriError, MalformedError) as error:
                self.unread += 1
                self._observer.unread(call.uniqueid, f"{place}: {error}")
                self._calls.forget(call.uniqueid)  # after a gap it may be read
                return
            ours = number not in _OURS_ALONE and await self._ringing.rings(
                arrived.environment, number, call, arrived.age(time.monotonic())
            )
            if ours:
                self._noted.add(call.uniqueid)
            if ours or place == "extension":
                return

    def _done(self, said: datetime) -> None:
        self.late = self._lag.of(said, self._now())
        self._observer.event(self.late)
