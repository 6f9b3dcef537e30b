"""ICWS, put together from the configuration and the services."""

import time
from collections.abc import Callable, Sequence
from typing import Self

import msgspec
from aiohttp import web

from interact_ivr import __version__
from interact_ivr.api.connections import SERVER
from interact_ivr.api.icws.connection import Connections
from interact_ivr.api.icws.guarding import IcwsGuard
from interact_ivr.api.icws.paths import absent
from interact_ivr.api.icws.queries import Queries
from interact_ivr.api.icws.sessions import Sessions
from interact_ivr.api.icws.settings import Settings
from interact_ivr.api.routes import Needs, Route, Who
from interact_ivr.api.signing_in import SignIn
from interact_ivr.api.sources import Sources
from interact_ivr.app import Parts
from interact_ivr.config_icws import IcwsConfig
from interact_ivr.domain.errors import Refusal
from interact_ivr.domain.names import EnvironmentName


class Icws(msgspec.Struct, frozen=True):
    """What the house serves of it, and what may be set while it does."""

    routes: Sequence[Route]
    sessions: Sessions
    _guard: IcwsGuard

    @classmethod
    def of(
        cls,
        config: IcwsConfig,
        parts: Parts,
        sign_in: SignIn,
        sources: Sources,
        stopping: Callable[[], bool],
    ) -> Self:
        """Build it."""
        sessions = Sessions(time.monotonic, config.idle_seconds, config.sessions_per_user)
        guard = IcwsGuard(
            _settings(config),
            sessions,
            parts.access,
            sources,
            lambda: parts.environments.defaults.environment,
        )
        connections = Connections(
            guard,
            sign_in,
            parts.environments.named,
            parts.allocations.probe,
            stopping,
            SERVER,
            __version__,
        )
        # queries first, as they are asked for most: paths are tried in turn
        routes = [*Queries(parts.numbers).routes(), *connections.routes()]
        return cls(routes, sessions, guard)

    def adopt(self, config: IcwsConfig) -> None:
        """Let another configuration count from now on; sessions go on, if it lets them."""
        self._guard.settings = _settings(config)
        self.sessions.idle_seconds = config.idle_seconds
        self.sessions.most_of_one = config.sessions_per_user

    def check(self, needs: Needs, request: web.Request) -> Who:
        """Say whose session a request shows, as `IcwsGuard` does."""
        return self._guard.check(needs, request)

    def absent(self, request: web.Request, otherwise: Refusal) -> Refusal:
        """Say why *request* is not served, if it is not for the reason *otherwise*."""
        prefix = self._guard.sources.prefix(request)
        return absent(self._guard.settings, request.path, prefix, otherwise)

    def alternate_hosts(self) -> Sequence[str]:
        """Say where to go instead of here."""
        return self._guard.settings.alternate_hosts


def _settings(config: IcwsConfig) -> Settings:
    return Settings(
        enabled=config.enabled,
        environment=EnvironmentName(config.environment),
        draining=config.draining,
        removed=frozenset(config.removed),
        alternate_hosts=config.alternate_hosts,
    )
