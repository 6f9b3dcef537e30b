"""The vendor's DNIS API row by row, REST and SOAP side by side, at a served process.

Each test quotes its row: of seed 000 ("Expected Responses") for *free*, of the vendor's pages of
the sibling methods for the others.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from testbed.agi_peer import Peer, environment
from testbed.line import control
from testbed.service import Service
from testbed.vendor import FREE_NUMBER, NUMBER, Answer, Shop, Way, ask

UNAUTHORIZED = "Request is unauthorized, missing or wrong credentials"


# Free: seed 000, "Expected Responses", REST and SOAP


def test_free_of_an_allocated_number(way: Way) -> None:
    """Success (phone found with allocation and freed successfully).

    200 EMPTY | <ns2:result>Success</ns2:result>
    """
    expected = way.expects(rest="200 ", soap="200 <ns2:result>Success</ns2:result>")
    assert way.free(NUMBER).told == expected
    assert way.shop.holders()[f"+{NUMBER}"] is None


def test_free_of_a_number_that_is_not_allocated(way: Way) -> None:
    """Success (phone found but is not allocated).

    200 EMPTY | <ns2:result>Phone number <phone number> was not found</ns2:result>
    """
    not_found = f"200 <ns2:result>Phone number {FREE_NUMBER} was not found</ns2:result>"
    for _ in range(2):
        assert way.free(FREE_NUMBER).told == way.expects(rest="200 ", soap=not_found)


def test_free_of_a_number_that_does_not_exist(way: Way) -> None:
    """Phone number does not exist.

    404 Phone number  <phone number> was not found
    | <ns2:result>Phone number <phone number> was not found</ns2:result>
    """
    assert way.free("2111234567").told == way.expects(
        rest="404 Phone number 2111234567 was not found",
        soap="200 <ns2:result>Phone number 2111234567 was not found</ns2:result>",
    )


def test_free_with_invalid_security_headers_over_rest(shop: Shop) -> None:
    """Invalid security headers: 401, "Unauthenticated-Reason" Header.

    {"code":"0x7000000", "message": "Request is unauthorized, missing or wrong credentials",
    "moreInfoUrl":"http://www.jacada.com/support",}
    """
    answer = Way(shop, "rest").with_headers(User_Password="d3Jvbmc=").free(NUMBER)
    assert answer.status == 401
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert answer.headers.get_all("Unauthenticated-Reason") == [answer.text]
    assert list(json.loads(answer.text).items()) == [
        ("code", "0x7000000"),
        ("message", UNAUTHORIZED),
        ("moreInfoUrl", "http://www.jacada.com/support"),
    ]
    assert shop.holders()[f"+{NUMBER}"] == "basket-4711"


def test_free_with_invalid_security_headers_over_soap(shop: Shop) -> None:
    """<SOAP-ENV:Fault><faultcode>0x7000000</faultcode>.

    <faultstring>Request is unauthorized, missing or wrong credentials</faultstring>
    """
    answer = Way(shop, "soap").with_headers(User_Password="d3Jvbmc=").free(NUMBER)
    assert answer.text.partition("\n")[2] == (
        '<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/">'
        "<SOAP-ENV:Header/><SOAP-ENV:Body><SOAP-ENV:Fault>"
        "<faultcode>0x7000000</faultcode>"
        f"<faultstring>{UNAUTHORIZED}</faultstring>"
        "</SOAP-ENV:Fault></SOAP-ENV:Body></SOAP-ENV:Envelope>"
    )
    assert (answer.status, answer.headers["Content-Type"]) == (500, "text/xml; charset=utf-8")
    assert shop.holders()[f"+{NUMBER}"] == "basket-4711"


def test_seeds_own_soap_request(shop: Shop) -> None:
    """Sample Request, byte for byte; the answer's prefix is `ns2`, its element qualified."""
    shop.take_in("222")
    assert {shop.allocate("short"), shop.allocate("shorter")} == {FREE_NUMBER, "222"}
    sample = (
        b'<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
        b'xmlns:soap="http://com/jacada/interact/dnis/soap">\n<soapenv:Header/>\n<soapenv:Body>\n'
        b"<soap:FreeDnisAllocationRequest>\n<soap:phone>222</soap:phone>\n"
        b"</soap:FreeDnisAllocationRequest>\n</soapenv:Body>\n</soapenv:Envelope>"
    )
    headers = {"Content-Type": "text/xml;charset=UTF-8", **shop.user_headers()}
    path = "/interact/version/2/agent/soap"
    answer = ask(shop.service, "POST", path, headers, sample)
    assert answer.text.partition("\n")[2] == (
        '<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/">'
        "<SOAP-ENV:Header/><SOAP-ENV:Body>"
        '<ns2:FreeDnisAllocationResponse xmlns:ns2="http://com/jacada/interact/dnis/soap">'
        "<ns2:result>Success</ns2:result></ns2:FreeDnisAllocationResponse>"
        "</SOAP-ENV:Body></SOAP-ENV:Envelope>"
    )
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/xml; charset=utf-8")


