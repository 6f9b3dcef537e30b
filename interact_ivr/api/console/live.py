"""What happens in the pools, as it happens: a page, and the stream that keeps it going.

Happenings are told in batches, a few a second: what a call costs does not grow with who looks on.
"""

import asyncio
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec
from aiohttp import hdrs, web

from interact_ivr.api.console.asking import Asked, Desk, asked, must_have, page
from interact_ivr.api.console.frames import FRESH
from interact_ivr.api.console.sizing import Strained
from interact_ivr.api.event_streams import EventStreams, event
from interact_ivr.api.routes import Needs, Route, Who
from interact_ivr.domain.errors import StoreUnavailable
from interact_ivr.domain.happening import Gap, Happening
from interact_ivr.domain.journal import Entry
from interact_ivr.domain.names import EnvironmentName
from interact_ivr.service.environments import Environments
from interact_ivr.service.journal import Journal
from interact_ivr.service.stream import Reading, Stream

_ROWS: Final = 100
"""Entries of the journal with which the page begins."""
_PACE_SECONDS: Final = 0.25
_MOST: Final = 200
"""Happenings of a batch; of more, the page could show no more anyway."""
_BEFORE: Final = 50
"""Entries of the journal with which a stream begins: some were written on the page's way."""
ALIVE: Final = event("alive", b"-")


class Told(msgspec.Struct, frozen=True, omit_defaults=True):
    """A happening, as the page's script reads it."""

    what: str
    at: datetime
    number: str = ""
    interaction: str = ""
    call: str = ""
    pbx: str = ""

    @classmethod
    def of(cls, what: str, it: Happening | Entry) -> "Told":
        """Tell *it*, which is called *what*."""
        return cls(
            what,
            it.at,
            it.number or "",
            it.interaction or "",
            it.call.uniqueid if it.call else "",
            it.call.pbx if it.call else "",
        )


class Batches:
    """What a reader is sent: at most one event in `_PACE_SECONDS`, however much happens."""

    def __init__(self, reading: Reading, before: bytes = b"") -> None:
        """It begins with the event *before*, if there is one."""
        self._reading = reading
        self._before = before
        self._due = 0.0

    def __aiter__(self) -> "Batches":
        return self

    async def __anext__(self) -> bytes:
        """Give the next batch; broken off while it waits, it has lost nothing."""
        if self._before:
            before, self._before = self._before, b""
            return before
        await asyncio.sleep(self._due - time.monotonic())
        first = await anext(self._reading)
        self._due = time.monotonic() + _PACE_SECONDS
        return _written([first, *self._reading.waiting(_MOST)])


class LivePages(msgspec.Struct, frozen=True):
    """Serves them."""

    desk: Desk
    journal: Journal
    environments: Environments
    stream: Stream
    streams: EventStreams
    strained: Strained

    def routes(self) -> list[Route]:
        """Give what is served."""
        return [
            page("live", Needs.CONSOLE_VIEWER, self._show),
            page("happenings", Needs.CONSOLE_VIEWER, self._tell),
        ]

    async def _show(self, request: web.Request, who: Who) -> web.Response:
        asked(request, Asked)
        here = must_have(who)
        entries: Sequence[Entry] = ()
        if FRESH not in request.headers:  # the stream brings what is new of these
            found = await self.journal.entries(here, None, limit=_ROWS, newest=_ROWS)
            entries = found.entries[::-1]
        strained = self.strained(here)
        return self.desk.show(request, who, "live.html", entries=entries, strained=strained)

    async def _tell(self, request: web.Request, who: Who) -> web.StreamResponse:
        here = must_have(who)
        with self.stream.reading(self.environments.named(here).id) as reading:
            batches = Batches(reading, await self._before(request, here))
            return await self.streams.answer(request, batches, who, ALIVE)

    async def _before(self, request: web.Request, here: EnvironmentName) -> bytes:
        """Write what is on record by now, some of which may be told again; empty: nothing is."""
        if request.method == hdrs.METH_HEAD:
            return b""
        try:
            found = await self.journal.entries(here, None, limit=_BEFORE, newest=_BEFORE)
        except StoreUnavailable:  # what happens is told all the same
            return b""
        told = [Told.of(each.event, each) for each in found.entries]
        return event("before", msgspec.json.encode(told)) if told else b""


def _written(happened: Sequence[Happening | Gap]) -> bytes:
    lost = sum(each.lost for each in happened if isinstance(each, Gap))
    told = [Told.of(each.what, each) for each in happened if isinstance(each, Happening)]
    return event("happened", msgspec.json.encode({"lost": lost, "told": told}))
