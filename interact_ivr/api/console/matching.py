"""Draining all numbers that fit a filter, or lending them again: counted first, then confirmed."""

from typing import Final

import msgspec
from aiohttp import web
from msgspec.structs import replace

from interact_ivr.api.console.asking import Desk, action, asked, done, must_have, page
from interact_ivr.api.console.guarding import SESSION
from interact_ivr.api.console.pool import Filter, same_query, shown_of
from interact_ivr.api.console.sessions import Note
from interact_ivr.api.routes import Needs, Route, Who
from interact_ivr.domain.values import Shown
from interact_ivr.service.numbers import Numbers

_PAGE: Final = "matching"


class Matching(Filter, frozen=True):
    """Which numbers, and what is to become of them."""

    enabled: bool = False


class SetMatching(Matching, frozen=True, kw_only=True):
    """The form by which that is done: it says which of both."""

    enabled: bool


class MatchingPages(msgspec.Struct, frozen=True):
    """Serves it."""

    desk: Desk
    numbers: Numbers

    def routes(self) -> list[Route]:
        """Give what is served."""
        return [
            page(_PAGE, Needs.CONSOLE_ADMIN, self._ask),
            action(_PAGE, self._set, "number.enable_matching"),
        ]

    async def _ask(self, request: web.Request, who: Who) -> web.Response:
        """Say how many would change; nothing is changed by that."""
        what = asked(request, Matching)
        here = must_have(who)
        fits = self._fits(here, what)
        would_change = replace(fits, enabled=not what.enabled)
        impossible = fits.enabled is what.enabled
        return self.desk.show(
            request,
            who,
            "matching.html",
            what=what,
            count=0 if impossible else await self._count(here, would_change, what),
            back=f"pool{same_query(what)}",
        )

    async def _count(self, here: str, shown: Shown, what: Matching) -> int:
        return await self.numbers.count(here, shown, what.application)

    async def _set(self, request: web.Request, who: Who) -> web.Response:
        what = await self.desk.form(request, SetMatching)
        here = must_have(who)
        count = await self.numbers.set_all_enabled(
            here, self._fits(here, what), enabled=what.enabled, application=what.application
        )
        many = "1 number" if count == 1 else f"{count:,} numbers"
        how = "lent again" if what.enabled else "drained"
        note = Note(f"{many} {'was' if count == 1 else 'were'} {how}.")
        return done(request[SESSION], f"pool{same_query(what)}", note)

    def _fits(self, here: str, what: Matching) -> Shown:
        shown = shown_of(what, self.numbers.group(here, what.group or None))
        return replace(shown, after="", limit=None)
