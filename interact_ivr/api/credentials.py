"""What a request shows of who asks: the vendor's headers, a bearer token, or a session.

Nothing is told apart: whatever is wrong or missing, the answer is the same. A key is looked at
before a password, which is dear to verify: who has no key of ours costs nothing.
"""

import binascii
from collections.abc import Callable, Collection, Sequence
from functools import partial

import msgspec
from aiohttp import hdrs, web
from multidict import istr

from interact_ivr.api.bearers import bearer_of, check_role
from interact_ivr.api.guessing import Guessing
from interact_ivr.api.icws.guarding import shown_session
from interact_ivr.api.routes import CONSOLE_COOKIE, COOKIE, ROLES, WHO, Needs, Who
from interact_ivr.api.signing_in import SignIn
from interact_ivr.api.sources import Sources
from interact_ivr.domain.access import Role
from interact_ivr.domain.directory import tenant_of
from interact_ivr.domain.errors import NotPermitted, Unauthenticated
from interact_ivr.domain.networks import Network, within
from interact_ivr.service.access import Access

_TENANT, _KEY, _ENVIRONMENT, _USER, _PASSWORD = map(
    istr, ("Tenant-Id", "Application-Key", "Environment-Name", "User-Id", "User-Password")
)
_BEARER = "bearer "
_FORWARDED = (
    "Forwarded",
    "Via",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Real-Ip",
)


class Credentials(msgspec.Struct, frozen=True):
    """The guard of every route."""

    access: Access
    sign_in: SignIn
    icws: Callable[[Needs, web.Request], Who]
    """The guard of sessions, which are shown otherwise."""
    console: Callable[[Needs, web.Request], Who]
    """The guard of the console's."""
    guessing: Guessing
    sources: Sources
    operators: tuple[Network, ...]

    async def check(self, needs: Needs, request: web.Request) -> Who:
        """Say who asks, or raise `Unauthenticated`, or `NotPermitted` for what is not theirs."""
        match needs:
            case Needs.ICWS_SESSION | Needs.ICWS_POLL:  # first, as asked most often
                return await self._session(shown_session(request), self.icws, needs, request)
            case Needs.ICWS:
                return self.icws(needs, request)
            case Needs.NOTHING | Needs.SOAP | Needs.FORM | Needs.DOOR:
                return Who()  # known once the body is read
            case Needs.CONSOLE_AGENT | Needs.CONSOLE_VIEWER | Needs.CONSOLE_ADMIN:
                shown = (request.cookies.get(CONSOLE_COOKIE, ""),)
                return await self._session(shown, self.console, needs, request)
            case Needs.OPERATOR:
                if not self._is_operator(request):
                    raise NotPermitted
                return Who()
            case Needs.DNIS_KEY | Needs.CONSUMER_KEY:
                return await self._holder_of_key(needs, request)
            case Needs.USER_AND_DNIS_KEY:
                holder = await self._holder_of_key(Needs.DNIS_KEY, request)
                return await self._user(holder, request)
            case Needs.SCREEN:
                cookie = request.cookies.get(COOKIE, "")
                return await self.bearer(cookie, ROLES[Needs.AGENT], request)
            case Needs.ALLOCATOR | Needs.READER | Needs.AGENT | Needs.VIEWER | Needs.ADMIN:
                return await self.bearer(_token(request), ROLES[needs], request)

    def _is_operator(self, request: web.Request) -> bool:
        """Say whether an operator asks; who came through a proxy we do not know may be anybody."""
        address = self.sources.address(request)
        forwarded = any(header in request.headers for header in _FORWARDED)
        came_straight = not forwarded or address != request.remote
        return came_straight and within(address, self.operators)

    async def bearer(self, token: str, roles: Collection[Role], request: web.Request) -> Who:
        """Say who shows *token*, in whatever part of *request*; raises as `check`."""
        find = partial(bearer_of, token, self.access)
        who = request[WHO] = await self.guessing.find("token", (token,), request, find)
        check_role(who, roles)
        return who

    async def _session(
        self,
        shown: Sequence[str],
        guard: Callable[[Needs, web.Request], Who],
        needs: Needs,
        request: web.Request,
    ) -> Who:
        return await self.guessing.find("session", shown, request, partial(guard, needs, request))

    async def _holder_of_key(self, needs: Needs, request: web.Request) -> Who:
        tenant, key = _only(request, _TENANT), _only(request, _KEY)
        named = request.headers.getall(_ENVIRONMENT, ())
        if len(named) > 1:
            raise Unauthenticated
        name = "".join(named) or None  # an empty one is none
        find = partial(self._holder, needs, tenant, key, name)
        shown = (tenant, key, f"{name} {needs.name}")
        return await self.guessing.find("key", shown, request, find)

    def _holder(self, needs: Needs, tenant: str, key: str, name: str | None) -> Who:
        environment = self.access.environment(tenant, name)
        found = environment and self.access.application(environment, key)
        if not environment or not found:
            raise Unauthenticated
        is_consumer = found.allocates_from is not None
        if is_consumer is not (needs is Needs.CONSUMER_KEY):
            raise Unauthenticated
        return Who(environment, found.allocates_from or found.name)

    async def _user(self, who: Who, request: web.Request) -> Who:
        name = _decoded(_only(request, _USER))
        password = _decoded(_only(request, _PASSWORD))
        await self.sign_in.check(tenant_of(who.environment), name, password, request)
        return Who(who.environment, who.application, user=name)


def _token(request: web.Request) -> str:
    shown = _only(request, hdrs.AUTHORIZATION)
    if not shown.lower().startswith(_BEARER):
        raise Unauthenticated
    return shown[len(_BEARER) :].strip()


def _only(request: web.Request, header: istr) -> str:
    """Give the one value of *header*; of two nobody knows which one a proxy has looked at."""
    values = request.headers.getall(header, ())
    if len(values) != 1:
        raise Unauthenticated
    return values[0]


def _decoded(text: str) -> str:
    written = text.strip()
    try:
        decoded = binascii.a2b_base64(written, strict_mode=True)
        if binascii.b2a_base64(decoded, newline=False) != written.encode("ascii"):
            raise Unauthenticated  # a last letter with bits to spare
        return decoded.decode()
    except ValueError:  # no Base64, or no UTF-8
        raise Unauthenticated from None
