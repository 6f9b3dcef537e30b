"""Acts over HTTP: whose request it is, and where it comes from."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
from aiohttp import web

from interact_ivr.api.routes import Who
from interact_ivr.api.sources import Sources
from interact_ivr.domain.acts import Act, Actor
from interact_ivr.domain.directory import KnownUser, tenant_of
from interact_ivr.domain.errors import Refusal
from interact_ivr.domain.networks import owner
from interact_ivr.service.acts import Acts

_SOMEBODY = "somebody"
_TOKEN = "token "  # noqa: S105  how those who show one are called


class HttpActs(msgspec.Struct, frozen=True):
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

    async def visited(
        self, request: web.Request, user: KnownUser, action: str, why: Refusal | None = None
    ) -> None:
        """Put on record that *user* came in or left, or was not let in, and *why*."""
        actor = Actor(f"user {user.tenant}/{user.name}", self.sources.address(request))
        await self.acts.visited(actor, action, user.tenant, why)

    async def strange(
        self, request: web.Request, user: KnownUser | None, action: str, why: Refusal
    ) -> None:
        """Put on record that somebody was not let in as *user*; None: a name that is nobody's.

        Such a name is not told: people type passwords there.
        """
        tenant, name = ("", "") if user is None else (user.tenant, user.name)
        actor = Actor(_SOMEBODY, owner(self.sources.address(request)))
        await self.acts.strange(actor, action, tenant, name, why)

    def _actor(self, request: web.Request, who: Who) -> Actor:
        """Name the token as the request's log does, a user with their tenant."""
        is_token = who.user.startswith(_TOKEN)
        name = who.user if is_token else f"user {tenant_of(who.environment)}/{who.user}"
        return Actor(name, self.sources.address(request))


def _place(who: Who) -> tuple[str, str]:
    """Give the tenant and the environment, if there is one."""
    environment = "" if who.environment.endswith("/") else who.environment
    return tenant_of(who.environment), environment
