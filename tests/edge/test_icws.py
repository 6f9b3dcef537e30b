"""ICWS query-details, row by row of seed 003 and of what its clients rely on, over real sockets."""

from __future__ import annotations

import json
import re
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from testbed.api import Api
from testbed.icws import EXAMPLE, MEDIA, USER, Session, ask, connect, with_user
from testbed.line import Line
from testbed.service import Service
from testbed.wire import Answer, Wire, request

DETAILS = "/phone-numbers/query-details"
CHALLENGE = 'ICWS realm="ICWS" location="/ICWS/connection"'


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Give a service with the example's plan and a user."""
    with Service(tmp_path_factory.mktemp("icws"), EXAMPLE) as service:
        yield with_user(service)


@pytest.fixture
def session(here: Service) -> Session:
    """Give a session of its own."""
    return Session.opened(here)


def error_of(answer: Answer) -> tuple[int, str, int]:
    """Give the status, the error's id and its code; a message is always there."""
    assert answer.headers["content-type"] == f"{MEDIA}; charset=utf-8"
    error = answer.json()
    assert isinstance(error["message"], str)
    assert error["message"]
    assert None not in error.values()
    return answer.status, error.get("errorId", ""), error.get("errorCode", 0)


# 200 - OK: "The query for phone number details was successful."

TOLL_FREE = {
    "rawText": "8004562354",
    "normalizedText": "+18004562354",
    "displayText": "(Tool Free) 1 (800) 456-2354",
    "editBase": "1 (800) 456-2354",
    "extension": "",
    "defaultClassification": "Tool Free",
    "classifications": ["Tool Free"],
    "internal": False,
    "queueType": 0,
    "queueName": "",
    "voicemailCapable": False,
    "dialCapable": True,
    "autoDialExtension": False,
}
EXTENSION = {
    "rawText": "6929",
    "normalizedText": "/6929",
    "displayText": "6929",
    "editBase": "",
    "extension": "6929",
    "defaultClassification": "Intercom",
    "classifications": ["Intercom"],
    "internal": True,
    "queueType": 2,
    "queueName": "User Queue: [userId]",
    "voicemailCapable": True,
    "dialCapable": True,
    "autoDialExtension": True,
}


def test_the_pages_toll_free_number(session: Session) -> None:
    """A request made with '8004562354' would yield: NormalizedText +18004562354, Tool Free..."""
    answer = session.details("8004562354")
    assert (answer.status, answer.json()) == (200, TOLL_FREE)


def test_the_pages_extension(session: Session) -> None:
    """A request made with '6929' would yield: /6929, Intercom, User Queue: [userId]..."""
    answer = session.details("6929")
    assert (answer.status, answer.json()) == (200, EXTENSION)


KINDS: dict[str, type] = {
    "rawText": str,
    "normalizedText": str,
    "displayText": str,
    "editBase": str,
    "extension": str,
    "defaultClassification": str,
    "classifications": list,
    "internal": bool,
    "queueType": int,
    "queueName": str,
    "voicemailCapable": bool,
    "dialCapable": bool,
    "autoDialExtension": bool,
}
"""Every row of `phoneNumberDetails`; a blank text is "", and nothing is null or left out."""
NUMBERS = [
    "8004562354",
    "6929",
    "6000",
    "+380974520200",
    "2125550123/42",
    "2125550123^42",
    "911",
    "sip:bob@example.com",
    "19005550123",
    "1-800-FLOWERS",
    "  (317) 555-0123  ",
    "x",
    "١٢٣٤٥٦٧",
    "*69",
]


@pytest.mark.parametrize("number", NUMBERS)
def test_every_field_has_its_type_and_is_there(session: Session, number: str) -> None:
    """Strings, booleans, a list of one or more; the queue's type is a number of 0 to 6."""
    answer = session.details(number)
    assert answer.status == 200
    told = answer.json()
    assert {key: type(value) for key, value in told.items()} == KINDS
    assert told["rawText"] == number
    assert told["classifications"][0] == told["defaultClassification"]
    assert {type(each) for each in told["classifications"]} == {str}
    assert told["queueType"] in range(7)
    assert told["queueType"] != 1, "MyInteractions is nobody's extension"


