"""The HTTP house against the world: whatever comes, it refuses clearly, and calls go on."""

from __future__ import annotations

import contextlib
import gzip
import json
import re
import select
import statistics
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from testbed.flood import flooded
from testbed.line import Line, control
from testbed.service import Service
from testbed.wire import Answer, Program, Wire, ask, encoded, envelope, request
from tests.edge.programs import program_of

V2 = "/interact/version/2/dnis"
SOAP = f"{V2}/soap"
NEW = f"{V2}/allocate/new"
NUMBER = "380974520200"
REFERENCE = re.compile(rb"reference [0-9a-f]{16}")
GET = "GetDnisAllocationRequest"
MEGABYTE = 1 << 20
CALL_SECONDS = 0.5
"""The bar for a call, whatever else comes."""
LOOK_UP_SECONDS = 0.25
"""The bar for who asks for one number while others look at many."""
BODY_SECONDS = 10.0
"""How long a body may take, unless the configuration says otherwise."""


@pytest.fixture(scope="module")
def program(shared_service: Service) -> Program:
    """Give a tenant's programs at the shared service."""
    return program_of(shared_service, NUMBER, "380974520201")


@pytest.fixture(autouse=True)
def _never_broken(shared_service: Service) -> Iterator[None]:
    """Whatever was sent: nothing failed inside, and the service answers."""
    begun = shared_service.log_path.stat().st_size
    yield
    with shared_service.log_path.open() as log:
        log.seek(begun)
        failed = [line for line in log if '"level":"error"' in line]
    assert failed == []
    assert ask(shared_service.http_port, "GET", "/healthz").status == 200


def resident(service: Service, what: str = "VmRSS") -> int:
    """Give the service's memory in bytes, now or (VmHWM) at its highest."""
    text = Path(f"/proc/{service.pid}/status").read_text()
    return int(re.findall(rf"{what}:\s+(\d+) kB", text)[0]) * 1024


@contextmanager
def within_twice_the_memory(service: Service) -> Iterator[None]:
    """See that the service never takes twice what it takes now."""
    idle = resident(service)
    Path(f"/proc/{service.pid}/clear_refs").write_text("5")  # the highest is counted from now on
    yield
    highest, after = resident(service, "VmHWM"), resident(service)
    told = f"idle {idle >> 20} MB, highest {highest >> 20}, after {after >> 20}"
    print(f"memory: {told}: {highest / idle:.2f}, {after / idle:.2f}")  # noqa: T201  a figure
    assert highest < 2 * idle, told
    assert after < 2 * idle, told


# Bodies

BOMB = b'<!DOCTYPE a [<!ENTITY a "ha">' + b"".join(
    b'<!ENTITY %c "%s">' % (at, b"&%c;" % (at - 1) * 10) for at in range(ord("b"), ord("m"))
)
DEEP = 100_000
ENVELOPE = envelope(GET, phone=NUMBER)

XML = {
    "entities": BOMB + b"]><a>&l;</a>",
    "quadratic": b'<!DOCTYPE a [<!ENTITY x "'
    + b"x" * 20_000
    + b'">]><a>'
    + b"&x;" * 9000
    + b"</a>",
    "external": b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
    "a DTD": b'<!DOCTYPE a SYSTEM "http://127.0.0.1:1/a.dtd"><a/>',
    "parameters": b'<!DOCTYPE a [<!ENTITY % x SYSTEM "file:///etc/passwd"> %x;]><a/>',
    "deep, within the limit": b"<a>" * 9_000 + b"</a>" * 9_000,
    "wide": b"<a>" + b"<b/>" * 15_000 + b"</a>",
    "attributes": b"<a " + b" ".join(b'x%d="1"' % at for at in range(6000)) + b"/>",
    "UTF-16, cut in a character": ENVELOPE.decode().encode("utf-16")[:-1],
    "UTF-16, of entities": BOMB.decode().encode("utf-16"),
    "UTF-16 without a mark": ENVELOPE.decode().encode("utf-16-be"),
    "UTF-32": ENVELOPE.decode().encode("utf-32"),
    "a lying declaration": b'<?xml version="1.0" encoding="UTF-16"?>' + ENVELOPE,
    "an encoding there is not": b'<?xml version="1.0" encoding="klingon"?>' + ENVELOPE,
    "UTF-7": b'<?xml version="1.0" encoding="utf-7"?>+ADw-a/+AD4-',
    "no UTF-8": ENVELOPE.replace(b"3809", b"\xff\xfe"),
    "overlong": ENVELOPE.replace(b"3809", b"\xc0\xaf"),
    "a surrogate": ENVELOPE.replace(b"3809", b"\xed\xa0\x80"),
    "NUL": ENVELOPE.replace(b"3809", b"\0"),
    "controls": ENVELOPE.replace(b"3809", b"\x01\x1b"),
    "NUL, by number": ENVELOPE.replace(b"3809", b"&#0;"),
    "nothing": b"",
    "half": ENVELOPE[:-20],
    "instructions": b"<?php system('id') ?>" + ENVELOPE,
    "JSON": b'{"id": "a"}',
}