# Get


def test_get_of_an_allocated_number(way: Way) -> None:
    """200 `<unique id>`."""
    expected = way.expects(rest="200 basket-4711", soap="200 <ns2:result>basket-4711</ns2:result>")
    assert [way.get(NUMBER).told for _ in range(2)] == [expected] * 2


def test_get_of_a_number_that_is_not_allocated(way: Way) -> None:
    """200 with an empty body when the phone exists but is not allocated."""
    assert way.get(FREE_NUMBER).told == way.expects(
        rest="200 ", soap="200 <ns2:result></ns2:result>"
    )


def test_get_of_a_number_that_does_not_exist(way: Way) -> None:
    """404 `Phone number <phone number> was not found`."""
    assert way.get("2111234567").told == way.expects(
        rest="404 Phone number 2111234567 was not found",
        soap="200 <ns2:result>Phone number 2111234567 was not found</ns2:result>",
    )


# Allocate


def test_allocate(way: Way) -> None:
    """200, body = the allocated phone number, bare; the same id again: the same number."""
    expected = way.expects(
        rest=f"200 {FREE_NUMBER}", soap=f"200 <ns2:result>{FREE_NUMBER}</ns2:result>"
    )
    assert [way.allocate("Unique Id 3").told for _ in range(2)] == [expected] * 2
    assert way.shop.holders()[f"+{FREE_NUMBER}"] == "Unique Id 3"


def test_allocate_of_a_group(way: Way) -> None:
    """{"group":"test","id":"Unique Id 3"}: only a number of that group."""
    way.free(NUMBER)
    assert way.allocate("Unique Id 3", "test").value == NUMBER


def test_allocate_when_none_is_left(way: Way) -> None:
    """403 `Currently there are no available phone numbers`."""
    sentence = "Currently there are no available phone numbers"
    fault = f"<faultcode>SOAP-ENV:Server</faultcode><faultstring>{sentence}</faultstring>"
    assert way.allocate("first").status == 200
    expected = way.expects(rest=f"403 {sentence}", soap=f"500 {fault}")
    assert way.allocate("second").told == expected
    assert way.allocate("third", "no-such-group").told == expected


def test_allocate_again_under_another_group(way: Way) -> None:
    """400 `<reason>`, naming `group`; with the same group, or none given, the number again."""
    sentence = (
        "group: expected the group 'test' of the number this interaction holds, or none, "
        "got 'other'"
    )
    assert way.allocate("basket-4711", "other").told == way.expects(
        rest=f"400 {sentence}",
        soap=f"500 <faultcode>SOAP-ENV:Client</faultcode><faultstring>{sentence}</faultstring>",
    )
    assert way.allocate("basket-4711", "test").value == NUMBER
    assert way.allocate("basket-4711").value == NUMBER
    assert way.allocate("basket-4711", "").value == NUMBER


@pytest.mark.parametrize(
    ("interaction", "got"),
    [
        ("a$b", "ASCII letters, digits, space and - _ . : / @ + = # ~ { }, got '$' at position 2"),
        ("a" * 129, "1 to 128 characters, got 129 characters"),
        (
            "Ж",
            "ASCII letters, digits, space and - _ . : / @ + = # ~ { }, got '\\u0416' at position 1",
        ),
    ],
)
def test_allocate_to_what_is_no_id(way: Way, interaction: str, got: str) -> None:
    """400 `<reason>`: without a registry every id of the alphabet is accepted, no other."""
    assert way.allocate(interaction).told == way.expects(
        rest=f"400 id: expected {got}",
        soap="500 <faultcode>SOAP-ENV:Client</faultcode>"
        f"<faultstring>uniqueId: expected {got}</faultstring>",
    )


