"""What a call and who asks over HTTP get while PostgreSQL fails, and that all is well afterwards.

The rows are those of docs/failures.md. A call is told in time whatever happens, and takes nothing
where it is not told; nothing has to be restarted.
"""

from __future__ import annotations

import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from testbed.agi_peer import Peer
from testbed.api import Api
from testbed.failing_store import FailingStore, failing_store
from testbed.icws import connect, with_user
from testbed.line import Line
from testbed.service import Service
from testbed.store_failures import DISK_FULL, LASTING, LASTING_LONG, PASSING, Failure
from testbed.vendor import Shop, Way

CALL_SECONDS = 2.5
MENDED_SECONDS = 5.0
DOUBT_SECONDS = 14.0
"""For longer than anybody waits who asks over HTTP."""
POLL_SECONDS = 0.02
HOSTS = ["ivr-2.example", "ivr-3.example"]
SETTINGS = f"[icws]\nalternate_hosts = {json.dumps(HOSTS)}\n"
NUMBERS = 40
"""For programs: each test leaves some behind."""


@dataclass(frozen=True)
class House:
    """A node, and everybody who asks it something."""

    store: FailingStore
    node: Service
    native: Api
    rest: Way
    soap: Way

    def call(self, line: Line) -> dict[str, str]:
        """Dial a number, and give what is set on the channel, which is soon."""
        begun = time.monotonic()
        with Peer.call(self.node.agi_port) as peer:
            peer.send(line.opening(dnid=line.key))
            told = peer.converse().variables
        assert time.monotonic() - begun < CALL_SECONDS
        return {name: value for name, value in told.items() if value}

    def ready(self) -> tuple[int, str]:
        """Give the readiness probe's status, and what it says is missing of the store."""
        try:
            with urllib.request.urlopen(f"{self.node.http}/readyz", timeout=5) as answer:
                return int(answer.status), ""
        except urllib.error.HTTPError as refused:
            return refused.code, json.loads(refused.read())["missing"]["store"]

    def wait_until_mended(self) -> None:
        """Wait until it is ready."""
        deadline = time.monotonic() + MENDED_SECONDS
        while self.ready()[0] != 200:
            assert time.monotonic() < deadline, self.ready()
            time.sleep(POLL_SECONDS)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Give a running node on a PostgreSQL that fails on demand."""
    folder = tmp_path_factory.mktemp("failures")
    with failing_store(folder) as store, store.node(folder / "node", SETTINGS) as node:
        with_user(node)
        shop = Shop.opened(node)
        shop.take_in(*(f"3809745300{at:02}" for at in range(2 * NUMBERS)))
        for _ in range(NUMBERS):
            Line.taken_into(node, group="for programs")
        native = Api.of(node, "application")
        yield House(store, node, native, Way(shop, "rest"), Way(shop, "soap"))


@pytest.fixture
def line(house: House) -> Line:
    """Give a number."""
    return Line.taken_into(house.node)


def of_all(failures: list[Failure], *marks: pytest.MarkDecorator) -> list[Any]:
    """Give the rows of a test, by their names."""
    return [pytest.param(each, id=each.name.replace(" ", "_"), marks=marks) for each in failures]


@pytest.mark.parametrize("failure", [*of_all(LASTING), *of_all(LASTING_LONG, pytest.mark.long)])
def test_while_the_store_is_away(house: House, line: Line, failure: Failure) -> None:
    """A call: UNAVAILABLE in time. Over HTTP: refused, each in its form. Then all is as before."""
    line.allocate(failure.name)
    with failure.lasting(house.store), ThreadPoolExecutor(6) as beside:
        asked = {name: beside.submit(ask) for name, ask in asking(house, failure.name).items()}
        assert house.call(line) == {"INTERACT_STATUS": "UNAVAILABLE"}
        status, missing = house.ready()
        refused = {name: of.result() for name, of in asked.items()}
    assert status == 503
    assert re.search(failure.missing, missing), missing
    assert refused == REFUSED
    house.wait_until_mended()
    told = house.call(line)
    assert (told["INTERACT_STATUS"], told["INTERACT_ID"]) == ("FOUND", failure.name)
    answered = {name: ask() for name, ask in asking(house, failure.name).items()}
    assert answered == ANSWERED


def test_while_the_disk_is_full(house: House, line: Line) -> None:
    """The same, but for who only looks whether a commit is possible: it is, as it is small."""
    line.allocate("disk full")
    with DISK_FULL.lasting(house.store):
        assert house.call(line) == {"INTERACT_STATUS": "UNAVAILABLE"}
        told = {name: ask() for name, ask in asking(house, "disk full").items()}
        assert told == REFUSED | {"icws": ANSWERED["icws"]}
        assert house.ready()[0] == 200
    assert house.call(line)["INTERACT_ID"] == "disk full"


@pytest.mark.parametrize("failure", of_all(PASSING))
def test_what_passes_is_not_noticed(house: House, line: Line, failure: Failure) -> None:
    """What was done is found out, what was not is done again: once, and within the call's time."""
    with failure.lasting(house.store):
        line.allocate(failure.name)
    with failure.lasting(house.store):
        told = house.call(line)
    assert (told["INTERACT_STATUS"], told["INTERACT_ID"]) == ("FOUND", failure.name)
    with failure.lasting(house.store):
        assert {name: ask() for name, ask in asking(house, failure.name).items()} == ANSWERED
    assert house.ready()[0] == 200
    assert events_of(house, failure.name) == ["allocated", "retrieved"]