def soap(port: int, headers: dict[str, str], body: bytes) -> Answer:
    """Post a body to the SOAP address."""
    return ask(port, "POST", SOAP, headers, body)


@pytest.mark.parametrize("body", XML.values(), ids=XML.keys())
def test_xml_that_is_none_of_ours(service: Service, program: Program, body: bytes) -> None:
    """Is a fault that says what was expected; nothing is resolved, and no memory is spent."""
    told = soap(service.http_port, program.by_user(), body)
    assert told.status in (400, 500)
    assert b"<faultcode>SOAP-ENV:Client</faultcode>" in told.body
    assert b"root:" not in told.body
    assert len(told.body) < 2000


@pytest.mark.parametrize("charset", ["utf-16", "klingon", "utf-7", "a" * 1000, '"', "idna", "zip"])
def test_a_charset_that_lies(service: Service, program: Program, charset: str) -> None:
    """Is refused, whatever the body really is."""
    headers = program.by_user() | {"Content-Type": f"text/xml; charset={charset}"}
    told = soap(service.http_port, headers, ENVELOPE)
    assert told.status in (200, 400)
    if told.status == 400:
        assert b"expected UTF-8" in told.body


JSON = {
    "deep lists": b"[" * 30_000,
    "deep objects": b'{"id":' * 9_000 + b"1" + b"}" * 9_000,
    "deep, in the field": b'{"id": ' + b"[" * 60_000 + b"}",
    "deep, in a field passed over": b'{"id": "a", "x": ' + b"[" * 15_000 + b"]" * 15_000 + b"}",
    "UTF-16": '{"id": "a"}'.encode("utf-16"),
    "no UTF-8": b'{"id": "\xff"}',
    "a surrogate": b'{"id": "\\ud800"}',
    "NUL": b'{"id": "a\\u0000"}',
    "controls": b'{"id": "a\\r\\nX-Header: 1"}',
    "long": b'{"id": "' + b"a" * 60_000 + b'"}',
    "numbers": b'{"id": ' + b"9" * 60_000 + b"}",
    "not a number": b'{"id": NaN}',
    "twice": b'{"id": "a", "id": 1}',
    "a list": b"[]",
    "null": b"null",
    "nothing": b"",
    "half": b'{"id": "',
    "XML": ENVELOPE,
}


@pytest.mark.parametrize("body", JSON.values(), ids=JSON.keys())
def test_json_that_is_none_of_ours(service: Service, program: Program, body: bytes) -> None:
    """Is told what was expected, in a line."""
    told = ask(service.http_port, "POST", NEW, program.as_consumer(), body)
    assert told.status == 400
    assert 0 < len(told.body) < 500
    assert b"\n" not in told.body
    assert "expected" in told.text


def _big(service: Service, path: str, headers: dict[str, str], body: bytes) -> int:
    """Send more than is taken, as far as it is taken, and give the status."""
    with Wire(service.http_port) as wire:
        return wire.send(request("POST", path, headers, body)).answer("POST").status


