"""What an envelope to the vendor's DNIS API may look like, and where it may be sent."""

from __future__ import annotations

import pytest

from testbed.vendor import AGENT, DNIS, INTERACTION, NUMBER, Answer, Shop, Way, ask

BASE = "/interact/version/2"
ENVELOPE = (
    '{declaration}<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/">'
    '<e:Body><p:FreeDnisAllocationRequest xmlns:p="{namespace}"><p:phone>{phone}</p:phone>'
    "</p:FreeDnisAllocationRequest></e:Body></e:Envelope>"
)


def envelope(phone: str = NUMBER, namespace: str = DNIS, declaration: str = "") -> bytes:
    return ENVELOPE.format(phone=phone, namespace=namespace, declaration=declaration).encode()


def soap(shop: Shop, body: bytes, path: str = "/agent/soap", **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    sent = {"Content-Type": "text/xml"} | shop.user_headers() | named
    return ask(shop.service, "POST", BASE + path, sent, body)


@pytest.mark.parametrize(
    "action", [None, "", '""', "''", '"FreeDnisAllocation"', "GetDnisAllocation", "urn:x#y"]
)
def test_whatever_the_soap_action_is(shop: Shop, action: str | None) -> None:
    """Present, empty or missing: the Body's element says which operation is meant."""
    headers = {} if action is None else {"SOAPAction": action}
    assert soap(shop, envelope(), **headers).value == "Success"


@pytest.mark.parametrize(
    "path", ["/agent/soap", "/agent/soap/agent.wsdl", "/dnis/soap", "/dnis/soap/dnis.wsdl"]
)
@pytest.mark.parametrize("namespace", [DNIS, AGENT])
def test_both_namespaces_are_taken_at_every_address(shop: Shop, path: str, namespace: str) -> None:
    """The answer has that of the request, under the prefix `ns2`, whatever the request's was."""
    answer = soap(shop, envelope(namespace=namespace), path)
    assert (
        f'<ns2:FreeDnisAllocationResponse xmlns:ns2="{namespace}"><ns2:result>Success</ns2:result>'
        "</ns2:FreeDnisAllocationResponse>"
    ) in answer.text


@pytest.mark.parametrize("method", ["free", "get", "allocate", "create"])
def test_an_answer_is_called_after_its_request(shop: Shop, method: str) -> None:
    """The request's name with `Response` for `Request`."""
    way = Way(shop, "soap")
    name = {
        "free": "FreeDnisAllocation",
        "get": "GetDnisAllocation",
        "allocate": "AllocateDnis",
        "create": "CreatePhone",
    }[method]
    phone = "2111234567" if method == "create" else NUMBER
    answer: Answer = getattr(way, method)(phone)
    assert f"</ns2:result></ns2:{name}Response></SOAP-ENV:Body>" in answer.text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_utf_8_and_utf_16_are_read(shop: Shop, encoding: str) -> None:
    """With the byte order mark that an encoding has; the answer is UTF-8."""
    charset = encoding.removesuffix("-sig")
    declaration = f'<?xml version="1.0" encoding="{charset}"?>'
    body = envelope("\u0416", declaration=declaration).decode().encode(encoding)
    answer = soap(shop, body, Content_Type=f'text/xml; charset="{charset}"')
    assert answer.value == "Phone number \u0416 was not found"


@pytest.mark.parametrize("given", ["text/xml", "application/xml", "application/soap+xml", ""])
def test_types_of_content_that_soap_has(shop: Shop, given: str) -> None:
    """XML under one of its names, or under none."""
    headers = {name: value for name, value in {"Content-Type": given}.items() if value}
    answer = ask(
        shop.service, "POST", f"{BASE}/agent/soap", headers | shop.user_headers(), envelope()
    )
    assert answer.value == "Success"


def test_another_type_of_content_is_a_fault(shop: Shop) -> None:
    """Named, as over REST."""
    answer = soap(shop, envelope(), Content_Type="application/json")
    assert answer.told == (
        "500 <faultcode>SOAP-ENV:Client</faultcode><faultstring>Content-Type: expected text/xml, "
        "got 'application/json'</faultstring>"
    )


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "400 <faultcode>SOAP-ENV:Client</faultcode>"),
        (b"phone=222", "400 <faultcode>SOAP-ENV:Client</faultcode>"),
        (b"<a/>", "400 <faultcode>SOAP-ENV:Client</faultcode>"),
        (
            b'<Envelope xmlns="http://www.w3.org/2003/05/soap-envelope"/>',
            "500 <faultcode>SOAP-ENV:VersionMismatch</faultcode>",
        ),
        (
            envelope(namespace="urn:other"),
            "500 <faultcode>SOAP-ENV:Client</faultcode><faultstring>FreeDnisAllocationRequest: ",
        ),
        (
            envelope(""),
            "500 <faultcode>SOAP-ENV:Client</faultcode><faultstring>phone: expected a value, "
            "got an empty element</faultstring>",
        ),
    ],
)
def test_what_is_no_request_is_a_fault(shop: Shop, body: bytes, said: str) -> None:
    """What is no envelope is 400, every other slip 500 with the place by name; nothing is freed."""
    assert soap(shop, body).told.startswith(said)
    assert shop.holders()[f"+{NUMBER}"] == INTERACTION
