"""The vendor's DNIS API as a program uses it, over REST and over SOAP, with its headers.

What is answered is given as seed 000 prints it, so that a test can quote its row.
"""

from __future__ import annotations

import base64
import http.client
import itertools
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal
from urllib.parse import quote
from xml.sax.saxutils import escape, unescape

from testbed.line import control
from testbed.service import Service

PASSWORD = "password"
NUMBER, FREE_NUMBER, INTERACTION = "380974520200", "380974520201", "basket-4711"
TIMEOUT_SECONDS = 20.0
ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
DNIS = "http://com/jacada/interact/dnis/soap"
AGENT = "http://com/jacada/interact/agent/soap"
_INNER = re.compile(
    rb"<SOAP-ENV:Body><(?:SOAP-ENV:Fault|ns2:\w+Response xmlns:ns2=\"[^\"]+\")>(.*)</[^>]*>"
    rb"</SOAP-ENV:Body>",
    re.DOTALL,
)
_COUNT = itertools.count(1)

Headers = dict[str, str]
Kind = Literal["rest", "soap"]


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8")

    @property
    def told(self) -> str:
        """The status and what is said: the body, or what an envelope has within its element."""
        found = _INNER.search(self.body)
        return f"{self.status} {unescape((found[1] if found else self.body).decode('utf-8'))}"

    @property
    def value(self) -> str:
        """What is said alone: a body, or a result."""
        return re.sub(r"</?ns2:result>", "", self.told.partition(" ")[2])


def ask(
    service: Service,
    method: str,
    path: str,
    headers: Headers | Iterable[tuple[str, str | bytes]] = (),
    body: bytes | None = None,
) -> Answer:
    """Send one request exactly as given, *path* too, and give what comes back."""
    connection = http.client.HTTPConnection("127.0.0.1", service.http_port, TIMEOUT_SECONDS)
    try:
        pairs = list(headers.items() if isinstance(headers, dict) else headers)
        named = {name for name, _ in pairs}
        connection.putrequest(method, path, skip_host="Host" in named, skip_accept_encoding=True)
        if body is not None and "Transfer-Encoding" not in named:
            pairs.append(("Content-Length", str(len(body))))
        for name, value in pairs:
            connection.putheader(name, value)
        connection.endheaders(body)
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())
    finally:
        connection.close()


def base64_of(text: str) -> str:
    """Write *text* as the vendor's user headers have it."""
    return base64.b64encode(text.encode()).decode()


@dataclass(frozen=True)
class Shop:
    """A tenant with an environment, the applications `default` and `web`, and a user."""

    service: Service
    tenant: str
    environment: str
    key: str
    """Of the DNIS application."""
    consumer_key: str
    user: str = "admin"
    password: str = PASSWORD

    @classmethod
    def opened(cls, service: Service, *, tenant: str = "", dial_plan: str | None = None) -> Shop:
        """Make a new tenant's, over the control socket."""
        tenant = tenant or f"shop-{next(_COUNT)}"
        control(service, "tenant.add", tenant=tenant)
        control(service, "user.add", tenant=tenant, user="admin", password=PASSWORD)
        return cls.another(service, tenant, "live", dial_plan)

    @classmethod
    def another(
        cls, service: Service, tenant: str, name: str, dial_plan: str | None = None
    ) -> Shop:
        """Make one more environment of a tenant that has the user already."""
        environment = f"{tenant}/{name}"
        control(service, "environment.add", environment=environment, dial_plan=dial_plan)
        return cls._of(service, tenant, environment)

    @classmethod
    def _of(cls, service: Service, tenant: str, environment: str) -> Shop:
        where = {"environment": environment}
        key = control(service, "application.key.add", application="default", **where)["key"]
        web = control(
            service, "application.add", application="web", allocates_from="default", **where
        )
        return cls(service, tenant, environment, key, web["key"])

    def stocked(self) -> Shop:
        """Take two numbers in, and allocate the first one."""
        self.take_in(NUMBER, group="test", dnid="0200")
        self.take_in(FREE_NUMBER)
        self.allocate(INTERACTION, group="test")
        return self

    def take_in(self, *numbers: str, application: str = "", **columns: str) -> None:
        """Take numbers into the pool of the DNIS application."""
        rows = [{"line": 1, "number": number, **columns} for number in numbers]
        where = {"environment": self.environment, "application": application}
        control(self.service, "number.import", rows=rows, **where)

    def allocate(self, interaction: str, **given: str) -> str:
        """Allocate a number without HTTP, and give it as it was entered."""
        where = {"environment": self.environment}
        return str(
            control(self.service, "allocate", interaction=interaction, **where, **given)["entered"]
        )

    def holders(self) -> dict[str, str | None]:
        """Say which interaction each of the pool's numbers has now."""
        listed = control(self.service, "number.list", environment=self.environment)["numbers"]
        return {each["number"]: each["interaction"] for each in listed}

    def app_headers(self, key: str) -> Headers:
        """Give the headers of the methods that need no user."""
        return {"Tenant-Id": self.tenant, "Application-Key": key}

    def user_headers(self) -> Headers:
        """Give the headers of *free* and *create*, as seed 000 lists them."""
        return {
            "User-Id": base64_of(self.user),
            "User-Password": base64_of(self.password),
            **self.app_headers(self.key),
        }


