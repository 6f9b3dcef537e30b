"""The console as a whole: its pages put together."""

from collections.abc import Iterator, Sequence
from typing import Protocol

import msgspec

from interact_ivr.api.answering import Speech
from interact_ivr.api.console.asking import Desk
from interact_ivr.api.console.dialect import OURS, ConsoleDialect
from interact_ivr.api.console.frames import root_of
from interact_ivr.api.console.service import ServicePages
from interact_ivr.api.console.sessions import Sessions
from interact_ivr.api.routes import Route


class Part(Protocol):
    """Some pages that belong together."""

    def routes(self) -> Sequence[Route]:
        """Give what is served."""


class Console(msgspec.Struct, frozen=True):
    """All of it."""

    desk: Desk
    sessions: Sessions
    service: ServicePages
    parts: Sequence[Part]

    def routes(self) -> Iterator[Route]:
        """Give what is served."""
        for part in self.parts:
            yield from part.routes()

    @property
    def speech(self) -> Speech:
        """How it refuses: a page knows its way to the root from the path that was asked for."""
        pages = self.desk.pages
        return Speech(
            OURS, ConsoleDialect(pages), at=lambda path: ConsoleDialect(pages, root_of(path))
        )
