"""``number_details`` over FastAGI and through the stub, with a peer that plays Asterisk."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from interact_ivr.agi.detail_variables import Detail
from testbed.agi_peer import Channel, Peer, environment, plain_environment
from testbed.icws import EXAMPLE
from testbed.line import control
from testbed.service import Service
from tests.edge.test_stub import at, started

SCRIPT = "number_details"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Give a service with the example's plan."""
    with Service(tmp_path_factory.mktemp("details"), EXAMPLE) as service:
        yield service


def told(service: Service, *arguments: str, query: str = "", **call: str) -> Channel:
    """Lead a session, and give what the channel knows after it."""
    with Peer.call(service.agi_port) as peer:
        peer.send(environment(f"{SCRIPT}?{query}", *arguments, **call))
        return peer.converse()


def nothing(status: str, prefix: str = "NUMBER") -> dict[str, str]:
    """Give the variables of a number of which nothing is known."""
    return {f"{prefix}_{name}": "" for name in Detail} | {f"{prefix}_STATUS": status}


def test_a_number_in_one_command(here: Service) -> None:
    """All of it, the status last of all; queue, Local and agent legs have them, too."""
    channel = told(here, "8004562354")
    assert [*channel.variables] == [f"NUMBER_{name}" for name in Detail]
    assert channel.variables["NUMBER_DISPLAY"] == "(Tool Free) 1 (800) 456-2354"
    assert channel.last_pair == "NUMBER_STATUS"
    assert channel.inherited == {*channel.variables}
    assert len(channel.commands) == 1


def test_a_prefix(here: Service) -> None:
    """Two numbers on one channel."""
    assert told(here, "6929", "CALLER").variables["CALLER_NORMALIZED"] == "/6929"


def test_the_stub_tells_the_same(here: Service) -> None:
    """It relays, and knows nothing of scripts."""
    opening = plain_environment(at(here.agi_port, SCRIPT), "6929", "X")
    with started(opening) as (peer, _):
        relayed = peer.converse()
    assert relayed.variables == told(here, "6929", "X").variables


@pytest.mark.parametrize("number", ["", "()", "Anonymous", "unknown", "restricted", "x" * 0])
def test_what_is_no_number(here: Service, number: str) -> None:
    """Words that stand for none, too, though a telephone's keys would spell them."""
    assert told(here, number).variables == nothing("NOT_A_NUMBER")


CALLERS = [
    ("2125550123", "0", "RESOLVED"),
    ("2125550123", "3", "RESOLVED"),
    ("2125550123", "32", "WITHHELD"),
    ("2125550123", "35", "WITHHELD"),
    ("2125550123", "67", "WITHHELD"),
    ("unknown", "0", "NOT_A_NUMBER"),
    ("anonymous", "0", "NOT_A_NUMBER"),
    ("bob", "0", "NOT_A_NUMBER"),
    ("", "0", "NOT_A_NUMBER"),
]


@pytest.mark.parametrize(("caller", "presentation", "status"), CALLERS)
def test_without_a_number_it_is_the_callers(
    here: Service, caller: str, presentation: str, status: str
) -> None:
    """Unless it is withheld, or a word: the same callers have no INTERACT_ANI."""
    channel = told(here, callerid=caller, callingpres=presentation)
    assert channel.variables["NUMBER_STATUS"] == status
    if status == "RESOLVED":
        assert channel.variables["NUMBER_NORMALIZED"] == "+12125550123"
    else:
        assert channel.variables == nothing(status)


ODD = [
    "INTERACT",
    "INTERACT_",
    "INTERACT_FREE",
    "_X",
    "__X",
    "A=B",
    "A=1,B",
    "A,B",
    "A)",
    ")(",
    "A B",
    " A",
    "A\t",
    'A"',
    "A\\",
    "A-B",
    "A(B)",
    "${EVIL}",
    "${SET(EVIL=1)}",
    "$[1+1]",
    "é",
    "\N{FULLWIDTH LATIN CAPITAL LETTER A}",
    "\N{ARABIC-INDIC DIGIT ONE}",
    "x" * 33,
    "x" * 8_000,
]


