"""An agent's page over HTTP: the page, its stream, its files, and signing in and out.

The token that an agent signs in with is kept in a cookie that no script reads and no other site's
form or link sends along; the cookie is good for the pages alone. A form is taken from our own pages
only.
"""

from collections.abc import Awaitable, Callable, Collection
from typing import Any, Final
from urllib.parse import quote

import msgspec
from aiohttp import hdrs, web

from interact_ivr.api.bodies import read_parameters
from interact_ivr.api.describing import Answer, Content, Description, Refusing
from interact_ivr.api.event_streams import MEDIA, EventStreams, event
from interact_ivr.api.faults import FromElsewhere, TooLarge, TooManyStreams, TooSlow
from interact_ivr.api.native.agents import Events, OfPbx, extension_of
from interact_ivr.api.native.problems import REFUSALS
from interact_ivr.api.own_forms import FORM, check_ours, read_form
from interact_ivr.api.routes import COOKIE, ROLES, WHO, Needs, Route, Who
from interact_ivr.api.screen.board import Board, Boards
from interact_ivr.api.screen.dialect import WrongToken
from interact_ivr.api.screen.pages import FOLDER, Asset, Pages
from interact_ivr.api.sources import Sources
from interact_ivr.domain.access import Role
from interact_ivr.domain.errors import BadInput, NoSuchEnvironment, NotPermitted, Unauthenticated
from interact_ivr.domain.phone_calls import AgentCall
from interact_ivr.ports import Clock
from interact_ivr.service.agents import Agents

BASE: Final = "/screen"
_PAGE: Final = f"{BASE}/{{extension}}"
_PAST: Final = 10
_HTML: Final = Content("text/html")
_REFUSING: Final = Refusing(REFUSALS, lambda _: _HTML, {503: {"Retry-After": "seconds"}})
ALIVE: Final = event("alive", b"-")
"""What a script sees of a stream on which nothing happens."""


Bearer = Callable[[str, Collection[Role], web.Request], Awaitable[Who]]
"""Says who shows a token of one of the roles."""


class Door(msgspec.Struct, frozen=True):
    """The form by which an agent signs in."""

    token: str


class ScreenRoutes(msgspec.Struct):
    """Serves it."""

    agents: Agents
    boards: Boards
    pages: Pages
    streams: EventStreams
    bearer: Bearer
    sources: Sources
    clock: Clock
    customer_url: str = ""
    """Where a customer's record is, with ``{interaction}`` in it; may be set while it serves."""

    def routes(self) -> list[Route]:
        """Give what is served."""
        return [
            Route("GET", _PAGE, Needs.SCREEN, self._page, _SHOWS_PAGE),
            Route("POST", _PAGE, Needs.FORM, self._sign_in, _SIGNS_IN),
            Route("POST", f"{_PAGE}/leave", Needs.FORM, self._sign_out, _SIGNS_OUT),
            Route("GET", f"{_PAGE}/events", Needs.SCREEN, self._events, _WATCHES),
            *map(_asset, self.pages.assets.values()),
        ]

    async def _page(self, request: web.Request, who: Who) -> web.Response:
        what = read_parameters(request, OfPbx)
        extension = extension_of(request, who)
        call = self.agents.call(who.environment, extension, what.pbx)
        board = self._board(who, extension, what.pbx, call)
        return self.pages.page(board, extension, quote(extension, safe=""), _query(request))

    async def _events(self, request: web.Request, who: Who) -> web.StreamResponse:
        what = read_parameters(request, OfPbx)
        extension = extension_of(request, who)

        def sent(call: AgentCall | None) -> bytes:
            return event("board", self.pages.board(self._board(who, extension, what.pbx, call)))

        with self.agents.watching(who.environment, extension, what.pbx) as screen:
            return await self.streams.answer(request, Events(screen, sent), who, ALIVE)

    def _board(self, who: Who, extension: str, pbx: str | None, call: AgentCall | None) -> Board:
        past = self.agents.calls(who.environment, extension, _PAST, pbx)
        return self.boards.of(who.environment, call, past, self.clock.now(), self.customer_url)

    async def _sign_in(self, request: web.Request, _: Who) -> web.Response:
        check_ours(request, self.sources)
        token = await _token(request)
        try:
            who = request[WHO] = await self.bearer(token, ROLES[Needs.AGENT], request)
        except Unauthenticated:
            raise WrongToken from None
        extension_of(request, who)
        return self._see_page(request, f"{COOKIE}={token}")

    async def _sign_out(self, request: web.Request, _: Who) -> web.Response:
        check_ours(request, self.sources)
        return self._see_page(request, f"{COOKIE}=; Max-Age=0", "../")

    def _see_page(self, request: web.Request, cookie: str, root: str = "") -> web.Response:
        """Send the browser to the page, with what it is to keep."""
        extension = quote(request.match_info["extension"], safe="")
        secure = "; Secure" if self.sources.is_secure(request) else ""
        path = f"{self.sources.prefix(request)}{BASE}"
        return web.Response(
            status=303,
            headers={
                hdrs.LOCATION: f"{root or './'}{extension}{_query(request)}",
                hdrs.SET_COOKIE: f"{cookie}; Path={path}; HttpOnly; SameSite=Strict{secure}",
            },
        )


async def _token(request: web.Request) -> str:
    """Read the token in the form."""
    given = [value for name, value in await read_form(request) if name == "token"]
    return given[0].strip() if len(given) == 1 else ""


def _query(request: web.Request) -> str:
    return f"?{request.rel_url.raw_query_string}" if request.rel_url.raw_query_string else ""


def _asset(asset: Asset) -> Route:
    async def give(_: web.Request, __: Who) -> web.Response:
        return asset.given()

    name = asset.name.replace(".", "_").replace("-", "_")
    described = Description(
        name, f"A file of agents' pages, {asset.name}", (Answer(200, "it", Content(asset.media)),),
        _REFUSING,
    )  # fmt: skip
    return Route("GET", f"{BASE}/{FOLDER}/{asset.name}", Needs.NOTHING, give, described)


def _described(name: str, summary: str, *answers: Answer, **more: Any) -> Description:
    refuses = (BadInput, NoSuchEnvironment, Unauthenticated, NotPermitted, *more.pop("refuses", ()))
    return Description(name, summary, answers, _REFUSING, refuses, **more)


_SHOWS_PAGE = _described(
    "agent_page", "The page that an agent leaves open", Answer(200, "the page", _HTML), asks=OfPbx
)
_WATCHES = _described(
    "agent_page_events",
    "What changes on it",
    Answer(200, "server-sent events `board`, each with markup, and `alive`", Content(MEDIA)),
    asks=OfPbx,
    refuses=(TooManyStreams,),
)
_SIGNS_IN = _described(
    "sign_in_agent",
    "Sign in with a token, which a cookie keeps for the page",
    Answer(303, "to the page"),
    body=Content(FORM, Door),
    refuses=(FromElsewhere, TooLarge, TooSlow),
)
_SIGNS_OUT = _described(
    "sign_out_agent",
    "Forget the token",
    Answer(303, "to the page"),
    refuses=(FromElsewhere,),
)
