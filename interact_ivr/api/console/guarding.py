"""Who may see which page of the console: by the session's user, their role and their tenant."""

from typing import Final

import msgspec
from aiohttp import web

from interact_ivr.api.console.sessions import Session, Sessions
from interact_ivr.api.routes import CONSOLE_COOKIE, CONSOLE_ROLES, WHO, Needs, Who
from interact_ivr.domain.access import Grant
from interact_ivr.domain.errors import NoSuchEnvironment, NotPermitted, Unauthenticated
from interact_ivr.domain.names import EnvironmentName
from interact_ivr.service.access import Access

SESSION: Final = web.RequestKey("console_session", Session)
"""Whose request it is."""
ENVIRONMENT: Final = "environment"
"""The part of a page's path that says which of the tenant's environments is meant."""


class ConsoleGuard(msgspec.Struct, frozen=True):
    """The guard of the console's pages."""

    sessions: Sessions
    access: Access

    def check(self, needs: Needs, request: web.Request) -> Who:
        """Say who asks.

        Raises:
            Unauthenticated: nobody who is signed in.
            NotPermitted: their role does not suffice.
            NoSuchEnvironment: their tenant has none of this name.
        """
        shown = request.cookies.get(CONSOLE_COOKIE, "")
        session = self.sessions.find(shown)
        if session is None:
            raise Unauthenticated
        request[SESSION] = session
        role = session.user.role
        if role is None or role not in CONSOLE_ROLES[needs]:
            request[WHO] = Who(EnvironmentName(f"{session.user.tenant}/"), user=session.user.name)
            raise NotPermitted
        environment = self._environment(session, request)
        return Who(
            environment,
            user=session.user.name,
            grant=Grant(role, environment),
            still=lambda: self.sessions.find(shown) is session,
        )

    def _environment(self, session: Session, request: web.Request) -> EnvironmentName:
        """Find the environment in the path; where there is none, the one meant by no name."""
        tenant, name = session.user.tenant, request.match_info.get(ENVIRONMENT)
        found = self.access.environment(tenant, name)
        if found is None and name is not None:
            raise NoSuchEnvironment(name)
        return found or EnvironmentName(f"{tenant}/")
