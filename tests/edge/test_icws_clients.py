"""ICWS as two public clients use it, in paths of any case, behind a prefix, a proxy and TLS."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPMessage, HTTPResponse
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any, Protocol
from urllib.request import Request

import pytest

from testbed.certificate import make_certificate
from testbed.icws import CONNECTION_TYPE, EXAMPLE, MEDIA, PASSWORD, USER, connect, with_user
from testbed.ports import LOOPBACK
from testbed.proxy import proxy
from testbed.service import Service
from testbed.wire import Wire
from tests.edge.test_icws import EXTENSION, TOLL_FREE

SETTINGS = {
    "__type": CONNECTION_TYPE,
    "applicationName": "a client",
    "userID": USER,
    "password": PASSWORD,
}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Give a service with the example's plan and a user."""
    with Service(tmp_path_factory.mktemp("icws"), EXAMPLE) as service:
        yield with_user(service)


class Client(Protocol):
    """What each client does."""

    def connect(self) -> None: ...  # noqa: D102

    def details(self, number: str) -> Any: ...  # noqa: D102

    def disconnect(self) -> int: ...  # noqa: D102


@dataclass
class HeaderClient:
    """Trusts headers, decodes a body by the vendor's type only, and minds no cookie's path."""

    port: int
    root: str
    session_id: str = ""
    token: str = ""
    cookie: str = ""

    def connect(self) -> None:
        """Open a session by what the headers say."""
        status, headers, _ = self._send("POST", "connection?include=features", SETTINGS)
        assert status == 201
        self.session_id = headers["ININ-ICWS-Session-ID"]
        self.token = headers["ININ-ICWS-CSRF-Token"]
        cookies = headers.get_all("Set-Cookie", [])
        self.cookie = "; ".join(each.partition(";")[0] for each in cookies)

    def details(self, number: str) -> Any:
        """Ask what a number is."""
        path = f"{self.session_id}/phone-numbers/query-details"
        status, _, told = self._send("POST", path, {"phoneNumber": number})
        assert status == 200
        return told

    def disconnect(self) -> int:
        """End the session."""
        return self._send("DELETE", f"{self.session_id}/connection", "")[0]

    def _send(self, method: str, path: str, body: object) -> tuple[int, HTTPMessage, Any]:
        headers = {"Content-Type": f"{MEDIA};charset=utf-8", "Accept-Language": "en-us"}
        if self.token:
            headers |= {"ININ-ICWS-CSRF-Token": self.token, "Cookie": self.cookie}
        answer, said = sent(self.port, method, f"{self.root}/{path}", json.dumps(body), headers)
        media = answer.headers.get("Content-Type", "").partition(";")[0]
        decoded = json.loads(said) if media.lower() == MEDIA.lower() else None
        return answer.status, answer.headers, decoded


@dataclass
class BodyClient:
    """Trusts the body and its cookie jar, and says nothing of its content."""

    port: int
    root: str
    session_id: str = ""
    token: str = ""
    jar: CookieJar = field(default_factory=CookieJar)

    def connect(self) -> None:
        """Open a session by what the body says."""
        status, told = self._send("POST", "connection", SETTINGS)
        assert status == 201
        self.session_id, self.token = told["sessionId"], told["csrfToken"]

    def details(self, number: str) -> Any:
        """Ask what a number is."""
        path = f"{self.session_id}/phone-numbers/query-details"
        status, told = self._send("POST", path, {"phoneNumber": number})
        assert status == 200
        return told

    def disconnect(self) -> int:
        """End the session."""
        return self._send("DELETE", f"{self.session_id}/connection", None)[0]

    def _send(self, method: str, path: str, body: object) -> tuple[int, Any]:
        target = f"{self.root}/{path}"
        asked = Request(f"http://{LOOPBACK}:{self.port}{target}")
        self.jar.add_cookie_header(asked)
        headers = dict(asked.header_items())
        if self.token:
            headers["ININ-ICWS-CSRF-Token"] = self.token
        text = None if body is None else json.dumps(body)
        answer, said = sent(self.port, method, target, text, headers)
        self.jar.extract_cookies(answer, asked)
        return answer.status, json.loads(said) if said else None