def test_ten_megabytes_take_no_memory(service: Service, program: Program) -> None:
    """As XML, as JSON, whole, in chunks, compressed, or 100,000 deep: refused, many at a time."""
    soap(service.http_port, program.by_user(), ENVELOPE)
    user, consumer = program.by_user(), program.as_consumer()
    chunked = {"Transfer-Encoding": "chunked"}
    packed = {"Content-Encoding": "gzip"}
    deflated = {"Content-Encoding": "deflate"}
    huge = b"a" * (10 * MEGABYTE)
    deep = b"<a>" * DEEP, b"[" * DEEP
    in_chunks = b"".join(b"%x\r\n%s\r\n" % (MEGABYTE, huge[:MEGABYTE]) for _ in range(10))
    tiny_chunks = b"1\r\na\r\n" * 100_000
    bomb = gzip.compress(b"\0" * (100 * MEGABYTE))[:60_000]
    with within_twice_the_memory(service):
        for _ in range(3):
            statuses = [
                _big(service, SOAP, user, huge),
                _big(service, NEW, consumer, huge),
                _big(service, SOAP, user | chunked, in_chunks),
                _big(service, NEW, consumer | chunked, tiny_chunks),
                _big(service, SOAP, user, deep[0]),
                _big(service, NEW, consumer, deep[1]),
                _big(service, SOAP, user | packed, bomb),
                _big(service, NEW, consumer | packed, bomb),
                _big(service, NEW, consumer | deflated, zlib.compress(huge)),
            ]
            assert statuses == [413] * len(statuses)


def test_what_is_deep_is_refused_where_more_is_taken(
    service_factory: Callable[..., Service],
) -> None:
    """With the limit of a body at its highest, 100,000 levels and 10 MB reach the readers."""
    service = service_factory(http="body_limit_bytes = 16777216")
    program = program_of(service, NUMBER)
    for body in (
        b"[" * DEEP,
        b'{"id":' * DEEP,
        b'{"id":"a","x":' + b"[" * DEEP + b"]" * DEEP + b"}",
    ):
        told = ask(service.http_port, "POST", NEW, program.as_consumer(), body)
        assert told.status == 400
        assert "expected" in told.text
    for body in (b"<a>" * DEEP + b"</a>" * DEEP, BOMB + b"]>" + b" " * (10 * MEGABYTE) + b"<a/>"):
        told = soap(service.http_port, program.by_user(), body)
        assert told.status == 400
        assert b"expected at most 65536 bytes" in told.body
    assert service.log("a request failed") == []


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "identity", "x", ", ,"])
def test_a_coding_that_lies(service: Service, program: Program, coding: str) -> None:
    """Is the client's fault, not ours."""
    told = ask(
        service.http_port, "POST", NEW, program.as_consumer() | {"Content-Encoding": coding}, b"{"
    )
    assert told.status == 400


# Requests

