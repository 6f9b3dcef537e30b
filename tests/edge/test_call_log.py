"""Whoever is on call finds a call by its id: each line of it says which call it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from testbed.agi_peer import Peer, environment
from testbed.line import control
from testbed.service import Service

ONE, OTHER = "380974520200", "380974520201"
PBX = '[[pbx]]\nname = "main"\nari_url = ""\nami_host = ""\n'


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Give a running service that knows one PBX."""
    with Service(tmp_path_factory.mktemp("service"), PBX) as running:
        running.import_numbers(ONE, OTHER)
        yield running


def call(service: Service, script: str, *arguments: str, **variables: str) -> None:
    """Lead a call's session to its end."""
    with Peer.call(service.agi_port) as peer:
        peer.send(environment(script, *arguments, **variables))
        peer.converse()


def found(service: Service) -> None:
    """Retrieve what waits for the call."""
    control(service, "allocate", interaction="waits")
    call(service, "retrieve_interaction", ONE, uniqueid="main-1.1")


def another_is_freed(service: Service) -> None:
    """Free an allocation, which is told by whoever writes the store."""
    control(service, "allocate", interaction="is freed")
    for number in (ONE, OTHER):
        call(service, "free_number", number, uniqueid="main-1.1")


def several_fit(service: Service) -> None:
    """Dial a DNID that two numbers have, of two applications."""
    control(service, "application.add", application="another")
    for number, application in (("380974520300", "default"), ("380974520301", "another")):
        control(
            service,
            "number.import",
            rows=[{"line": 1, "number": number, "dnid": "0300"}],
            application=application,
        )
    call(service, "retrieve_interaction", "0300", uniqueid="main-1.1")


def not_a_script(service: Service) -> None:
    """Ask for what there is none of."""
    call(service, "nothing_of_the_kind", uniqueid="main-1.1")


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        (found, {"the call was told"}),
        (another_is_freed, {"freed", "the call was told"}),
        (several_fit, {"dnid fits several numbers", "the call was told"}),
        (not_a_script, {"no such script"}),
    ],
)
def test_each_line_of_a_call_has_its_id_and_its_pbx(
    service: Service, story: Callable[[Service], None], expected: set[str]
) -> None:
    """Also those of the pool, and of the thread that writes; where one PBX is, it is that one."""
    before = len(service.log())
    story(service)
    lines = [line for line in service.log()[before:] if _is_a_calls(line)]
    assert {line["event"] for line in lines} >= expected
    assert {(line.get("call"), line.get("pbx")) for line in lines} == {("main-1.1", "main")}


def _is_a_calls(line: dict[str, Any]) -> bool:
    """Leave out what was asked over the control socket before the call."""
    return line["event"] not in ("allocated", "request", "administration")


def test_two_calls_at_once_are_told_apart(service: Service) -> None:
    """What one call is, is not said in another's lines."""
    before = len(service.log())
    with Peer.call(service.agi_port) as first, Peer.call(service.agi_port) as second:
        first.send(environment("retrieve_interaction", ONE, uniqueid="main-1.2"))
        second.send(environment("retrieve_interaction", ONE, uniqueid="main-1.3"))
        first.converse()
        second.converse()
    told = [line for line in service.log()[before:] if line["event"] == "the call was told"]
    assert sorted(line["call"] for line in told) == ["main-1.2", "main-1.3"]
    assert {line["pbx"] for line in told} == {"main"}
