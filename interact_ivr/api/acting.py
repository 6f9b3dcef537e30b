"""Acts over HTTP: whose request it is, and where it comes from."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from interact_ivr.api.routes import Who
from interact_ivr.api.sources import Sources
from interact_ivr.domain.acts import Act, Actor
from interact_ivr.domain.directory import tenant_of
from interact_ivr.domain.errors import Refusal
from interact_ivr.service.acts import Acts

_TOKEN = "token "  # noqa: S105  how those who show one are called


@dataclass(frozen=True, slots=True)
class HttpActs:
    """Puts on record what administrators ask for over HTTP."""

    acts: Acts
    sources: Sources

    @asynccontextmanager
    async def act(self, request: web.Request, who: Who, action: str) -> AsyncIterator[Act]:
        """Let what is done meanwhile be an act of *who*."""
        tenant, environment = _place(who)
        actor = self._actor(request, who)
        async with self.acts.act(actor, action, tenant, environment or None) as act:
            act.speak_of({**request.match_info})
            yield act

    async def refuse(self, request: web.Request, who: Who, action: str, why: Refusal) -> None:
        """Put on record what *who* may not do."""
        await self.acts.refuse(self._actor(request, who), action, *_place(who), why)

    def _actor(self, request: web.Request, who: Who) -> Actor:
        """Name the token as the request's log does, a user with their tenant."""
        is_token = who.user.startswith(_TOKEN)
        name = who.user if is_token else f"user {tenant_of(who.environment)}/{who.user}"
        return Actor(name, self.sources.address(request))


def _place(who: Who) -> tuple[str, str]:
    """Give the tenant and the environment, if there is one."""
    environment = "" if who.environment.endswith("/") else who.environment
    return tenant_of(who.environment), environment
