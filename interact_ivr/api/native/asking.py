"""How a request of the native API becomes a value, and a value its answer.

What is asked is one struct: the parameters of a GET or DELETE, else the JSON body.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Generic, TypeVar

import msgspec
from aiohttp import web
from msgspec import Meta

from interact_ivr.api.bodies import read_json, read_parameters
from interact_ivr.api.describing import IN_QUERY, JSON, Answer, Content, Description
from interact_ivr.api.native.problems import REFUSING
from interact_ivr.api.routes import Needs, Route, Who
from interact_ivr.domain.access import Grant
from interact_ivr.domain.acts import speak_of
from interact_ivr.domain.errors import (
    BadInput,
    NoSuchApplication,
    NotPermitted,
    Refusal,
    StoreUnavailable,
    Unauthenticated,
)
from interact_ivr.domain.names import without_nul

BASE = "/api/v1"
_FIRST, _LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)

Time = Annotated[datetime, Meta(tz=True)]
Limit = Annotated[int, Meta(ge=1, le=1000, description="how many at most")]


class Within(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What every request may say."""

    application: (
        Annotated[
            str,
            Meta(
                pattern=r"^[A-Za-z0-9\-_.]{1,64}$",
                description="the DNIS application that is meant, if the token is not one's own; "
                "none: `default`, or of the journal and of tokens all there is",
            ),
        ]
        | None
    ) = None


T = TypeVar("T", bound=Within)


class Asked(msgspec.Struct, Generic[T], frozen=True):
    """A request, checked."""

    who: Who
    what: T
    path: Mapping[str, str]
    """The parts of the path that have a name."""

    @property
    def environment(self) -> str:
        """The environment of the token."""
        return self.who.environment

    @property
    def application(self) -> str:
        """The DNIS application that is meant; an empty text: the default one."""
        return self.only or ""

    @property
    def only(self) -> str | None:
        """The DNIS application out of which nothing is seen; None: none was named.

        Raises:
            NotPermitted: the token is another application's than the one that is named.
        """
        own, named = self.who.application, self.what.application
        if own is not None and named not in (None, own):
            raise NotPermitted
        return own or named

    @property
    def grant(self) -> Grant:
        """What the token is good for."""
        if self.who.grant is None:
            raise Unauthenticated
        return self.who.grant


Serve = Callable[[Asked[T]], Awaitable[web.Response]]


class Says(msgspec.Struct, frozen=True):
    """What is said of a route of the native API."""

    name: str
    summary: str
    refuses: tuple[type[Refusal], ...] = ()


def native(
    method: str,
    path: str,
    needs: Needs,
    serve: Serve[T],
    asks: type[T],
    says: Says,
    *answers: Answer,
    does: str | None = None,
) -> Route:
    """Make a route whose request is checked as *asks*, and answered by *serve*.

    What it *does* is what the audit trail calls it, where only administrators may.
    """

    async def handler(request: web.Request, who: Who) -> web.Response:
        for name, part in request.match_info.items():
            without_nul(name, part)
        asked = Asked(who, await _read(request, asks), request.match_info)
        speak_of(msgspec.structs.asdict(asked.what))
        _ = asked.only  # refused before anything is done
        return await serve(asked)

    refuses = (BadInput, NoSuchApplication, StoreUnavailable, *says.refuses)
    description = Description(says.name, says.summary, answers, REFUSING, refuses, asks)
    return Route(method, f"{BASE}{path}", needs, handler, description, does)


def answer(status: int, text: str, kind: type[msgspec.Struct] | None = None) -> Answer:
    """Describe an answer that is *kind* in JSON, or empty."""
    return Answer(status, text, None if kind is None else Content(JSON, kind))


def given(value: msgspec.Struct, status: int = 200) -> web.Response:
    """Answer with *value*; nobody on the way keeps it."""
    return web.Response(
        status=status,
        body=msgspec.json.encode(value),
        content_type=JSON,
        headers={"Cache-Control": "no-store"},
    )


def done() -> web.Response:
    """Answer that it is done, and that there is nothing to say."""
    return web.Response(status=204)


def instant(at: datetime) -> datetime:
    """Give *at* in UTC; what was before 1970 is as good as 1970, and likewise the last of times."""
    return min(max(at, _FIRST), _LAST).astimezone(UTC)


async def _read(request: web.Request, kind: type[T]) -> T:
    if request.method not in IN_QUERY | {"HEAD"}:
        if request.rel_url.query:
            raise BadInput(next(iter(request.rel_url.query)), "no parameter with a body", "one")
        return await read_json(request, kind)
    return read_parameters(request, kind)
