"""How ICWS refuses: a JSON error with the vendor's ids and codes, and a status for every kind."""

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

import msgspec
from aiohttp import web

from interact_ivr.api.describing import Content, Refusing
from interact_ivr.api.faults import (
    Broken,
    NoSuchPath,
    NotAccepting,
    Said,
    Table,
    TooLarge,
    TooSlow,
    WrongMethod,
    allow,
    retry_after,
    said,
)
from interact_ivr.api.icws.wire import CONTENT_TYPE, MEDIA
from interact_ivr.domain.errors import (
    BadInput,
    NoSuchEnvironment,
    Refusal,
    StoreUnavailable,
    TooManyAttempts,
    Unauthenticated,
)


class SessionRefused(Unauthenticated):
    """The specified session token is missing, invalid, or has expired (seed 003)."""

    code = "session_refused"
    error_code: ClassVar[int] = 0

    def __init__(self, prefix: str = "") -> None:
        super().__init__()
        self.location = f"{prefix}/ICWS/connection"
        """Where to open another session; *prefix* is what a proxy has put before our paths."""


class NoSessionId(SessionRefused):
    """The path has no session's id."""

    code = "no_session_id"
    error_code = 1


class BadToken(SessionRefused):
    """The session's token is missing, or another one."""

    code = "bad_token"
    error_code = 2


class NoCookie(SessionRefused):
    """The session's cookie is missing, or another one."""

    code = "no_cookie"
    error_code = 4


class NoSuchSession(SessionRefused):
    """There is no such session; it may have expired."""

    code = "no_such_session"
    error_code = -2147221499


class WrongPassword(Unauthenticated):
    """There is no such user, or the password is another one."""

    code = "wrong_password"
    error_code: ClassVar[int] = -2147221503


class NoSuchFeature(NoSuchPath):
    """This server has no such feature."""

    code = "no_such_feature"


class Gone(NoSuchPath):
    """The resource is declared removed."""

    code = "gone"


class Error(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """What is wrong; *message* is always there."""

    message: str
    error_id: str = ""
    error_code: int = 0
    type: str = msgspec.field(name="__type", default="")
    property_name: str = ""
    alternate_host_list: Sequence[str] | None = None


_MISSING = "error.request.invalidRepresentation.missingRequiredParameter"
_INVALID = "error.request.invalidRepresentation.invalidProperty"
_NO_REPRESENTATION = "error.request.invalidRepresentation"
_FAILED_AUTHENTICATION = "error.request.connection.authenticationFailure"
_UNAVAILABLE = "error.server.unavailable"
_TYPES = {
    _MISSING: "urn:inin.com:common:missingPropertyError",
    _INVALID: "urn:inin.com:common:invalidPropertyError",
}


def _challenge(refusal: SessionRefused) -> Mapping[str, str]:
    return {"WWW-Authenticate": f'ICWS realm="ICWS" location="{refusal.location}"'}


def _session(wording: str, code: str = "") -> Said:
    return Said(401, lambda _: wording, _challenge, code)


def _server(wording: str, code: str) -> Said:
    return Said(503, lambda _: wording, code=code)


REFUSALS: Table = {
    BadInput: Said(400, code=_INVALID),
    WrongPassword: Said(
        400, lambda _: "The user or the password is wrong.", code=_FAILED_AUTHENTICATION
    ),
    NoSuchFeature: Said(
        400, lambda _: "There is no such feature.", code="error.request.connection.unknownFeature"
    ),
    NoSessionId: _session("The session id is missing."),
    BadToken: _session("The session token is missing or invalid."),
    NoCookie: _session("The session cookie is missing or invalid."),
    NoSuchSession: _session("The session is unknown or has expired.", _FAILED_AUTHENTICATION),
    SessionRefused: _session("The session is not known by what is shown."),
    NoSuchPath: Said(404, lambda _: "There is no such resource.", code="error.request.notFound"),
    WrongMethod: Said(405, headers=allow, code="error.request.accessDenied.httpMethodNotAllowed"),
    TooSlow: Said(408, code="error.request.timeout"),
    Gone: Said(410, lambda _: "The resource has been removed.", code="error.request.removed"),
    TooLarge: Said(413, code=_NO_REPRESENTATION),
    TooManyAttempts: Said(429, headers=retry_after, code=_FAILED_AUTHENTICATION),
    Broken: Said(500, code="error.server.unexpected"),
    NotAccepting: _server(
        "No connections are accepted now.", "error.server.notAcceptingConnections"
    ),
    StoreUnavailable: _server("The server is unavailable.", _UNAVAILABLE),
    NoSuchEnvironment: _server("The server is unavailable.", _UNAVAILABLE),
    Refusal: Said(400, code=_NO_REPRESENTATION),
}
"""How ICWS refuses; what is nobody's fault who asked has the request's reference added."""

REFUSING = Refusing(
    REFUSALS,
    lambda _: Content(MEDIA, Error),
    {401: {"WWW-Authenticate": "where to open a session"}, 429: {"Retry-After": "seconds"}},
)


class IcwsDialect:
    """Refuses by errors."""

    def __init__(self, alternate_hosts: Callable[[], Sequence[str]]) -> None:
        self._alternate_hosts = alternate_hosts

    def refused(self, refusal: Refusal, reference: str) -> web.Response:
        """Say *refusal*."""
        how = said(REFUSALS, refusal)
        error_id, message, name = how.code, how.wording(refusal), ""
        if isinstance(refusal, BadInput):
            error_id, name = _of_property(refusal)
        if how.status == 503:
            message = f"{message} Reference {reference}"
        error = Error(
            message=message,
            error_id=error_id,
            error_code=getattr(refusal, "error_code", 0),
            type=_TYPES.get(error_id, ""),
            property_name=name,
            alternate_host_list=self._alternate_hosts() if how.status == 503 else None,
        )
        return web.Response(
            status=how.status,
            body=msgspec.json.encode(error),
            headers={"Content-Type": CONTENT_TYPE, **how.headers(refusal)},
        )


def _of_property(refusal: BadInput) -> tuple[str, str]:
    """Give the error's id and the property that it names: of no object, none."""
    if refusal.field == "body":
        return _NO_REPRESENTATION, ""
    return _MISSING if refusal.is_missing else _INVALID, refusal.field
