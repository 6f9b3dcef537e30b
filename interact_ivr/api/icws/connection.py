"""ICWS's connection: opening a session, how it is, ending it; features and version."""

import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Final

import msgspec
from aiohttp import web

from interact_ivr.api.describing import Answer, Content, Description
from interact_ivr.api.faults import NotAccepting
from interact_ivr.api.icws.faults import (
    REFUSING,
    Gone,
    NoSuchFeature,
    WrongPassword,
)
from interact_ivr.api.icws.guarding import IcwsGuard, cookie_name
from interact_ivr.api.icws.paths import BASE, OF_SESSION, SPELLED
from interact_ivr.api.icws.sessions import Session
from interact_ivr.api.icws.wire import (
    MEDIA,
    SESSION_HEADER,
    TOKEN_HEADER,
    Connection,
    ConnectionRequest,
    ConnectionState,
    FeatureInfo,
    FeatureList,
    Version,
    given,
    read,
)
from interact_ivr.api.routes import WHO, Needs, Route, Who
from interact_ivr.api.signing_in import SignIn
from interact_ivr.domain.directory import tenant_of
from interact_ivr.domain.errors import (
    NoSuchEnvironment,
    Refusal,
    StoreUnavailable,
    TooManyAttempts,
    Unauthenticated,
)
from interact_ivr.domain.names import EnvironmentName

FEATURES: Final = (
    FeatureInfo("connection", 1),
    FeatureInfo("messaging", 2),
    FeatureInfo("phone-numbers", 2),
)
"""Messaging's version 2 is the one with event streams."""
_UP: Final = 1
_PROBE_SECONDS: Final = 1.5