H = b"Host: a\r\n"
END = b"Connection: close\r\n\r\n"
POST = b"POST " + SOAP.encode() + b" HTTP/1.1\r\n" + H
RAW: dict[str, tuple[bytes, set[bytes]]] = {
    "length twice": (POST + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", {b"400"}),
    "length twice the same": (
        POST + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
        {b"400"},
    ),
    "length and chunks": (
        POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /metrics",
        {b"400"},
    ),
    "chunks and length": (
        POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        {b"400"},
    ),
    "chunks, twice": (
        POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        {b"400"},
    ),
    "not chunked last": (POST + b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", {b"400"}),
    "nearly chunked": (POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", {b"400"}),
    "chunked, tabbed": (POST + b"Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n", {b"400"}),
    "length below zero": (POST + b"Content-Length: -1\r\n\r\n", {b"400"}),
    "length with a sign": (POST + b"Content-Length: +3\r\n\r\nabc", {b"400"}),
    "length, huge": (POST + b"Content-Length: " + b"9" * 40 + b"\r\n\r\n", {b"400"}),
    "length in words": (POST + b"Content-Length: three\r\n\r\n", {b"400"}),
    "a chunk below zero": (POST + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n", {b"400"}),
    "a chunk, huge": (
        POST + b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 40 + b"\r\n",
        {b"400"},
    ),
    "no chunk": (POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", {b"400"}),
    "a chunk's end": (POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n", {b"400"}),
    "chunk extensions": (
        POST
        + b"Transfer-Encoding: chunked\r\n"
        + END
        + b"1;"
        + b"x" * 100_000
        + b"\r\na\r\n0\r\n\r\n",
        {b"400"},
    ),
    "two hosts": (b"GET / HTTP/1.1\r\n" + H + H + END, {b"400"}),
    "no host": (b"GET / HTTP/1.1\r\n" + END, {b"400"}),
    "space before the colon": (b"GET / HTTP/1.1\r\nHost : a\r\n" + END, {b"400"}),
    "folded": (b"GET / HTTP/1.1\r\n" + H + b"X: a\r\n b\r\n" + END, {b"400"}),
    "bare LF": (b"GET /healthz HTTP/1.1\nHost: a\nConnection: close\n\n", {b"400", b"200"}),
    "bare CR": (b"GET / HTTP/1.1\r\n" + H + b"X: a\rb\r\n" + END, {b"400"}),
    "NUL in a header": (b"GET / HTTP/1.1\r\n" + H + b"X: a\0b\r\n" + END, {b"400"}),
    "bytes in a header": (b"GET / HTTP/1.1\r\n" + H + b"X: \xff\xfe\r\n" + END, {b"404"}),
    "bytes in a name": (b"GET / HTTP/1.1\r\n" + H + b"\xff: a\r\n" + END, {b"400"}),
    "no name": (b"GET / HTTP/1.1\r\n" + H + b": a\r\n" + END, {b"400"}),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", {b"400"}),
    "HTTP/1.2": (b"GET / HTTP/1.2\r\n" + H + END, {b"400", b"404"}),
    "HTTP/9.9": (b"GET / HTTP/9.9\r\n" + H + END, {b"400"}),
    "HTTP/1.0": (b"GET /healthz HTTP/1.0\r\n\r\n", {b"200"}),
    "HTTP/0.9": (b"GET /healthz\r\n\r\n", {b"200"}),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)), {b"400"}),
    "SSH": (b"SSH-2.0-OpenSSH_9.2\r\n", {b"400"}),
    "SIP": (b"OPTIONS sip:a SIP/2.0\r\n\r\n", {b"400"}),
    "AGI": (b"agi_network: yes\nagi_request: x\n\n", {b"400"}),
    "zeros": (b"\0" * 4096, {b"400"}),
    "TRACE": (b"TRACE /healthz HTTP/1.1\r\n" + H + END, {b"405"}),
    "CONNECT": (b"CONNECT a:80 HTTP/1.1\r\n" + H + END, {b"404", b"400"}),
    "CONNECT a path": (b"CONNECT /healthz HTTP/1.1\r\n" + H + END, {b"400", b"404", b"405"}),
    "OPTIONS *": (b"OPTIONS * HTTP/1.1\r\n" + H + END, {b"404"}),
    "DELETE": (b"DELETE " + NEW.encode() + b" HTTP/1.1\r\n" + H + END, {b"405"}),
    "PROPFIND": (b"PROPFIND " + NEW.encode() + b" HTTP/1.1\r\n" + H + END, {b"405"}),
    "no method": (b"BREW / HTTP/1.1\r\n" + H + END, {b"400"}),
    "lower case": (b"get / HTTP/1.1\r\n" + H + END, {b"400"}),
    "a long method": (b"A" * 100_000 + b" / HTTP/1.1\r\n" + H + END, {b"400"}),
    "absolute": (b"GET http://evil.example/healthz HTTP/1.1\r\n" + H + END, {b"200"}),
    "absolute, https": (b"GET https://evil.example/nowhere HTTP/1.1\r\n" + H + END, {b"404"}),
    "absolute, broken": (b"GET http://[::1/healthz HTTP/1.1\r\n" + H + END, {b"400"}),
    "absolute, port": (b"GET http://a:99999/ HTTP/1.1\r\n" + H + END, {b"400", b"404"}),
    "absolute, file": (b"GET file:///etc/passwd HTTP/1.1\r\n" + H + END, {b"400", b"404"}),
    "two slashes": (b"GET //evil/healthz HTTP/1.1\r\n" + H + END, {b"404"}),
    "up": (b"GET /../../etc/passwd HTTP/1.1\r\n" + H + END, {b"404"}),
    "up, encoded": (b"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\n" + H + END, {b"404"}),
    "no path": (b"GET ?x HTTP/1.1\r\n" + H + END, {b"400", b"404"}),
    "a fragment": (b"GET /healthz#x HTTP/1.1\r\n" + H + END, {b"200", b"400", b"404"}),
    "a long query": (b"GET /healthz?" + b"a=1&" * 2000 + b" HTTP/1.1\r\n" + H + END, {b"200"}),
    "Upgrade": (
        b"GET /healthz HTTP/1.1\r\n" + H + b"Connection: Upgrade, close\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        {b"200"},
    ),
    "Upgrade to HTTP/2": (
        b"GET /healthz HTTP/1.1\r\n" + H + b"Connection: Upgrade, HTTP2-Settings, close\r\n"
        b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
        {b"200"},
    ),
    "Expect what nobody knows": (
        POST + b"Expect: a miracle\r\nContent-Length: 1\r\nConnection: close\r\n\r\na",
        {b"400"},
    ),
    "Expect, nowhere": (
        b"POST /nowhere HTTP/1.1\r\n" + H + b"Expect: x\r\n" + END,
        {b"404"},
    ),
    "Expect, and no body": (POST + b"Expect: 100-continue\r\n" + END, {b"400"}),
    "a cookie jar": (
        b"GET / HTTP/1.1\r\n" + H + b"Cookie: " + b"a=b;" * 2000 + b"\r\n" + END,
        {b"404"},
    ),
    "a range": (
        b"GET /healthz HTTP/1.1\r\n" + H + b"Range: bytes=" + b"0-," * 2000 + b"\r\n" + END,
        {b"200"},
    ),
    "GET with a body": (
        b"GET /healthz HTTP/1.1\r\n" + H + b"Content-Length: 3\r\nConnection: close\r\n\r\nabc",
        {b"200"},
    ),
}


@pytest.mark.parametrize(("sent", "statuses"), RAW.values(), ids=RAW.keys())
def test_what_is_no_request_of_ours(service: Service, sent: bytes, statuses: set[bytes]) -> None:
    """Has one answer, with a reference number, and then the connection is closed."""
    with Wire(service.http_port) as wire:
        told = wire.send(sent).rest()
    answers = [told for told in re.findall(rb"HTTP/[01]\.[019] (\d+) ", told) if told != b"100"]
    assert len(answers) == 1, told
    assert answers[0] in statuses, told
    assert b"X-Request-Id: " in told
    assert b"aiohttp" not in told
    assert b"Traceback" not in told


PHONES = {
    "no hex": "%zz",
    "half": "%4",
    "percent": "%",
    "NUL": "%00",
    "line": "1%0d%0aX-Injected:%201",
    "not UTF-8": "%ff%fe",
    "overlong": "%c0%af%c0%ae",
    "surrogate": "%ed%a0%80",
    "half a surrogate": "%f0%9f",
    "slash": "1%2f..%2f2",
    "up": "..%2f..%2fnew",
    "long": "1" * 7000,
    "percents": "%25" * 2000,
    "digits of others": "%d9%a3%d9%a8",
    "right to left": "%e2%80%ae1",
    "plus": "+" * 1000,
    "SQL": "1'%20OR%20'1'='1",
    "formula": "=cmd|'%20/C%20calc'!A0",
}


@pytest.mark.parametrize("phone", PHONES.values(), ids=PHONES.keys())
@pytest.mark.parametrize(("method", "path"), [("GET", "allocate/get"), ("POST", "allocate/free")])
def test_a_path_that_is_no_number(
    service: Service, program: Program, method: str, path: str, phone: str
) -> None:
    """Is not found, or bad; nothing of it becomes a header or a log line of its own."""
    told = ask(service.http_port, method, f"{V2}/{path}/{phone}", program.by_user())
    assert told.status in (400, 404)
    assert "x-injected" not in told.headers
    assert told.headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize("header", ["Tenant-Id", "Application-Key", "User-Id", "User-Password"])
@pytest.mark.parametrize(
    "value",
    [
        *("", " ", "*", "=", "====", "YQ", "YWRtaW4", "\u00ff\u00fe", "a" * 8000, "\t", "%00"),
        *("/wAA", encoded("\0"), encoded("\ud7ff" * 1000), encoded("a\r\nb"), "../default"),
    ],
)
def test_a_credential_that_is_none(
    service: Service, program: Program, header: str, value: str
) -> None:
    """Is the same 401 as any, never our failure."""
    headers = program.by_user() | {header: value}
    told = ask(service.http_port, "POST", f"{V2}/allocate/free/{NUMBER}", headers)
    assert told.status == 401
    assert told.headers["unauthenticated-reason"]


@pytest.mark.parametrize("header", ["Tenant-Id", "Application-Key", "User-Id", "User-Password"])
def test_a_credential_shown_twice(service: Service, program: Program, header: str) -> None:
    """Is none: nobody knows which of them a proxy has looked at."""
    right = program.by_user()
    sent = request("POST", f"{V2}/allocate/free/{NUMBER}", right)[:-2]
    sent += f"{header}: {right[header]}\r\n\r\n".encode()
    with Wire(service.http_port) as wire:
        assert wire.send(sent).answer().status == 401


def test_requests_ahead_of_their_answers(service: Service, program: Program) -> None:
    """Are answered in their order; 10,000 that nobody reads the answers of take no memory."""
    get = request("GET", f"{V2}/allocate/get/{NUMBER}", program.by_key())
    with Wire(service.http_port) as wire:
        wire.send(get * 20 + request("GET", "/nowhere") + get)
        assert [wire.answer().status for _ in range(22)] == [200] * 20 + [404, 200]
    with within_twice_the_memory(service), Wire(service.http_port) as wire:
        wire.socket.setblocking(False)
        sent = 0
        while sent < 10_000 and select.select([], [wire.socket], [], 0.5)[1]:
            with contextlib.suppress(BlockingIOError):
                wire.socket.send(get * 100)
            sent += 100


def test_who_is_asked_to_go_on(service: Service, program: Program) -> None:
    """Sends the body then, and is answered; 413 comes at once where the body would be too long."""
    headers = program.by_user() | {"Expect": "100-continue"}
    with Wire(service.http_port) as wire:
        wire.send(request("POST", SOAP, headers | {"Content-Length": str(len(ENVELOPE))}))
        assert wire.socket.recv(1000).startswith(b"HTTP/1.1 100 Continue")
        assert wire.send(ENVELOPE).answer("POST").status == 200
    with Wire(service.http_port) as wire:
        wire.send(request("POST", SOAP, headers | {"Content-Length": "10000000"}))
        assert b" 413 " in wire.rest()


BROKEN = [
    (NEW, b"400", b"text/plain", b"body: expected chunks"),
    (SOAP, b"500", b"text/xml", b"<faultstring>body: expected chunks"),
    (
        "/api/v1/allocations",
        b"400",
        b"application/problem+json",
        b'"detail":"body: expected chunks',
    ),
]


def _in_chunks(service: Service, program: Program, path: str) -> Wire:
    """Begin a request that somebody reads the body of by now."""
    token = control(service, "token.add", role="admin", environment=program.environment)["token"]
    headers = program.as_consumer() | {
        "Authorization": f"Bearer {token}",
        "Transfer-Encoding": "chunked",
        "Expect": "100-continue",
    }
    wire = Wire(service.http_port).send(request("POST", path, headers))
    assert wire.socket.recv(1000).startswith(b"HTTP/1.1 100 Continue")
    return wire


@pytest.mark.parametrize(("path", "status", "media", "said"), BROKEN)
def test_a_body_that_breaks_in_its_midst(
    service: Service, program: Program, path: str, status: bytes, media: bytes, said: bytes
) -> None:
    """Is told at once, not when its time is over; and only once."""
    begun = time.monotonic()
    with _in_chunks(service, program, path) as wire:
        told = wire.send(b"2\r\n{}\r\nzz\r\n").rest()
    assert (told.count(b"HTTP/1."), told[9:12]) == (1, status)
    assert media in told
    assert said in told.replace(b"&#39;", b"'")
    assert time.monotonic() - begun < BODY_SECONDS / 2


def test_what_comes_behind_a_broken_body(service: Service, program: Program) -> None:
    """Is not kept: nobody reads it."""
    with within_twice_the_memory(service), contextlib.ExitStack() as stack:
        wires = [stack.enter_context(_in_chunks(service, program, SOAP)) for _ in range(10)]
        for wire in wires:
            wire.send(b"zz\r\n")
        for _ in range(40):
            for wire in wires:
                with contextlib.suppress(OSError):
                    wire.socket.settimeout(0.1)
                    wire.socket.send(b"x" * 250_000)


# Anything

_USUAL = settings(
    max_examples=150 if settings().max_examples < 1000 else 10_000,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
_NAMES = st.sampled_from([GET, "FreeDnisAllocationRequest", "AllocateDnisRequest", "a", "Envelope"])
_FIELDS = st.sampled_from(["phone", "uniqueId", "group", "enabled", "x:phone", "phone x='1'"])
_TEXTS = st.one_of(
    st.sampled_from([NUMBER, "200", "true", "", "<a/>", "&#0;", "&a;", "]]>", "<![CDATA[1]]>"]),
    st.text(max_size=50),
)
_XML_PARTS = st.lists(
    st.one_of(
        st.sampled_from(
            [b"<", b">", b"</", b"&", b"<!--", b"-->", b"<![CDATA[", b"]]>", b"<?", b"'"]
        ),
        st.binary(max_size=8),
    ),
    max_size=4,
)


@st.composite
def _envelopes(draw: st.DrawFn) -> bytes:
    """Write envelopes that are nearly right, with something anywhere."""
    fields = draw(st.lists(st.tuples(_FIELDS, _TEXTS), max_size=4))
    whole = envelope(draw(_NAMES))
    inner = "".join(f"<{name}>{text}</{name.split()[0]}>" for name, text in fields)
    whole = whole.replace(b'soap"></', b'soap">' + inner.encode("utf-8", "surrogatepass") + b"</")
    for part in draw(_XML_PARTS):
        at = draw(st.integers(0, len(whole)))
        whole = whole[:at] + part + whole[at:]
    return whole


@pytest.mark.timeout(1800)
@_USUAL
@given(body=_envelopes(), headers=st.sampled_from(["user", "consumer", "nobody"]))
def test_any_soap(service: Service, program: Program, body: bytes, headers: str) -> None:
    """Is answered in an envelope, and no answer has a reference to a failure."""
    shown = {"user": program.by_user(), "consumer": program.as_consumer(), "nobody": {}}[headers]
    told = soap(service.http_port, shown, body)
    assert told.status in (200, 400, 500)
    assert not REFERENCE.search(told.body)
    assert told.body.startswith(b"<?xml")


_VALUES = st.text(st.characters(codec="latin-1", exclude_characters="\r\n\0"), max_size=30)
_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(max_size=5), inner)),
    max_leaves=5,
)
_BODIES = st.one_of(
    st.binary(max_size=50),
    st.dictionaries(
        st.sampled_from(["id", "group", "caller", "phoneNumber", "dnId", "groupName", "enabled"]),
        _JSON,
    ).map(lambda value: json.dumps(value).encode()),
)
_PATHS = st.one_of(
    st.sampled_from([NEW, V2, f"{V2}/allocate/get/{NUMBER}", f"{V2}/allocate/free/200", SOAP]),
    st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=30).map(
        lambda tail: f"{V2}/allocate/get/{tail}"
    ),
    st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=30).map("/{}".format),
)


