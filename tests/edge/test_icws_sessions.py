"""ICWS sessions under attack, and at their limits, over real sockets."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from testbed.icws import (
    EXAMPLE,
    PASSWORD,
    USER,
    Session,
    ask,
    connect,
    dumped,
    with_user,
)
from testbed.line import control
from testbed.service import Service
from testbed.wire import Wire, request
from tests.edge.test_http_house import until
from tests.edge.test_icws import error_of

EXPIRED = (401, "error.request.connection.authenticationFailure", -2147221499)
OTHER = "agent.2"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Give a service with two users."""
    with Service(tmp_path_factory.mktemp("icws"), EXAMPLE) as service:
        with_user(service, OTHER)
        yield with_user(service)


def test_a_session_is_never_the_one_that_was_shown(here: Service) -> None:
    """No fixation: whatever ids, cookies and tokens come along, all three are new."""
    planted = Session.opened(here)
    shown = planted.headers | {"ININ-ICWS-Session-ID": planted.id}
    for headers in (shown, {"Cookie": "icws_123456789012345=mine"}):
        made = Session.of(here, connect(here, OTHER, headers=headers))
        assert made.id not in (planted.id, "123456789012345")
        assert made.token != planted.token
        assert made.cookie.partition("=")[2] not in (planted.cookie.partition("=")[2], "mine")
    assert planted.state().status == 200


def test_what_was_deleted_is_not_replayed(here: Service) -> None:
    """Not by its token and cookie, over the same connection or another; nor deleted twice."""
    session = Session.opened(here)
    with Wire(here.http_port) as wire:
        path = f"/icws/{session.id}/connection"
        assert wire.ask("DELETE", path, session.headers).status == 204
        for method in ("GET", "DELETE"):
            assert error_of(wire.ask(method, path, session.headers)) == EXPIRED
    assert error_of(session.details("6929")) == EXPIRED


def test_anothers_cookie_with_ones_own_token(here: Service) -> None:
    """And every other mixture of two sessions: refused, and both go on."""
    mine, theirs = Session.opened(here), Session.opened(here, OTHER)
    renamed = f"icws_{mine.id}={theirs.cookie.partition('=')[2]}"
    mixtures = {
        mine.showing(cookie=theirs.cookie): 4,
        mine.showing(cookie=renamed): 4,
        mine.showing(cookie=f"{mine.cookie}; {renamed}"): 4,
        mine.showing(token=theirs.token): 2,
        mine.showing(id=theirs.id): 4,
        mine.showing(id=theirs.id, cookie=theirs.cookie): 2,
        theirs.showing(token=mine.token, cookie=mine.cookie): 4,
    }
    for mixture, code in mixtures.items():
        assert error_of(mixture.details("6929")) == (401, "", code)
        assert error_of(mixture.ask("DELETE", "/connection")) == (401, "", code)
    assert [each.state().status for each in (mine, theirs)] == [200, 200]


def test_both_sessions_of_one_browser(here: Service) -> None:
    """Each has a cookie of its own name, and a browser shows what paths let it."""
    first, second = Session.opened(here), Session.opened(here, OTHER)
    both = f"{first.cookie}; {second.cookie}"
    assert first.showing(cookie=both).state().status == 200
    assert second.showing(cookie=both).state().status == 200


def test_doubled_and_near_secrets(here: Service) -> None:
    """A token twice is none; nor is one that begins or ends as ours, or is ours in another case."""
    session = Session.opened(here)
    token, cookie = session.token, session.cookie
    for near in (token[:-1], token + "x", token.swapcase(), f" {token[1:]}", token[::-1]):
        assert error_of(session.showing(token=near).state()) == (401, "", 2)
    for near in (cookie[:-1], f"{cookie}x", f"x{cookie}", cookie.replace("=", "=x")):
        assert error_of(session.showing(cookie=near).state()) == (401, "", 4)
    twice = {"ININ-ICWS-CSRF-Token": token, "inin-icws-csrf-token": token, "Cookie": cookie}
    answer = ask(here, "GET", f"/icws/{session.id}/connection", twice)
    assert error_of(answer) == (401, "", 2)


def test_guesses_get_ever_slower(service_factory: Callable[..., Service]) -> None:
    """As those of other logins: 429 says when to come again, and elsewhere the user gets in."""
    service = with_user(service_factory(EXAMPLE))
    session = Session.opened(service)
    with ExitStack() as stack:
        guess(stack, service, 30)
        until(lambda: why(service, "wrong") >= 8)  # the next ones wait for two seconds and more
        refused = why(service, "too many")
        guess(stack, service, 30)
        until(lambda: why(service, "too many") > refused)
        answer = connect(service, password="another")
        assert connect(service, source="127.0.0.9").status == 201
    assert error_of(answer)[:2] == (429, "error.request.connection.authenticationFailure")
    assert int(answer.headers["retry-after"]) >= 1
    lines = service.log("login failed")
    assert {line["user"] for line in lines} == {USER}
    assert not re.search(r"guess \d|another", service.log_path.read_text())
    assert connect(service).status == 201, "the right one was known already"
    assert session.details("6929").status == 200


