"""A program that speaks the native API to a service, with one token."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import quote, urlencode

from testbed.line import control
from testbed.ports import LOOPBACK
from testbed.service import Service

BASE = "/api/v1"
_PATIENCE_SECONDS = 20.0


@dataclass(frozen=True)
class Answer:
    """What the service answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Api:
    """Asks *service* with *token*; without one where it is empty."""

    service: Service
    token: str

    @classmethod
    def of(cls, service: Service, role: str, environment: str = "", application: str = "") -> Api:
        """Come with a new token."""
        given = {"application": application} if application else {}
        made = control(service, "token.add", role=role, environment=environment, **given)
        return cls(service, made["token"])

    def ask(self, method: str, path: str, body: object = None, **query: object) -> Answer:
        """Ask under ``/api/v1``; *path* is quoted but for its slashes."""
        target = f"{BASE}{quote(path)}"
        if query:
            target = f"{target}?{urlencode(query)}"
        sent = None if body is None else json.dumps(body).encode()
        return self.send(method, target, sent)

    def send(self, method: str, target: str, body: bytes | None = None) -> Answer:
        """Send a request as it is."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if body is not None:
            headers["Content-Type"] = "application/json"
        connection = HTTPConnection(LOOPBACK, self.service.http_port, timeout=_PATIENCE_SECONDS)
        try:
            connection.request(method, target, body, headers)
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.headers), answer.read())
        finally:
            connection.close()

    def get(self, path: str, **query: object) -> Any:
        """Ask for what must be there."""
        answer = self.ask("GET", path, **query)
        assert answer.status == 200, answer
        return answer.json