def sent(
    port: int, method: str, target: str, body: str | None, headers: dict[str, str]
) -> tuple[HTTPResponse, bytes]:
    """Send a request with these headers and no type of content of our own."""
    connection = HTTPConnection(LOOPBACK, port, timeout=10)
    try:
        connection.request(method, target, body, headers)
        answer = connection.getresponse()
        return answer, answer.read()
    finally:
        connection.close()


CLIENTS = pytest.mark.parametrize("client", [HeaderClient, BodyClient])
MakeClient = Callable[[int, str], Client]


def lives(client: Client) -> None:
    """Lead a client's whole life."""
    client.connect()
    assert client.details("8004562354") == TOLL_FREE
    assert client.details("6929") == EXTENSION
    assert client.disconnect() == 204


@CLIENTS
@pytest.mark.parametrize("root", ["/icws", "/ICWS", "/Icws"])
def test_both_clients_in_paths_of_any_case(here: Service, client: MakeClient, root: str) -> None:
    """The vendor's page has both; a cookie jar minds the case, so the cookie does, too."""
    lives(client(here.http_port, root))


def test_every_part_of_a_path_in_any_case(here: Service) -> None:
    """But for parameters, which stay as they are."""
    with Wire(here.http_port) as wire:
        body = json.dumps(SETTINGS).encode()
        told = wire.ask("POST", "/iCWS/Connection?include=FEATURES&x=Y", {}, body)
        assert "features" in told.json()
        assert wire.ask("GET", "/ICWS/CONNECTION/VERSION").status == 200
        assert wire.ask("GET", "/icws/connection/features/Phone-Numbers").status == 200
        assert wire.ask("GET", "http://localhost/icws/connection/version").status == 200
        assert wire.ask("GET", "HTTP://localhost/Icws/Connection/version").status == 200
        assert wire.ask("GET", "/icwsx/connection/version").status == 404
        assert wire.ask("GET", "/API/v1/openapi.json").status == 404, "only this API's"


@CLIENTS
@pytest.mark.parametrize("root", ["/%49cws", "/%69%63%77%73", "/%49%43%57%53", "/I%63WS"])
def test_both_clients_with_letters_as_percent_and_digits(
    here: Service, client: MakeClient, root: str
) -> None:
    """A letter that is percent-encoded is the same letter (RFC 3986, 6.2.2.2), in any case."""
    lives(client(here.http_port, root))


def test_every_part_of_a_path_with_letters_as_percent_and_digits(here: Service) -> None:
    """What is no letter, digit or one of `-._~` stays as it is: a slash is no part's end then."""
    with Wire(here.http_port) as wire:
        for path in (
            "/icws/%43onnection/version",
            "/icws/connection/%76ersion",
            "/icws/connection/features/phone%2DNumbers",
            "http://localhost/%49CWS/connection/version",
        ):
            assert wire.ask("GET", path).status == 200, path
        for path in (
            "/icws%2Fconnection/version",
            "/%49cws%2fconnection/version",
            "/icws/connection%2Fversion",
            "/%4acws/connection/version",
            "/%49cwsx/connection/version",
            "/ic%C4%B1ws/connection/version",
            "/%2549cws/connection/version",
        ):
            assert wire.ask("GET", path).status == 404, path


def test_who_changes_the_case_on_the_way_is_known(here: Service) -> None:
    """As the 401's header says `/ICWS/connection`: two cookies are given, and both may be shown."""
    answer, told = sent(here.http_port, "POST", "/ICWS/connection", json.dumps(SETTINGS), {})
    session = json.loads(told)
    cookies = answer.headers.get_all("Set-Cookie", [])
    paths = [each.split("; ")[1] for each in cookies]
    assert paths == [f"Path=/icws/{session['sessionId']}", f"Path=/ICWS/{session['sessionId']}"]
    shown = "; ".join(each.partition(";")[0] for each in cookies)
    headers = {"ININ-ICWS-CSRF-Token": session["csrfToken"], "Cookie": f"a=b; {shown};c"}
    path = f"/icws/{session['sessionId']}/connection"
    assert sent(here.http_port, "GET", path, None, headers)[0].status == 200
    headers["Cookie"] += f"; icws_{session['sessionId']}=another"
    assert sent(here.http_port, "GET", path, None, headers)[0].status == 401


TRUSTED = 'trusted_proxies = ["127.0.0.1"]'