# Create


def test_create(way: Way) -> None:
    """200 `<number id>`, for {"phoneNumber":"2111234567","dnId":"4567","groupName":"test",...}."""
    created = way.create("2111234567", dnId="4567", groupName="extra", enabled=True)
    assert created.told == way.expects(
        rest=f"200 {created.value}", soap=f"200 <ns2:result>{created.value}</ns2:result>"
    )
    assert re.fullmatch("[1-9][0-9]*", created.value)
    assert way.allocate("Unique Id 3", "extra").value == "2111234567"
    assert way.get("4567").value == "Unique Id 3"


def test_create_without_what_is_optional(way: Way) -> None:
    """`dnId`, `groupName` optional; each number has an id of its own."""
    ids = [way.create(number).value for number in ("2111234567", "2111234568")]
    assert len(set(ids)) == 2


def test_create_of_a_number_that_is_not_enabled(way: Way) -> None:
    """`"enabled":false` is not lent; `"enabled":true` is what counts where it is not given."""
    way.create("2111234567", groupName="extra", enabled=False)
    assert "no available phone numbers" in way.allocate("Unique Id 3", "extra").told
    way.create("2111234568", groupName="extra")
    assert way.allocate("Unique Id 3", "extra").value == "2111234568"


def test_create_of_a_number_that_is_there(way: Way) -> None:
    """409 `Cannot create Phone '<phone number>'. A phone with that name already exists`."""
    sentence = "Cannot create Phone '{}'. A phone with that name already exists"
    fault = "<faultcode>SOAP-ENV:Client</faultcode><faultstring>{}</faultstring>"
    for written in (NUMBER, "+380 (97) 452-02-00"):
        said = sentence.format(written)
        answer = way.create(written)
        assert answer.told == way.expects(rest=f"409 {said}", soap=f"500 {fault.format(said)}")
    assert "'" in way.create(NUMBER).text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"phoneNumber": "2" * 65}, "phoneNumber: expected at most 64 characters, got "),
        ({"phoneNumber": "()-"}, "phoneNumber: expected a telephone number, got "),
        ({"dnId": "12a"}, "dnId: expected 1 to 15 digits, got '12a'"),
        (
            {"dnId": "0200"},
            "dnId: expected one that no other number of the application has, "
            f"got 0200, which +{NUMBER} has",
        ),
        ({"groupName": "a$b"}, "groupName: expected ASCII letters, "),
    ],
)
def test_create_with_a_field_that_is_none(way: Way, fields: dict[str, str], said: str) -> None:
    """400 `<reason>`, naming the field as it was sent."""
    sent = {"phoneNumber": "2111234567", **fields}
    told = way.create(sent.pop("phoneNumber"), **sent).told
    assert told.startswith(
        way.expects(
            rest=f"400 {said}",
            soap=f"500 <faultcode>SOAP-ENV:Client</faultcode><faultstring>{said}",
        )
    )
    assert list(way.shop.holders()) == [f"+{NUMBER}", f"+{FREE_NUMBER}"]


# Every method


METHODS: dict[str, Callable[[Way], Answer]] = {
    "free": lambda way: way.free(NUMBER),
    "get": lambda way: way.get(NUMBER),
    "allocate": lambda way: way.allocate("Unique Id 3"),
    "create": lambda way: way.create("2111234567"),
}


@contextmanager
def broken(service: Service) -> Iterator[None]:
    """Take the table of numbers away from a running service."""
    with closing(sqlite3.connect(service.database)) as connection:
        connection.execute("ALTER TABLE number RENAME TO elsewhere")
        try:
            yield
        finally:
            connection.execute("ALTER TABLE elsewhere RENAME TO number")


