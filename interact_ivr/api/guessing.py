"""Who shows a secret that is looked up, over HTTP: a key, a token, a session; what fails is told.

Whoever shows nothing guesses nothing. A line in the log comes now and then, the metric counts all.
"""

from collections.abc import Callable, Sequence
from functools import partial

import msgspec
import structlog
from aiohttp import web

from interact_ivr.api.routes import Who
from interact_ivr.api.sources import Sources
from interact_ivr.domain.errors import Unauthenticated
from interact_ivr.domain.networks import owner
from interact_ivr.service.guesses import Guesses
from interact_ivr.service.seldom import Seldom

SecretFailed = Callable[[str, str], None]
"""Hears what was no good (``key``, ``token``, ``session``), and why."""


class Guessing(msgspec.Struct, frozen=True):
    """Lets secrets be looked up; guesses get ever slower, whatever API they are made over."""

    guesses: Guesses
    sources: Sources
    failed: SecretFailed
    seldom: Seldom = msgspec.field(default_factory=Seldom)

    async def find(
        self, what: str, shown: Sequence[str], request: web.Request, find: Callable[[], Who]
    ) -> Who:
        """Say who shows it, as *find* finds them.

        Raises:
            Unauthenticated: as *find* does.
            TooManyAttempts: nothing was looked up.
        """
        if not all(shown):
            return find()
        if what == "session" and self.guesses.is_quiet:  # shown so often that it is known in time
            try:
                return find()
            except Unauthenticated:
                pass  # it is the first one of late, and is looked up as such
        source = owner(self.sources.address(request))
        return await self.guesses.find(source, shown, find, partial(self._failed, what, source))

    def _failed(self, what: str, source: str, why: str) -> None:
        self.failed(what, why)
        left_out = self.seldom.left_out(f"{what} {why} {source}")
        if left_out is not None:
            structlog.get_logger("http").warning(
                "secret not accepted", what=what, why=why, source=source, not_told=left_out
            )
