"""The HTTP house's own duties: limits, TLS, sources, logs, probes, metrics, and its end."""

from __future__ import annotations

import gzip
import json
import os
import re
import signal
import socket
import sqlite3
import ssl
import subprocess
import time
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from interact_ivr.api.routes import ROLES, Needs, served
from interact_ivr.app import opened
from interact_ivr.config import load_config
from interact_ivr.house import House
from interact_ivr.metrics import Metrics
from interact_ivr.observing import Observing
from testbed.certificate import make_certificate
from testbed.line import Line, control
from testbed.ports import LOOPBACK
from testbed.service import Service, ServiceError
from testbed.wire import Answer, Program, Wire, ask, encoded, envelope, request
from tests.edge.programs import PASSWORD, program_of
from tests.edge.test_killed import exit_status

PATIENCE = 20.0
LIMIT = 65_536
V2 = "/interact/version/2/dnis"
SOAP = f"{V2}/soap"
UNAUTHORIZED = "Request is unauthorized, missing or wrong credentials"
NUMBER = "380974520200"


@pytest.fixture(scope="module")
def program(shared_service: Service) -> Program:
    """Give a tenant's programs at the shared service."""
    return program_of(shared_service, NUMBER)


def until(holds: Callable[[], bool]) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


# The table of routes

VENDOR = {
    ("POST", "/dnis"): Needs.USER_AND_DNIS_KEY,
    ("POST", "/dnis/allocate/new"): Needs.CONSUMER_KEY,
    ("GET", "/dnis/allocate/get/{phone}"): Needs.DNIS_KEY,
    ("POST", "/dnis/allocate/free/{phone}"): Needs.USER_AND_DNIS_KEY,
    **{
        route: needs
        for name in ("agent", "dnis")
        for route, needs in {
            ("POST", f"/{name}/soap"): Needs.SOAP,
            ("GET", f"/{name}/soap/{name}.wsdl"): Needs.NOTHING,
            ("POST", f"/{name}/soap/{name}.wsdl"): Needs.SOAP,
        }.items()
    },
}
SESSION = "/icws/{sessionId}"
ICWS = {
    ("POST", "/icws/connection"): Needs.ICWS,
    ("GET", "/icws/connection/features"): Needs.ICWS,
    ("GET", "/icws/connection/features/{featureId}"): Needs.ICWS,
    ("GET", "/icws/connection/version"): Needs.ICWS,
    ("GET", f"{SESSION}/connection"): Needs.ICWS_SESSION,
    ("DELETE", f"{SESSION}/connection"): Needs.ICWS_SESSION,
    ("POST", f"{SESSION}/phone-numbers/query-details"): Needs.ICWS_SESSION,
    ("GET", f"{SESSION}/messaging/messages"): Needs.ICWS_POLL,
}
PAGE = "/screen/{extension}"
FILES = (
    "screen.css",
    "screen.js",
    *(f"icon-{s}.svg" for s in ("none", "ringing", "talking", "held")),
)
SCREEN = {
    ("GET", PAGE): Needs.SCREEN,
    ("GET", f"{PAGE}/events"): Needs.SCREEN,
    ("POST", PAGE): Needs.FORM,
    ("POST", f"{PAGE}/leave"): Needs.FORM,
    **{("GET", f"/screen/-/{name}"): Needs.NOTHING for name in FILES},
}
CONSOLE = {
    ("GET", "/console"): Needs.CONSOLE_AGENT,
    ("GET", "/console/"): Needs.CONSOLE_AGENT,
    ("POST", "/console/sign-in"): Needs.DOOR,
    ("POST", "/console/sign-out"): Needs.CONSOLE_AGENT,
    **{
        ("GET", f"/console/-/{name}"): Needs.NOTHING
        for name in ("console.css", "console.js", "live.js", "icon.svg")
    },
}
PLACE = "/console/{environment}/"
"""The console's pages, which have a table of their own in `test_console`."""
TABLE = {
    **ICWS,
    **SCREEN,
    **CONSOLE,
    ("GET", "/healthz"): Needs.NOTHING,
    ("GET", "/readyz"): Needs.NOTHING,
    ("GET", "/metrics"): Needs.OPERATOR,
    **{
        (method, f"/interact/version/{{version}}{path}"): needs
        for (method, path), needs in VENDOR.items()
    },
}
"""All that is served but the project's own API, and what a request for it must show."""
API = "/api/v1"
NO_ONES = {f"{API}/openapi.json"}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """Give a house that does not listen."""
    config_file = tmp_path / "interact-ivr.toml"
    config_file.write_text(f'[store]\nurl = "sqlite:///{tmp_path}/ivr.db"\n')
    config = load_config(config_file)
    async with (
        opened(config, "the test", Observing()) as parts,
        House.of(config, parts, Metrics("0"), lambda: 0) as built,
    ):
        yield built


