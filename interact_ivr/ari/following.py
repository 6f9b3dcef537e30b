"""Follows the calls on one PBX's phones, and asks what its events and looks leave out.

That is who rings for whom and who holds, after a gap; and of a number whether it may be seen, once.
It is asked beside the events. What cannot be asked stays unknown, and the number unseen.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Protocol

from interact_ivr.ari.calls import Look
from interact_ivr.ari.client import AriError, Client
from interact_ivr.ari.dialed import variable
from interact_ivr.ari.events import MalformedError
from interact_ivr.ari.on_phones import Alone, Move, OnPhones, Over, Shows, Unseen
from interact_ivr.ari.told import Caller, OfCalls
from interact_ivr.domain.phone_calls import PhoneCall

_AT_ONCE = 8
"""Requests to one PBX."""
_SETTLE_SECONDS = 0.25
"""A phone that is alone for less, as channels change bridges, was not alone."""
_HOLDS = {"0": False, "1": True}
_NOT_THERE = (404, 409)
"""Of a channel that is gone by now."""


class Hears(Protocol):
    """Whoever is told of the calls on phones."""

    def shows(self, call: PhoneCall) -> None:
        """Hear of a call on a phone as it is now."""

    def over(self, pbx: str, uniqueid: str, at: datetime) -> None:
        """Hear that a call is on its phone no longer."""

    def extension_of(self, pbx: str, device: str, environment: str | None) -> str | None:
        """Give the extension whose phone *device* is; empty: nobody's; None: it is not known."""


class Following:
    """Follows one PBX's calls."""

    def __init__(
        self,
        pbx: str,
        contexts: Mapping[str, str],
        hears: Hears,
        client: Client,
        unknown: Callable[[str, str], None],
        now: Callable[[], datetime],
    ) -> None:
        """*contexts*: where calls come in, each with the environment of its calls.

        *unknown* hears of which channel what could not be asked.
        """
        self._pbx = pbx
        self._on_phones = OnPhones(pbx, contexts, partial(hears.extension_of, pbx))
        self._hears = hears
        self._client = client
        self._unknown = unknown
        self._now = now
        self._beside = asyncio.Semaphore(_AT_ONCE)
        self._asking: set[asyncio.Task[None]] = set()
        self._leaving: dict[str, asyncio.TimerHandle] = {}
        """Phones' channels on which nobody else is, until that is so for long enough."""

    @property
    def calls(self) -> int:
        """How many calls are on phones."""
        return len(self._on_phones)

    def heard(self, event: OfCalls) -> None:
        """Take an event."""
        self._tell(self._on_phones.event(event, self._now()))

    def looked(self, look: Look) -> None:
        """Take all that there is, and ask what it does not say."""
        self._tell(self._on_phones.look(look, self._now()))
        self._begin(self._find_dialers())
        for channel in self._on_phones.talking():
            self._begin(self._find_hold(channel))

    async def close(self) -> None:
        """Ask nothing any more."""
        for timer in self._leaving.values():
            timer.cancel()
        for task in self._asking:
            task.cancel()
        await asyncio.gather(*self._asking, return_exceptions=True)

    def _tell(self, moves: Iterable[Move]) -> None:
        for move in moves:
            match move:
                case Shows(call=call):
                    self._stays(call.uniqueid)
                    self._hears.shows(call)
                case Alone(uniqueid=uniqueid):
                    self._leaving[uniqueid] = asyncio.get_running_loop().call_later(
                        _SETTLE_SECONDS, self._settled, uniqueid
                    )
                case Over(uniqueid=uniqueid):
                    self._over(uniqueid)
                case Unseen(uniqueid=uniqueid, caller=caller):
                    self._begin(self._see(uniqueid, caller))

    def _stays(self, uniqueid: str) -> None:
        if (timer := self._leaving.pop(uniqueid, None)) is not None:
            timer.cancel()

    def _settled(self, uniqueid: str) -> None:
        self._on_phones.over(uniqueid)
        self._over(uniqueid)

    def _over(self, uniqueid: str) -> None:
        self._stays(uniqueid)
        self._hears.over(self._pbx, uniqueid, self._now())

    async def _see(self, channel: str, caller: Caller) -> None:
        if (await self._variable(channel, "CALLERID(pres)")).startswith("allowed"):
            self._tell(self._on_phones.see(channel, caller, self._now()))

    async def _find_hold(self, channel: str) -> None:
        said = await self._variable(channel, "CHANNEL(rtp,hold)")
        if said in _HOLDS:
            self._tell(self._on_phones.hold(channel, self._now(), holds=_HOLDS[said]))

    async def _find_dialers(self) -> None:
        channels = self._on_phones.unlinked()
        found = await asyncio.gather(
            *(self._variable(each, "CHANNEL(linkedid)") for each in channels)
        )
        linkedids: Mapping[str, str] = {
            each: linkedid for each, linkedid in zip(channels, found, strict=True) if linkedid
        }
        self._tell(self._on_phones.link(linkedids, self._now()))

    async def _variable(self, channel: str, name: str) -> str:
        """Give what *name* has on a channel; "" where that cannot be known."""
        async with self._beside:
            try:
                return await variable(self._client, channel, name)
            except (AriError, MalformedError) as error:
                if not (isinstance(error, AriError) and error.status in _NOT_THERE):
                    self._unknown(channel, f"{name}: {error}")
                return ""

    def _begin(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)
