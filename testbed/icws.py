"""A program that speaks ICWS to a service: it opens sessions, and asks with what they gave it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from testbed.line import control
from testbed.service import Service
from testbed.wire import Answer, Wire

USER, PASSWORD = "agent.1", "correct horse"
TOKEN = "ININ-ICWS-CSRF-Token"
MEDIA = "application/vnd.inin.icws+JSON"
CONNECTION_TYPE = "urn:inin.com:connection:icAuthConnectionRequestSettings"
EXAMPLE = '[dial_plan]\nplan = "example"\n'
"""Settings with which the seed's two examples are answered to the letter."""


def with_user(service: Service, user: str = USER, tenant: str = "default") -> Service:
    """Let *service* have a user, of the default environment's tenant unless told otherwise."""
    control(service, "user.add", tenant=tenant, user=user, password=PASSWORD)
    return service


def ask(
    service: Service,
    method: str,
    path: str,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    source: str = "",
) -> Answer:
    """Ask once, over a connection of its own."""
    with Wire(service.http_port, source=source) as wire:
        return wire.ask(method, path, headers, body)


def connect(
    service: Service,
    user: str = USER,
    password: str = PASSWORD,
    *,
    include: str = "",
    headers: Mapping[str, str] | None = None,
    source: str = "",
) -> Answer:
    """Ask for a session."""
    body = {
        "__type": CONNECTION_TYPE,
        "applicationName": "a test",
        "userID": user,
        "password": password,
    }
    query = f"?include={include}" if include else ""
    path = f"/icws/connection{query}"
    return ask(service, "POST", path, headers, json.dumps(body).encode(), source)


@dataclass(frozen=True)
class Session:
    """A session, and how it is shown; what is empty is not sent."""

    service: Service
    id: str
    token: str
    cookie: str

    @classmethod
    def opened(cls, service: Service, user: str = USER) -> Session:
        """Open one."""
        return cls.of(service, connect(service, user))

    @classmethod
    def of(cls, service: Service, answer: Answer) -> Session:
        """Take what was answered."""
        assert answer.status == 201, answer
        told = answer.json()
        cookie, _, _ = answer.headers["set-cookie"].partition(";")
        return cls(service, told["sessionId"], told["csrfToken"], cookie)

    def showing(self, **changed: str) -> Session:
        """Give the same with another id, token or cookie."""
        return replace(self, **changed)  # type: ignore[arg-type]  # texts, all of them

    @property
    def headers(self) -> dict[str, str]:
        """What is sent."""
        sent = {TOKEN: self.token, "Cookie": self.cookie}
        return {name: value for name, value in sent.items() if value}

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        """Ask for what is at *path* behind the session's id; bytes are sent as they are."""
        sent = body if isinstance(body, bytes) else b"" if body is None else dumped(body)
        return ask(self.service, method, f"/icws/{self.id}{path}", self.headers | headers, sent)

    def details(self, number: object) -> Answer:
        """Ask what a number is."""
        return self.ask("POST", "/phone-numbers/query-details", {"phoneNumber": number})

    def state(self) -> Answer:
        """Ask how it is."""
        return self.ask("GET", "/connection")


def dumped(body: object) -> bytes:
    """Write *body* as JSON."""
    return json.dumps(body).encode()