async def test_everything_served_is_in_the_table(house: House) -> None:
    """With what it needs; and nothing is served around it, HEAD of a GET apart."""
    table = {(route.method, route.path): route.needs for route in house.routes}
    named = {
        (method, re.sub(r":[^}]*}", "}", path)): needs for (method, path), needs in table.items()
    }
    apart = (API, PLACE)
    assert {key: needs for key, needs in named.items() if not key[1].startswith(apart)} == TABLE
    for (_, path), needs in named.items():
        if path.startswith(API) and path not in NO_ONES:
            assert needs in ROLES, path
    heads = {("HEAD", path) for method, path in named if method == "GET"}
    assert {*served(house.application)} == named.keys() | heads


async def test_without_credentials_everything_refuses(house: House, service: Service) -> None:
    """But what needs nothing; the operator's is for his addresses."""
    with Wire(service.http_port) as wire:
        for route in house.routes:
            path = re.sub(
                r"\{[a-zA-Z]+(:[^}]*)?\}", "2", re.sub(r"\{phone:[^}]*\}", NUMBER, route.path)
            )
            is_soap = route.needs is Needs.SOAP
            body = envelope("GetDnisAllocationRequest", phone=NUMBER) if is_soap else b""
            told = wire.ask(route.method, path, {}, body)
            if route.needs in (Needs.NOTHING, Needs.OPERATOR):
                assert told.status == 200, path
            elif route.needs is Needs.ICWS:  # 400: no user is named, and no such feature
                assert told.status == (400 if path.endswith(("connection", "/2")) else 200), path
            elif route.needs is Needs.DOOR:  # no form
                assert told.status == 400, path
            elif route.needs is Needs.FORM:  # 400: no form; to leave, nothing need be shown
                assert told.status == (303 if path.endswith("/leave") else 400), path
            elif is_soap:
                assert (told.status, UNAUTHORIZED in told.text) == (500, True), path
            else:
                assert told.status == 401, path


# Limits


def _speaks_rest(told: Answer) -> bool:
    return told.headers["content-type"].startswith("text/plain")


def _speaks_soap(told: Answer) -> bool:
    return b"<faultcode>SOAP-ENV:Client</faultcode>" in told.body


def _chunked(body: bytes) -> bytes:
    parts = (body[at : at + 4096] for at in range(0, len(body), 4096))
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


@pytest.mark.parametrize(
    ("path", "speaks"), [(f"{V2}/allocate/new", _speaks_rest), (SOAP, _speaks_soap)]
)
@pytest.mark.parametrize("in_chunks", [False, True])
def test_a_body_beyond_the_limit(
    service: Service,
    program: Program,
    path: str,
    speaks: Callable[[Answer], bool],
    in_chunks: bool,
) -> None:
    """Is refused as the API there refuses, and not waited for; one within it is read."""
    headers = program.as_consumer()
    for size, status in ((LIMIT, 400), (LIMIT + 1, 413)):
        body = b"{" * size
        if in_chunks:
            sent = request("POST", path, headers | {"Transfer-Encoding": "chunked"})
            sent += _chunked(body)
        else:
            sent = request("POST", path, headers, body)
        with Wire(service.http_port) as wire:
            told = wire.send(sent).answer("POST")
        assert told.status == status
        assert speaks(told)


def test_a_body_said_to_be_too_long_is_not_awaited(service: Service) -> None:
    """The answer comes before a byte of it, and the connection is closed."""
    with Wire(service.http_port) as wire:
        wire.send(request("POST", SOAP, {"Content-Length": "10000000"}))
        told = wire.answer("POST")
        assert (told.status, told.headers["connection"]) == (413, "close")
        wire.wait_closed()


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (b"GET /" + b"a" * 8190 + b" HTTP/1.1\r\nHost: a\r\n\r\n", "of at most 8190 bytes each"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 8191 + b"\r\n\r\n", "of at most 8190 bytes"),
        (b"GET / HTTP/1.1\r\n" + b"X: 1\r\n" * 65 + b"\r\n", "at most 64 headers"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n", "Invalid header token"),
        (b"GET / HTTP/1.1\r\n\r\n", "Missing 'Host' header"),
    ],
    ids=["line", "header", "headers", "colon", "host"],
)
def test_headers_beyond_the_limits(service: Service, sent: bytes, reason: str) -> None:
    """Are refused in a sentence, and logged in a line without a stack and without what came."""
    with Wire(service.http_port) as wire:
        told = wire.send(sent).answer()
        wire.wait_closed()
    assert told.status == 400
    problem = told.json()
    assert (problem["code"], problem["reference"]) == ("not_http", told.headers["x-request-id"])
    assert problem["detail"].startswith("bad request: ")
    assert reason in problem["detail"]
    assert "aiohttp" not in told.headers["server"]
    line = next(
        line
        for line in service.wait_log("not HTTP")
        if line["reference"] == told.headers["x-request-id"]
    )
    assert reason in line["reason"]
    assert "exception" not in line
    assert "a" * 100 not in json.dumps(line)


