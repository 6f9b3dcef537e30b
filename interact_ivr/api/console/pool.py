"""The pool, drawn as blocks of numbers that begin alike and listed page by page; and draining."""

from typing import Annotated, Final

import msgspec
from aiohttp import web
from msgspec import Meta

from interact_ivr.api.console.asking import Asked, Desk, action, asked, done, must_have, page
from interact_ivr.api.console.frames import query_of
from interact_ivr.api.console.guarding import SESSION
from interact_ivr.api.console.sessions import Note
from interact_ivr.api.console.sizing import Strained
from interact_ivr.api.console.states import MEANINGS, Look, counts_of, look_of, tiles_of
from interact_ivr.api.routes import Needs, Route, Who
from interact_ivr.domain.lifecycle import State
from interact_ivr.domain.values import Shown
from interact_ivr.service.numbers import Numbers
from interact_ivr.service.pools import Pools

_ROWS: Final = 50
_MOST: Final = 80
"""Characters of what is searched for: a number has no more."""

Text = Annotated[str, Meta(max_length=_MOST)]


class Filter(Asked, frozen=True):
    """Which numbers are shown."""

    group: Text = ""
    state: Look | None = None
    text: Text = ""
    prefix: Text = ""
    after: Text = ""
    """The last number of the page before."""


class SetNumbers(Filter, frozen=True, kw_only=True):
    """The form by which numbers are drained, or lent again; then the same page is shown."""

    number: list[str] = msgspec.field(default_factory=list)
    enabled: bool


class PoolPages(msgspec.Struct, frozen=True):
    """Serves it."""

    desk: Desk
    numbers: Numbers
    pools: Pools
    strained: Strained

    def routes(self) -> list[Route]:
        """Give what is served."""
        return [
            page("pool", Needs.CONSOLE_VIEWER, self._show),
            action("pool", self._set, "number.enable"),
        ]

    async def _show(self, request: web.Request, who: Who) -> web.Response:
        what = asked(request, Filter)
        here = must_have(who)
        group = self.numbers.group(here, what.group or None)
        found = await self.numbers.list(here, shown_of(what, group), what.application)
        rows = found[:_ROWS]
        blocks = await self.pools.blocks(here, what.application, what.prefix, group)
        counts = counts_of(blocks)
        return self.desk.show(
            request,
            who,
            "pool.html",
            what=what,
            groups=await self.pools.group_names(here, what.application),
            applications=self.desk.applications(who),
            counts=counts,
            total=sum(counts.values()),
            strained=self.strained(here),
            meanings=MEANINGS,
            tiles=tiles_of(blocks),
            rows=[(each, look_of(each)) for each in rows],
            more=rows[-1].number if len(found) > _ROWS else "",
            query=lambda **other: f"pool{same_query(what, **other)}",
            matching=lambda **other: f"matching{same_query(what, **other)}",
        )

    async def _set(self, request: web.Request, who: Who) -> web.Response:
        what = await self.desk.form(request, SetNumbers)
        here = must_have(who)
        if what.number:
            await self.numbers.set_enabled(
                here, what.number, enabled=what.enabled, application=what.application
            )
        how = "may be lent" if what.enabled else "drained: no longer lent"
        what_is = "1 number is" if len(what.number) == 1 else f"{len(what.number)} numbers are"
        if what.enabled:
            what_is = what_is.rpartition(" ")[0]
        note = Note(f"{what_is} {how}." if what.number else "No number was chosen.")
        return done(request[SESSION], f"pool{same_query(what)}", note)


def shown_of(what: Filter, group: str | None) -> Shown:
    """Give the page of numbers that *what* asks for; *group* was checked."""
    drained = what.state is Look.DRAINED
    return Shown(
        group=group,  # type: ignore[arg-type]  # it was checked
        state=State(what.state.value) if what.state and not drained else None,
        after=what.after,
        limit=_ROWS + 1,
        enabled=False if drained else None,
        prefix=what.prefix,
        text=what.text,
    )


def same_query(what: Filter, **other: object) -> str:
    """Write the query that shows the same, but for *other*; a page goes on where it is said so."""
    same = {
        "application": what.application,
        "group": what.group,
        "state": what.state,
        "prefix": what.prefix,
        "text": what.text,
    }
    return query_of({**same, **other})
