"""zeep, given only the addresses of the two WSDLs, uses the vendor's API at a served process."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import requests
from zeep import Client, Transport
from zeep.exceptions import Fault

from testbed.service import Service
from testbed.vendor import FREE_NUMBER, INTERACTION, NUMBER, Headers, Shop, ask

BASE = "/interact/version/2"
AGENT_WSDL, DNIS_WSDL = f"{BASE}/agent/soap/agent.wsdl", f"{BASE}/dnis/soap/dnis.wsdl"
WSDLS = {"agent": AGENT_WSDL, "dnis": DNIS_WSDL}


def client(shop: Shop, wsdl: str, headers: Headers) -> Client:
    session = requests.Session()
    session.headers.update(headers)
    transport = Transport(session=session, timeout=10)  # type: ignore[no-untyped-call]
    address = shop.service.http + wsdl
    return Client(address, transport=transport)  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("version", [1, 2])
def test_all_four_operations(shop: Shop, version: int) -> None:
    """Each is found in its WSDL, called, and answered by a text."""
    of_version = {name: wsdl.replace("/2/", f"/{version}/") for name, wsdl in WSDLS.items()}
    agent = client(shop, of_version["agent"], shop.user_headers()).service
    web = client(shop, of_version["agent"], shop.app_headers(shop.consumer_key)).service
    dnis = client(shop, of_version["dnis"], shop.user_headers()).service

    assert web.AllocateDnis(uniqueId="Unique Id 3") == FREE_NUMBER
    assert agent.GetDnisAllocation(phone=FREE_NUMBER) == "Unique Id 3"
    assert agent.FreeDnisAllocation(phone=FREE_NUMBER) == "Success"
    again = f"Phone number {FREE_NUMBER} was not found"
    assert agent.FreeDnisAllocation(phone=FREE_NUMBER) == again
    assert not agent.GetDnisAllocation(phone=FREE_NUMBER)
    assert dnis.CreatePhone(phoneNumber="2111234567", groupName="new", enabled=True).isdigit()
    assert web.AllocateDnis(uniqueId="Unique Id 4", group="new") == "2111234567"


@pytest.mark.parametrize(
    ("wsdl", "operation", "fields"),
    [
        (AGENT_WSDL, "FreeDnisAllocation", {"phone": NUMBER}),
        (AGENT_WSDL, "GetDnisAllocation", {"phone": NUMBER}),
        (AGENT_WSDL, "AllocateDnis", {"uniqueId": "a"}),
        (DNIS_WSDL, "CreatePhone", {"phoneNumber": "2111234567"}),
    ],
)
def test_the_authorization_fault(
    shop: Shop, wsdl: str, operation: str, fields: dict[str, str]
) -> None:
    """<faultcode>0x7000000</faultcode>, as zeep understands it; the WSDL itself needs nothing."""
    with pytest.raises(Fault) as caught:
        client(shop, wsdl, {}).service[operation](**fields)
    assert (caught.value.code, caught.value.message) == (
        "0x7000000",
        "Request is unauthorized, missing or wrong credentials",
    )
    assert shop.holders()[f"+{NUMBER}"] == INTERACTION


def test_other_faults(shop: Shop) -> None:
    """A client's program reads what went wrong from the fault."""
    agent = client(shop, AGENT_WSDL, shop.app_headers(shop.consumer_key)).service
    with pytest.raises(Fault, match="uniqueId: expected ASCII letters") as caught:
        agent.AllocateDnis(uniqueId="a$b")
    assert caught.value.code == "SOAP-ENV:Client"
    with pytest.raises(Fault, match="Currently there are no available phone numbers") as caught:
        agent.AllocateDnis(uniqueId="a", group="none")
    assert caught.value.code == "SOAP-ENV:Server"


# Where the WSDL says that it is


def locations(service: Service, headers: Headers) -> set[str]:
    """Give what both WSDLs name, without the part that is each one's own."""
    named = set()
    for name, wsdl in WSDLS.items():
        answer = ask(service, "GET", wsdl, headers)
        assert (answer.status, answer.headers["Content-Type"]) == (200, "text/xml; charset=utf-8")
        (location,) = re.findall('<soap:address location="([^"]*)"/>', answer.text)
        assert location.endswith(f"{BASE}/{name}/soap")
        named.add(location.removesuffix(f"{BASE}/{name}/soap"))
    return named


FORWARDED = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "ivr.example:8443"}


@pytest.mark.parametrize("host", ["ivr.example", "ivr.example:8018", "[::1]:8018", "10.0.0.1"])
def test_the_address_is_the_one_that_was_asked(service: Service, host: str) -> None:
    """By Host."""
    assert locations(service, {"Host": host}) == {f"http://{host}"}


def test_a_proxy_that_is_not_trusted_is_not_believed(service: Service) -> None:
    """X-Forwarded-* is anybody's to write."""
    assert locations(service, {"Host": "ivr.example"} | FORWARDED) == {"http://ivr.example"}


@pytest.mark.parametrize("host", ["<a>", 'a"b', "a b", "a/b", "a@b", ""])
def test_what_is_no_host_is_not_repeated(service: Service, host: str) -> None:
    """The location is the path alone."""
    assert locations(service, {"Host": host}) == {""}


def test_a_trusted_proxy_is_believed(service_factory: Callable[..., Service]) -> None:
    """`http.trusted_proxies`: the scheme and the host that it was asked for."""
    service = service_factory(http='trusted_proxies = ["127.0.0.0/8"]')
    assert locations(service, {"Host": "inner"} | FORWARDED) == {"https://ivr.example:8443"}
    assert locations(service, {"Host": "ivr.example"}) == {"http://ivr.example"}
    hostile = {"Host": "ivr.example", "X-Forwarded-Proto": "javascript", "X-Forwarded-Host": "<"}
    assert locations(service, hostile) == {""}


def test_a_proxy_elsewhere_is_not_believed(service_factory: Callable[..., Service]) -> None:
    """Trust is in an address, not in a header."""
    service = service_factory(http='trusted_proxies = ["10.0.0.0/8"]')
    assert locations(service, {"Host": "ivr.example"} | FORWARDED) == {"http://ivr.example"}


@pytest.mark.parametrize("end", ["", "/"])
def test_the_public_url_goes_before_all(service_factory: Callable[..., Service], end: str) -> None:
    """`http.public_url`, with a path in front where it has one, and one slash between."""
    service = service_factory(
        http=f'public_url = "https://gointeract.example/a{end}"\ntrusted_proxies = ["127.0.0.1"]'
    )
    expected = {"https://gointeract.example/a"}
    assert locations(service, {"Host": "ivr.example"} | FORWARDED) == expected
