"""What the tenant's administrators did, and what they were refused; nothing here changes it."""

from typing import Annotated, Any, Final

import msgspec
from aiohttp import web
from msgspec import Meta

from interact_ivr.api.console.asking import Asked, Desk, asked, page
from interact_ivr.api.console.frames import AUDIT, query_of
from interact_ivr.api.console.guarding import SESSION
from interact_ivr.api.routes import Needs, Route, Who
from interact_ivr.domain.acts import Sought
from interact_ivr.service.acts import Acts

_ROWS: Final = 100

Text = Annotated[str, Meta(max_length=80)]


class Search(Asked, frozen=True, kw_only=True):
    """What is looked for."""

    who: Text = ""
    action: Text = ""
    before: Text = ""
    """The last entry of the page before."""


class AuditPages(msgspec.Struct, frozen=True):
    """Serves it."""

    desk: Desk
    acts: Acts

    def routes(self) -> list[Route]:
        """Give what is served."""
        return [page(AUDIT, Needs.CONSOLE_ADMIN, self._show)]

    async def _show(self, request: web.Request, who: Who) -> web.Response:
        what = asked(request, Search)
        tenant = request[SESSION].user.tenant
        sought = Sought(tenant=tenant, who=what.who, action=what.action)
        found = await self.acts.entries(sought, what.before, _ROWS + 1)
        return self.desk.show(
            request,
            who,
            "audit.html",
            what=what,
            entries=found[:_ROWS],
            more=found[_ROWS - 1].id if len(found) > _ROWS else "",
            query=lambda **other: f"{AUDIT}{_query(what, **other)}",
        )


def _query(what: Search, **other: Any) -> str:
    same: dict[str, Any] = {"who": what.who, "action": what.action}
    return query_of({**same, **other})
