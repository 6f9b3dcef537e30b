"""HTTP byte by byte: a client that may send anything, and tells what came back."""

from __future__ import annotations

import base64
import io
import json
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from types import TracebackType
from typing import Any, Self

from testbed.ports import LOOPBACK

PATIENCE_SECONDS = 10.0


@dataclass(frozen=True)
class Answer:
    """One answer, whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Wire:
    """A connection to an HTTP server on loopback; every read has a deadline."""

    def __init__(
        self,
        port: int,
        *,
        source: str = "",
        tls: ssl.SSLContext | None = None,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        """Connect; from the address *source* where one is given."""
        here = (source, 0) if source else None
        plain = socket.create_connection((LOOPBACK, port), patience_seconds, source_address=here)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = tls.wrap_socket(plain, server_hostname="localhost") if tls else plain
        self._came = _Kept(socket.SocketIO(self.socket, "r"))

    def send(self, data: bytes) -> Self:
        """Send bytes, all of them, unless the other side has closed."""
        try:
            self.socket.sendall(data)
        except (ConnectionError, ssl.SSLError):
            return self  # what it had said before can still be read
        return self

    def answer(self, method: str = "GET") -> Answer:
        """Read one answer; ConnectionError where the other side closes instead."""
        response = HTTPResponse(self._came, method=method)  # type: ignore[arg-type]
        try:
            response.begin()
            body = response.read()
        except HTTPException as error:
            raise ConnectionError(f"no answer: {error!r}") from error
        finally:
            response.close()
        return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, body)

    def ask(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        """Send a request as it should be, and read its answer."""
        return self.send(request(method, path, headers, body)).answer(method)

    def rest(self) -> bytes:
        """Read until the other side closes; TimeoutError where it does not."""
        parts = []
        while part := self._receive():
            parts.append(part)
        return b"".join(parts)

    def wait_closed(self) -> float:
        """Wait until the other side has closed without a word, and give the seconds it took."""
        begun = time.monotonic()
        if said := self.rest():
            raise ConnectionError(f"said instead of closing: {said!r}")
        return time.monotonic() - begun

    def close(self) -> None:
        """Close."""
        self.socket.close()
        self._came.close_really()

    def __enter__(self) -> Self:
        """Give the connection."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        self.close()

    def _receive(self) -> bytes:
        try:
            return self._came.read1(65536)
        except (ConnectionError, ssl.SSLError):
            return b""


class _Kept(io.BufferedReader):
    """What came, kept from one answer to the next: who reads an answer would close it."""

    def makefile(self, _: str) -> Self:
        """Be read, as a socket is."""
        return self

    def close(self) -> None:
        """Stay open."""

    def close_really(self) -> None:
        """Close."""
        super().close()


def request(
    method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b""
) -> bytes:
    """Write a request; its length is added, unless *headers* have it sent in chunks."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body and "Transfer-Encoding" not in (headers or {}):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def ask(
    port: int,
    method: str,
    path: str,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    *,
    source: str = "",
) -> Answer:
    """Ask once, over a connection of its own."""
    with Wire(port, source=source) as wire:
        return wire.ask(method, path, headers, body)


@dataclass(frozen=True)
class Program:
    """A tenant's programs as the vendor's API knows them: what they show of themselves."""

    tenant: str
    dnis_key: str
    consumer_key: str
    user: str = "admin"
    password: str = "correct horse"

    @property
    def environment(self) -> str:
        """The tenant's one environment."""
        return f"{self.tenant}/live"

    def by_key(self) -> dict[str, str]:
        """Show the key of the DNIS application."""
        return {"Tenant-Id": self.tenant, "Application-Key": self.dnis_key}

    def as_consumer(self) -> dict[str, str]:
        """Show the key of the consumer application."""
        return {"Tenant-Id": self.tenant, "Application-Key": self.consumer_key}

    def by_user(self, user: str | None = None, password: str | None = None) -> dict[str, str]:
        """Show a user, this one unless told otherwise, and the key of the DNIS application."""
        return self.by_key() | {
            "User-Id": encoded(user or self.user),
            "User-Password": encoded(password or self.password),
        }


def encoded(text: str) -> str:
    """Write *text* as the vendor's headers have it."""
    return base64.b64encode(text.encode()).decode()


def envelope(operation: str, **fields: str) -> bytes:
    """Write a SOAP request."""
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
    return (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
        f'<{operation} xmlns="http://com/jacada/interact/dnis/soap">{inner}</{operation}>'
        "</s:Body></s:Envelope>"
    ).encode()