UNREAD = {
    "BREW {path} HTTP/1.1\r\nHost: a\r\n\r\n": "bad request: expected a method of HTTP, got none",
    "get {path} HTTP/1.1\r\nHost: a\r\n\r\n": "bad request: expected a method of HTTP, got none",
    "POST {path} HTTP/1.1\r\n\r\n": "bad request: Missing 'Host' header in request.",
    "POST {path}?a=b HTTP/1.1\r\nHost: a\r\nX y\r\n\r\n": "bad request: Invalid header token",
    "POST {path} HTTP/7.7\r\nHost: a\r\n\r\n": "bad request: expected HTTP/1.1, got what is none",
}
STRANGE = "Content-Encoding: expected gzip, deflate or none, got "


@pytest.mark.parametrize(
    ("path", "media"),
    [
        (f"{V2}/allocate/new", "text/plain; charset=utf-8"),
        (SOAP, "text/xml; charset=utf-8"),
        ("/api/v1/numbers", "application/problem+json"),
        ("/nowhere", "application/problem+json"),
    ],
)
@pytest.mark.parametrize("sent", UNREAD)
def test_what_cannot_be_read_is_refused_by_the_api_it_was_for(
    service: Service, path: str, media: str, sent: str
) -> None:
    """Where that much can be read: in its form, under a reference that the log has."""
    with Wire(service.http_port) as wire:
        told = wire.send(sent.format(path=path).encode()).answer()
        wire.wait_closed()
    assert (told.status, told.headers["content-type"]) == (400, media)
    assert UNREAD[sent] in told.text.replace("&#39;", "'")
    lines = service.wait_log("not HTTP")
    assert told.headers["x-request-id"] in [line["reference"] for line in lines]


@pytest.mark.parametrize(
    "sent", ["A" * 100 + " /api/v1 HTTP/1.1", "\x16\x03\x01", "GET", "a: /api/v1"]
)
def test_what_is_for_nobody_is_refused_in_text(service: Service, sent: str) -> None:
    """Where not even a path can be read."""
    with Wire(service.http_port) as wire:
        told = wire.send(f"{sent}\r\n\r\n".encode()).answer()
    assert (told.status, told.headers["content-type"]) == (400, "text/plain; charset=utf-8")
    assert told.text.startswith("bad request: ")
    assert told.headers["x-request-id"]


@pytest.mark.parametrize("coding", ["br", "zstd", "compress", "x", ", ,", "gzip, br", "x" * 5000])
def test_a_coding_that_is_not_read_is_refused_by_each_api(
    service: Service, program: Program, coding: str
) -> None:
    """By the header's name; what has no body that is read is answered all the same."""
    given = control(service, "token.add", role="admin", environment=program.environment)
    strange = {"Content-Encoding": coding}
    rest = program.as_consumer() | strange
    body = b'{"id": "a", "interaction": "a"}'
    told = ask(service.http_port, "POST", f"{V2}/allocate/new", rest, body)
    assert (told.status, told.text.startswith(STRANGE)) == (400, True)
    body = envelope("GetDnisAllocationRequest", phone=NUMBER)
    told = ask(service.http_port, "POST", SOAP, program.by_user() | strange, body)
    assert (told.status, STRANGE in told.text) == (500, True)
    bearer = {"Authorization": f"Bearer {given['token']}"} | strange
    told = ask(service.http_port, "POST", "/api/v1/allocations", bearer, body)
    assert (told.status, told.json()["field"]) == (400, "Content-Encoding")
    assert told.json()["reference"] == told.headers["x-request-id"]


def test_a_body_that_is_compressed_is_read(service: Service, program: Program) -> None:
    """By gzip or deflate, in any case."""
    body = b'{"id": "compressed"}'
    packed = {"gzip": gzip.compress(body), "GZIP": gzip.compress(body), "Identity": body}
    for coding, sent in (packed | {"deflate": zlib.compress(body)}).items():
        headers = program.as_consumer() | {"Content-Encoding": coding}
        told = ask(service.http_port, "POST", f"{V2}/allocate/new", headers, sent)
        assert told.text == NUMBER, coding