@dataclass(frozen=True)
class Way:
    """The four methods, asked one of the two ways."""

    shop: Shop
    kind: Kind
    version: int = 2
    changed: Headers = field(default_factory=dict)
    """Headers that are sent instead; an empty one is left out."""

    def with_headers(self, **changed: str) -> Way:
        """Give the same with other headers: ``User_Id="..."``; an empty one is left out."""
        named = {name.replace("_", "-"): value for name, value in changed.items()}
        return replace(self, changed={**self.changed, **named})

    def expects(self, *, rest: str, soap: str) -> str:
        """Give what this way's `Answer.told` is to be."""
        return rest if self.kind == "rest" else soap

    def free(self, phone: str) -> Answer:
        """Free a number."""
        path = f"/dnis/allocate/free/{quote(phone, safe='')}"
        if self.kind == "rest":
            return self._rest("POST", path, self.shop.user_headers())
        return self.envelope("FreeDnisAllocationRequest", DNIS, {"phone": phone})

    def get(self, phone: str) -> Answer:
        """Ask whose a number is."""
        headers = self.shop.app_headers(self.shop.key)
        if self.kind == "rest":
            return self._rest("GET", f"/dnis/allocate/get/{quote(phone, safe='')}", headers)
        return self.envelope("GetDnisAllocationRequest", AGENT, {"phone": phone}, headers)

    def allocate(self, interaction: str, group: str | None = None) -> Answer:
        """Allocate a number to an interaction."""
        headers = self.shop.app_headers(self.shop.consumer_key)
        if self.kind == "rest":
            body = {"id": interaction} | ({} if group is None else {"group": group})
            return self._rest("POST", "/dnis/allocate/new", headers, body)
        fields = {"uniqueId": interaction} | ({} if group is None else {"group": group})
        return self.envelope("AllocateDnisRequest", AGENT, fields, headers)

    def create(self, number: str, **fields: str | bool) -> Answer:
        """Take a number into the pool."""
        body: dict[str, str | bool] = {"phoneNumber": number, **fields}
        if self.kind == "rest":
            return self._rest("POST", "/dnis", self.shop.user_headers(), body)
        texts = {
            name: str(value).lower() if isinstance(value, bool) else value
            for name, value in body.items()
        }
        return self.envelope("CreatePhoneRequest", DNIS, texts)

    def envelope(
        self, element: str, namespace: str, fields: Headers, headers: Headers | None = None
    ) -> Answer:
        """Send an envelope as seed 000 prints it."""
        inner = "".join(
            f"<soap:{name}>{escape(value)}</soap:{name}>" for name, value in fields.items()
        )
        body = (
            f'<soapenv:Envelope xmlns:soapenv="{ENVELOPE}" xmlns:soap="{namespace}">\n'
            f"<soapenv:Header/>\n<soapenv:Body>\n<soap:{element}>\n{inner}\n</soap:{element}>\n"
            "</soapenv:Body>\n</soapenv:Envelope>"
        )
        service = "dnis" if element.startswith("Create") else "agent"
        sent = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'}
        sent |= self.shop.user_headers() if headers is None else headers
        return self._send("POST", f"/{service}/soap", sent, body.encode())

    def _rest(self, method: str, path: str, headers: Headers, body: object = None) -> Answer:
        if body is None:
            return self._send(method, path, headers, b"" if method == "POST" else None)
        headers = {"Content-Type": "application/json", **headers}
        return self._send(method, path, headers, json.dumps(body).encode())

    def _send(self, method: str, path: str, headers: Headers, body: bytes | None) -> Answer:
        sent = {name: value for name, value in (headers | self.changed).items() if value}
        base = f"/interact/version/{self.version}"
        return ask(self.shop.service, method, base + path, sent, body)