@pytest.mark.timeout(1800)
@_USUAL
@given(
    method=st.sampled_from(["GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"]),
    path=_PATHS,
    shown=st.sampled_from(["user", "consumer", "nobody"]),
    headers=st.dictionaries(
        st.sampled_from(
            ["Content-Type", "Environment-Name", "Accept", "X-Forwarded-For", "Expect"]
        ),
        _VALUES,
        max_size=3,
    ),
    body=_BODIES,
)
def test_any_request(
    service: Service,
    program: Program,
    method: str,
    path: str,
    shown: str,
    headers: dict[str, str],
    body: bytes,
) -> None:
    """Is answered, and no answer is our failure; SOAP's own faults are the only 500."""
    credentials = {"user": program.by_user(), "consumer": program.as_consumer(), "nobody": {}}
    told = ask(service.http_port, method, path, credentials[shown] | headers, body)
    assert told.status < 500 or (told.status == 500 and b"<faultcode>" in told.body)
    assert not REFERENCE.search(told.body)


# Many at once


def calls_meanwhile(line: Line, at_least: int, done: Callable[[], bool]) -> list[float]:
    """Lead calls until *done*, *at_least* so many, and give the seconds each waited."""
    waited: list[float] = []
    while not done() or len(waited) < at_least:
        interaction = f"call {len(waited)}"
        line.allocate(interaction)
        begun = time.monotonic()
        told = line.call().variables
        waited.append(time.monotonic() - begun)
        assert told["INTERACT_ID"] == interaction
    return waited


