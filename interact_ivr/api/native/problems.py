"""How the native API refuses: a problem in JSON (RFC 9457), and a status for every refusal.

It is spoken wherever no other API is, too.
"""

from collections.abc import Mapping
from inspect import cleandoc

import msgspec
from aiohttp import web

from interact_ivr.api.describing import Content, Refusing
from interact_ivr.api.faults import (
    Broken,
    FromElsewhere,
    NoSuchInteraction,
    NoSuchPath,
    NotAccepting,
    NotHttp,
    Said,
    Table,
    TooLarge,
    TooManyStreams,
    TooSlow,
    WrongMethod,
    allow,
    retry_after,
    said,
)
from interact_ivr.domain.errors import (
    AllocationEnded,
    AmbiguousDnid,
    ApplicationGone,
    BadDialPlan,
    BadInput,
    BadRows,
    ContradictingSettings,
    EntryExists,
    EntryInUse,
    Exhausted,
    ImportUnderWay,
    NoSuchAllocation,
    NoSuchApplication,
    NoSuchCall,
    NoSuchEntry,
    NoSuchEnvironment,
    NoSuchNumber,
    NotPermitted,
    NumberExists,
    NumbersAllocated,
    QuotaReached,
    Refusal,
    StillHeld,
    StoreUnavailable,
    TooManyAttempts,
    Unauthenticated,
)

MEDIA = "application/problem+json"
_STORE_RETRY_SECONDS = 2


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a request was refused (RFC 9457); it has the members that its kind of refusal has."""

    title: str
    """The kind of refusal, to people."""
    status: int
    code: str
    """The kind of refusal, to programs: it stays the same."""
    detail: str
    reference: str
    """Names this request in the service's log; it is the header X-Request-Id, too."""
    faults: list[str] = []
    """Each of several things that are wrong."""
    field: str = ""
    expected: str = ""
    got: str = ""


def _challenge(_: Unauthenticated) -> Mapping[str, str]:
    """Say what to come with (RFC 6750, 3)."""
    return {"WWW-Authenticate": "Bearer"}


def _come_again(_: Refusal) -> Mapping[str, str]:
    return {"Retry-After": str(_STORE_RETRY_SECONDS)}


REFUSALS: Table = {
    NotHttp: Said(400),
    BadInput: Said(400),
    BadRows: Said(400),
    BadDialPlan: Said(400),
    ContradictingSettings: Said(400),
    Unauthenticated: Said(401, headers=_challenge),
    NotPermitted: Said(403),
    FromElsewhere: Said(403),
    NoSuchNumber: Said(404),
    NoSuchAllocation: Said(404),
    NoSuchCall: Said(404),
    NoSuchInteraction: Said(404),
    NoSuchEnvironment: Said(404),
    NoSuchApplication: Said(404),
    NoSuchEntry: Said(404),
    NoSuchPath: Said(404),
    WrongMethod: Said(405, headers=allow),
    TooSlow: Said(408),
    AmbiguousDnid: Said(409),
    AllocationEnded: Said(409),
    ApplicationGone: Said(409),
    EntryExists: Said(409),
    EntryInUse: Said(409),
    Exhausted: Said(409),
    ImportUnderWay: Said(409),
    NumberExists: Said(409),
    NumbersAllocated: Said(409),
    StillHeld: Said(409),
    TooLarge: Said(413),
    TooManyAttempts: Said(429, headers=retry_after),
    QuotaReached: Said(429, headers=retry_after),
    Broken: Said(500, lambda _: "internal error; the log has more under the reference"),
    NotAccepting: Said(503),
    TooManyStreams: Said(503, headers=_come_again),
    StoreUnavailable: Said(503, lambda _: "the store cannot do it now", headers=_come_again),
}
"""How the native API refuses."""

REFUSING = Refusing(
    REFUSALS,
    lambda _: Content(MEDIA, Problem),
    {
        401: {"WWW-Authenticate": "`Bearer`"},
        429: {"Retry-After": "seconds"},
        503: {"Retry-After": "seconds"},
    },
)


class NativeDialect:
    """Refuses by problems."""

    def refused(self, refusal: Refusal, reference: str) -> web.Response:
        """Say *refusal*."""
        how = said(REFUSALS, refusal)
        problem = Problem(
            title=title_of(type(refusal)),
            status=how.status,
            code=refusal.code,
            detail=how.wording(refusal),
            reference=reference,
            faults=list(getattr(refusal, "faults", ())),
            **_fields(refusal),
        )
        return web.Response(
            status=how.status,
            body=msgspec.json.encode(problem),
            content_type=MEDIA,
            headers=dict(how.headers(refusal)),
        )


def title_of(kind: type[Refusal]) -> str:
    """Say what *kind* of refusal it is, by the sentence that its class begins with."""
    return cleandoc(kind.__doc__ or kind.code).partition("\n")[0].removesuffix(".")


def _fields(refusal: Refusal) -> dict[str, str]:
    if not isinstance(refusal, BadInput):
        return {}
    return {"field": refusal.field, "expected": refusal.expected, "got": refusal.got}
