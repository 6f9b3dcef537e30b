"""The vendor's DNIS allocation API over REST, to the letter (seed 000 and its sibling methods).

Text answers are bare: `text/plain`, without quotes.
"""

from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta

from interact_ivr.api.bodies import read_json
from interact_ivr.api.describing import JSON, Answer, Content, Description, Refusing
from interact_ivr.api.dnis import Dnis
from interact_ivr.api.faults import (
    Broken,
    NoSuchInteraction,
    NoSuchPath,
    Said,
    Table,
    TooLarge,
    TooSlow,
    WrongMethod,
    allow,
    named,
    retry_after,
    said,
)
from interact_ivr.api.routes import VERSION, Needs, Route, Who
from interact_ivr.domain.errors import (
    AmbiguousDnid,
    BadInput,
    BadRows,
    Exhausted,
    NoSuchNumber,
    NotPermitted,
    NumberExists,
    QuotaReached,
    Refusal,
    StoreUnavailable,
    TooManyAttempts,
    Unauthenticated,
)

UNAUTHORIZED_CODE = "0x7000000"
UNAUTHORIZED_MESSAGE = "Request is unauthorized, missing or wrong credentials"
NO_NUMBER_AVAILABLE = "Currently there are no available phone numbers"


class CreatePhone(msgspec.Struct, frozen=True):
    """The body of *create a phone*; what the vendor's programs send besides is passed over.

    Here and in *allocate* an optional field that is null or empty counts as not given.
    """

    phone_number: str = msgspec.field(name="phoneNumber")
    dnid: str | None = msgspec.field(name="dnId", default=None)
    group: str | None = msgspec.field(name="groupName", default=None)
    enabled: bool | None = None


class AllocatePhone(msgspec.Struct, frozen=True):
    """The body of *allocate*."""

    id: Annotated[str, Meta(description="the interaction's unique id")]
    group: str | None = None
    caller: Annotated[
        str | None, Meta(description="who is expected to call; this project's addition")
    ] = None


PHONE = r"{phone:[\s\S]+}"
"""Whatever is written: the dial plan says whether it is a number."""


class Rest:
    """The four methods."""

    def __init__(self, dnis: Dnis) -> None:
        self._dnis = dnis

    def routes(self, application_name: str) -> list[Route]:
        """Give what is served under */application name/version/1* and */2*."""
        base = f"/{application_name}/version/{VERSION}/dnis"
        return [
            Route("POST", base, Needs.USER_AND_DNIS_KEY, self._create, _CREATE, "number.add"),
            Route("POST", f"{base}/allocate/new", Needs.CONSUMER_KEY, self._allocate, _ALLOCATE),
            Route("GET", f"{base}/allocate/get/{PHONE}", Needs.DNIS_KEY, self._get, _GET),
            Route(
                "POST",
                f"{base}/allocate/free/{PHONE}",
                Needs.USER_AND_DNIS_KEY,
                self._free,
                _FREE,
            ),
        ]

    async def _create(self, request: web.Request, who: Who) -> web.Response:
        phone = await read_json(request, CreatePhone)
        with named(number="phoneNumber", dnid="dnId", group="groupName"):
            created = await self._dnis.create(
                who,
                phone.phone_number,
                phone.dnid or None,
                phone.group or None,
                enabled=phone.enabled is not False,
            )
        return web.Response(text=str(created))

    async def _allocate(self, request: web.Request, who: Who) -> web.Response:
        asked = await read_json(request, AllocatePhone)
        with named(interaction="id"):
            allocation = await self._dnis.allocate(
                who, asked.id, asked.group or None, asked.caller or None
            )
        return web.Response(text=allocation.entered)

    async def _get(self, request: web.Request, who: Who) -> web.Response:
        phone, only_look = request.match_info["phone"], request.method == "HEAD"
        return web.Response(
            text=await self._dnis.get(who, phone, "REST", only_look=only_look) or ""
        )

    async def _free(self, request: web.Request, who: Who) -> web.Response:
        await self._dnis.free(who, request.match_info["phone"], "REST")
        return web.Response(text="")


def no_such_interaction(error: NoSuchInteraction) -> str:
    """Say it as the vendor does."""
    return f"Audit message {error.interaction} was not found"