def test_who_is_slow_is_not_waited_for(service_factory: Callable[..., Service]) -> None:
    """Headers and idle connections are closed at the limit; a body that trickles is told 408."""
    service = service_factory(http="idle_seconds = 0.3\nbody_seconds = 0.3")
    for sent in (b"", b"GET /healthz HT", b"GET /healthz HTTP/1.1\r\nHost: a\r\nX: "):
        with Wire(service.http_port) as wire:
            assert 0.2 < wire.send(sent).wait_closed() < 3
    with Wire(service.http_port) as wire:
        assert wire.ask("GET", "/healthz").status == 200
        assert 0.2 < wire.wait_closed() < 3
    consumer = program_of(service).as_consumer() | {"Content-Length": "10"}
    for path, speaks in ((SOAP, _speaks_soap), (f"{V2}/allocate/new", _speaks_rest)):
        with Wire(service.http_port) as wire:
            told = wire.send(request("POST", path, consumer) + b"<").answer("POST")
            assert (told.status, speaks(told)) == (408, True)
            assert wire.wait_closed() < 3


def test_connections_beyond_the_limit(service_factory: Callable[..., Service]) -> None:
    """Are closed at once, and answered again when others have gone."""
    service = service_factory(http="most_connections = 5")
    others = [Wire(service.http_port) for _ in range(5)]
    assert [wire.ask("GET", "/healthz").status for wire in others] == [200] * 5
    with Wire(service.http_port) as wire:
        assert wire.wait_closed() < 1
    assert service.log("connection refused")[0]["most"] == 5
    others.pop().close()
    until(lambda: _answers(service))
    assert others[0].ask("GET", "/healthz").status == 200
    for other in others:
        other.close()


def _answers(service: Service) -> bool:
    try:
        return ask(service.http_port, "GET", "/healthz").status == 200
    except ConnectionError:
        return False


def test_a_connection_is_kept(service: Service, program: Program) -> None:
    """Answers and refusals alike, each with a reference number of its own."""
    with Wire(service.http_port) as wire:
        seen = [
            wire.ask("GET", "/healthz"),
            wire.ask("GET", f"{V2}/allocate/get/{NUMBER}", program.by_key()),
            wire.ask("GET", "/nowhere"),
            wire.ask("POST", f"{V2}/allocate/free/{NUMBER}"),
            wire.ask("POST", SOAP, {}, b"<a/>"),
            wire.ask("GET", "/healthz"),
        ]
    assert [each.status for each in seen] == [200, 200, 404, 401, 400, 200]
    assert len({each.headers["x-request-id"] for each in seen}) == len(seen)


# Stopping


def test_a_request_in_flight_is_answered(service_factory: Callable[..., Service]) -> None:
    """Its body comes to its end, and its answer says that it is the last; nobody else is let in."""
    service = service_factory()
    program = program_of(service, NUMBER)
    body = b'{"id": "in flight"}'
    sent = request("POST", f"{V2}/allocate/new", program.as_consumer(), body)
    with Wire(service.http_port) as wire, Wire(service.http_port) as idle:
        assert idle.ask("GET", "/healthz").status == 200
        wire.send(sent[:-5])
        assert idle.ask("GET", "/healthz").status == 200  # answered after it: so ours has begun
        service.signal(signal.SIGTERM)
        service.wait_log("stopping")
        idle.wait_closed()
        with pytest.raises(ConnectionError):
            socket.create_connection((LOOPBACK, service.http_port), PATIENCE).close()
        told = wire.send(sent[-5:]).answer("POST")
        assert (told.status, told.headers["connection"]) == (200, "close")
        wire.wait_closed()
    assert exit_status(service.pid) == 0


def test_who_never_ends_is_not_waited_for(service_factory: Callable[..., Service]) -> None:
    """A body that does not come holds the service's end up for 2 seconds, and no longer."""
    service = service_factory()
    with Wire(service.http_port) as wire:
        wire.send(request("POST", SOAP, {"Content-Length": "10"}))
        assert ask(service.http_port, "GET", "/healthz").status == 200
        service.signal(signal.SIGTERM)
        begun = time.monotonic()
        assert exit_status(service.pid) == 0
        assert time.monotonic() - begun < 4
    assert service.log("a request failed") == []


# The log


