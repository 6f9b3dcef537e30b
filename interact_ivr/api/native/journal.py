"""The journal over the native API: its entries, and who held a number."""

from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta

from interact_ivr.api.native.allocations import Interaction
from interact_ivr.api.native.asking import (
    Asked,
    Limit,
    Says,
    Time,
    Within,
    answer,
    given,
    instant,
    native,
)
from interact_ivr.api.routes import Needs, Route
from interact_ivr.domain.errors import BadInput, NoSuchNumber
from interact_ivr.domain.journal import Entry, Hold, OfCall, OfInteraction, Subject
from interact_ivr.domain.names import CallRef, InteractionId
from interact_ivr.ports import Clock
from interact_ivr.service.journal import Journal


class ListEntries(Within, frozen=True, kw_only=True):
    """About what, and which page: of one number, interaction or call, or of everything."""

    number: Annotated[str, Meta(min_length=1, max_length=80)] | None = None
    interaction: Interaction | None = None
    call: Annotated[str, Meta(min_length=1, description="Asterisk's uniqueid")] | None = None
    pbx: Annotated[str, Meta(min_length=1, description="of which PBX the call is")] | None = None
    since: Annotated[Time, Meta(description="nothing written before")] | None = None
    after: (
        Annotated[
            str, Meta(pattern="^[0-9A-Z]{26}$", description="the page before said it, as `next`")
        ]
        | None
    ) = None
    limit: Limit = 100
    newest: (
        Annotated[int, Meta(ge=1, le=1000, description="begin so many entries before the end")]
        | None
    ) = None


class AskHolder(Within, frozen=True, kw_only=True):
    """When."""

    at: Annotated[Time, Meta(description="an instant that has come; none: now")] | None = None


class ShownCall(msgspec.Struct, frozen=True):
    """A call."""

    pbx: str
    uniqueid: str

    @classmethod
    def of(cls, call: CallRef | None) -> "ShownCall | None":
        """Show *call*, if there is one."""
        return None if call is None else cls(call.pbx, call.uniqueid)


class ShownEntry(msgspec.Struct, frozen=True):
    """One change of one number."""

    id: str
    at: Time
    """When it happened; an expiry is dated at its instant, whenever it was written."""
    event: str
    number: str
    allocation: str
    interaction: str
    expires_at: Time | None
    call: ShownCall | None
    ani: str | None
    """What is kept of the calling number."""
    detail: str | None

    @classmethod
    def of(cls, entry: Entry) -> "ShownEntry":
        """Show *entry*."""
        return cls(
            id=entry.id,
            at=entry.at,
            event=entry.event,
            number=entry.number,
            allocation=entry.allocation,
            interaction=entry.interaction,
            expires_at=entry.expires_at,
            call=ShownCall.of(entry.call),
            ani=entry.ani,
            detail=entry.detail,
        )


class EntriesPage(msgspec.Struct, frozen=True):
    """Some entries, in the order they were written."""

    entries: list[ShownEntry]
    next: str | None
    """The `after` to read on with, now or later; null: nothing was ever written."""


class ShownHold(msgspec.Struct, frozen=True):
    """An interaction's time with a number."""

    interaction: str
    allocation: str
    since: Time
    expires_at: Time | None
    until: Time | None
    """null: it holds the number now."""
    ended_as: str | None
    call: ShownCall | None
    """The call that ended it."""
    ani: str | None

    @classmethod
    def of(cls, hold: Hold | None) -> "ShownHold | None":
        """Show *hold*, if there is one."""
        if hold is None:
            return None
        return cls(
            interaction=hold.interaction,
            allocation=hold.allocation,
            since=hold.since,
            expires_at=hold.expires_at,
            until=hold.until,
            ended_as=hold.ended,
            call=ShownCall.of(hold.call),
            ani=hold.ani,
        )


class ShownHolder(msgspec.Struct, frozen=True):
    """Who held a number at an instant."""

    number: str
    at: Time
    hold: ShownHold | None
    """null: nobody, as far back as the journal reaches."""
    journal_begins: Time | None


class JournalRoutes(msgspec.Struct, frozen=True):
    """Serves it; unless an application is meant, that of the whole environment."""

    journal: Journal
    clock: Clock

    def routes(self) -> list[Route]:
        """Give what is served."""
        return [
            native(
                "GET", "/numbers/{number}/holder", Needs.VIEWER, self._holder, AskHolder,
                Says("show_holder", "Who held a number at an instant", (NoSuchNumber,)),
                answer(200, "who, or nobody", ShownHolder),
            ),
            native(
                "GET", "/journal", Needs.VIEWER, self._entries, ListEntries,
                Says("list_journal", "A page of the journal", (NoSuchNumber,)),
                answer(200, "the page", EntriesPage),
            ),
        ]  # fmt: skip

    async def _holder(self, asked: Asked[AskHolder]) -> web.Response:
        at = asked.what.at
        held = await self.journal.who_held(
            asked.environment,
            asked.path["number"],
            self.clock.now() if at is None else instant(at),
            asked.only,
        )
        hold = ShownHold.of(held.hold)
        return given(ShownHolder(held.number, held.at, hold, held.journal_begins))

    async def _entries(self, asked: Asked[ListEntries]) -> web.Response:
        what = asked.what
        page = await self.journal.entries(
            asked.environment,
            self._subject(asked),
            after=what.after or "",
            since=None if what.since is None else instant(what.since),
            limit=what.limit,
            newest=what.newest,
            application=asked.only,
        )
        return given(
            EntriesPage([ShownEntry.of(each) for each in page.entries], page.after or None)
        )

    def _subject(self, asked: Asked[ListEntries]) -> Subject:
        what = asked.what
        if what.pbx is not None and what.call is None:
            raise BadInput("pbx", "none without a call", "one")
        match what.number, what.interaction, what.call:
            case None, None, None:
                return None
            case str(number), None, None:
                return self.journal.number(asked.environment, number)
            case None, str(interaction), None:
                return OfInteraction(InteractionId(interaction))
            case None, None, str(uniqueid):
                return OfCall(uniqueid, what.pbx)
        raise BadInput("number", "one of number, interaction and call", "several")
