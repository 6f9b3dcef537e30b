"""The native API of agents' calls over real sockets: who sees what, and in which words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from interact_ivr.domain.access import Role
from interact_ivr.domain.phone_calls import Party, PhoneState
from interact_ivr.domain.values import Status
from interact_ivr.service.sites import Site
from testbed.desk import ACME, BOLT, CALLER, NUMBER, Desk, customer, on_phone

BASE = "/api/v1"
CALL = f"{BASE}/agents/6929/call"
CALLS = f"{BASE}/agents/6929/calls"
EVENTS = f"{BASE}/agents/6929/events"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Give a desk without a call."""
    with Desk(tmp_path) as desk:
        yield desk


def problem(desk: Desk, path: str, token: str) -> tuple[int, str]:
    """Ask for what is refused, and give the status and the code."""
    answer = desk.ask(path, token)
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status, answer.json()["code"]


def test_a_call_has_all_that_a_screen_needs(desk: Desk) -> None:
    """The interaction, how it was found, both numbers with their details, and who else is there."""
    desk.told()
    colleague = Party("p2", extension="6930", number="6930", name="Carl")
    desk.shows(on_phone(customer(), colleague))
    shown = desk.ask(CALL, desk.token("6929")).json()
    caller, dialed = shown.pop("caller"), shown.pop("dialed")
    assert (caller["normalized_text"], caller["display_text"]) == (CALLER, "(408) 555-1234")
    assert (dialed["normalized_text"], dialed["queue_type"]) == (NUMBER, "none")
    assert shown.pop("since") == shown.pop("began")
    assert shown == {
        "state": "ringing",
        "extension": "6929",
        "pbx": "main",
        "uniqueid": "p1",
        "interaction": "basket-4711",
        "status": "FOUND",
        "waited_seconds": 134,
        "group": "sales",
        "allocation": "0" * 26,
        "others": [
            {"uniqueid": "c1", "extension": None, "number": CALLER, "name": "Ann Smith"},
            {"uniqueid": "p2", "extension": "6930", "number": "6930", "name": "Carl"},
        ],
    }


def test_a_call_comes_and_goes(desk: Desk) -> None:
    """204, then the call in its states; over, it is 204 again and the first of the last calls."""
    token = desk.token("6929")
    assert desk.ask(CALL, token).status == 204
    assert desk.ask(CALLS, token).json() == {"calls": []}
    for state in PhoneState:
        desk.shows(on_phone(state=state))
        assert desk.ask(CALL, token).json()["state"] == state
    desk.over()
    assert (desk.ask(CALL, token).status, desk.ask(CALL, token).body) == (204, b"")
    (past,) = desk.ask(CALLS, token).json()["calls"]
    assert past["state"] == "held"
    assert past["ended_at"] >= past["since"]


def test_the_last_calls_are_as_many_as_are_asked_for(desk: Desk) -> None:
    """The last one first; a limit that cannot be is named."""
    token = desk.token("6929")
    for count in range(4):
        desk.shows(on_phone(customer(f"c{count}"), uniqueid=f"p{count}"))
        desk.over(f"p{count}")
    calls = desk.ask(f"{CALLS}?limit=3", token).json()["calls"]
    assert [each["uniqueid"] for each in calls] == ["p3", "p2", "p1"]
    for limit in ("0", "51", "x", ""):
        assert desk.ask(f"{CALLS}?limit={limit}", token).json()["field"] == "limit"


@pytest.mark.parametrize("told", [True, False])
def test_who_hides_a_number_has_it_hidden(desk: Desk, told: bool) -> None:
    """null, and nothing of it anywhere in the answer."""
    if told:
        desk.told(ani=None)
    desk.shows(on_phone(customer(number="", name="")))
    token = desk.token("6929")
    shown = desk.ask(CALL, token)
    assert shown.json()["caller"] is None
    assert shown.json()["others"][0]["number"] is None
    assert CALLER[1:] not in shown.text
    assert CALLER[1:] not in desk.ask(f"{BASE}/calls/c1", token).text


