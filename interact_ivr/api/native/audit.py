"""What administrators did, over the native API: that of the token's environment; read only."""

from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta

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
from interact_ivr.domain.acts import Entry, Outcome, Sought
from interact_ivr.domain.errors import NotPermitted
from interact_ivr.service.acts import Acts

Text = Annotated[str, Meta(max_length=80)]


class ListActs(Within, frozen=True, kw_only=True):
    """Which acts, and which page of them."""

    who: Annotated[Text, Meta(description="a part of who did it")] = ""
    action: Annotated[Text, Meta(description="it, or what it begins with up to a dot")] = ""
    since: Annotated[Time, Meta(description="nothing done before")] | None = None
    before: (
        Annotated[
            str, Meta(pattern="^[0-9A-Z]{26}$", description="the page before said it, as `next`")
        ]
        | None
    ) = None
    limit: Limit = 100


class ShownAct(msgspec.Struct, frozen=True):
    """An act of an administrator."""

    id: str
    at: Time
    who: str
    """A user, how a token begins, or a user of the service's machine."""
    source: str
    """The address they asked from, or how else."""
    action: str
    object: str
    """What it was done to; never a secret."""
    outcome: Outcome
    reason: str | None
    """Why it was not done."""

    @classmethod
    def of(cls, entry: Entry) -> "ShownAct":
        """Show *entry*."""
        told = entry.told
        return cls(
            id=entry.id,
            at=entry.at,
            who=told.who,
            source=told.source,
            action=told.action,
            object=told.object,
            outcome=told.outcome,
            reason=told.reason,
        )


class ActsPage(msgspec.Struct, frozen=True):
    """Some acts, the newest first."""

    acts: list[ShownAct]
    next: str | None
    """The `before` of the next page; null: there is none."""


class AuditRoutes(msgspec.Struct, frozen=True):
    """Serves it."""

    acts: Acts

    def routes(self) -> list[Route]:
        """Give what is served."""
        return [
            native(
                "GET", "/audit", Needs.ADMIN, self._list, ListActs,
                Says("list_acts", "What administrators did and were refused, the newest first"),
                answer(200, "the page", ActsPage),
            ),
        ]  # fmt: skip

    async def _list(self, asked: Asked[ListActs]) -> web.Response:
        """Show the environment's; an application's own token sees no other's, so nothing here."""
        if asked.only is not None:
            raise NotPermitted
        what = asked.what
        since = None if what.since is None else instant(what.since)
        sought = Sought(None, asked.environment, what.who, what.action, since)
        found = await self.acts.entries(sought, what.before or "", what.limit + 1)
        page = found[: what.limit]
        more = page[-1].id if len(found) > what.limit else None
        return given(ActsPage([ShownAct.of(each) for each in page], more))