def test_a_request_has_a_line_in_the_log(service: Service, program: Program) -> None:
    """Under the number that its answer has."""
    told = ask(service.http_port, "POST", f"{V2}/allocate/free/{NUMBER}", program.by_user())
    line = _logged(service, told)
    assert (line["method"], line["path"]) == ("POST", f"{V2}/allocate/free/{NUMBER}")
    assert (line["status"], line["source"], line["level"]) == (200, LOOPBACK, "info")
    assert (line["environment"], line["user"]) == (program.environment, "admin")
    assert line["ms"] >= 0


def _logged(service: Service, told: Answer) -> Any:
    reference = told.headers["x-request-id"]
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        for line in service.log("request"):
            if line["reference"] == reference:
                return line
    raise AssertionError(f"{reference} is not in the log: {service.tail()}")


def test_what_was_refused_may_be_all_that_is_logged(
    service_factory: Callable[..., Service],
) -> None:
    """By a setting; a refusal has its line all the same."""
    service = service_factory(http='log_requests = "refused"')
    program = program_of(service, NUMBER)
    path = f"{V2}/allocate/get/{NUMBER}"
    assert ask(service.http_port, "GET", path, program.by_key()).status == 200
    assert ask(service.http_port, "GET", path).status == 401
    assert [line["status"] for line in service.wait_log("request")] == [401]


def test_probes_are_logged_where_they_fail(service_factory: Callable[..., Service]) -> None:
    """Or at debug: they come every few seconds."""
    service = service_factory(http='operators = ["192.0.2.1"]')
    for path in ("/healthz", "/readyz", "/metrics"):
        ask(service.http_port, "GET", path)
    assert [line["path"] for line in service.wait_log("request")] == ["/metrics"]


def test_no_secret_is_in_the_log(service_factory: Callable[..., Service]) -> None:
    """Good ones, wrong ones, in the wrong place or half: not at any level."""
    service = service_factory('[log]\nlevel = "debug"\n')
    program = program_of(service, NUMBER)
    key, consumer, user = program.by_key(), program.as_consumer(), program.by_user()
    wrong = program.by_user(password="sesame-7391")
    bearer = {"Authorization": "Bearer tok3n-5512"}
    basic = {"Authorization": f"Basic {encoded('admin:sesame-7391')}"}
    broken = key | {"User-Id": "!!!", "User-Password": "sesame-7391"}
    swapped = key | {"User-Id": encoded("someone"), "User-Password": "*" + encoded(PASSWORD)}
    bad_key = {"Tenant-Id": program.tenant, "Application-Key": "k3y-of-nobody"}
    everything = (key, consumer, user, wrong, bearer, basic, broken, swapped, bad_key)
    for headers in everything:
        for method, path in (
            ("GET", f"{V2}/allocate/get/{NUMBER}"),
            ("POST", f"{V2}/allocate/free/{NUMBER}"),
            ("POST", "/nowhere"),
        ):
            ask(service.http_port, method, path, headers)
        body = envelope("FreeDnisAllocationRequest", phone=NUMBER)
        ask(service.http_port, "POST", SOAP, headers, body)
        ask(service.http_port, "POST", SOAP, headers, b"{")
        flood = request("GET", "/", {f"X-{at}": "1" for at in range(70)} | headers)
        with Wire(service.http_port) as wire:
            wire.send(flood).rest()
    secrets = [program.dnis_key, program.consumer_key, PASSWORD, encoded(PASSWORD), "tok3n-5512"]
    secrets += ["sesame-7391", encoded("sesame-7391"), encoded("admin:sesame-7391"), "k3y-of"]
    service.wait_log("request", 5 * len(everything))
    log = service.log_path.read_text()
    assert [secret for secret in secrets if secret in log] == []


# Failed logins


def test_a_failed_login_is_told_once(service_factory: Callable[..., Service]) -> None:
    """In the log, at warning, and in a count; a user's name as far as it can be shown."""
    service = service_factory()
    program = program_of(service, NUMBER)
    path = f"{V2}/allocate/free/{NUMBER}"
    names = ["admin", "x\r\n{\u202e\x1b[31m", "n" * 300]
    for name in names:
        told = ask(service.http_port, "POST", path, program.by_user(name, "wrong"))
        assert told.status == 401
    lines = service.log("login failed")
    assert [line["user"] for line in lines] == ["admin", "x??{??[31m", "n" * 80]
    for line in lines:
        assert (line["level"], line["why"], line["source"]) == ("warning", "wrong", LOOPBACK)
        assert line["tenant"] == program.tenant
    assert _metric(service, "failed_logins_total", why="wrong") == 3