@pytest.mark.parametrize(("number", "queue"), [("6000", 4), ("6100", 3), ("6929", 2), ("911", 0)])
def test_the_queue_types(session: Session, number: str, queue: int) -> None:
    """None 0, User 2, Station 3, Workgroup 4: "Represents a workgroup's interactions"."""
    assert session.details(number).json()["queueType"] == queue


def test_numbers_without_formatting_and_not_fully_specified(session: Session) -> None:
    """Valid phone numbers can be ones without any formatting, not fully specified phone numbers."""
    written = ["8004562354", "18004562354", "+1 (800) 456-2354", "1-800-GLOBE-LI"]
    assert [session.details(each).json()["normalizedText"] for each in written] == [
        "+18004562354",
        "+18004562354",
        "+18004562354",
        "+18004562354",
    ]


def test_sip_numbers_lose_white_space_only(session: Session) -> None:
    """The exceptions to this are SIP numbers, which only have white space characters removed."""
    told = session.details("sip: Bob.Smith-1 @example.com").json()
    assert told["normalizedText"] == "sip:Bob.Smith-1@example.com"


# 400 - Bad Request: "The message body is malformed or missing required items."

_REPRESENTATION = "error.request.invalidRepresentation"


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'"6929"', b"null", b"\xff", b"{'a': 1}", b"[" * 5_000]
)
def test_a_malformed_body(session: Session, body: bytes) -> None:
    """400: it is no JSON, or no object."""
    answer = session.ask("POST", DETAILS, body)
    assert error_of(answer) == (400, _REPRESENTATION, 0)


def test_a_missing_required_item(session: Session) -> None:
    """400, and the property is named."""
    answer = session.ask("POST", DETAILS, {"number": "6929"})
    assert error_of(answer) == (400, f"{_REPRESENTATION}.missingRequiredParameter", 0)
    assert answer.json()["__type"] == "urn:inin.com:common:missingPropertyError"
    assert answer.json()["propertyName"] == "phoneNumber"


@pytest.mark.parametrize("value", [6929, None, True, ["6929"], {}, "", "   ", "()", "1" * 10_001])
def test_an_invalid_property(session: Session, value: object) -> None:
    """400: another type, or nothing that can be dialed."""
    answer = session.details(value)
    assert error_of(answer) == (400, f"{_REPRESENTATION}.invalidProperty", 0)
    assert answer.json()["__type"] == "urn:inin.com:common:invalidPropertyError"
    assert answer.json()["propertyName"] == "phoneNumber"


# 401 - Unauthorized: "The specified session token is missing, invalid, or has expired."

UNAUTHORIZED: dict[str, tuple[Callable[[Session], Session], tuple[str, int]]] = {
    "no session id": (lambda it: it.showing(id=""), ("", 1)),
    "no token": (lambda it: it.showing(token=""), ("", 2)),
    "a wrong token": (lambda it: it.showing(token="x" * 43), ("", 2)),
    "a token of other letters": (lambda it: it.showing(token="é\xff"), ("", 2)),
    "no cookie": (lambda it: it.showing(cookie=""), ("", 4)),
    "a wrong cookie": (lambda it: it.showing(cookie=f"icws_{it.id}=x"), ("", 4)),
    "an unknown session": (
        lambda it: it.showing(id="1", cookie="icws_1=x"),
        ("error.request.connection.authenticationFailure", -2147221499),
    ),
}


@pytest.mark.parametrize("kind", UNAUTHORIZED)
def test_unauthorized(session: Session, kind: str) -> None:
    """401, with the header by which the client finds where to authenticate."""
    show, (error_id, error_code) = UNAUTHORIZED[kind]
    for answer in (show(session).details("6929"), show(session).ask("GET", "/messaging/messages")):
        assert error_of(answer) == (401, error_id, error_code)
        assert answer.headers["www-authenticate"] == CHALLENGE
    assert session.details("6929").status == 200, "it is nobody else's fault"


def test_without_a_session_at_all(here: Service) -> None:
    """A client that has left the session's id out is told so."""
    answer = ask(here, "POST", f"/icws{DETAILS}", {}, b'{"phoneNumber":"6929"}')
    assert error_of(answer) == (401, "", 1)
    assert answer.headers["www-authenticate"] == CHALLENGE


