"""Coming into the console and leaving it, and the files that its pages load."""

import re
from typing import Final
from urllib.parse import urlsplit

import msgspec
from aiohttp import hdrs, web

from interact_ivr.api.acting import HttpActs
from interact_ivr.api.console.asking import Asked, Desk, taken
from interact_ivr.api.console.frames import BASE, may_see, place_of, root_of
from interact_ivr.api.console.guarding import SESSION
from interact_ivr.api.console.pages import see
from interact_ivr.api.console.sessions import Sessions
from interact_ivr.api.own_forms import check_ours, read_form
from interact_ivr.api.routes import CONSOLE_COOKIE, WHO, Needs, Route, Who
from interact_ivr.api.screen.pages import FOLDER, Asset
from interact_ivr.api.signing_in import SignIn
from interact_ivr.domain.directory import KnownUser, tenant_of
from interact_ivr.domain.errors import (
    NotPermitted,
    Refusal,
    TooManyAttempts,
    Unauthenticated,
)
from interact_ivr.service.access import Access

_INSIDE: Final = re.compile(r"[A-Za-z0-9\-_.]{1,64}/[a-z]{1,32}(\?[\x21-\x7e]{0,2000})?")
"""What may be gone to after signing in, seen from /console/."""

SIGN_IN: Final = "console.sign_in"
SIGN_OUT: Final = "console.sign_out"


class WrongUser(Unauthenticated):
    """The name and the password in the form are nobody's."""

    code = "wrong_user"


class NoRole(NotPermitted):
    """The user is one for programs: the console is not theirs."""

    code = "no_role"


class SigningIn(msgspec.Struct, frozen=True):
    """The form."""

    user: str = ""
    """Of another tenant than the default environment's: ``tenant/user``."""
    password: str = ""


class Entrance(msgspec.Struct):
    """Serves it."""

    desk: Desk
    sessions: Sessions
    sign_in: SignIn
    access: Access
    recording: HttpActs

    def routes(self) -> list[Route]:
        """Give what is served."""
        return [
            Route("GET", BASE, Needs.CONSOLE_AGENT, self._enter),
            Route("GET", f"{BASE}/", Needs.CONSOLE_AGENT, self._enter),
            Route("POST", f"{BASE}/sign-in", Needs.DOOR, self._sign_in),
            Route("POST", f"{BASE}/sign-out", Needs.CONSOLE_AGENT, self._sign_out),
            *map(_asset, self.desk.pages.assets.values()),
        ]

    async def _enter(self, request: web.Request, who: Who) -> web.Response:
        """Send who is signed in to their first page."""
        environments = self.desk.environments(who)
        if not environments:
            return self.desk.show(request, who, "nothing.html")
        here = who.environment if who.environment in environments else environments[0]
        first = may_see(request[SESSION].user.role)[0].name
        return see(f"{root_of(request.rel_url.raw_path)}{place_of(here)}/{first}")

    async def _sign_in(self, request: web.Request, _: Who) -> web.Response:
        check_ours(request, self.desk.sources)
        given = taken(await read_form(request), SigningIn)
        owner, slash, name = given.user.strip().rpartition("/")
        tenant = owner if slash else tenant_of(self.desk.administration.default)
        user = await self._known(tenant, name, given.password, request)
        request[WHO] = Who(user=name)
        self.sessions.end(request.cookies.get(CONSOLE_COOKIE, ""))  # this browser's of before
        shown, _session = self.sessions.begin(user)
        await self.recording.visited(request, user, SIGN_IN)
        return see(_asked_for(request), self._cookie(request, shown))

    async def _known(
        self, tenant: str, name: str, password: str, request: web.Request
    ) -> KnownUser:
        """Give the user who may come in, or raise why not; either is on record."""
        try:
            await self.sign_in.check(tenant, name, password, request)
        except Unauthenticated:
            await self._refused(request, tenant, name, WrongUser())
            raise WrongUser from None
        except TooManyAttempts as why:
            await self._refused(request, tenant, name, why)
            raise
        user = self.access.user(tenant, name)
        if user is None:
            raise WrongUser
        if user.role is None:
            await self.recording.visited(request, user, SIGN_IN, NoRole())
            raise NoRole
        return user

    async def _refused(self, request: web.Request, tenant: str, name: str, why: Refusal) -> None:
        await self.recording.strange(request, self.access.user(tenant, name), SIGN_IN, why)

    async def _sign_out(self, request: web.Request, _: Who) -> web.Response:
        await self.desk.form(request, Asked)
        self.sessions.end(request.cookies.get(CONSOLE_COOKIE, ""))
        await self.recording.visited(request, request[SESSION].user, SIGN_OUT)
        return see("./", self._cookie(request, ""))

    def _cookie(self, request: web.Request, shown: str) -> str:
        secure = "; Secure" if self.desk.sources.is_secure(request) else ""
        ends = "" if shown else "; Max-Age=0"
        path = f"{self.desk.sources.prefix(request)}{BASE}"
        return f"{CONSOLE_COOKIE}={shown}{ends}; Path={path}; HttpOnly; SameSite=Strict{secure}"


def _asked_for(request: web.Request) -> str:
    """Give the page that was asked for when the form was shown, as the browser tells it."""
    try:
        came_from = urlsplit(request.headers.get(hdrs.REFERER, ""))
    except ValueError:  # no browser's: ``http://[``
        return "./"
    inside = came_from.path.partition(f"{BASE}/")[2]
    to = f"{inside}?{came_from.query}" if came_from.query else inside
    return f"./{to}" if _INSIDE.fullmatch(to) else "./"


def _asset(asset: Asset) -> Route:
    async def give(_: web.Request, __: Who) -> web.Response:
        return asset.given()

    return Route("GET", f"{BASE}/{FOLDER}/{asset.name}", Needs.NOTHING, give)