def test_too_many_guesses_are_told_when_to_come_again(
    service_factory: Callable[..., Service],
) -> None:
    """429 with Retry-After, over REST and SOAP, while the user gets in from elsewhere."""
    service = service_factory()
    program = program_of(service, NUMBER)
    path = f"{V2}/allocate/free/{NUMBER}"
    body = envelope("FreeDnisAllocationRequest", phone=NUMBER)
    with ExitStack() as stack:
        wires = [stack.enter_context(Wire(service.http_port)) for _ in range(62)]
        *guesses, rest, soap = wires
        for at, guess in enumerate(guesses):
            if at == 40:  # what comes now takes the places of those whose turn has come, and the
                until(lambda: _wrong(service) >= 8)  # next one comes in two seconds
            guess.send(request("POST", path, program.by_user(password=f"guess {at}")))
        another = program.by_user(password="another")
        rest.send(request("POST", path, another))
        soap.send(request("POST", SOAP, another, body))
        told = [wire.answer("POST") for wire in (rest, soap)]
        elsewhere = ask(service.http_port, "POST", path, program.by_user(), source="127.0.0.9")
    assert [each.status for each in told] == [429, 429]
    assert all(int(each.headers["retry-after"]) >= 1 for each in told)
    assert elsewhere.status == 200
    assert _metric(service, "failed_logins_total", why="too many") >= 2


def _wrong(service: Service) -> int:
    """Count the passwords that were looked at, and were wrong."""
    return sum(each["why"] == "wrong" for each in service.log("login failed"))


def test_guesses_from_one_network_of_ipv6_wait_for_each_other(
    service_factory: Callable[..., Service],
) -> None:
    """A /64 is one customer's, who has 2^64 addresses to guess from; the next /64 is another's."""
    service = service_factory(http='trusted_proxies = ["127.0.0.1"]')
    program = program_of(service, NUMBER)
    path = f"{V2}/allocate/free/{NUMBER}"

    def guess(address: str, password: str) -> bytes:
        headers = program.by_user(password=password) | {"X-Forwarded-For": address}
        return request("POST", path, headers)

    guesses = [Wire(service.http_port) for _ in range(40)]
    for at, wire in enumerate(guesses):
        wire.send(guess(f"2001:db8:0:1:{at:x}::{at:x}", f"guess {at}"))
    until(lambda: len(service.log("login failed")) >= 20)
    with Wire(service.http_port) as wire:
        assert wire.send(guess("2001:db8:0:1:ffff::1", "another")).answer("POST").status == 429
        for address in ("2001:db8:0:2::1", "2001:db8:1:1::1", "198.51.100.1"):
            told = wire.send(guess(address, f"from {address}")).answer("POST")
            assert told.status == 401, address
    for wire in guesses:
        wire.close()


# Probes


def test_a_service_that_is_ready(service: Service) -> None:
    """Says so, and that it lives."""
    assert ask(service.http_port, "GET", "/healthz").text == "ok\n"
    told = ask(service.http_port, "GET", "/readyz")
    assert (told.status, told.json()) == (200, {"ready": True, "missing": {}, "degraded": {}})


@contextmanager
def _locked(database: Path) -> Iterator[None]:
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def _missing(service: Service) -> dict[str, str]:
    told = ask(service.http_port, "GET", "/readyz")
    missing: dict[str, str] = told.json()["missing"]
    assert (told.status, told.json()["ready"]) == ((503, False) if missing else (200, True))
    assert ask(service.http_port, "GET", "/healthz").status == 200
    return missing


def test_a_locked_store_is_named(service_factory: Callable[..., Service]) -> None:
    """By what holds it, until it lets go; the metrics go on, but for the pool's."""
    service = service_factory()
    with _locked(service.database):
        (missing,) = _missing(service).items()
        assert missing[0] == "store"
        assert "another program holds its file" in missing[1]
        assert ask(service.http_port, "GET", "/metrics").status == 200
    assert _missing(service) == {}


def test_a_store_that_may_not_be_written_is_named(tmp_path: Path) -> None:
    """Root has to be held back for it."""
    service = Service(tmp_path / "service")
    if os.geteuid() == 0:
        service.wrapper = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search")
    with service:
        with _locked(service.database):
            service.database.chmod(0o400)
            assert _missing(service).keys() == {"store"}
        assert "it is read-only" in _missing(service)["store"]
        for file in service.folder.glob("interact-ivr.db*"):
            file.chmod(0o600)
        assert _missing(service) == {}


def test_a_default_environment_there_is_not_is_named(
    service_factory: Callable[..., Service],
) -> None:
    """Until it is made."""
    service = service_factory('[environment]\ndefault = "acme/live"\n')
    assert _missing(service) == {"environment.default": "there is no 'acme/live' yet"}
    control(service, "tenant.add", tenant="acme")
    control(service, "environment.add", environment="acme/live")
    assert _missing(service) == {}


