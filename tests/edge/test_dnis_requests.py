"""What a request to the vendor's DNIS API may look like: numbers, bodies, paths and methods."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest

from testbed.service import Service
from testbed.vendor import (
    FREE_NUMBER,
    INTERACTION,
    NUMBER,
    Answer,
    Headers,
    Shop,
    Way,
    ask,
)

BASE = "/interact/version/2"
FREE = f"{BASE}/dnis/allocate/free"
JSON = {"Content-Type": "application/json"}


def post(shop: Shop, path: str, headers: Headers, body: bytes = b"") -> Answer:
    return ask(shop.service, "POST", path, headers, body)


# The phone


WRITTEN = [
    NUMBER,
    f"+{NUMBER}",
    "+380 97 452 02 00",
    "+380 (97) 452-02-00",
    "+380.97.452.02.00",
    "380/974520200",
    f" {NUMBER} ",
    "tel:+380974520200",
    "0200",
]


@pytest.mark.parametrize("phone", WRITTEN)
def test_a_number_is_known_however_it_is_written(way: Way, phone: str) -> None:
    """`{phone}` may be the full number or the DNID, usually its last 4 or 6 digits [docs]."""
    assert way.get(phone).value == INTERACTION
    expected = way.expects(rest="200 ", soap="200 <ns2:result>Success</ns2:result>")
    assert way.free(phone).told == expected
    assert way.shop.holders()[f"+{NUMBER}"] is None


@pytest.mark.parametrize(
    "path",
    [
        "+380974520200",
        "%2B380974520200",
        "%2b380%20974520200",
        "%33%38%30974520200",
        "380974520200/",
        "380974520200?a=1",
        "(380)974-520-200",
    ],
)
def test_a_number_is_known_however_its_path_is_encoded(shop: Shop, path: str) -> None:
    """A plus is a plus, encoded or not; what is behind a question mark is passed over."""
    assert post(shop, f"{FREE}/{path}", shop.user_headers()).told == "200 "
    assert shop.holders()[f"+{NUMBER}"] is None


CONTROLS = [
    "\n",
    "1\n2",
    "\r\n",
    "2111234567\r\nX-Injected: 1",
    "\0",
    "\x1b[31m",
    "\x7f",
    "\x85",
    "\u2028",
]


@pytest.mark.parametrize("phone", CONTROLS, ids=ascii)
@pytest.mark.parametrize("version", [1, 2])
def test_a_phone_of_several_lines_is_a_phone(shop: Shop, phone: str, version: int) -> None:
    """No number of ours, and not another path: what is told is of the number, and by the API."""
    way = Way(shop, "rest", version)
    for answer in (way.get(phone), way.free(phone)):
        assert answer.told == f"404 Phone number {phone} was not found"
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert answer.headers["X-Injected"] is None
    nobody = way.with_headers(Application_Key="").get(phone)
    assert (nobody.status, nobody.headers["Unauthenticated-Reason"]) == (401, nobody.text)


@pytest.mark.parametrize("phone", ["8004562354", "1-800-456-2354", "(800) 456 2354", "2354"])
def test_a_national_number_is_known_where_the_plan_knows_it(service: Service, phone: str) -> None:
    """The dial plan of the environment says which forms are one number; its trunk prefix, too."""
    shop = Shop.opened(service, dial_plan="nanp")
    shop.take_in("+18004562354", dnid="2354")
    for kind in ("rest", "soap"):
        shop.allocate(INTERACTION)
        assert Way(shop, kind).get(phone).value == INTERACTION
        assert Way(shop, kind).free(phone).status == 200
        assert shop.holders() == {"+18004562354": None}


@pytest.mark.parametrize("phone", ["9999", "x", "%", "..", "'--", "\u0416", "380974520200 1", "*"])
def test_what_is_no_number_of_the_pool_is_repeated_as_it_came(way: Way, phone: str) -> None:
    """Phone number <phone number> was not found."""
    said = f"Phone number {phone} was not found"
    soap = f"200 <ns2:result>{said}</ns2:result>"
    for answer in (way.get(phone), way.free(phone)):
        assert answer.told == way.expects(rest=f"404 {said}", soap=soap)


def test_a_dnid_that_fits_several_is_none(way: Way) -> None:
    """Nobody is freed on a guess: the short id of two numbers, in an old store, is not found."""
    with closing(sqlite3.connect(way.shop.service.database)) as store, store:
        store.execute("UPDATE number SET dnid = '0200' WHERE number = ?", [f"+{FREE_NUMBER}"])
    said = "Phone number 0200 was not found"
    for answer in (way.get("0200"), way.free("0200")):
        soap = f"200 <ns2:result>{said}</ns2:result>"
        assert answer.told == way.expects(rest=f"404 {said}", soap=soap)
    assert way.shop.holders()[f"+{NUMBER}"] == INTERACTION


# Bodies


@pytest.mark.parametrize("empty", ["", None])
def test_an_optional_field_that_is_empty_is_not_given(shop: Shop, empty: str | None) -> None:
    """`dnId`, `groupName`, `group` optional: Java programs write null, forms an empty text."""
    new: dict[str, object] = {"phoneNumber": "2111234567", "dnId": empty, "groupName": empty}
    body = json.dumps(new | {"enabled": None} if empty is None else new).encode()
    assert post(shop, f"{BASE}/dnis", shop.user_headers() | JSON, body).status == 200
    body = json.dumps({"id": "Unique Id 3", "group": empty, "caller": empty}).encode()
    headers = shop.app_headers(shop.consumer_key) | JSON
    assert post(shop, f"{BASE}/dnis/allocate/new", headers, body).status == 200


def test_an_optional_element_that_is_empty_is_not_given(shop: Shop) -> None:
    """The same over SOAP."""
    way = Way(shop, "soap")
    assert way.create("2111234567", dnId="", groupName="", enabled="").status == 200
    assert way.allocate("Unique Id 3", "").status == 200


def test_fields_of_the_vendors_that_mean_nothing_here_are_passed_over(shop: Shop) -> None:
    """A program sends what its vendor's pages name besides."""
    extra = b'{"id": "Unique Id 3", "priority": 3, "attributes": {"a": [1, null]}, "Group": "x"}'
    twice = extra[:-1] + b', "Group": "y", "priority": ' + b"9" * 5000 + b', "x": {"id": 1}}'
    headers = shop.app_headers(shop.consumer_key) | JSON
    for body in (extra, twice):
        answer = post(shop, f"{BASE}/dnis/allocate/new", headers, body)
        assert answer.told == f"200 {FREE_NUMBER}"