def _figures(waited: list[float]) -> str:
    median, last = statistics.median(waited), max(waited)
    which = waited.index(last)
    return f"{len(waited)} calls, median {median:.3f} s, longest {last:.3f} s (call {which})"


@pytest.mark.parametrize(
    ("guesses", "connections"),
    [
        (3_000, 300),
        pytest.param(10_000, 450, marks=[pytest.mark.long, pytest.mark.timeout(600)]),
    ],
)
def test_calls_go_on_in_a_flood(
    service_factory: Callable[..., Service], guesses: int, connections: int
) -> None:
    """500 slow clients and thousands of wrong passwords: calls and good users do not wait."""
    service = service_factory()
    program = program_of(service, NUMBER)
    line = Line.taken_into(service, number="380974529999")
    free = f"{V2}/allocate/free/{NUMBER}"
    port = service.http_port
    assert ask(port, "POST", free, program.by_user()).status == 200
    arguments = ("logins", str(guesses), str(connections), json.dumps(asdict(program)))
    with (
        within_twice_the_memory(service),
        flooded(port, "slow", "500"),
        flooded(port, *arguments) as told,
    ):
        logins: list[Any] = []

        def through() -> bool:
            for source in ("", "127.0.0.5"):
                logins.append(ask(port, "POST", free, program.by_user(), source=source).status)
            return bool(select.select([told], [], [], 0)[0])

        waited = calls_meanwhile(line, 50, through)
        statuses = json.loads(told.readline())
    print(f"{_figures(waited)}; {len(logins)} good logins; guesses {statuses}")  # noqa: T201
    assert statuses.keys() == {"401", "429"}
    assert sum(statuses.values()) >= guesses
    assert {*logins} == {200}
    assert max(waited) < CALL_SECONDS
    assert service.log("a request failed") == []


