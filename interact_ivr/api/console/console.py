"""The console as a whole: its pages put together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from interact_ivr.api.answering import Speech
from interact_ivr.api.console.asking import Desk
from interact_ivr.api.console.dialect import ConsoleDialect, roots
from interact_ivr.api.console.service import ServicePages
from interact_ivr.api.console.sessions import Sessions
from interact_ivr.api.routes import Route


class Part(Protocol):
    """Some pages that belong together."""

    def routes(self) -> Sequence[Route]:
        """Give what is served."""


@dataclass(frozen=True, slots=True)
class Console:
    """All of it."""

    desk: Desk
    sessions: Sessions
    service: ServicePages
    parts: Sequence[Part]

    def routes(self) -> Iterator[Route]:
        """Give what is served."""
        for part in self.parts:
            yield from part.routes()

    def speeches(self) -> Iterator[Speech]:
        """Say how it refuses."""
        for paths, root in roots():
            yield Speech(paths, ConsoleDialect(self.desk.pages, root))