def test_allocate_takes_who_is_expected_to_call(shop: Shop) -> None:
    """`caller` is this project's addition; what can be no customer's number is refused by name."""
    headers = shop.app_headers(shop.consumer_key) | JSON
    path = f"{BASE}/dnis/allocate/new"
    bad = post(shop, path, headers, b'{"id": "a", "caller": "anonymous"}')
    assert bad.told.startswith("400 caller: expected a telephone number")
    assert post(shop, path, headers, b'{"id": "a", "caller": "+380671234567"}').status == 200


BODIES = [
    (b"", "body: expected JSON in UTF-8, got "),
    (b"{", "body: expected JSON in UTF-8, got "),
    (b"\xff\xfe", "body: expected JSON in UTF-8, got "),
    (b'{"id": "a"} x', "body: expected JSON in UTF-8, got "),
    (b'{"id": "\xff"}', "body: expected JSON in UTF-8, got "),
    (b'{"id": "\\ud800"}', "id: expected text of whole characters, got half of a surrogate pair"),
    (b'{"id": "a", "group": "\\udfff"}', "group: expected text of whole characters, got half of"),
    (b'{"id": ' + b"9" * 5000 + b"}", "id: expected text, got a number that is out of range"),
    (b'{"id": "a", "id": "a"}', "id: expected once, got 2 times"),
    (b'{"group": "b", "id": "a", "group": null}', "group: expected once, got 2 times"),
    (b"[" * 5_000, "body: expected "),
    (b"[]", "body: expected an object, got a list"),
    (b'"a"', "body: expected an object, got text"),
    (b"null", "body: expected an object, got null"),
    (b"{}", "id: expected a value, got none"),
    (b'{"id": null}', "id: expected text, got null"),
    (b'{"id": 1}', "id: expected text, got a whole number"),
    (b'{"id": ["a"]}', "id: expected text, got a list"),
    (b'{"id": ""}', "id: expected 1 to 128 characters, got 0 characters"),
    (b'{"id": "a", "group": 1}', "group: expected text or null, got a whole number"),
    (b'{"id": "a", "group": {}}', "group: expected text or null, got an object"),
    (b'{"id": "a", "group": " x"}', "group: expected no space at the start or the end"),
    (b'{"id": "a", "caller": true}', "caller: expected text or null, got true or false"),
]