def guess(stack: ExitStack, service: Service, times: int) -> None:
    """Show so many wrong passwords at once, and wait for no answer."""
    for at in range(times):
        body = dumped({"userID": USER, "password": f"guess {at} {time.monotonic()}"})
        wire = stack.enter_context(Wire(service.http_port))
        wire.send(request("POST", "/icws/connection", {}, body))


def why(service: Service, text: str) -> int:
    """Count the logins that failed because of *text*."""
    return sum(line["why"] == text for line in service.log("login failed"))


def test_a_guessed_session_is_unknown_at_once(here: Service) -> None:
    """Whatever it is like; its neighbour is none."""
    session = Session.opened(here)
    with Wire(here.http_port) as wire:
        for guess in (
            str(int(session.id) + 1),
            "1" * 15,
            "9" * 400,
            "-1",
            "%00",
            "%C3%A9",
            "..%2f",
        ):
            told = wire.ask("GET", f"/icws/{guess}/connection", session.headers)
            assert told.status in (401, 404), guess


def test_a_session_expires_unless_it_is_used(service_factory: Callable[..., Service]) -> None:
    """By requests that were let in, polls too; those that were refused are no use."""
    service = with_user(service_factory(f"{EXAMPLE}[icws]\nidle_seconds = 1.0\n"))
    used, shown_wrong = Session.opened(service), Session.opened(service)
    end = time.monotonic() + 2.5
    with Wire(service.http_port) as wire:
        path = f"/icws/{used.id}/messaging/messages"
        wrong = shown_wrong.showing(token="x").headers
        while time.monotonic() < end:
            assert wire.ask("GET", path, used.headers).status == 200
            told = wire.ask("GET", f"/icws/{shown_wrong.id}/connection", wrong)
            assert told.status == 401
    assert used.state().status == 200
    assert error_of(shown_wrong.state()) == EXPIRED


def test_a_session_that_expires_while_a_request_is_under_way(
    service_factory: Callable[..., Service],
) -> None:
    """What was let in is answered; the next one is not."""
    service = with_user(service_factory(f"{EXAMPLE}[icws]\nidle_seconds = 1.0\n"))
    session = Session.opened(service)
    path = f"/icws/{session.id}/phone-numbers/query-details"
    sent = request("POST", path, session.headers, b'{"phoneNumber":"6929"}')
    with Wire(service.http_port) as wire:
        wire.send(sent[:-5])
        until(lambda: sessions_of(service) == 0)
        assert wire.send(sent[-5:]).answer("POST").status == 200
        assert wire.send(sent).answer("POST").status == 401


def sessions_of(service: Service) -> float:
    """Give the number of sessions, as Prometheus reads it."""
    text = ask(service, "GET", "/metrics").text
    found = re.search(r"^interact_ivr_icws_sessions (\S+)$", text, re.MULTILINE)
    assert found is not None
    return float(found[1])


def test_one_session_more_than_a_user_may_have(service_factory: Callable[..., Service]) -> None:
    """Ends the one of theirs that was unused for the longest, and nobody else's."""
    service = with_user(service_factory(f"{EXAMPLE}[icws]\nsessions_per_user = 3\n"))
    with_user(service, OTHER)
    other = Session.opened(service, OTHER)
    first, second, third = (Session.opened(service) for _ in range(3))
    assert first.state().status == 200
    fourth = Session.opened(service)
    statuses = [each.state().status for each in (first, second, third, fourth, other)]
    assert statuses == [200, 401, 200, 200, 200]
    assert sessions_of(service) == 4


def test_limits_that_are_set_anew(service_factory: Callable[..., Service]) -> None:
    """A reload's count for the sessions there are: how long unused, and how many of a user."""
    service = with_user(service_factory(EXAMPLE))
    first, second = Session.opened(service), Session.opened(service)
    text = service.config.read_text()
    service.config.write_text(f"{text}[icws]\nsessions_per_user = 2\nidle_seconds = 1.0\n")
    service.signal(signal.SIGHUP)
    service.wait_log("reloaded")
    third = Session.opened(service)
    assert sessions_of(service) <= 2
    assert first.state().status == 401
    until(lambda: sessions_of(service) == 0)
    assert {each.state().status for each in (second, third)} == {401}


@pytest.mark.parametrize("change", ["removed", "another password", "another environment"])
def test_a_user_who_is_none_any_more(service_factory: Callable[..., Service], change: str) -> None:
    """Removed, or with another password, or no user of the environment that is served now."""
    service = with_user(service_factory(EXAMPLE))
    session = Session.opened(service)
    if change == "another environment":
        control(service, "tenant.add", tenant="acme")
        control(service, "environment.add", environment="acme/live")
        text = service.config.read_text()
        service.config.write_text(f'{text}[icws]\nenvironment = "acme/live"\n')
        service.signal(signal.SIGHUP)
        service.wait_log("reloaded")
    else:
        control(service, "user.remove", tenant="default", user=USER)
        if change == "another password":
            control(service, "user.add", tenant="default", user=USER, password="quite another")
    assert error_of(session.details("6929")) == EXPIRED
    assert error_of(session.state()) == EXPIRED
    assert sessions_of(service) == 0


