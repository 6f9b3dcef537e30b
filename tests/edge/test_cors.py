"""Scripts of other sites: they may ask the native API where that is set, and nothing else ever."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed.desk import Desk

ORIGIN = "https://crm.example"
CALL = "/api/v1/agents/6929/call"
EVENTS = "/api/v1/agents/6929/events"
ALLOWS = "access-control-allow-origin"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Give a desk that lets one origin in."""
    with Desk(tmp_path_factory.mktemp("desk"), f'[http]\ncors_origins = ["{ORIGIN}"]\n') as desk:
        yield desk


def allowed(desk: Desk, path: str, origin: str, method: str = "GET") -> str:
    """Give whom an answer lets in."""
    answer = desk.ask(path, method=method, Origin=origin, Access_Control_Request_Method="POST")
    return answer.headers.get(ALLOWS, "")


def test_unless_it_is_set_nothing_is_said(tmp_path: Path) -> None:
    """No header, and a browser's question before a request is answered as any method unknown."""
    with Desk(tmp_path) as desk:
        for path in (CALL, "/api/v1/openapi.json", "/screen/6929"):
            answer = desk.ask(path, Origin=ORIGIN)
            assert not [name for name in answer.headers if name.startswith("access-control")]
            asked = desk.ask(
                path, method="OPTIONS", Origin=ORIGIN, Access_Control_Request_Method="GET"
            )
            assert asked.status == 405
            assert not [name for name in asked.headers if name.startswith("access-control")]


def test_a_script_of_the_origin_may_read_answers_and_refusals(desk: Desk) -> None:
    """A stream's too; what is kept on the way is kept for that origin, and no cookie is let in."""
    token = desk.token("6929")
    for path, shown in ((CALL, token), (CALL, ""), ("/api/v1/agents/1/call", token)):
        answer = desk.ask(path, shown, Origin=ORIGIN)
        assert answer.headers[ALLOWS] == ORIGIN
        assert answer.headers["vary"] == "Origin"
        assert "X-Request-Id" in answer.headers["access-control-expose-headers"]
        assert "access-control-allow-credentials" not in answer.headers
    with desk.listen(EVENTS, Authorization=f"Bearer {token}", Origin=ORIGIN) as stream:
        assert stream.response.getheader("Access-Control-Allow-Origin") == ORIGIN


def test_a_browser_s_question_is_answered_without_a_token(desk: Desk) -> None:
    """It asks before it sends one: with which methods and which headers a script may come."""
    told = desk.ask(
        CALL,
        method="OPTIONS",
        Origin=ORIGIN,
        Access_Control_Request_Method="GET",
        Access_Control_Request_Headers="authorization",
    )
    assert (told.status, told.body) == (204, b"")
    assert told.headers[ALLOWS] == ORIGIN
    assert "GET" in told.headers["access-control-allow-methods"]
    assert "Authorization" in told.headers["access-control-allow-headers"]


@pytest.mark.parametrize(
    "origin",
    [
        "http://crm.example",
        "https://crm.example:444",
        "https://crm.example.evil",
        "https://evil.crm.example",
        "HTTPS://CRM.EXAMPLE",
        "https://crm.example/",
        "https://crm.example, https://crm.example",
        "null",
        "*",
    ],
)
def test_another_origin_is_let_in_nowhere(desk: Desk, origin: str) -> None:
    """Not by likeness, not as nobody."""
    assert allowed(desk, CALL, origin) == ""
    assert allowed(desk, CALL, origin, "OPTIONS") == ""


@pytest.mark.parametrize(
    "path",
    ["/screen/6929", "/healthz", "/icws/connection", "/interact/version/2/dnis", "/api/v1", "/no"],
)
def test_nothing_but_the_native_api_is_opened(desk: Desk, path: str) -> None:
    """Neither the pages nor the vendor's APIs."""
    assert allowed(desk, path, ORIGIN) == ""
    assert allowed(desk, path, ORIGIN, "OPTIONS") == ""