# 410 - Gone: "This resource has been deprecated and removed from the API."


def test_gone(service_factory: Callable[..., Service]) -> None:
    """Where the configuration says so, also of what was never there; all else is served."""
    removed = '[icws]\nremoved = ["phone-numbers", "connection/version", "statistics"]\n'
    service = with_user(service_factory(EXAMPLE + removed))
    session = Session.opened(service)
    for answer in (
        session.details("6929"),
        session.ask("GET", "/statistics/catalog"),
        ask(service, "GET", "/icws/connection/version"),
        ask(service, "POST", "/ICWS/1/Phone-Numbers/query-details"),
        session.ask("GET", DETAILS),
    ):
        assert error_of(answer) == (410, "error.request.removed", 0)
    assert session.state().status == 200
    assert ask(service, "GET", "/icws/connection/features").status == 200
    assert session.ask("GET", "/phone-numbers-2").status == 404
    for path in ("/icws", "/ICWS?x", "/icws/"):
        assert error_of(ask(service, "GET", path)) == (404, "error.request.notFound", 0)


# 500 - Internal Server Error: "An unexpected error occurred while processing the request."


def test_an_unexpected_error(service_factory: Callable[..., Service]) -> None:
    """500, with a reference number under which the log has what it was."""
    service = service_factory()
    with_user(service)
    service.stop()
    with closing(sqlite3.connect(service.database, isolation_level=None)) as store:
        # what is kept of the password is no hash: argon2 says so, and nobody has foreseen it
        assert store.execute("UPDATE user_account SET password_hash = 'x'").rowcount == 1
    service.start()
    answer = connect(service)
    assert error_of(answer) == (500, "error.server.unexpected", 0)
    reference = answer.headers["x-request-id"]
    assert reference in answer.json()["message"]
    (logged,) = service.log("a request failed")
    assert logged["reference"] == reference


# 404, 405, 413, 503


def test_a_wrong_verb(session: Session) -> None:
    """405, and which verbs there are."""
    answer = session.ask("GET", DETAILS)
    assert error_of(answer) == (405, "error.request.accessDenied.httpMethodNotAllowed", 0)
    assert answer.headers["allow"] == "POST"
    assert ask(session.service, "GET", "/icws/connection").status == 405


@pytest.mark.parametrize("path", ["/icws", "/icws/", "/ICWS/configuration/users", "/icws/1/users"])
def test_what_is_not_there(here: Service, path: str) -> None:
    """404, in ICWS's own form."""
    assert error_of(ask(here, "GET", path)) == (404, "error.request.notFound", 0)


def test_a_body_that_is_too_large(session: Session) -> None:
    """413, before it is read."""
    assert error_of(session.details("1" * 70_000)) == (413, _REPRESENTATION, 0)


HOSTS = 'alternate_hosts = ["ivr-2.example", "ivr-3.example"]\n'


def test_draining(service_factory: Callable[..., Service]) -> None:
    """Sessions there are go on; new ones are told the other hosts, until the next reload."""
    service = with_user(service_factory(EXAMPLE))
    session = Session.opened(service)
    text = service.config.read_text()
    service.config.write_text(f"{text}[icws]\ndraining = true\n{HOSTS}")
    service.signal(signal.SIGHUP)
    service.wait_log("reloaded")
    answer = connect(service)
    assert error_of(answer) == (503, "error.server.notAcceptingConnections", 0)
    assert answer.json()["alternateHostList"] == ["ivr-2.example", "ivr-3.example"]
    assert session.details("6929").json() == EXTENSION
    service.config.write_text(text)
    service.signal(signal.SIGHUP)
    service.wait_log("reloaded", 2)
    assert connect(service).status == 201


def test_stopping(service_factory: Callable[..., Service]) -> None:
    """A connection that is asked for as the service stops is sent to another host."""
    service = with_user(service_factory(f"[icws]\n{HOSTS}"))
    body = json.dumps({"userID": USER, "password": "correct horse"}).encode()
    asked = request("POST", "/icws/connection", {}, body)
    with Wire(service.http_port) as wire:
        wire.send(asked[:-1])
        ask(service, "GET", "/healthz")  # so what was sent before has been read
        service.signal(signal.SIGTERM)
        service.wait_log("stopping")
        answer = wire.send(asked[-1:]).answer()
    assert error_of(answer) == (503, "error.server.notAcceptingConnections", 0)
    assert answer.json()["alternateHostList"] == ["ivr-2.example", "ivr-3.example"]