def test_an_environment_that_goes_ends_its_sessions(
    service_factory: Callable[..., Service],
) -> None:
    """All that a session asks is refused alike, and a new one is sent to another host."""
    hosts = 'environment = "acme/live"\nalternate_hosts = ["ivr-2.example"]\n'
    service = service_factory(f"{EXAMPLE}[icws]\n{hosts}")
    control(service, "tenant.add", tenant="acme")
    control(service, "environment.add", environment="acme/live")
    with_user(service, tenant="acme")
    sessions = [Session.opened(service) for _ in range(3)]
    control(service, "environment.remove", environment="acme/live")
    assert error_of(sessions[0].details("6929")) == EXPIRED
    assert error_of(sessions[1].state()) == EXPIRED
    assert error_of(sessions[2].ask("GET", "/messaging/messages")) == EXPIRED
    refused = connect(service)
    assert error_of(refused) == (503, "error.server.unavailable", 0)
    assert refused.json()["alternateHostList"] == ["ivr-2.example"]
    control(service, "environment.add", environment="acme/live")
    assert [each.state().status for each in sessions] == [401, 401, 401]
    assert Session.opened(service).details("6929").status == 200


def test_another_tenants_users_and_plan(service_factory: Callable[..., Service]) -> None:
    """`icws.environment`: its users get in, and its plan answers; the default one's do not."""
    service = service_factory('[icws]\nenvironment = "acme/live"\n')
    control(service, "tenant.add", tenant="acme")
    control(service, "environment.add", environment="acme/live", dial_plan="example")
    with_user(service, USER, "acme")
    with_user(service, OTHER, "default")
    assert connect(service, OTHER).status == 400
    told = Session.opened(service).details("8004562354").json()
    assert told["defaultClassification"] == "Tool Free"


def test_a_restart_ends_all(service_factory: Callable[..., Service]) -> None:
    """401, upon which programs connect anew."""
    service = with_user(service_factory(EXAMPLE))
    session = Session.opened(service)
    service.stop()
    service.start()
    assert error_of(session.details("6929")) == EXPIRED
    assert connect(service).status == 201


def test_ten_thousand_sessions(service_factory: Callable[..., Service]) -> None:
    """One more is refused, and told so; the process has grown by no more than 30 MB.

    Of many who ask at once for the last place, one gets it.
    """
    service = with_user(service_factory(f"{EXAMPLE}[icws]\nsessions_per_user = 10000\n"))
    with_user(service, OTHER)
    first = Session.opened(service)
    before = resident(service)
    body = dumped({"userID": USER, "password": PASSWORD})
    with Wire(service.http_port) as wire:
        for _ in range(9_999):
            assert wire.ask("POST", "/icws/connection", {}, body).status == 201
    assert resident(service) - before < 30_000_000
    refused = connect(service, OTHER)
    assert error_of(refused) == (503, "error.server.notAcceptingConnections", 0)
    assert first.details("6929").status == 200
    assert first.ask("DELETE", "/connection").status == 204
    body = dumped({"userID": OTHER, "password": PASSWORD})
    with ExitStack() as stack:
        wires = [stack.enter_context(Wire(service.http_port)) for _ in range(9)]
        for wire in wires:
            wire.send(request("POST", "/icws/connection", {}, body))
        statuses = sorted(wire.answer("POST").status for wire in wires)
    assert statuses == [201, *[503] * 8]
    assert sessions_of(service) == 10_000


def resident(service: Service) -> int:
    """Give the bytes of memory that the process has."""
    fields = Path(f"/proc/{service.pid}/statm").read_text().split()
    return int(fields[1]) * 4096


def test_no_secret_is_logged(here: Service) -> None:
    """Neither token nor cookie nor password, whatever becomes of the request."""
    session = Session.opened(here)
    session.details("6929")
    session.details(None)
    session.showing(token="x").state()
    last = ask(here, "POST", "/icws/connection", {}, dumped({"userID": 1, "password": PASSWORD}))
    until(lambda: last.headers["x-request-id"] in here.log_path.read_text())
    text = here.log_path.read_text()
    for secret in (session.token, session.cookie.partition("=")[2], PASSWORD):
        assert secret not in text
    line = next(each for each in here.log("request") if session.id in each["path"])
    assert line["user"] == USER
    assert line["environment"] == "default/default"


@pytest.mark.parametrize(
    "user", ["a\r\nSet-Cookie: x=y", '", "level": "error"', "\u202ea", "\x1b[2J"]
)
def test_nothing_that_is_sent_becomes_a_header_or_a_line(here: Service, user: str) -> None:
    """Names are data; the log stays one line each, of JSON."""
    begun = len(here.log_path.read_text().splitlines())
    answer = connect(here, user)
    assert answer.status == 400
    assert "set-cookie" not in answer.headers
    until(lambda: any(each["status"] == 400 for each in here.log("request")))
    lines = here.log_path.read_text().splitlines()[begun:]
    assert all(line.startswith("{") and line.endswith("}") for line in lines)
    assert "\u202e" not in "".join(lines)
