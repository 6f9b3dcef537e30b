"""Who asks over ICWS: a session's id in the path, its token in a header, its cookie.

The secrets are compared in constant time; only once a request is refused is it asked why.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from hmac import compare_digest

import msgspec
from aiohttp import hdrs, web

from interact_ivr.api.faults import NoSuchPath
from interact_ivr.api.icws.faults import (
    BadToken,
    Gone,
    NoCookie,
    NoSessionId,
    NoSuchSession,
    SessionRefused,
)
from interact_ivr.api.icws.paths import removed
from interact_ivr.api.icws.sessions import Session, Sessions
from interact_ivr.api.icws.settings import Settings
from interact_ivr.api.icws.wire import TOKEN_HEADER
from interact_ivr.api.routes import Needs, Who
from interact_ivr.api.sources import Sources
from interact_ivr.domain.names import EnvironmentName
from interact_ivr.service.access import Access

_EVENT_STREAM = "text/event-stream"


class IcwsGuard(msgspec.Struct):
    """Says whose session a request shows. *settings* may be set anew."""

    settings: Settings
    sessions: Sessions
    access: Access
    sources: Sources
    default_environment: Callable[[], EnvironmentName]

    @property
    def environment(self) -> EnvironmentName:
        """Whose users may ask now; it need not be there."""
        return self.settings.environment or self.default_environment()

    def check(self, needs: Needs, request: web.Request) -> Who:
        """Say who asks.

        Raises:
            NoSuchPath: ICWS is not served.
            Gone: what is asked for is declared removed.
            SessionRefused: it is nobody's session, or not shown well.
        """
        if not self.settings.enabled:
            raise NoSuchPath
        if self.settings.removed and removed(self.settings, request.path):
            raise Gone
        if needs is Needs.ICWS:
            return Who()
        by_cookie = needs is Needs.ICWS_POLL and wants_events(request)
        session = self._living(request.match_info["sessionId"])
        if session is None or not _is_shown(session, request, by_cookie=by_cookie):
            raise self._refusal(session, request, by_cookie=by_cookie)
        self.sessions.use(session)
        return _who(session.environment, session.user)

    def _living(self, session_id: str) -> Session | None:
        """Find a session of a user who still is one, with the same password, where it may ask."""
        session = self.sessions.find(session_id)
        if session is None:
            return None
        user = self.access.user_of(session.environment, session.user)
        is_known = user is not None and user.password_hash == session.password_hash
        if is_known and session.environment == self.environment:
            return session
        self.sessions.end(session_id)
        return None

    def _refusal(
        self, session: Session | None, request: web.Request, *, by_cookie: bool
    ) -> SessionRefused:
        """Say what is wrong: what is missing comes before what is there and wrong."""
        session_id, prefix = request.match_info["sessionId"], self.sources.prefix(request)
        tokens: Sequence[str] = request.headers.getall(TOKEN_HEADER, ())
        if not session_id:
            return NoSessionId(prefix)
        if len(tokens) != 1 and not by_cookie:
            return BadToken(prefix)
        if not cookies_of(request, cookie_name(session_id)):
            return NoCookie(prefix)
        if session is None:
            return NoSuchSession(prefix)
        if by_cookie or _same(tokens[0], session.token):
            return NoCookie(prefix)
        return BadToken(prefix)


@lru_cache(1_000)
def _who(environment: EnvironmentName, user: str) -> Who:
    return Who(environment, user=user)


def _is_shown(session: Session, request: web.Request, *, by_cookie: bool) -> bool:
    """Say whether *session*'s secrets are shown; a browser's EventSource can send no token."""
    if not by_cookie:
        tokens = request.headers.getall(TOKEN_HEADER, ())
        if len(tokens) != 1 or not _same(tokens[0], session.token):
            return False
    cookies = cookies_of(request, cookie_name(session.id))
    return bool(cookies) and all(_same(cookie, session.cookie) for cookie in cookies)


def shown_session(request: web.Request) -> Sequence[str]:
    """Give what a request shows of a session, by which one that is guessed is known again."""
    session_id = request.match_info["sessionId"]
    tokens = request.headers.getall(TOKEN_HEADER, ("-",))  # an event stream needs none
    cookies = cookies_of(request, cookie_name(session_id))
    return session_id, " ".join(tokens), " ".join(cookies)


def cookie_name(session_id: str) -> str:
    """Name the cookie of a session: each has its own, so that a browser can have several."""
    return f"icws_{session_id}"


def cookies_of(request: web.Request, name: str) -> list[str]:
    """Give the values of the cookies called *name*: several, where their paths differ."""
    values = []
    for header in request.headers.getall(hdrs.COOKIE, ()):
        for pair in header.split(";"):
            key, _, value = pair.partition("=")
            if key.strip() == name:
                values.append(value.strip())
    return values


def wants_events(request: web.Request) -> bool:
    """Say whether an event stream is asked for."""
    return _EVENT_STREAM in request.headers.get(hdrs.ACCEPT, "").lower()


def _same(shown: str, kept: str) -> bool:
    return shown.isascii() and compare_digest(shown, kept)
