"""The console as a whole: its pages put together."""

import time
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final, Protocol

import msgspec
from aiohttp import web
from msgspec.structs import replace

from interact_ivr.api.answering import Speech
from interact_ivr.api.console.asking import Desk
from interact_ivr.api.console.dialect import OURS, ConsoleDialect
from interact_ivr.api.console.frames import root_of
from interact_ivr.api.console.guarding import SESSION
from interact_ivr.api.console.service import ServicePages
from interact_ivr.api.console.sessions import Sessions
from interact_ivr.api.routes import Handler, Route, Who
from interact_ivr.service.courtesy import Courtesy

_LONGEST_REST: Final = 0.5
"""Seconds. What takes long waits for calls itself, or for its disk."""


class Part(Protocol):
    """Some pages that belong together."""

    def routes(self) -> Sequence[Route]:
        """Give what is served."""


class Console(msgspec.Struct, frozen=True):
    """All of it."""

    desk: Desk
    sessions: Sessions
    service: ServicePages
    courtesy: Courtesy
    parts: Sequence[Part]

    def routes(self) -> Iterator[Route]:
        """Give what is served."""
        for part in self.parts:
            for route in part.routes():
                yield replace(route, handler=partial(_in_turn, self.courtesy, route.handler))

    @property
    def speech(self) -> Speech:
        """How it refuses: a page knows its way to the root from the path that was asked for."""
        pages = self.desk.pages
        return Speech(
            OURS, ConsoleDialect(pages), at=lambda path: ConsoleDialect(pages, root_of(path))
        )


async def _in_turn(
    courtesy: Courtesy, handler: Handler, request: web.Request, who: Who
) -> web.StreamResponse:
    """Answer a person; their next page waits for calls as long as this one's work asks for."""
    session = request.get(SESSION)
    if session is None:
        return await handler(request, who)
    await courtesy.rest(session.rests_until)
    begun = time.monotonic()
    try:
        return await handler(request, who)
    finally:
        session.rests_until = min(courtesy.owed(begun), time.monotonic() + _LONGEST_REST)