VIEWERS = 24
LARGE_POOL = [f"3809810{at}xxxx" for at in range(6)]
"""60,000 numbers."""


@contextmanager
def viewed(service: Service, token: str, path: str) -> Iterator[list[int]]:
    """Have viewers ask for *path* all the time, and give the statuses that they hear."""
    statuses: list[int] = []
    done = threading.Event()

    def view() -> None:
        with Wire(service.http_port, patience_seconds=60) as wire:
            while not done.is_set():
                statuses.append(wire.ask("GET", path, {"Authorization": f"Bearer {token}"}).status)

    with ThreadPoolExecutor(VIEWERS) as viewers:
        viewing = [viewers.submit(view) for _ in range(VIEWERS)]
        try:
            yield statuses
        finally:
            done.set()
    assert [each.result() for each in viewing] == [None] * VIEWERS


def test_who_looks_at_much_makes_nobody_wait(service_factory: Callable[..., Service]) -> None:
    """24 viewers of a pool of 60,000 numbers: another tenant's *get* and calls go on."""
    service = service_factory()
    program, large = program_of(service, NUMBER), program_of(service)
    service.ask("number", "add", *LARGE_POOL, "--environment", large.environment)
    line = Line.taken_into(service, number="380974529999")
    given = control(service, "token.add", role="viewer", environment=large.environment)
    get = f"{V2}/allocate/get/{NUMBER}"
    for path in ("/api/v1/groups", "/api/v1/numbers?state=allocated"):
        with (
            viewed(service, given["token"], path) as statuses,
            Wire(service.http_port) as wire,
        ):
            took: list[float] = []

            def through(
                wire: Wire = wire, statuses: list[int] = statuses, took: list[float] = took
            ) -> bool:
                begun = time.monotonic()
                assert wire.ask("GET", get, program.by_key()).status == 200
                took.append(time.monotonic() - begun)
                return len(statuses) > VIEWERS

            waited = calls_meanwhile(line, 20, through)
        print(f"{path}: get at most {max(took):.3f} s; {_figures(waited)}")  # noqa: T201
        assert max(took) < LOOK_UP_SECONDS
        assert max(waited) < CALL_SECONDS
        assert {*statuses} == {200}