@pytest.mark.parametrize(("body", "said"), BODIES)
def test_a_bad_body_is_told_by_its_field(shop: Shop, body: bytes, said: str) -> None:
    """400 <reason>: the field, what was expected, and what came."""
    headers = shop.app_headers(shop.consumer_key) | JSON
    answer = post(shop, f"{BASE}/dnis/allocate/new", headers, body)
    assert answer.told.startswith(f"400 {said}")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert shop.holders()[f"+{FREE_NUMBER}"] is None


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{}", "phoneNumber: expected a value, got none"),
        (b'{"phoneNumber": 2111234567}', "phoneNumber: expected text, got a whole number"),
        (b'{"phoneNumber": ""}', "phoneNumber: expected a telephone number"),
        (b'{"phoneNumber": "3809745203xx"}', "phoneNumber: expected one telephone number"),
        (b'{"phoneNumber": "4500-4599"}', "phoneNumber: expected one telephone number"),
        (
            b'{"phoneNumber": "211", "dnId": 4567}',
            "dnId: expected text or null, got a whole number",
        ),
        (
            b'{"phoneNumber": "211", "groupName": []}',
            "groupName: expected text or null, got a list",
        ),
        (
            b'{"phoneNumber": "211", "enabled": "yes"}',
            "enabled: expected true or false or null, got text",
        ),
    ],
)
def test_a_bad_number_is_told_by_its_field(shop: Shop, body: bytes, said: str) -> None:
    """400 <reason> of *create*, with the vendor's names of the fields."""
    answer = post(shop, f"{BASE}/dnis", shop.user_headers() | JSON, body)
    assert answer.told.startswith(f"400 {said}")
    assert len(shop.holders()) == 2


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("text/json", 200),
        ("application/vnd.acme+json", 200),
        ("", 200),
        ("text/plain", 400),
        ("application/x-www-form-urlencoded", 400),
        ("text/xml; charset=utf-8", 400),
    ],
)
def test_another_type_of_content_is_refused(shop: Shop, given: str, status: int) -> None:
    """JSON under one of its names, or under none."""
    headers = shop.app_headers(shop.consumer_key) | ({"Content-Type": given} if given else {})
    answer = post(shop, f"{BASE}/dnis/allocate/new", headers, b'{"id": "a"}')
    assert answer.status == status
    said = f"400 Content-Type: expected application/json, got '{given}'"
    assert status == 200 or answer.told == said


def test_a_body_that_a_method_has_no_use_for_is_passed_over(shop: Shop) -> None:
    """*free* has none; programs send `{}`, or an empty form."""
    for body, given in ((b"{}", "application/json"), (b"a=b", "application/x-www-form-urlencoded")):
        headers = shop.user_headers() | {"Content-Type": given}
        assert post(shop, f"{FREE}/{NUMBER}", headers, body).told == "200 "


def test_a_post_without_a_length_is_taken(shop: Shop) -> None:
    """As `curl -X POST` sends it."""
    answer = ask(shop.service, "POST", f"{FREE}/{NUMBER}", shop.user_headers())
    assert answer.told == "200 "


LIMIT = 65_536


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize(
    ("path", "type_"), [("/dnis/allocate/new", "application/json"), ("/agent/soap", "text/xml")]
)
def test_a_body_that_is_too_large(shop: Shop, path: str, type_: str, chunked: bool) -> None:
    """413 in each dialect, whether its length is said or not."""
    body = b" " * (LIMIT + 1)
    headers = shop.app_headers(shop.consumer_key) | {"Content-Type": type_}
    if chunked:
        headers |= {"Transfer-Encoding": "chunked"}
        body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    answer = post(shop, BASE + path, headers, body)
    said = f"body: expected at most {LIMIT} bytes"
    fault = f"<faultcode>SOAP-ENV:Client</faultcode><faultstring>{said}</faultstring>"
    assert answer.told == f"413 {fault if 'soap' in path else said}"


# Paths and methods


NOTHING = "there is nothing under this path"


