"""How the service is: whether it would answer, its nodes and PBXes, and what the doctor finds."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from aiohttp import web

from interact_ivr.api.console.asking import Asked, Desk, asked, page
from interact_ivr.api.console.examining import Examinations, grouped
from interact_ivr.api.console.frames import SERVICE
from interact_ivr.api.console.guarding import SESSION
from interact_ivr.api.health import Health
from interact_ivr.api.routes import CONSOLE_ROLES, Needs, Route, Who
from interact_ivr.domain.directory import tenant_of
from interact_ivr.domain.errors import NotPermitted, StoreUnavailable
from interact_ivr.service.cluster import NodeView
from interact_ivr.service.links import links

_ADMINS = CONSOLE_ROLES[Needs.CONSOLE_ADMIN]


class ServiceAsked(Asked, frozen=True):
    """What the page may be asked."""

    examine: bool = False
    """Have the doctor look, which administrators may: it costs the PBXes something."""


class ServicePages(msgspec.Struct):
    """Serves it, to the default environment's tenant: the service is everybody's."""

    desk: Desk
    health: Health
    nodes: Callable[[], Awaitable[Sequence[NodeView]]]
    """Gives the nodes that share the store."""
    facts: Callable[[], Mapping[str, Any]] = dict
    """What `interact-ivr status` says; set once the service has any."""
    examinations: Examinations = msgspec.field(default_factory=Examinations)

    def routes(self) -> list[Route]:
        """Give what is served."""
        return [page(SERVICE, Needs.CONSOLE_VIEWER, self._show)]

    async def _show(self, request: web.Request, who: Who) -> web.Response:
        wanted, user = asked(request, ServiceAsked), request[SESSION].user
        if user.tenant != tenant_of(self.desk.administration.default):
            raise NotPermitted
        if wanted.examine and user.role not in _ADMINS:
            raise NotPermitted
        facts = self.facts()
        found = await self.examinations.findings() if wanted.examine else None
        return self.desk.show(
            request,
            who,
            "service.html",
            readiness=await self.health.readiness(),
            facts=[*_plain(facts)],
            warnings=facts.get("warnings", ()),
            nodes=await self._nodes(),
            links=links(facts),
            links_of=links,
            examined=wanted.examine,
            found=None if found is None else grouped(found),
            within=self.examinations.within,
        )

    async def _nodes(self) -> Sequence[NodeView] | None:
        """Give the nodes; None: the store cannot be asked, which is when this page is looked at."""
        try:
            return await self.nodes()
        except StoreUnavailable:
            return None


def _plain(facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in facts.items():
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            yield name.replace("_", " "), str(value)