def test_while_the_network_is_slow(house: House, line: Line) -> None:
    """Half a second each way: who is told something is told in time, and it is so.

    A new connection's password takes longer than connecting may, so it depends on what is open.
    """
    line.allocate("slow")
    house.store.relay.delay_seconds = 0.5
    try:
        with ThreadPoolExecutor(6) as beside:
            asked = {name: beside.submit(ask) for name, ask in asking(house, "slow").items()}
            first = house.call(line)["INTERACT_STATUS"]
            told = {name: of.result() for name, of in asked.items()}
    finally:
        house.store.relay.delay_seconds = 0.0
    assert [name for name in told if told[name] not in (ANSWERED[name], REFUSED[name])] == []
    house.wait_until_mended()
    second = house.call(line)["INTERACT_STATUS"]
    assert (first, second, "undelivered" in events_of(house, "slow")) in SLOW


SLOW = [
    ("FOUND", "LATE", False),
    ("UNAVAILABLE", "FOUND", False),
    ("UNAVAILABLE", "LATE", True),
]
"""What a call is told, what the next one is, and whether it is on record that the first was not."""


@pytest.mark.long
def test_what_a_call_took_is_on_record_however_late(house: House, line: Line) -> None:
    """It was told UNAVAILABLE, and nobody knew for long whether its commit had come through."""
    line.allocate("in doubt")
    lost = house.store.relay.lost
    house.store.relay.lose("plain", for_good=True)
    try:
        assert house.call(line) == {"INTERACT_STATUS": "UNAVAILABLE"}
        assert house.store.relay.lost == lost + 1
        until = time.monotonic() + DOUBT_SECONDS
        while time.monotonic() < until:
            assert house.ready()[0] == 503
    finally:
        house.store.relay.lets_in = True
    deadline = time.monotonic() + MENDED_SECONDS
    while events_of(house, "in doubt") != ["allocated", "retrieved", "undelivered"]:
        assert time.monotonic() < deadline, events_of(house, "in doubt")


def events_of(house: House, interaction: str) -> list[str]:
    """Give what the journal has of an interaction, in its order."""
    query = f"SELECT event FROM journal WHERE interaction = '{interaction}' ORDER BY id"
    return [str(event) for (event,) in house.store.ask(query)]


def asking(house: House, name: str) -> dict[str, Callable[[], tuple[Any, ...]]]:
    """Give what programs ask, and how they read the answer."""

    def native() -> tuple[Any, ...]:
        body = {"interaction": f"native {name}", "group": "for programs"}
        answer = house.native.ask("POST", "/allocations", body)
        return answer.status, answer.json.get("code"), answer.headers.get("Retry-After")

    def rest() -> tuple[Any, ...]:
        answer = house.rest.allocate(f"rest {name}")
        return answer.status, "Internal error" in answer.text

    def soap() -> tuple[Any, ...]:
        answer = house.soap.allocate(f"soap {name}")
        return answer.status, "<faultstring>Internal error" in answer.text

    def icws() -> tuple[Any, ...]:
        answer = connect(house.node)
        return answer.status, answer.json().get("errorId"), answer.json()["alternateHostList"]

    return {"native": native, "rest": rest, "soap": soap, "icws": icws}


REFUSED: dict[str, tuple[Any, ...]] = {
    "native": (503, "store_unavailable", "2"),
    "rest": (500, True),
    "soap": (500, True),
    "icws": (503, "error.server.unavailable", HOSTS),
}
ANSWERED: dict[str, tuple[Any, ...]] = {
    "native": (201, None, None),
    "rest": (200, False),
    "soap": (200, False),
    "icws": (201, None, HOSTS),
}