@pytest.mark.parametrize("method", METHODS)
def test_general_error(way: Way, method: str) -> None:
    """General error (internal error): 500 exception | exception (in XML format).

    With a reference number, which is in the log; what broke is told there only.
    """
    with broken(way.shop.service):
        answer = METHODS[method](way)
    reference = answer.headers["X-Request-Id"]
    sentence = f"Internal error, reference {reference}"
    assert answer.told == way.expects(
        rest=f"500 {sentence}",
        soap=f"500 <faultcode>SOAP-ENV:Server</faultcode><faultstring>{sentence}</faultstring>",
    )
    failed = way.shop.service.log("a request failed")
    assert [line["reference"] for line in failed].count(reference) == 1
    assert METHODS[method](way).status == 200


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("method", METHODS)
def test_every_method_has_both_versions(way: Way, method: str, version: int) -> None:
    """/<application name>/version/<version>/..., 1 and 2, which are the same."""
    assert METHODS[method](replace(way, version=version)).status == 200


@pytest.mark.parametrize("version", [0, 3, 12])
@pytest.mark.parametrize("method", METHODS)
def test_no_other_version_is_there(way: Way, method: str, version: int) -> None:
    """404 in the form of the API that was asked."""
    nothing = "there is nothing under this path"
    assert METHODS[method](replace(way, version=version)).told == way.expects(
        rest=f"404 {nothing}",
        soap=f"404 <faultcode>SOAP-ENV:Client</faultcode><faultstring>{nothing}</faultstring>",
    )


@pytest.mark.parametrize("method", METHODS)
def test_text_answers_are_bare(shop: Shop, method: str) -> None:
    """`text/plain; charset=utf-8`, without quotes or a line's end, with its length."""
    answer = METHODS[method](Way(shop, "rest"))
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Content-Length"] == str(len(answer.body))
    assert not set(answer.text) & set("\"'\r\n")


def test_another_applications_number_does_not_exist(way: Way) -> None:
    """Two applications may each have a list of numbers; either's key is good for its own alone."""
    shop = way.shop
    where = {"environment": shop.environment}
    control(shop.service, "application.add", application="other", **where)
    shop.take_in("2111234567", dnid="4567", application="other")
    shop.allocate("theirs", application="other")
    for phone in ("2111234567", "4567"):
        for answer in (way.free(phone), way.get(phone)):
            said = f"Phone number {phone} was not found"
            assert answer.told == way.expects(
                rest=f"404 {said}", soap=f"200 <ns2:result>{said}</ns2:result>"
            )
    taken = control(shop.service, "number.list", application="other", **where)["numbers"]
    assert [each["interaction"] for each in taken] == ["theirs"]
    assert "409" in way.create("2111234567").told or way.kind == "soap"


def test_an_allocation_waits_fifteen_minutes(way: Way) -> None:
    """The number should be automatically released ... following a predefined timeout period."""
    way.allocate("Unique Id 3")
    entries = control(way.shop.service, "journal.list", environment=way.shop.environment)["entries"]
    begun, ends = (datetime.fromisoformat(entries[-1][key]) for key in ("at", "expires_at"))
    assert ends - begun == timedelta(minutes=15)


def test_the_journal_says_who_freed(way: Way) -> None:
    """The user, and over what; nothing where nothing was freed."""
    for phone in (NUMBER, NUMBER, FREE_NUMBER):
        way.free(phone)
    entries = control(way.shop.service, "journal.list", environment=way.shop.environment)["entries"]
    freed = [each["detail"] for each in entries if each["event"] == "freed"]
    assert freed == [way.expects(rest="by admin over REST", soap="by admin over SOAP")]


def test_a_retrieved_number_is_free(way: Way) -> None:
    """The number is freed after the IVR retrieves the unique Interaction identifier."""
    shop = way.shop
    with Peer.call(shop.service.agi_port) as peer:
        script = f"retrieve_interaction?environment={shop.environment}"
        peer.send(environment(script, dnid=NUMBER, uniqueid=f"{shop.tenant}.1"))
        told = peer.converse().variables
    assert (told["INTERACT_STATUS"], told["INTERACT_ID"]) == ("FOUND", "basket-4711")
    assert way.get(NUMBER).value == ""


def test_a_freed_number_is_nobodys_to_a_call(way: Way) -> None:
    """What HTTP frees, the next call does not find."""
    shop = way.shop
    way.free(NUMBER)
    with Peer.call(shop.service.agi_port) as peer:
        script = f"retrieve_interaction?environment={shop.environment}"
        peer.send(environment(script, dnid=NUMBER, uniqueid=f"{shop.tenant}.2"))
        assert peer.converse().variables["INTERACT_STATUS"] == "NOT_ALLOCATED"