def test_without_a_look_up_the_call_is_shown_as_it_came(desk: Desk) -> None:
    """No status, but the numbers by the PBX; with one that found nothing, its status."""
    token = desk.token("6929")
    desk.shows(on_phone())
    shown = desk.ask(CALL, token).json()
    assert (shown["interaction"], shown["status"]) == (None, None)
    assert (shown["caller"]["normalized_text"], shown["dialed"]["normalized_text"]) == (
        CALLER,
        NUMBER,
    )
    desk.told(interaction=None, status=Status.LATE)
    shown = desk.ask(CALL, token).json()
    assert (shown["interaction"], shown["status"], shown["group"]) == (None, "LATE", None)


def test_what_is_dialed_and_is_no_number_is_null(desk: Desk) -> None:
    """A name, or nothing but signs."""
    desk.shows(on_phone(customer(number="()", dialed="")))
    shown = desk.ask(CALL, desk.token("6929")).json()
    assert (shown["caller"], shown["dialed"]) == (None, None)


# Who sees what


def test_a_bound_token_sees_its_extensions_and_no_other(desk: Desk) -> None:
    """403 on each of another's addresses, whether or not a call is there; its own are its own."""
    desk.told()
    desk.shows(on_phone())
    token = desk.token("6930", "6931")
    for what in ("call", "calls", "events"):
        assert problem(desk, f"{BASE}/agents/6929/{what}", token) == (403, "not_permitted")
        assert problem(desk, f"{BASE}/agents/nobody/{what}", token) == (403, "not_permitted")
    assert problem(desk, f"{BASE}/calls/c1", token) == problem(desk, f"{BASE}/calls/no", token)
    assert desk.ask(f"{BASE}/agents/6931/call", token).status == 204
    for longer in ("69300", "693", "6930%20", "6930%2C6931", "%2A6930"):
        assert desk.ask(f"{BASE}/agents/{longer}/call", token).status == 403, longer


def test_a_call_is_seen_by_those_on_whose_phones_it_is_or_was(desk: Desk) -> None:
    """By the customer's channel and by the phone's; after a transfer by the second one, too.

    Each is told of the own phone only, and not how it goes on with others.
    """
    desk.told()
    desk.shows(on_phone())
    first, second = desk.token("6929"), desk.token("6930")
    assert problem(desk, f"{BASE}/calls/c1", second) == (404, "no_such_call")
    known = desk.ask(f"{BASE}/calls/c1", first).json()
    assert (known["interaction"], known["caller"]["normalized_text"]) == ("basket-4711", CALLER)
    assert known["asked_at"] is not None
    assert [each["extension"] for each in known["phones"]] == ["6929"]
    desk.over()
    desk.shows(on_phone(uniqueid="p2", extension="6930"))
    for token, phones in ((first, ["6929"]), (second, ["6930"]), (desk.token(), ["6930", "6929"])):
        known = desk.ask(f"{BASE}/calls/c1", token).json()
        assert known["interaction"] == "basket-4711"
        assert [each["extension"] for each in known["phones"]] == phones
        assert [each["ended_at"] is None for each in known["phones"]] == [
            extension == "6930" for extension in phones
        ]
    assert problem(desk, f"{BASE}/calls/p2", first) == (404, "no_such_call")
    assert desk.ask(f"{BASE}/calls/p2", second).json()["interaction"] == "basket-4711"


def test_what_a_colleague_talks_of_later_is_not_seen(desk: Desk) -> None:
    """Who once talked to a colleague sees that call, and not the colleague's own."""
    desk.told()
    desk.shows(on_phone(customer("c2"), Party("p2", extension="6930", near=True)))
    desk.over()
    desk.shows(on_phone(uniqueid="p2", extension="6930"))
    known = desk.ask(f"{BASE}/calls/p2", desk.token("6929")).json()
    assert known["interaction"] is None
    assert [each["extension"] for each in known["phones"]] == ["6929"]


def test_another_environments_token_sees_nothing(desk: Desk) -> None:
    """Whatever its role: as if the phone had no call, the same digits notwithstanding."""
    desk.told()
    desk.shows(on_phone())
    for role in (Role.AGENT, Role.VIEWER, Role.ADMIN):
        other = desk.token(role=role, environment=BOLT)
        assert desk.ask(CALL, other).status == 204
        assert desk.ask(CALLS, other).json() == {"calls": []}
        assert problem(desk, f"{BASE}/calls/c1", other) == (404, "no_such_call")
        assert problem(desk, f"{BASE}/calls/p1", other) == (404, "no_such_call")
        with desk.listen(EVENTS, Authorization=f"Bearer {other}") as stream:
            first = stream.next()
            assert (first and first.data) == "null"
        assert desk.ask(CALL, desk.token(role=role)).status == 200