@pytest.mark.parametrize("prefix", ODD)
def test_a_prefix_that_cannot_be_sets_nothing(here: Service, prefix: str) -> None:
    """What the Gosub has set stands, and no command is sent; the log says why."""
    begun = len(here.log("the call was told UNAVAILABLE"))
    channel = told(here, "6929", prefix)
    assert (channel.variables, channel.commands) == ({}, [])
    line = here.wait_log("the call was told UNAVAILABLE", begun + 1)[-1]
    assert line["code"] == "bad_input"


@pytest.mark.parametrize("prefix", ODD)
def test_nor_through_the_stub(here: Service, prefix: str) -> None:
    """It relays what it is given."""
    with started(plain_environment(at(here.agi_port, SCRIPT), "6929", prefix)) as (peer, _):
        assert peer.converse().commands == []


@pytest.mark.parametrize("prefix", ["1", "1A", "911", "x" * 32, "interact", "INTERACTS", "A__B"])
def test_a_prefix_that_can_be(here: Service, prefix: str) -> None:
    """Only its own variables are set, one way and the other."""
    known = told(here, "6929", prefix).variables
    assert {*known} == {f"{prefix}_{name}" for name in Detail}
    with started(plain_environment(at(here.agi_port, SCRIPT), "6929", prefix)) as (peer, _):
        assert peer.converse().variables == known


BREAKS = ["A\r", "A\n", "A\nB", "A\nagi_arg_1: 911", "A\nagi_callerid: 911\nagi_callingpres: 0"]


@pytest.mark.parametrize("prefix", BREAKS)
@pytest.mark.parametrize("number", ["6929", ""])
def test_a_line_break_in_a_prefix(here: Service, prefix: str, number: str) -> None:
    """Asterisk writes it as it is. It changes neither the number nor who calls."""
    call = {"callerid": "2125550123", "callingpres": "0"}
    relayed = plain_environment(at(here.agi_port, SCRIPT), number, prefix, **call)
    with started(relayed) as (peer, _):
        channels = [peer.converse(), told(here, number, prefix, **call)]
    for channel in channels:
        assert {*channel.variables} <= {f"A_{name}" for name in Detail}
        normalized = "/6929" if number else "+12125550123"
        assert channel.variables.get("A_NORMALIZED", normalized) == normalized


def test_a_line_break_sends_the_stub_nowhere_else(here: Service) -> None:
    """The service's address is the one that the Asterisk dialplan has written."""
    elsewhere = "A\nagi_arg_1: agi://127.0.0.1:1/number_details"
    with started(plain_environment(at(here.agi_port, SCRIPT), "6929", elsewhere)) as (peer, _):
        assert peer.converse().variables["A_NORMALIZED"] == "/6929"


def test_an_environment_that_is_not_there(here: Service) -> None:
    """UNAVAILABLE, and why in the log; never another environment's plan."""
    channel = told(here, "6929", query="environment=acme/live")
    assert channel.variables == nothing("UNAVAILABLE")


def test_an_environments_own_plan(here: Service) -> None:
    """Of the environment that is asked for."""
    control(here, "tenant.add", tenant="plans")
    control(here, "environment.add", environment="plans/live", dial_plan="nanp")
    channel = told(here, "8004562354", query="environment=plans/live")
    assert channel.variables["NUMBER_CLASS"] == "Toll Free"


@pytest.mark.parametrize(
    "number", ["6929" * 600, "é" * 300, "1,2", 'a"b\\', "x\ty", "sip:" + "a" * 500]
)
def test_giants_and_odd_signs(here: Service, number: str) -> None:
    """Whatever is asked for, the status comes, and no value is a second command."""
    channel = told(here, number)
    assert channel.variables["NUMBER_STATUS"] in ("RESOLVED", "NOT_A_NUMBER")
    assert {*channel.variables} == {f"NUMBER_{name}" for name in Detail}