# Metrics


def _samples(service: Service) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    told = ask(service.http_port, "GET", "/metrics")
    assert told.status == 200
    families = text_string_to_metric_families(told.text)
    return {
        (each.name, frozenset(each.labels.items())): each.value
        for family in families
        for each in family.samples
    }


def _metric(service: Service, name: str, **labels: str) -> float:
    return _samples(service).get((f"interact_ivr_{name}", frozenset(labels.items())), 0.0)


def test_what_happens_is_counted(service_factory: Callable[..., Service]) -> None:
    """As Prometheus reads it."""
    service = service_factory("[pool]\nhold_for_seconds = 0.3\n")
    first, second = (Line.taken_into(service, number=f"38097452{at}200") for at in (1, 2))
    first.allocate("a")
    assert first.call().variables["INTERACT_ID"] == "a"
    first.call()
    first.allocate("b")
    control(service, "free", number=first.number)
    second.allocate("c")
    service.wait_log("expired")
    control(service, "application.add", application="other")
    for application in ("default", "other"):
        row = {"line": 1, "number": f"38097453{len(application):04}", "dnid": "777"}
        control(service, "number.import", rows=[row], application=application)
    assert second.call(dnid="777").variables["INTERACT_STATUS"] == "UNKNOWN"
    with first.dial() as peer:
        assert peer.command() is not None
        assert _metric(service, "agi_sessions") == 1
    ask(service.http_port, "GET", f"{V2}/allocate/get/{NUMBER}")
    path = "/interact/version/2/dnis/allocate/get/{phone}"
    counts: dict[tuple[str, *tuple[tuple[str, str], ...]], int] = {
        ("retrievals_total", ("status", "FOUND")): 1,
        ("retrievals_total", ("status", "UNKNOWN")): 1,
        ("allocations_total", ("how", "allocated")): 2,
        ("allocations_total", ("how", "lent early")): 1,
        ("frees_total", ("status", "FREED")): 1,
        ("expired_total",): 1,
        ("ambiguous_dnids_total",): 1,
        ("http_requests_total", ("path", path), ("status", "401")): 1,
        ("http_requests_total", ("path", "/metrics"), ("status", "200")): 1,
        ("http_request_seconds_count",): 2,
    }
    samples = _samples(service)
    for (name, *labels), count in counts.items():
        key = (f"interact_ivr_{name}", frozenset(labels))
        assert samples.get(key) == count, key
    assert [name for name, _ in samples if name.endswith("_created")] == []


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"X-Forwarded-For": "127.0.0.1"}, 403),
        ({"Via": "1.1 proxy"}, 403),
        ({"X-Real-IP": "127.0.0.1"}, 403),
        ({"X-Forwarded-Proto": "https"}, 403),
        ({"Forwarded": "for=127.0.0.1"}, 403),
    ],
)
def test_metrics_never_pass_an_unknown_proxy(
    service: Service, headers: dict[str, str], status: int
) -> None:
    """It stands at the operators' address, and may bring anybody."""
    assert ask(service.http_port, "GET", "/metrics", headers).status == status


def test_metrics_are_the_operators(service_factory: Callable[..., Service]) -> None:
    """By the address that a trusted proxy has seen."""
    service = service_factory(
        http='trusted_proxies = ["127.0.0.1"]\noperators = ["203.0.113.7", "::1"]'
    )
    for forwarded, status in {
        "": 403,
        "203.0.113.7": 200,
        "198.51.100.1, 203.0.113.7": 200,
        "203.0.113.7, 198.51.100.1": 403,
        "203.0.113.7, 127.0.0.1": 200,
        "127.0.0.1": 403,
        "::1, nonsense": 403,
    }.items():
        headers = {"X-Forwarded-For": forwarded}
        told = ask(service.http_port, "GET", "/metrics", headers)
        assert told.status == status, forwarded


# TLS


@pytest.fixture
def secured(service_factory: Callable[..., Service], tmp_path: Path) -> tuple[Service, str]:
    """Give a service that has TLS, and its certificate."""
    pem = make_certificate(tmp_path, "first").file.read_text()
    keys = f'tls_certificate = "{tmp_path}/certificate.pem"\ntls_key = "{tmp_path}/key.pem"'
    return service_factory(http=keys), pem


def _trusting(pem: str) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=pem)