def number_exists(error: NumberExists) -> str:
    """Say it as the vendor does."""
    return f"Cannot create Phone '{error.number}'. A phone with that name already exists"


REFUSALS: Table = {
    BadInput: Said(400),
    Unauthenticated: Said(401),
    NotPermitted: Said(401),
    Exhausted: Said(403, lambda _: NO_NUMBER_AVAILABLE),
    QuotaReached: Said(403, lambda _: NO_NUMBER_AVAILABLE, headers=retry_after),
    NoSuchNumber: Said(404, lambda error: f"Phone number {error.number} was not found"),
    AmbiguousDnid: Said(404, lambda error: f"Phone number {error.dnid} was not found"),
    NoSuchInteraction: Said(404, no_such_interaction),
    NoSuchPath: Said(404),
    WrongMethod: Said(405, headers=allow),
    TooSlow: Said(408),
    NumberExists: Said(409, number_exists),
    TooLarge: Said(413),
    TooManyAttempts: Said(429, headers=retry_after),
    StoreUnavailable: Said(500, lambda _: "Internal error"),
    Broken: Said(500, lambda _: "Internal error"),
    Refusal: Said(400),
}
"""How the vendor's REST API refuses; a status of 500 has the request's reference added."""


class Unauthorized(msgspec.Struct, frozen=True):
    """What seed 000 answers without credentials; the header Unauthenticated-Reason is the same."""

    code: str
    message: str
    more_info_url: str = msgspec.field(name="moreInfoUrl")


_TEXT = Content("text/plain")
REFUSING = Refusing(
    REFUSALS,
    lambda status: Content(JSON, Unauthorized) if status == 401 else _TEXT,
    {401: {"Unauthenticated-Reason": "the body"}, 429: {"Retry-After": "seconds"}},
)
ENVIRONMENT_HEADER = {
    "Environment-Name": "the tenant's environment that is meant; none: the only one it has"
}


def _described(
    name: str,
    summary: str,
    answer: str,
    *refuses: type[Refusal],
    asks: type[msgspec.Struct] | None = None,
) -> Description:
    return Description(
        name,
        summary,
        (Answer(200, answer, _TEXT),),
        REFUSING,
        (StoreUnavailable, *refuses),
        asks,
        headers=ENVIRONMENT_HEADER,
    )


_CREATE = _described(
    "create_phone",
    "The vendor's *create*: take a number into the pool",
    "the number's id",
    NumberExists,
    BadRows,
    asks=CreatePhone,
)
_ALLOCATE = _described(
    "allocate_phone",
    "The vendor's *allocate*: lend a number to an interaction",
    "the number, as the administrator wrote it",
    Exhausted,
    QuotaReached,
    NoSuchInteraction,
    asks=AllocatePhone,
)
_GET = _described(
    "get_phone",
    "The vendor's *get*: whose number it is",
    "the interaction's id; empty if it is nobody's",
    NoSuchNumber,
)
_FREE = _described(
    "free_phone",
    "The vendor's *free*: end a number's allocation",
    "empty, also if it had none",
    NoSuchNumber,
)


class RestDialect:
    """Refuses in plain text; without credentials in the JSON of seed 000, as header and body."""

    def __init__(self, support_url: str) -> None:
        self._unauthorized = unauthorized(support_url)

    def refused(self, refusal: Refusal, reference: str) -> web.Response:
        """Say *refusal*."""
        how = said(REFUSALS, refusal)
        if how.status == 401:
            return web.Response(
                status=how.status,
                headers={"Unauthenticated-Reason": self._unauthorized},
                text=self._unauthorized,
                content_type=JSON,
            )
        text = how.wording(refusal)
        if how.status == 500:
            text = f"{text}, reference {reference}"
        return web.Response(status=how.status, text=text, headers=dict(how.headers(refusal)))


def unauthorized(support_url: str) -> str:
    """Write what seed 000 answers without credentials; its trailing comma would be no JSON."""
    reason = Unauthorized(UNAUTHORIZED_CODE, UNAUTHORIZED_MESSAGE, support_url)
    return msgspec.json.encode(reason).decode()