@pytest.mark.parametrize(
    "path",
    [
        BASE,
        f"{BASE}/dnis/",
        f"{BASE}//dnis/allocate/free/{NUMBER}",
        f"{BASE}/dnis/allocate/free",
        f"{BASE}/dnis/allocate/free/",
        f"{BASE}/dnis/allocate/new/",
        f"{BASE}/DNIS/allocate/free/{NUMBER}",
        f"/interact/version/02/dnis/allocate/free/{NUMBER}",
        f"/interact/version/2/../2/dnis/allocate/free/{NUMBER}",
    ],
)
def test_another_path_of_the_api_is_not_there(shop: Shop, path: str) -> None:
    """404 as text: a slash more, another case or a dot is another path."""
    answer = post(shop, path, shop.user_headers())
    assert answer.told == f"404 {NOTHING}"
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert shop.holders()[f"+{NUMBER}"] == INTERACTION


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/interact",
        f"/{BASE}/dnis/allocate/free/{NUMBER}",
        f"/INTERACT/version/2/dnis/allocate/free/{NUMBER}",
    ],
)
def test_a_path_that_is_none_of_the_api_is_not_there(shop: Shop, path: str) -> None:
    """404 as the native API says it, which is spoken wherever no other one is."""
    answer = post(shop, path, shop.user_headers())
    assert answer.status == 404
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert shop.holders()[f"+{NUMBER}"] == INTERACTION


@pytest.mark.parametrize(
    "path", ["/agent/soap/", "/other/soap", "/agent/soap/dnis.wsdl", "/dnis/soap/x.wsdl", "//soap"]
)
def test_another_path_of_soap_is_not_there(shop: Shop, path: str) -> None:
    """404 as a fault."""
    answer = post(shop, BASE + path, shop.user_headers())
    fault = f"<faultcode>SOAP-ENV:Client</faultcode><faultstring>{NOTHING}</faultstring>"
    assert answer.told == f"404 {fault}"
    assert answer.headers["Content-Type"] == "text/xml; charset=utf-8"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/dnis", "POST"),
        ("PUT", "/dnis", "POST"),
        ("GET", "/dnis/allocate/new", "POST"),
        ("POST", f"/dnis/allocate/get/{NUMBER}", "GET, HEAD"),
        ("DELETE", f"/dnis/allocate/get/{NUMBER}", "GET, HEAD"),
        ("GET", f"/dnis/allocate/free/{NUMBER}", "POST"),
        ("DELETE", f"/dnis/allocate/free/{NUMBER}", "POST"),
        ("OPTIONS", f"/dnis/allocate/free/{NUMBER}", "POST"),
        ("PATCH", f"/dnis/allocate/free/{NUMBER}", "POST"),
        ("GET", "/agent/soap", "POST"),
        ("PUT", "/dnis/soap", "POST"),
        ("PUT", "/agent/soap/agent.wsdl", "GET, HEAD, POST"),
        ("DELETE", "/dnis/soap/dnis.wsdl", "GET, HEAD, POST"),
    ],
)
def test_another_method_is_told_which_there_are(
    shop: Shop, method: str, path: str, allowed: str
) -> None:
    """405 with Allow, in the form of the API."""
    answer = ask(shop.service, method, BASE + path, shop.user_headers())
    assert answer.headers.get_all("Allow") == [allowed]
    said = f"method: expected {allowed}, got {method}"
    fault = f"<faultcode>SOAP-ENV:Client</faultcode><faultstring>{said}</faultstring>"
    assert answer.told == f"405 {fault if 'soap' in path else said}"
    assert shop.holders()[f"+{NUMBER}"] == INTERACTION


def test_head_says_what_get_would(shop: Shop) -> None:
    """The status and the type, without a body."""
    headers = shop.app_headers(shop.key)
    for phone, status in ((NUMBER, 200), ("2111234567", 404)):
        answer = ask(shop.service, "HEAD", f"{BASE}/dnis/allocate/get/{phone}", headers)
        assert (answer.status, answer.body) == (status, b"")
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert ask(shop.service, "HEAD", f"{FREE}/{NUMBER}", shop.user_headers()).status == 405
    assert shop.holders()[f"+{NUMBER}"] == INTERACTION


def test_a_number_is_written_as_it_was_entered(shop: Shop) -> None:
    """200, body = the allocated phone number: in the form in which it was taken in."""
    shop.take_in("+380 (97) 452-02-09", group="written")
    for kind in ("rest", "soap"):
        assert Way(shop, kind).allocate("Unique Id 3", "written").value == "+380 (97) 452-02-09"
    assert Way(shop, "rest").free("+380 (97) 452-02-09").told == "200 "
