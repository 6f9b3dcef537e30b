"""Who shows a password over HTTP: it is checked, and what fails is logged and counted."""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
import structlog
from aiohttp import web

from interact_ivr.api.sources import Sources
from interact_ivr.domain.errors import TooManyAttempts, Unauthenticated
from interact_ivr.domain.networks import owner
from interact_ivr.domain.shown import shown

_SHOWN = 80
_HELD_SECONDS = 1.0
"""A refusal costs nothing, so that who guesses is back at once: so few are told in a second."""

CheckUser = Callable[[str, str, str, str], Awaitable[bool]]
"""Says whether the tenant has the user with the password; hears where they ask from."""
LoginFailed = Callable[[str], None]
"""Hears why: ``wrong``, or ``too many`` where the password was not even looked at."""


class SignIn(msgspec.Struct, frozen=True):
    """Checks users; guesses get ever slower, whatever API they are made over."""

    check_user: CheckUser
    sources: Sources
    login_failed: LoginFailed

    async def check(self, tenant: str, name: str, password: str, request: web.Request) -> None:
        """Return if the tenant has such a user with that password.

        Raises:
            Unauthenticated: it has not.
            TooManyAttempts: nothing was checked; a second later, as who guesses does not wait.
        """
        source = self.sources.address(request)
        try:
            good = await self.check_user(tenant, name, password, owner(source))
        except TooManyAttempts:
            self._failed("too many", tenant, name, source)
            await asyncio.sleep(_HELD_SECONDS)
            raise
        if not good:
            self._failed("wrong", tenant, name, source)
            raise Unauthenticated

    def _failed(self, why: str, tenant: str, name: str, source: str) -> None:
        structlog.get_logger("http").warning(
            "login failed", why=why, tenant=tenant, user=shown(name, _SHOWN), source=source
        )
        self.login_failed(why)
