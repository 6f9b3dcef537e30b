"""The vendor's API over SOAP 1.1: an envelope in, an envelope out, the methods those of REST.

Where seed 000 answers with a ``result`` that a number was not found, there is no fault. A fault
travels with 500, as SOAP 1.1 asks; what is no envelope at all, with 400.
"""

from collections.abc import Callable
from typing import assert_never

from aiohttp import web

from interact_ivr.api.bodies import read_body
from interact_ivr.api.describing import Answer, Content, Description, Refusing
from interact_ivr.api.dnis import Dnis
from interact_ivr.api.faults import (
    Broken,
    NoSuchInteraction,
    NoSuchPath,
    NotHttp,
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
from interact_ivr.api.rest import (
    ENVIRONMENT_HEADER,
    NO_NUMBER_AVAILABLE,
    UNAUTHORIZED_CODE,
    UNAUTHORIZED_MESSAGE,
    no_such_interaction,
    number_exists,
)
from interact_ivr.api.routes import (
    VERSION,
    WHO,
    Guard,
    Handler,
    Needs,
    Recording,
    Route,
    Who,
)
from interact_ivr.api.soap.messages import CLIENT, SERVER, Operation, SoapFault, SoapRequest
from interact_ivr.api.soap.reading import read_request
from interact_ivr.api.soap.writing import fault, result
from interact_ivr.api.soap.wsdl import agent_wsdl, dnis_wsdl
from interact_ivr.domain.errors import (
    AmbiguousDnid,
    BadInput,
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

_XML = "text/xml"
_TYPES = {"text/xml", "application/xml", "application/soap+xml", "application/octet-stream"}
_SHOWN = 80
_NEEDS = {
    Operation.FREE: Needs.USER_AND_DNIS_KEY,
    Operation.GET: Needs.DNIS_KEY,
    Operation.ALLOCATE: Needs.CONSUMER_KEY,
    Operation.CREATE: Needs.USER_AND_DNIS_KEY,
}


class Soap:
    """The four operations and the two WSDLs."""

    def __init__(
        self, dnis: Dnis, guard: Guard, base: Callable[[web.Request], str], recording: Recording
    ) -> None:
        """*base* gives the scheme and the host that the WSDLs name."""
        self._dnis = dnis
        self._guard = guard
        self._base = base
        self._recording = recording

    def routes(self, application_name: str) -> list[Route]:
        """Give what is served; an operation is taken at either address."""
        base = f"/{application_name}/version/{VERSION}"
        routes = []
        for service, wsdl in (("agent", agent_wsdl), ("dnis", dnis_wsdl)):
            address = f"{base}/{service}/soap"
            show = self._shower(wsdl)
            routes += [
                Route("POST", address, Needs.SOAP, self._post, _call(f"{service}_soap")),
                Route("GET", f"{address}/{service}.wsdl", Needs.NOTHING, show, _wsdl(service)),
                Route(
                    "POST",
                    f"{address}/{service}.wsdl",
                    Needs.SOAP,
                    self._post,
                    _call(f"{service}_soap_at_wsdl"),
                ),
            ]
        return routes

    def _shower(self, wsdl: Callable[[str], bytes]) -> Handler:
        async def show(request: web.Request, _: Who) -> web.Response:
            address = self._base(request) + request.path.rpartition("/")[0]
            return _xml(200, wsdl(address))

        return show

    async def _post(self, request: web.Request, _: Who) -> web.Response:
        given = request.headers.get("Content-Type", "")
        if given and request.content_type not in _TYPES:
            raise BadInput("Content-Type", _XML, f"{given[:_SHOWN]!a}")
        body = await read_body(request)
        try:
            asked = read_request(body, request.charset)
        except SoapFault as error:
            return _xml(400 if error.malformed else 500, fault(error.code, error.text))
        who = request[WHO] = await self._guard(_NEEDS[asked.operation], request)
        if asked.operation is Operation.CREATE:
            async with self._recording.act(request, who, "number.add"):
                return _xml(200, result(asked, await self._done(asked, who)))
        return _xml(200, result(asked, await self._done(asked, who)))

    async def _done(self, asked: SoapRequest, who: Who) -> str:
        """Do what is asked, and give the result's text (seed 000, "Expected Responses")."""
        fields = asked.fields
        match asked.operation:
            case Operation.FREE:
                try:
                    freed = await self._dnis.free(who, fields["phone"], "SOAP")
                except NoSuchNumber:
                    freed = False
                return "Success" if freed else _not_found(fields["phone"])
            case Operation.GET:
                try:
                    return await self._dnis.get(who, fields["phone"], "SOAP") or ""
                except NoSuchNumber:
                    return _not_found(fields["phone"])
            case Operation.ALLOCATE:
                with named(interaction="uniqueId"):
                    allocation = await self._dnis.allocate(
                        who, fields["uniqueId"], fields.get("group"), None
                    )
                return allocation.entered
            case Operation.CREATE:
                with named(number="phoneNumber", dnid="dnId", group="groupName"):
                    created = await self._dnis.create(
                        who,
                        fields["phoneNumber"],
                        fields.get("dnId"),
                        fields.get("groupName"),
                        enabled=fields.get("enabled") != "false",
                    )
                return str(created)
            case other:
                assert_never(other)


REFUSALS: Table = {
    BadInput: Said(500, code=CLIENT),
    Unauthenticated: Said(500, lambda _: UNAUTHORIZED_MESSAGE, code=UNAUTHORIZED_CODE),
    NotPermitted: Said(500, lambda _: UNAUTHORIZED_MESSAGE, code=UNAUTHORIZED_CODE),
    Exhausted: Said(500, lambda _: NO_NUMBER_AVAILABLE, code=SERVER),
    QuotaReached: Said(500, lambda _: NO_NUMBER_AVAILABLE, headers=retry_after, code=SERVER),
    AmbiguousDnid: Said(500, lambda error: _not_found(error.dnid), code=CLIENT),
    NoSuchInteraction: Said(500, no_such_interaction, code=CLIENT),
    NumberExists: Said(500, number_exists, code=CLIENT),
    NotHttp: Said(400, code=CLIENT),
    NoSuchPath: Said(404, code=CLIENT),
    WrongMethod: Said(405, headers=allow, code=CLIENT),
    TooSlow: Said(408, code=CLIENT),
    TooLarge: Said(413, code=CLIENT),
    TooManyAttempts: Said(429, headers=retry_after, code=CLIENT),
    StoreUnavailable: Said(500, lambda _: "Internal error", code=SERVER),
    Broken: Said(500, lambda _: "Internal error", code=SERVER),
    Refusal: Said(500, code=CLIENT),
}
"""How SOAP refuses; an internal error has the request's reference added."""
_INTERNAL = (StoreUnavailable, Broken)


_ENVELOPE = Content(_XML)
_REFUSING = Refusing(REFUSALS, lambda _: _ENVELOPE, {429: {"Retry-After": "seconds"}})


def _call(name: str) -> Description:
    """Describe an address of operations; what is refused is a fault."""
    return Description(
        name,
        "The vendor's operations over SOAP 1.1; the WSDL describes them",
        (
            Answer(200, "a result", _ENVELOPE),
            Answer(400, "what came is no envelope: a fault", _ENVELOPE),
        ),
        _REFUSING,
        (StoreUnavailable, Exhausted, QuotaReached, NumberExists, NoSuchInteraction),
        body=_ENVELOPE,
        headers={**ENVIRONMENT_HEADER, "SOAPAction": "is not looked at"},
    )


def _wsdl(service: str) -> Description:
    return Description(
        f"{service}_wsdl",
        f"The WSDL of the vendor's {service} service",
        (Answer(200, "a WSDL 1.1 document that names the address it is served from", _ENVELOPE),),
        _REFUSING,
    )


class SoapDialect:
    """Refuses by faults."""

    def refused(self, refusal: Refusal, reference: str) -> web.Response:
        """Say *refusal*."""
        how = said(REFUSALS, refusal)
        text = how.wording(refusal)
        if isinstance(refusal, _INTERNAL):
            text = f"{text}, reference {reference}"
        response = _xml(how.status, fault(how.code, text))
        response.headers.update(how.headers(refusal))
        return response


def _not_found(phone: str) -> str:
    return f"Phone number {phone} was not found"


def _xml(status: int, body: bytes) -> web.Response:
    return web.Response(status=status, body=body, content_type=_XML, charset="utf-8")