def test_without_a_store(service_factory: Callable[..., Service]) -> None:
    """No new sessions, as calls would not be answered here; those there are need none."""
    service = with_user(service_factory(f"{EXAMPLE}[icws]\n{HOSTS}"))
    session = Session.opened(service)
    with closing(sqlite3.connect(service.database, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        answer = connect(service)
        assert error_of(answer) == (503, "error.server.unavailable", 0)
        assert answer.json()["alternateHostList"] == ["ivr-2.example", "ivr-3.example"]
        assert answer.headers["x-request-id"] in answer.json()["message"]
        assert session.details("6929").status == 200
    assert connect(service).status == 201


def test_an_environment_that_is_not_there(service_factory: Callable[..., Service]) -> None:
    """Nobody can be known: 503, and nothing is said of users."""
    service = with_user(service_factory('[icws]\nenvironment = "acme/live"\n'))
    assert error_of(connect(service)) == (503, "error.server.unavailable", 0)


def test_where_it_is_not_served(service_factory: Callable[..., Service]) -> None:
    """404 everywhere, without a word of sessions."""
    service = with_user(service_factory("[icws]\nenabled = false\n"))
    for method, path in (
        ("POST", "/icws/connection"),
        ("GET", "/icws/connection/version"),
        ("POST", "/icws/1/phone-numbers/query-details"),
        ("POST", "/icws/phone-numbers/query-details"),
        ("GET", "/icws/connection"),
    ):
        assert error_of(ask(service, method, path)) == (404, "error.request.notFound", 0)


# Connection, features, version, messages


def test_a_connection(here: Service) -> None:
    """201: ids and token in body and headers, a cookie for this session's paths, and no more."""
    answer = connect(here)
    told = answer.json()
    session_id, token = told["sessionId"], told["csrfToken"]
    assert answer.status == 201
    assert answer.headers["content-type"] == f"{MEDIA}; charset=utf-8"
    assert re.fullmatch("[0-9]{15}", session_id)
    assert told == {
        "csrfToken": token,
        "sessionId": session_id,
        "userID": USER,
        "userDisplayName": USER,
        "icServer": "interact-ivr",
        "alternateHostList": [],
    }
    assert answer.headers["inin-icws-session-id"] == session_id
    assert answer.headers["inin-icws-csrf-token"] == token
    assert answer.headers["location"] == f"/icws/{session_id}/connection"
    cookie = answer.headers["set-cookie"]
    guid = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    written = rf"icws_{session_id}={guid}; Path=/icws/{session_id}; HttpOnly"
    assert re.fullmatch(written, cookie)
    assert answer.headers["cache-control"] == "no-store"


FEATURES = [
    {"featureId": "connection", "version": 1},
    {"featureId": "messaging", "version": 2},
    {"featureId": "phone-numbers", "version": 2},
]
VERSION = {"majorVersion": 0, "minorVersion": 1, "su": 0}


def test_what_include_asks_for(here: Service) -> None:
    """Features, version; what we do not have is passed over."""
    told = connect(here, include="Features,version,effective-station").json()
    assert (told["features"], told["version"]) == (FEATURES, VERSION)
    assert "effectiveStation" not in told
    told = connect(here, include="version%2Cfeatures").json()
    assert (told["features"], told["version"]) == (FEATURES, VERSION)


def test_features_and_version(here: Service) -> None:
    """Without a session; "Feature Version phone-numbers 2"."""
    assert ask(here, "GET", "/icws/connection/features").json() == {"featureInfoList": FEATURES}
    answer = ask(here, "GET", "/icws/connection/features/phone-numbers")
    assert answer.json() == {"featureId": "phone-numbers", "version": 2}
    assert ask(here, "GET", "/icws/connection/version").json() == VERSION
    unknown = ask(here, "GET", "/icws/connection/features/statistics")
    assert error_of(unknown) == (400, "error.request.connection.unknownFeature", 0)


@pytest.mark.parametrize(
    ("user", "password"),
    [(USER, "wrong"), ("nobody", "correct horse"), (USER, ""), ("\u0000", "x")],
)
def test_a_wrong_password(here: Service, user: str, password: str) -> None:
    """400 `authenticationFailure`, whether there is such a user or not."""
    answer = connect(here, user, password)
    failure = "error.request.connection.authenticationFailure"
    assert error_of(answer) == (400, failure, -2147221503)
    assert "set-cookie" not in answer.headers
    assert "inin-icws-csrf-token" not in answer.headers


@pytest.mark.parametrize("missing", ["userID", "password"])
def test_a_connection_without_a_required_property(here: Service, missing: str) -> None:
    """400, and which; the application's name may be left out."""
    body = {"userID": USER, "password": "correct horse"}
    del body[missing]
    answer = ask(here, "POST", "/icws/connection", {}, json.dumps(body).encode())
    assert error_of(answer) == (400, f"{_REPRESENTATION}.missingRequiredParameter", 0)
    assert answer.json()["propertyName"] == missing


def test_how_a_session_is_and_its_end(session: Session) -> None:
    """Up; DELETE ends it."""
    up = {"connectionState": 1, "reason": "", "shouldReconnect": False}
    assert session.state().json() == up
    ended = session.ask("DELETE", "/connection", b"{}")
    assert (ended.status, ended.body) == (204, b"")
    assert session.state().status == 401


def test_the_empty_poll(session: Session) -> None:
    """Nothing ever comes; a program may send a body along."""
    for body in (None, b"{}"):
        answer = session.ask("GET", "/messaging/messages", body)
        assert (answer.status, answer.json()) == (200, [])
        assert answer.headers["content-type"] == f"{MEDIA}; charset=utf-8"


def test_the_empty_event_stream(session: Session) -> None:
    """What a browser's EventSource asks for: it can show its cookie, and no token."""
    browser = session.showing(token="")
    answer = browser.ask("GET", "/messaging/messages", Accept="text/event-stream")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    fields = [line.partition(":")[0] for line in answer.text.splitlines()]
    assert "data" not in fields
    assert "retry: 5000" in answer.text.splitlines()
    nobody = session.showing(token="", cookie="")
    assert nobody.ask("GET", "/messaging/messages", Accept="text/event-stream").status == 401
    wrong = session.showing(token="", cookie=f"icws_{session.id}=x")
    assert wrong.ask("GET", "/messaging/messages", Accept="text/event-stream").status == 401
    for path, method in ((DETAILS, "POST"), ("/connection", "GET"), ("/connection", "DELETE")):
        told = browser.ask(method, path, b'{"phoneNumber":"1"}', Accept="text/event-stream")
        assert error_of(told) == (401, "", 2)


def test_any_content_type_of_a_request(session: Session) -> None:
    """None, the vendor's, a form's: what counts is the body."""
    for content_type in ("", MEDIA, "application/x-www-form-urlencoded", "text/plain", "garbage"):
        headers = {"Content-Type": content_type} if content_type else {}
        answer = session.ask("POST", DETAILS, {"phoneNumber": "6929"}, **headers)
        assert answer.json() == EXTENSION


def test_the_same_details_by_every_way(here: Service, session: Session) -> None:
    """ICWS, the native API, the command line and a call know the same of a number."""
    told: dict[str, Any] = session.details("6929").json()
    explained = Api.of(here, "viewer").get("/numbers/explain", number="6929")["details"]
    by_command = here.ask("explain", "6929")["details"]
    assert explained == by_command
    names = {"rawText": "raw_text", "normalizedText": "normalized_text"}
    names |= {key: re.sub("([A-Z])", lambda found: f"_{found[1].lower()}", key) for key in told}
    assert told.pop("queueType") == 2
    assert explained["queue_type"] == "user"
    assert {key: explained[names[key]] for key in told} == told
    line = Line.taken_into(here)
    channel = line.call("6929", script="number_details")
    assert channel.variables["NUMBER_DISPLAY"] == told["displayText"]
    assert channel.variables["NUMBER_QUEUE_NAME"] == told["queueName"]
    assert channel.variables["NUMBER_QUEUE_TYPE"] == "User"