def test_tls_is_spoken(secured: tuple[Service, str]) -> None:
    """From version 1.2 on; plain HTTP to its port is closed and does no harm."""
    service, pem = secured
    with Wire(service.http_port, tls=_trusting(pem)) as wire:
        assert wire.ask("GET", "/healthz").status == 200
        told = wire.ask("GET", f"{V2}/soap/dnis.wsdl")
        assert f"https://localhost{V2}/soap" in told.text
    old = _trusting(pem)
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, ConnectionError)):
        Wire(service.http_port, tls=old)
    for sent in (request("GET", "/healthz"), b"\x16\x03\x01" + b"\xff" * 100, b"\0" * 1000):
        with Wire(service.http_port) as wire:
            assert b"200 OK" not in wire.send(sent).rest()
    with Wire(service.http_port, tls=_trusting(pem)) as wire:
        assert wire.ask("GET", "/healthz").status == 200
    unlogged = [line for line in service.log_path.read_text().splitlines() if line[:1] != "{"]
    assert unlogged == []


@pytest.mark.parametrize("kind", ["rsa:2048", "ec"])
def test_a_renewed_certificate_is_shown(
    secured: tuple[Service, str], tmp_path: Path, kind: str
) -> None:
    """To new connections, after SIGHUP, whatever its kind; those there are go on."""
    service, old = secured
    with Wire(service.http_port, tls=_trusting(old)) as before:
        assert before.ask("GET", "/healthz").status == 200
        new = make_certificate(tmp_path, "second", kind).file.read_text()
        service.signal(signal.SIGHUP)
        service.wait_log("reloaded")
        with Wire(service.http_port, tls=_trusting(new)) as wire:
            assert wire.ask("GET", "/healthz").status == 200
        with pytest.raises(ssl.SSLCertVerificationError):
            Wire(service.http_port, tls=_trusting(old))
        assert before.ask("GET", "/healthz").status == 200


@pytest.mark.parametrize("fault", ["garbage", "another key", "gone", "a key under a password"])
def test_a_bad_certificate_changes_nothing(
    secured: tuple[Service, str], tmp_path: Path, fault: str
) -> None:
    """It is logged; the old one is shown, and no other setting is taken either."""
    service, pem = secured
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    if fault == "garbage":
        certificate.write_text("-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----\n")
    elif fault == "another key":
        make_certificate(tmp_path, "another")
        certificate.write_text(pem)
    elif fault == "gone":
        certificate.unlink()
    else:
        locked = ["openssl", "pkey", "-in", str(key), "-aes256", "-passout", "pass:secret"]
        done = subprocess.run(locked, check=True, capture_output=True, text=True)
        key.write_text(done.stdout)
    text = service.config.read_text()
    service.config.write_text(text + '[log]\nlevel = "error"\n')
    service.signal(signal.SIGHUP)
    assert service.wait_log("the old configuration stays")[0]["faults"]
    with Wire(service.http_port, tls=_trusting(pem)) as wire:
        assert wire.ask("GET", "/nowhere").status == 404
    assert service.wait_log("request")  # info is still logged


def test_it_does_not_start_with_a_bad_certificate(tmp_path: Path) -> None:
    """And says which keys are meant."""
    service = Service(tmp_path / "service")
    text = service.config.read_text()
    keys = f'[http]\ntls_certificate = "{tmp_path}/none.pem"\n'
    service.config.write_text(text.replace("[http]\n", keys))
    with pytest.raises(ServiceError, match=r"http\.tls_certificate, http\.tls_key: cannot be used"):
        service.start()
    service.close()


def test_handshakes_that_do_not_end_count(
    service_factory: Callable[..., Service], tmp_path: Path
) -> None:
    """Towards the limit of connections."""
    pem = make_certificate(tmp_path, "first").file.read_text()
    keys = f'tls_certificate = "{tmp_path}/certificate.pem"\ntls_key = "{tmp_path}/key.pem"'
    service = service_factory(http=f"{keys}\nmost_connections = 3")
    silent = [Wire(service.http_port) for _ in range(3)]
    with pytest.raises(ConnectionError), Wire(service.http_port, tls=_trusting(pem)) as wire:
        wire.ask("GET", "/healthz")
    for wire in silent:
        wire.close()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "ivr.example.com"])
def test_it_is_not_public_without_tls(tmp_path: Path, host: str) -> None:
    """Nor behind a proxy that is not named, unless told so: it does not even start."""
    service = Service(tmp_path / "service")
    text = service.config.read_text().split("[http]\n")
    service.config.write_text(
        text[0]
        + f'[http]\nhost = "{host}"\nport = {service.http_port}\n[control]'
        + text[1].split("[control]")[1]
    )
    with pytest.raises(ServiceError, match=r"http\.host: expected a loopback address, or http\."):
        service.start()
    service.close()