@CLIENTS
@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (TRUSTED, {"X-Forwarded-Prefix": "/phone/v1"}),
        (f'{TRUSTED}\npublic_url = "http://pbx.example/phone/v1/"', {}),
    ],
)
def test_both_clients_behind_a_prefix(
    service_factory: Callable[..., Service], client: MakeClient, settings: str, says: dict[str, str]
) -> None:
    """As the proxy says, or as it is set: cookie, Location and challenge have the prefix."""
    service = with_user(service_factory(EXAMPLE, http=settings))
    with proxy(service.http_port, "/phone/v1", says) as port:
        lives(client(port, "/phone/v1/icws"))
        answer, told = sent(port, "POST", "/phone/v1/icws/connection", json.dumps(SETTINGS), {})
        session = json.loads(told)["sessionId"]
        assert answer.headers["Location"] == f"/phone/v1/icws/{session}/connection"
        where = 'ICWS realm="ICWS" location="/phone/v1/ICWS/connection"'
        for path in ("1/connection", "/connection", "messaging/messages"):
            refused, _ = sent(port, "GET", f"/phone/v1/icws/{path}", None, {})
            assert refused.headers["WWW-Authenticate"] == where, path
    if says:  # who asks around the proxy has no prefix
        lives(client(service.http_port, "/icws"))


def cookie_of(service: Service, **headers: str) -> str:
    """Give the cookie of a new session."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return connect(service, headers=named).headers["set-cookie"]


def test_what_a_proxy_says_counts_where_it_is_trusted(
    service_factory: Callable[..., Service],
) -> None:
    """Secure where who asks has come to it by TLS; nothing it says becomes an attribute."""
    service = with_user(service_factory(http=TRUSTED))
    assert cookie_of(service, X_Forwarded_Proto="https").endswith("; HttpOnly; Secure")
    assert cookie_of(service, X_Forwarded_Proto="http").endswith("; HttpOnly")
    assert cookie_of(service).endswith("; HttpOnly")
    for prefix in ("/a; Domain=evil.example", "a", "/a b", "//", "/a//b", '/"', "/é"):
        cookie = cookie_of(service, X_Forwarded_Prefix=prefix)
        assert "Path=/icws/" in cookie, prefix
    assert "Path=/a/icws/" in cookie_of(service, X_Forwarded_Prefix="/a/")


def test_what_a_stranger_says_counts_for_nothing(here: Service) -> None:
    """No proxy is trusted unless it is set."""
    cookie = cookie_of(here, X_Forwarded_Proto="https", X_Forwarded_Prefix="/a")
    assert cookie.endswith("; HttpOnly")
    assert "Path=/icws/" in cookie


def test_a_proxy_that_says_nothing_has_the_public_url_s_scheme(
    service_factory: Callable[..., Service],
) -> None:
    """`http.public_url`; who asks around the proxy gets a cookie that works there."""
    http = 'trusted_proxies = ["127.0.0.9"]\npublic_url = "https://pbx.example/phone"'
    service = with_user(service_factory(http=http))
    assert cookie_of(service).endswith("; HttpOnly")
    behind = connect(service, source="127.0.0.9").headers["set-cookie"]
    assert behind.endswith("; HttpOnly; Secure")
    assert "Path=/phone/icws/" in behind


def test_the_cookie_is_secure_under_tls(
    service_factory: Callable[..., Service], tmp_path: Path
) -> None:
    """And the session works by it."""
    pem = make_certificate(tmp_path, "icws").file.read_text()
    keys = f'tls_certificate = "{tmp_path}/certificate.pem"\ntls_key = "{tmp_path}/key.pem"'
    service = with_user(service_factory(EXAMPLE, http=keys))
    tls = ssl.create_default_context(cadata=pem)
    with Wire(service.http_port, tls=tls) as wire:
        answer = wire.ask("POST", "/icws/connection", {}, json.dumps(SETTINGS).encode())
        assert answer.headers["set-cookie"].endswith("; HttpOnly; Secure")
        told = answer.json()
        headers = {
            "ININ-ICWS-CSRF-Token": told["csrfToken"],
            "Cookie": answer.headers["set-cookie"].partition(";")[0],
        }
        path = f"/icws/{told['sessionId']}/phone-numbers/query-details"
        assert wire.ask("POST", path, headers, b'{"phoneNumber":"6929"}').json() == EXTENSION