class Connections(msgspec.Struct, frozen=True):
    """Serves them."""

    guard: IcwsGuard
    sign_in: SignIn
    there: Callable[[EnvironmentName], object]
    """Raises `NoSuchEnvironment` where an environment is not there."""
    probe: Callable[[float], Awaitable[None]]
    """Raises `StoreUnavailable` where the store gives no answer in time."""
    stopping: Callable[[], bool]
    server: str
    """Our name and our version, to people and to programs."""
    version: str

    def routes(self) -> list[Route]:
        """Give what is served."""
        connection, features = f"{BASE}/connection", f"{BASE}/connection/features"
        of_session = f"{OF_SESSION}/connection"
        return [
            Route("POST", connection, Needs.ICWS, self._connect, _CONNECT),
            Route("GET", of_session, Needs.ICWS_SESSION, self._show, _SHOW),
            Route("DELETE", of_session, Needs.ICWS_SESSION, self._disconnect, _DISCONNECT),
            Route("GET", features, Needs.ICWS, self._show_features, _FEATURES),
            Route("GET", f"{features}/{{featureId}}", Needs.ICWS, self._show_feature, _FEATURE),
            Route("GET", f"{BASE}/connection/version", Needs.ICWS, self._show_version, _VERSION),
        ]

    async def _connect(self, request: web.Request, _: Who) -> web.Response:
        asked = await read(request, ConnectionRequest)
        session = await self._opened(asked, request)
        request[WHO] = Who(session.environment, user=session.user)
        include = request.rel_url.query.get("include", "").lower().split(",")
        response = given(self._connection(session, include), 201)
        self._show_secrets(session, request, response)
        return response

    async def _opened(self, asked: ConnectionRequest, request: web.Request) -> Session:
        """Open a session of its own, whatever the request has shown of others.

        A password that was changed while it was checked ends the session at its first use.
        """
        self._check_accepting()
        environment = self.guard.environment
        self.there(environment)
        tenant = tenant_of(environment)
        known = self.guard.access.user(tenant, asked.user)
        try:
            await self.sign_in.check(tenant, asked.user, asked.password, request)
        except Unauthenticated:
            raise WrongPassword from None
        if known is None:  # made while its password was checked
            raise WrongPassword
        await self.probe(time.monotonic() + _PROBE_SECONDS)
        self._check_accepting()
        return self.guard.sessions.open(environment, asked.user, known.password_hash)

    def _check_accepting(self) -> None:
        if self.guard.settings.draining or self.stopping() or self.guard.sessions.full:
            raise NotAccepting

    def _connection(self, session: Session, include: Sequence[str]) -> Connection:
        return Connection(
            csrf_token=session.token,
            session_id=session.id,
            user_id=session.user,
            user_display_name=session.user,
            ic_server=self.server,
            alternate_host_list=self.guard.settings.alternate_hosts,
            features=FEATURES if "features" in include else msgspec.UNSET,
            version=self._version() if "version" in include else msgspec.UNSET,
        )

    def _show_secrets(self, session: Session, request: web.Request, response: web.Response) -> None:
        """Put the session into headers, for programs that read no body.

        A browser minds a path's case: who has written `/ICWS` gets the cookie for this, too.
        """
        prefix = self.guard.sources.prefix(request)
        response.headers[SESSION_HEADER] = session.id
        response.headers[TOKEN_HEADER] = session.token
        response.headers["Location"] = f"{prefix}{BASE}/{session.id}/connection"
        secure = "; Secure" if self.guard.sources.is_secure(request) else ""
        for spelled in dict.fromkeys((BASE, request.get(SPELLED, BASE))):
            path = f"{prefix}{spelled}/{session.id}"
            cookie = f"{cookie_name(session.id)}={session.cookie}; Path={path}; HttpOnly{secure}"
            response.headers.add("Set-Cookie", cookie)

    async def _show(self, _: web.Request, __: Who) -> web.Response:
        return given(ConnectionState(_UP, "", False))

    async def _disconnect(self, request: web.Request, _: Who) -> web.Response:
        self.guard.sessions.end(request.match_info["sessionId"])
        return web.Response(status=204)

    async def _show_features(self, _: web.Request, __: Who) -> web.Response:
        return given(FeatureList(FEATURES))

    async def _show_feature(self, request: web.Request, _: Who) -> web.Response:
        for feature in FEATURES:
            if feature.feature_id == request.match_info["featureId"]:
                return given(feature)
        raise NoSuchFeature

    async def _show_version(self, _: web.Request, __: Who) -> web.Response:
        return given(self._version())

    def _version(self) -> Version:
        numbers = []
        for part in self.version.split("."):
            with suppress(ValueError):
                numbers.append(int(part))
        major, minor, update = [*numbers, 0, 0, 0][:3]
        return Version(major, minor, update)


def described(
    name: str,
    summary: str,
    answer: Answer,
    *refuses: type[Refusal],
    asks: type[msgspec.Struct] | None = None,
) -> Description:
    """Describe a route of ICWS."""
    return Description(name, summary, (answer,), REFUSING, (Gone, *refuses), asks)


_CONNECT = described(
    "icws_connect",
    "Open a session of a user",
    Answer(201, "the session; its cookie is `icws_` and its id", Content(MEDIA, Connection)),
    WrongPassword,
    TooManyAttempts,
    NotAccepting,
    StoreUnavailable,
    NoSuchEnvironment,
    asks=ConnectionRequest,
)
_SHOW = described(
    "icws_show_connection", "How a session is", Answer(200, "up", Content(MEDIA, ConnectionState))
)
_DISCONNECT = described("icws_disconnect", "End a session", Answer(204, "it has ended"))
_FEATURES = described(
    "icws_list_features", "What there is", Answer(200, "all of it", Content(MEDIA, FeatureList))
)
_FEATURE = described(
    "icws_show_feature",
    "Whether there is a feature",
    Answer(200, "there is", Content(MEDIA, FeatureInfo)),
    NoSuchFeature,
)
_VERSION = described(
    "icws_show_version", "This server's version", Answer(200, "it", Content(MEDIA, Version))
)
