"""The WSDLs: a client made from them says what is read, and understands what is answered."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import cast

import pytest
from lxml import etree  # type: ignore[import-untyped]
from requests import Response
from zeep import Client, Transport
from zeep.exceptions import Fault

from interact_ivr.api.soap.messages import (
    AGENT,
    DNIS,
    FIELDS,
    SERVER,
    Operation,
    SoapFault,
    SoapRequest,
)
from interact_ivr.api.soap.reading import read_request
from interact_ivr.api.soap.writing import fault, result
from interact_ivr.api.soap.wsdl import agent_wsdl, dnis_wsdl

ADDRESS = "http://127.0.0.1:8080/interact/version/2/agent/soap?a=1&b=\"<'2'>"
AWKWARD = "<>&\"' \u0416\u4e2d\U0001f4de]]>"
SCHEMA = "{http://www.w3.org/2001/XMLSchema}"
WSDL = "{http://schemas.xmlsoap.org/wsdl/}"

CALLS = [
    ("FreeDnisAllocation", DNIS, {"phone": "222"}),
    ("GetDnisAllocation", AGENT, {"phone": "+380974520200"}),
    ("AllocateDnis", AGENT, {"uniqueId": AWKWARD, "group": "gold"}),
    ("AllocateDnis", AGENT, {"uniqueId": "Unique Id 3"}),
    (
        "CreatePhone",
        DNIS,
        {"phoneNumber": "2111234567", "dnId": "4567", "groupName": "test", "enabled": True},
    ),
    ("CreatePhone", DNIS, {"phoneNumber": "2111234567", "enabled": False}),
    ("CreatePhone", DNIS, {"phoneNumber": "2111234567"}),
]


class Loopback(Transport):
    """Hands a client's bytes to the codecs and theirs to the client, as HTTP would."""

    def __init__(self, answer: Callable[[SoapRequest], bytes]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._answer = answer
        self.heard: list[SoapRequest] = []
        self.posted: list[tuple[str, str]] = []
        """The address and the SOAPAction of each request."""

    def post(self, address: str, message: bytes, headers: Mapping[str, str]) -> Response:
        """Answer one request."""
        self.posted.append((address, headers["SOAPAction"]))
        response = Response()
        response.headers["Content-Type"] = "text/xml; charset=utf-8"
        try:
            self.heard.append(read_request(message, "utf-8"))
            response._content, response.status_code = self._answer(self.heard[-1]), 200
        except SoapFault as refused:
            response._content, response.status_code = fault(refused.code, refused.text), 500
        return response


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """Both WSDLs, as a client would have saved them."""
    written = {"agent": agent_wsdl(ADDRESS), "dnis": dnis_wsdl(ADDRESS)}
    for name, wsdl in written.items():
        (tmp_path / f"{name}.wsdl").write_bytes(wsdl)
    return {name: tmp_path / f"{name}.wsdl" for name in written}


def _client(files: Mapping[str, Path], operation: str, transport: Transport) -> Client:
    name = "dnis" if operation == "CreatePhone" else "agent"
    return Client(str(files[name]), transport=transport)  # type: ignore[no-untyped-call]


def _on_the_wire(fields: Mapping[str, object]) -> dict[str, str]:
    return {
        name: value if isinstance(value, str) else str(value).lower()
        for name, value in fields.items()
    }


@pytest.mark.parametrize(("operation", "namespace", "fields"), CALLS)
def test_a_client_made_from_the_wsdl_is_understood_and_understands(
    files: dict[str, Path], operation: str, namespace: str, fields: dict[str, object]
) -> None:
    """Every operation goes there and back: the fields, the namespace, the result, the address."""
    transport = Loopback(lambda request: result(request, AWKWARD))
    client = _client(files, operation, transport)
    assert client.service[operation](**fields) == AWKWARD
    [heard] = transport.heard
    assert heard == SoapRequest(Operation(f"{operation}Request"), namespace, _on_the_wire(fields))
    assert transport.posted == [(ADDRESS, '""')]


@pytest.mark.parametrize("text", ["Success", "Phone number 222 was not found", "", "  a \n b  "])
def test_a_result_reaches_the_client_as_it_is(files: dict[str, Path], text: str) -> None:
    """Nothing is added to a result or taken from it; an empty one is empty."""
    client = _client(files, "GetDnisAllocation", Loopback(lambda request: result(request, text)))
    assert (client.service.GetDnisAllocation(phone="222") or "") == text


@pytest.mark.parametrize("code", ["0x7000000", SERVER])
def test_a_fault_reaches_the_client_with_its_code_and_text(
    files: dict[str, Path], code: str
) -> None:
    """The seed's own code is one to a client as much as SOAP's codes are."""

    def refuse(_request: SoapRequest) -> bytes:
        raise SoapFault(code, AWKWARD)

    client = _client(files, "FreeDnisAllocation", Loopback(refuse))
    with pytest.raises(Fault) as caught:
        client.service.FreeDnisAllocation(phone="222")
    assert (caught.value.code, caught.value.message) == (code, AWKWARD)


def test_a_client_that_leaves_a_field_empty_is_told_which(files: dict[str, Path]) -> None:
    """What the WSDL cannot forbid, the fault names."""
    client = _client(files, "AllocateDnis", Loopback(lambda request: result(request, "never")))
    with pytest.raises(Fault, match="uniqueId: expected a value, got an empty element"):
        client.service.AllocateDnis(uniqueId="  ", group="gold")


def _declared(wsdl: bytes) -> Iterator[tuple[Operation, str, tuple[str, ...], tuple[str, ...]]]:
    for schema in etree.fromstring(wsdl).iter(f"{SCHEMA}schema"):
        assert schema.get("elementFormDefault") == "qualified"
        for element in schema.iterchildren(f"{SCHEMA}element"):
            if element.get("name").endswith("Request"):
                fields = [
                    (one.get("name"), one.get("minOccurs"))
                    for one in element.iter()
                    if one.get("type")
                ]
                yield (
                    Operation(element.get("name")),
                    schema.get("targetNamespace"),
                    tuple(name for name, least in fields if least is None),
                    tuple(name for name, least in fields if least == "0"),
                )


def test_the_wsdls_declare_what_is_read() -> None:
    """Both know the same operations and fields; freeing and creating are of the DNIS namespace."""
    declared = [*_declared(agent_wsdl(ADDRESS)), *_declared(dnis_wsdl(ADDRESS))]
    assert {row[0]: row[1] for row in declared} == {
        Operation.FREE: DNIS,
        Operation.GET: AGENT,
        Operation.ALLOCATE: AGENT,
        Operation.CREATE: DNIS,
    }
    assert {row[0]: row[2:] for row in declared} == {
        operation: (fields.required, fields.optional) for operation, fields in FIELDS.items()
    }


@pytest.mark.parametrize("wsdl", [agent_wsdl, dnis_wsdl])
def test_every_operation_is_bound_as_a_document(wsdl: Callable[[str], bytes]) -> None:
    """A port type's operations are those of its binding, SOAP 1.1 over HTTP, literal."""
    root = etree.fromstring(wsdl(ADDRESS))
    names = {kind: _names(root, kind) for kind in ("portType", "binding")}
    assert names["portType"] == names["binding"] != []
    soap = "{http://schemas.xmlsoap.org/wsdl/soap/}"
    [binding] = root.iter(f"{soap}binding")
    assert dict(binding.attrib) == {
        "style": "document",
        "transport": "http://schemas.xmlsoap.org/soap/http",
    }
    assert {body.get("use") for body in root.iter(f"{soap}body")} == {"literal"}
    assert [one.get("location") for one in root.iter(f"{soap}address")] == [ADDRESS]


def _names(root: etree._Element, kind: str) -> list[str]:
    [found] = root.iterchildren(f"{WSDL}{kind}")
    return [
        cast(str, operation.get("name")) for operation in found.iterchildren(f"{WSDL}operation")
    ]