def test_who_must_show_what(desk: Desk) -> None:
    """Nobody, a program's token, and an application's see nothing; each is told so."""
    paths = (CALL, CALLS, EVENTS, f"{BASE}/calls/c1")
    program = desk.token(role=Role.APPLICATION)
    of_application = desk.token(application="default")
    for path in paths:
        assert problem(desk, path, "") == (401, "unauthenticated")
        assert problem(desk, path, "0" * 64) == (401, "unauthenticated")
        assert problem(desk, path, program) == (403, "not_permitted")
    for path in paths[:3]:  # a phone's calls are of no application
        assert problem(desk, path, of_application) == (403, "not_permitted")
    desk.shows(on_phone())
    assert problem(desk, paths[3], of_application) == (404, "no_such_call")


@pytest.mark.parametrize(
    ("written", "extension"),
    [
        ("%2A69", "*69"),
        ("*69", "*69"),
        ("%2369", "#69"),
        ("a.b-c_d", "a.b-c_d"),
        ("%2B1", "+1"),
        ("+1", "+1"),
        ("%C3%A4nne", "\u00e4nne"),
        ("a%2Fb", "a/b"),
        ("a%3Fb", "a?b"),
        ("100%25", "100%"),
    ],
)
def test_an_extension_is_written_as_addresses_are(desk: Desk, written: str, extension: str) -> None:
    """Percent-encoded or not, it is that one and no other."""
    desk.shows(on_phone(extension=extension))
    token = desk.token()
    shown = desk.ask(f"{BASE}/agents/{written}/call", token)
    assert shown.json()["extension"] == extension
    with desk.listen(f"{BASE}/agents/{written}/events", Authorization=f"Bearer {token}") as stream:
        told = stream.next()
        assert told is not None
        assert json.loads(told.data)["extension"] == extension


@pytest.mark.parametrize("written", ["%00", "%0D%0AX-A:%20b", "x" * 129, "%E2%80%AE"])
def test_what_no_extension_can_be_is_named(desk: Desk, written: str) -> None:
    """400, without becoming a header or a line."""
    answer = desk.ask(f"{BASE}/agents/{written}/call", desk.token())
    assert (answer.status, answer.json()["field"]) == (400, "extension")
    assert "x-a" not in answer.headers


def test_on_several_pbxes_one_is_named(tmp_path: Path) -> None:
    """The one that is named; without one it is asked for, and another than those is refused."""
    with Desk(tmp_path, sites=[Site("main", (ACME,)), Site("side", (ACME, BOLT))]) as desk:
        token = desk.token("6929")
        desk.shows(on_phone(pbx="side"))
        assert desk.ask(f"{CALL}?pbx=side", token).json()["pbx"] == "side"
        assert desk.ask(f"{CALL}?pbx=main", token).status == 204
        for query in ("", "?pbx=other", "?pbx=", "?pbx=main&pbx=side"):
            for path in (CALL, CALLS, EVENTS):
                refused = desk.ask(f"{path}{query}", token)
                assert (refused.status, refused.json()["field"]) == (400, "pbx")
        assert desk.ask(f"{BASE}/calls/p1", token).json()["pbx"] == "side"


def test_head_tells_without_a_body(desk: Desk) -> None:
    """Also of a stream, which it does not begin."""
    token = desk.token("6929")
    for path, status in ((CALL, 204), (CALLS, 200), (EVENTS, 200)):
        answer = desk.ask(path, token, "HEAD")
        assert (answer.status, answer.body) == (status, b"")
    assert desk.do(len, desk.house.streams) == 0


def test_nothing_is_stored_on_the_way(desk: Desk) -> None:
    """And no answer is taken for another kind of content."""
    token = desk.token("6929")
    desk.shows(on_phone())
    answers: list[Any] = [desk.ask(path, token) for path in (CALL, CALLS, f"{BASE}/calls/p1")]
    with desk.listen(EVENTS, Authorization=f"Bearer {token}") as stream:
        kept = dict(stream.response.getheaders())
    headers = [each.headers for each in answers] + [{k.lower(): v for k, v in kept.items()}]
    for each in headers:
        assert each["cache-control"] == "no-store"
        assert each["x-content-type-options"] == "nosniff"
        assert each["x-request-id"]
