"""The calls on agents' phones over the native API: now, the last ones, and as they change."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, TypeVar

import msgspec
from aiohttp import web
from msgspec import Meta

from interact_ivr.api.bodies import read_parameters
from interact_ivr.api.describing import Answer, Content, Description
from interact_ivr.api.event_streams import MEDIA, EventStreams, event
from interact_ivr.api.faults import TooManyStreams
from interact_ivr.api.native.agent_calls import (
    PastCalls,
    Showing,
    ShownAgentCall,
    ShownKnownCall,
)
from interact_ivr.api.native.asking import BASE, Says, answer, done, given
from interact_ivr.api.native.problems import REFUSING
from interact_ivr.api.routes import Needs, Route, Who
from interact_ivr.domain.errors import (
    BadInput,
    NoSuchCall,
    NoSuchEnvironment,
    NotPermitted,
    StoreUnavailable,
    Unauthenticated,
)
from interact_ivr.domain.phone_calls import AgentCall
from interact_ivr.service.agents import Agents
from interact_ivr.service.phones import KEPT

_LONGEST = 128
_ONE = "/agents/{extension}"
_NOTHING = b"null"


class OfPbx(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """On which PBX."""

    pbx: (
        Annotated[
            str,
            Meta(
                min_length=1,
                max_length=64,
                description="which PBX is meant; none: the one that knows the extension, if only "
                "one does, else the only one",
            ),
        ]
        | None
    ) = None


class ListPastCalls(OfPbx, frozen=True, kw_only=True):
    """How many of the last calls."""

    limit: Annotated[int, Meta(ge=1, le=KEPT, description="how many at most")] = 10


T = TypeVar("T", bound=OfPbx)


class AgentRoutes(msgspec.Struct, frozen=True):
    """Serves them; to a token that is bound to extensions, of these only."""

    agents: Agents
    showing: Showing
    streams: EventStreams

    def routes(self) -> list[Route]:
        """Give what is served."""
        return [
            _route(
                f"{_ONE}/call", self._call, OfPbx,
                Says("show_agent_call", "The call on an agent's phone now"),
                answer(200, "the call that its screen shows", ShownAgentCall),
                answer(204, "there is none"),
            ),
            _route(
                f"{_ONE}/calls", self._calls, ListPastCalls,
                Says("list_agent_calls", "The last calls of an agent's phone"),
                answer(200, f"the calls; {KEPT} are kept, and none over a restart", PastCalls),
            ),
            _route(
                f"{_ONE}/events", self._events, OfPbx,
                Says(
                    "watch_agent_call", "The call on an agent's phone, now and as it changes",
                    (TooManyStreams,),
                ),
                Answer(
                    200, "server-sent events `call`, each with what `/call` gives, or `null`; "
                    "the first one at once", Content(MEDIA),
                ),
            ),
            _route(
                "/calls/{uniqueid}", self._known, OfPbx,
                Says(
                    "show_call", "What a customer's or a phone's channel was told, and who has it",
                    (NoSuchCall,),
                ),
                answer(200, "the call", ShownKnownCall),
            ),
        ]  # fmt: skip

    async def _call(self, request: web.Request, who: Who, what: OfPbx) -> web.Response:
        extension = extension_of(request, who)
        call = self.agents.call(who.environment, extension, what.pbx)
        return done() if call is None else given(self.showing.call(who.environment, call))

    async def _calls(self, request: web.Request, who: Who, what: ListPastCalls) -> web.Response:
        extension = extension_of(request, who)
        found = self.agents.calls(who.environment, extension, what.limit, what.pbx)
        return given(PastCalls([self.showing.past(who.environment, each) for each in found]))

    async def _events(self, request: web.Request, who: Who, what: OfPbx) -> web.StreamResponse:
        extension = extension_of(request, who)
        with self.agents.watching(who.environment, extension, what.pbx) as screen:
            events = Events(screen, lambda call: self._event(who.environment, call))
            return await self.streams.answer(request, events, who)

    def _event(self, environment: str, call: AgentCall | None) -> bytes:
        shown = call and msgspec.json.encode(self.showing.call(environment, call))
        return event("call", shown or _NOTHING)

    async def _known(self, request: web.Request, who: Who, what: OfPbx) -> web.Response:
        uniqueid = request.match_info["uniqueid"]
        known = await self.agents.known(who.environment, uniqueid, what.pbx, _only(who))
        if known is None:
            raise NoSuchCall(uniqueid[:_LONGEST])
        return given(self.showing.known(who.environment, known))


class Events:
    """The states of a screen, each as it is sent."""

    def __init__(
        self,
        screen: AsyncIterator[AgentCall | None],
        sent: Callable[[AgentCall | None], bytes],
    ) -> None:
        self._screen, self._sent = screen, sent

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        """Give the next one; an iteration that is broken off loses none."""
        return self._sent(await anext(self._screen))


def extension_of(request: web.Request, who: Who) -> str:
    """Give the extension that *request*'s path names.

    Raises:
        NotPermitted: it is none that *who* may see.
        BadInput: it is no text for one.
    """
    extension = request.match_info["extension"]
    if who.grant is None:
        raise Unauthenticated
    if not who.grant.sees(extension):
        raise NotPermitted
    if len(extension) > _LONGEST or not extension.isprintable():
        raise BadInput(
            "extension", f"up to {_LONGEST} printable characters", f"{extension[:_LONGEST]!a}"
        )
    return extension


def _only(who: Who) -> Callable[[str], bool] | None:
    """Say which extensions' calls *who* sees; None: all."""
    if who.grant is None:
        raise Unauthenticated
    return who.grant.sees if who.grant.extensions or who.application else None


def _route(
    path: str,
    serve: Callable[[web.Request, Who, T], Awaitable[web.StreamResponse]],
    asks: type[T],
    says: Says,
    *answers: Answer,
) -> Route:
    async def handler(request: web.Request, who: Who) -> web.StreamResponse:
        return await serve(request, who, read_parameters(request, asks))

    refuses = (BadInput, NoSuchEnvironment, StoreUnavailable, *says.refuses)
    description = Description(says.name, says.summary, answers, REFUSING, refuses, asks)
    return Route("GET", f"{BASE}{path}", Needs.AGENT, handler, description)
