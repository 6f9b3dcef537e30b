"""What one table of routes is made of: method, path, what a request must show, and who answers."""

import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from enum import Enum
from functools import partial
from typing import Final, Protocol

import msgspec
from aiohttp import web
from aiohttp.typedefs import Middleware

from interact_ivr.api.bodies import BODY_SECONDS
from interact_ivr.api.describing import Description
from interact_ivr.domain.access import Grant, Role
from interact_ivr.domain.acts import Act
from interact_ivr.domain.errors import NotPermitted, Refusal
from interact_ivr.domain.names import EnvironmentName


class Needs(Enum):
    """What a request must show; the value says it to people."""

    NOTHING = "nothing"
    OPERATOR = "an address of `http.operators`"
    DNIS_KEY = "the key of a DNIS application"
    CONSUMER_KEY = "the key of a consumer application"
    USER_AND_DNIS_KEY = "a user, and the key of a DNIS application"
    SOAP = "what the same method needs over REST"
    ICWS = "nothing, if ICWS is served"
    ICWS_SESSION = "a session of ICWS: its id in the path, its token and its cookie"
    ICWS_POLL = "a session of ICWS; for an event stream, its id and its cookie suffice"
    SCREEN = "an agent's page: the cookie that a token of role agent, viewer or admin was taken for"
    FORM = "a form of an agent's own page; to sign in, a token of role agent, viewer or admin in it"
    DOOR = "the form by which a user with a role signs in to the console"
    CONSOLE_AGENT = "a session of the console, of a user of role agent, viewer or admin"
    CONSOLE_VIEWER = "a session of the console, of a user of role viewer or admin"
    CONSOLE_ADMIN = "a session of the console, of a user of role admin"
    ALLOCATOR = "a token of role application or admin"
    READER = "a token of role application, viewer or admin"
    AGENT = "a token of role agent, viewer or admin"
    VIEWER = "a token of role viewer or admin"
    ADMIN = "a token of role admin"


ROLES: Mapping[Needs, frozenset[Role]] = {
    Needs.ALLOCATOR: frozenset({Role.APPLICATION, Role.ADMIN}),
    Needs.READER: frozenset({Role.APPLICATION, Role.VIEWER, Role.ADMIN}),
    Needs.AGENT: frozenset({Role.AGENT, Role.VIEWER, Role.ADMIN}),
    Needs.VIEWER: frozenset({Role.VIEWER, Role.ADMIN}),
    Needs.ADMIN: frozenset({Role.ADMIN}),
}
"""The roles of the tokens that suffice."""
CONSOLE_ROLES: Mapping[Needs, frozenset[Role]] = {
    Needs.CONSOLE_AGENT: ROLES[Needs.AGENT],
    Needs.CONSOLE_VIEWER: ROLES[Needs.VIEWER],
    Needs.CONSOLE_ADMIN: ROLES[Needs.ADMIN],
}
"""The roles of the users that suffice."""

VERSION = "{version:[12]}"
"""Of the vendor's API, in a path."""
COOKIE = "interact_screen"
"""Of an agent's page: the token, where no script can read it."""
CONSOLE_COOKIE = "interact_console"
"""Of the console: what stands for the session."""
NOWHERE = EnvironmentName("")
_FIRST_REFUSAL = 400
_ANSWERED: Final = {
    "number.import": "bad_rows",
    "plan.activate": "bad_dial_plan",
    "plan.back": "bad_dial_plan",
}
"""Why an act was refused whose answer is a page of its own."""
"""The least status of an answer by which something was not done."""


class Who(msgspec.Struct, frozen=True):
    """Who asks, and what for: nothing is done outside of this environment."""

    environment: EnvironmentName = NOWHERE
    application: str | None = None
    """The DNIS application that is meant; None: every one of the environment."""
    user: str = ""
    """A user's name, or how the token begins: to people, and in the journal."""
    grant: Grant | None = None
    still: Callable[[], bool] = lambda: True
    """Says whether what they have shown is still good, and for the same."""


Handler = Callable[[web.Request, Who], Awaitable[web.StreamResponse]]
Guard = Callable[[Needs, web.Request], Awaitable[Who]]
"""Says who asks, or raises `Unauthenticated` or `NotPermitted`."""
WHO = web.RequestKey("who", Who)
NEEDS = web.RequestKey("needs", Needs)
"""What the route needs that a request has come to, if it has come to any."""
ANSWERED = web.RequestKey("answered", float)
"""When the answer began, by `time.perf_counter`, if it goes on."""


class Route(msgspec.Struct, frozen=True):
    """One thing that is served."""

    method: str
    path: str
    """As aiohttp has it: ``/numbers/{number}``."""
    needs: Needs
    handler: Handler
    description: Description | None = None
    """What the document of all routes says of it; a test finds out where it is missing."""
    does: str | None = None
    """What the audit trail calls it; None: it is not of those that administrators alone may do."""


class Recording(Protocol):
    """Puts on record what administrators do."""

    def act(self, request: web.Request, who: Who, action: str) -> AbstractAsyncContextManager[Act]:
        """Let what is done meanwhile be an act of *who*."""

    async def refuse(self, request: web.Request, who: Who, action: str, why: Refusal) -> None:
        """Put on record what *who* may not do."""


def application_of(
    routes: Iterable[Route],
    guard: Guard,
    middleware: Middleware,
    body_limit: int,
    body_seconds: float = 10.0,
    recording: Recording | None = None,
) -> web.Application:
    """Make the aiohttp application that serves *routes*, each behind *guard*, and nothing else.

    Without a *recording* nothing goes on record, as where no request is served.
    """
    application = web.Application(middlewares=[middleware], client_max_size=body_limit)
    application[BODY_SECONDS] = body_seconds
    for route in routes:
        handler = partial(_guarded, guard, route, recording)
        for path in spelled(route.path):
            if route.method == "GET":
                application.router.add_get(path, handler, allow_head=True)
            else:
                application.router.add_route(route.method, path, handler)
    return application


def spelled(path: str) -> Sequence[str]:
    """Give *path* with each version: aiohttp finds a path at once by how it begins."""
    if VERSION not in path:
        return (path,)
    return tuple(path.replace(VERSION, version) for version in ("1", "2"))


async def _guarded(
    guard: Guard, route: Route, recording: Recording | None, request: web.Request
) -> web.StreamResponse:
    request[NEEDS] = route.needs
    if route.does is None or recording is None:
        who = request[WHO] = await guard(route.needs, request)
        return await route.handler(request, who)
    try:
        who = request[WHO] = await guard(route.needs, request)
    except NotPermitted as refusal:
        if (known := request.get(WHO)) is not None:
            await recording.refuse(request, known, route.does, refusal)
        raise
    async with recording.act(request, who, route.does) as act:
        response = await route.handler(request, who)
        if response.status >= _FIRST_REFUSAL and act.refused is None:
            act.refused = _ANSWERED.get(route.does, "bad_input")
        return response


def served(application: web.Application) -> Iterator[tuple[str, str]]:
    """Give the method and the path of everything that *application* serves, versions as one."""
    for route in application.router.routes():
        if route.resource is not None:
            path = route.resource.canonical
            yield route.method, re.sub("/version/[12]/", "/version/{version}/", path)
