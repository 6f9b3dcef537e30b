"""Searching the journal, and asking it who held a number at an instant."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

import msgspec
from aiohttp import web
from msgspec import Meta

from interact_ivr.api.console.asking import Desk, asked, must_have, page
from interact_ivr.api.console.frames import query_of
from interact_ivr.api.routes import Needs, Route, Who
from interact_ivr.domain.errors import BadInput, NoSuchNumber, Refusal
from interact_ivr.domain.journal import OfCall, OfInteraction, Page, Subject, WhoHeld
from interact_ivr.domain.names import InteractionId
from interact_ivr.ports import Clock
from interact_ivr.service.journal import Journal

_ROWS: Final = 100
_CALLER_REACHES: Final = timedelta(days=1)
"""How far back a caller is looked for, where nothing else is said: callers have no index."""

Text = Annotated[str, Meta(max_length=128)]


class Search(msgspec.Struct, frozen=True):
    """What is looked for; times are UTC, as a browser's field has them (``2026-11-22T14:00``)."""

    number: Text = ""
    interaction: Text = ""
    call: Text = ""
    """Asterisk's uniqueid."""
    caller: Text = ""
    since: Text = ""
    at: Text = ""
    """The instant at which somebody held the number."""
    after: Text = ""
    """The last entry of the page before."""

    @property
    def sought(self) -> dict[str, str]:
        """What of the four is given."""
        return {
            name: value
            for name in ("number", "interaction", "call", "caller")
            if (value := getattr(self, name))
        }


class JournalPages(msgspec.Struct, frozen=True):
    """Serves it."""

    desk: Desk
    journal: Journal
    clock: Clock

    def routes(self) -> list[Route]:
        """Give what is served."""
        return [page("journal", Needs.CONSOLE_VIEWER, self._show)]

    async def _show(self, request: web.Request, who: Who) -> web.Response:
        what = asked(request, Search)
        here = must_have(who)
        found, held, fault = Page((), ""), None, ""
        try:
            held = await self._held(here, what)
            found = await self._found(here, what)
        except (NoSuchNumber, BadInput) as error:
            fault = _said(error)
        forwards = bool(what.since or what.after)
        return self.desk.show(
            *(request, who, "journal.html", 400 if fault else 200),
            what=what,
            entries=found.entries if forwards else found.entries[::-1],
            forwards=forwards,
            held=held,
            fault=fault,
            more=found.after if len(found.entries) == _ROWS and forwards else "",
            query=lambda **other: f"journal{_query(what, **other)}",
        )

    async def _found(self, environment: str, what: Search) -> Page:
        """Give a page from *since* on, or the newest entries where nothing says since when."""
        subject = self._subject(environment, what)
        since = _time("since", what.since)
        if what.caller and since is None and not what.after:
            since = self.clock.now() - _CALLER_REACHES
        newest = None if what.since or what.after else _ROWS
        return await self.journal.entries(
            environment, subject, after=what.after, since=since, limit=_ROWS, newest=newest
        )

    def _subject(self, environment: str, what: Search) -> Subject:
        match list(what.sought.items()):
            case []:
                return None
            case [("number", number)]:
                return self.journal.number(environment, number)
            case [("interaction", interaction)]:
                return OfInteraction(InteractionId(interaction))
            case [("call", uniqueid)]:
                return OfCall(uniqueid)
            case [("caller", caller)]:
                return self.journal.caller(environment, caller)
        names = " and ".join(what.sought)
        raise BadInput("search", "one of number, interaction, call and caller", names)

    async def _held(self, environment: str, what: Search) -> WhoHeld | None:
        at = _time("at", what.at)
        if at is None:
            return None
        if not what.number:
            raise BadInput("number", "the number that was held", "none")
        return await self.journal.who_held(environment, what.number, at)


def _time(field: str, text: str) -> datetime | None:
    """Read what a browser's field for a time gives: it is UTC."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadInput(field, "a time like 2026-11-22T14:00", f"{text!a}") from None


def _said(error: Refusal) -> str:
    if isinstance(error, NoSuchNumber):
        return f"{error.number} is not, and never was, a number here."
    return str(error)


def _query(what: Search, **other: Any) -> str:
    same: dict[str, Any] = {**what.sought, "since": what.since}
    return query_of({**same, **other})
