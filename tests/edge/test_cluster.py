"""Two services on one PostgreSQL: they know of each other, and one does what is done once."""

from __future__ import annotations

import json
import re
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from interact_ivr.control.client import Refused, ask
from interact_ivr.domain.names import ulid_time
from interact_ivr.stores.operations.times import from_micros
from testbed.api import Api
from testbed.line import Line, control
from testbed.service import Service
from tests.contract.cluster import databases

KEY = {"INTERACT_IVR_ANI_KEY": "the same for all nodes"}
NAMES = ("one", "two")
HOLD_SECONDS = 0.5
SLACK_SECONDS = 4.0
"""For a machine that does much else."""


@dataclass(frozen=True)
class Nodes:
    """Services by name, and a connection of the test's own to their database."""

    by_name: dict[str, Service]
    database: psycopg.Connection[tuple[Any, ...]]

    def rows(self, statement: str, *values: object) -> Sequence[tuple[Any, ...]]:
        """Give what SQL gives."""
        cursor = self.database.execute(statement, values)
        return cursor.fetchall() if cursor.description else []

    def on_duty(self) -> str:
        """Say which node sweeps."""
        query = "SELECT node.name FROM duty JOIN node USING (incarnation) WHERE duty.name = 'sweep'"
        return next(iter([name for (name,) in self.rows(query)]), "")

    def expired(self, interaction: str) -> list[float]:
        """Say how many seconds after its instant each expiry of *interaction* was put on record."""
        query = "SELECT id, at FROM journal WHERE event = 'expired' AND interaction = %s"
        return [
            (ulid_time(id_) - from_micros(at)).total_seconds()
            for id_, at in self.rows(query, interaction)
        ]


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    """Give two services, whose numbers wait for half a second."""
    shared = databases()
    place = shared.take()
    store = shared.cluster.url(place)
    with ExitStack() as stack:
        by_name = {}
        for name in NAMES:
            settings = f'[node]\nname = "{name}"\n[pool]\nhold_for_seconds = {HOLD_SECONDS}\n'
            by_name[name] = Service(tmp_path_factory.mktemp(name), settings, store=store)
            by_name[name].environment |= KEY
            stack.enter_context(by_name[name])
        database = psycopg.connect(store, autocommit=True)
        yield Nodes(by_name, stack.enter_context(database))
    shared.give_back(place)


def until(holds: Callable[[], bool], seconds: float) -> None:
    """Wait for something, but not for longer."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline


def shown(service: Service) -> dict[str, Any]:
    """Give the nodes that a service knows, each by its name."""
    return {node["name"]: node for node in control(service, "status")["nodes"]}


def metrics(service: Service) -> dict[str, float]:
    """Give what a service tells of nodes to Prometheus."""
    with urllib.request.urlopen(f"{service.http}/metrics", timeout=5) as answer:
        found = re.findall(r"(?m)^interact_ivr_(node\S+) (\S+)$", answer.read().decode())
    return {name: float(value) for name, value in found}


def test_every_node_shows_all_of_them(nodes: Nodes) -> None:
    """The one that is asked comes first; with version, address, age, and how it stands there."""
    for name, service in nodes.by_name.items():
        until(lambda: len(metrics(service)) == 3, 5 + SLACK_SECONDS)  # noqa: B023  called here
        assert metrics(service)["nodes_alive"] == 2
        assert metrics(service)[f'node_age_seconds{{node="{name}"}}'] < 5 + SLACK_SECONDS
        seen = shown(service)
        assert [*seen] == [name, *sorted({*NAMES} - {name})]
        assert [node["this"] for node in seen.values()] == [True, False]
        for other, node in seen.items():
            its = nodes.by_name[other]
            assert node["alive"]
            assert node["seen_seconds_ago"] < 5 + SLACK_SECONDS
            assert node["address"] == its.http.removeprefix("http://")
            assert (node["facts"]["process"], node["facts"]["pbx"]) == (its.pid, [])


def test_what_the_page_shows_is_what_is_printed(nodes: Nodes) -> None:
    """Its commands do, and the table has its columns, a node a line."""
    page = (Path(__file__).parents[2] / "docs/nodes.md").read_text("utf-8")
    _, _, section = page.partition("\n## Who is there\n")
    commands, sample = re.findall(r"^```\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)[:2]
    table, facts = (
        nodes.by_name["one"].command(*line.split()[1:]).stdout for line in commands.splitlines()
    )
    assert sample.splitlines()[0].split() in [line.split() for line in table.splitlines()]
    assert [node["name"] for node in json.loads(facts)["nodes"]] == [*NAMES]
    assert re.search(r"one +this one +\S+ +127", table)
    assert re.search(r"two +alive +\S+ +127", table)


def test_a_token_that_is_taken_back_at_one_node_is_good_at_none(nodes: Nodes) -> None:
    """Within two seconds; and so is one good that was given out."""
    one, two = nodes.by_name["one"], nodes.by_name["two"]
    here = Api.of(one, "viewer")
    there = Api(two, here.token)
    until(lambda: there.ask("GET", "/numbers").status == 200, 2 + SLACK_SECONDS)
    control(one, "token.remove", prefix=here.token[:12])
    assert here.ask("GET", "/numbers").status == 401
    until(lambda: there.ask("GET", "/numbers").status == 401, 2 + SLACK_SECONDS)


def test_an_environment_whose_plan_a_node_lacks_is_not_served_there(
    nodes: Nodes, tmp_path: Path
) -> None:
    """It says so, and takes all else that was changed; once it has the file it serves that, too."""
    plan = tmp_path / "ours.toml"
    environment = "INSERT INTO environment (id, tenant, name, dial_plan) VALUES"
    nodes.rows(f"{environment} (7, 'default', 'ours', '{plan}'), (8, 'default', 'theirs', NULL)")
    nodes.rows("UPDATE inventory SET directory_revision = directory_revision + 1")
    for service in nodes.by_name.values():
        until(lambda: is_served(service, "theirs"), 2 + SLACK_SECONDS)  # noqa: B023  called here
        assert not is_served(service, "ours")
        (told,) = service.log("environments are not served here")
        assert str(plan) in told["faults"][0]
    plan.write_text('name = "ours"\nextends = "nanp"\n')
    for service in nodes.by_name.values():
        until(lambda: is_served(service, "ours"), 2 + SLACK_SECONDS)  # noqa: B023  called here
    for name in ("ours", "theirs"):
        control(nodes.by_name["one"], "environment.remove", environment=name)


def is_served(service: Service, environment: str) -> bool:
    """Say whether a service knows an environment."""
    try:
        control(service, "explain", number="1", environment=environment)
    except Refused:
        return False
    return True


@pytest.mark.parametrize("name", NAMES)
def test_an_expiry_is_on_record_once_and_in_time(nodes: Nodes, name: str) -> None:
    """Within a second of its instant, whichever node has allocated, and though only one sweeps."""
    Line.taken_into(nodes.by_name[name]).allocate(f"of {name}")
    until(lambda: bool(nodes.expired(f"of {name}")), HOLD_SECONDS + 1 + SLACK_SECONDS)
    (late,) = nodes.expired(f"of {name}")
    assert -0.001 < late < 1 + SLACK_SECONDS


def test_a_node_that_dies_is_stood_in_for(nodes: Nodes) -> None:
    """Expiries go on record within five seconds; it is shown as silent, for a day."""
    name = nodes.on_duty()
    dead = nodes.by_name[name]
    (alive,) = (service for service in nodes.by_name.values() if service is not dead)
    Line.taken_into(alive).allocate("of the dead")
    dead.kill()
    until(lambda: bool(nodes.expired("of the dead")), 5 + SLACK_SECONDS)
    (late,) = nodes.expired("of the dead")
    assert late < 5 + SLACK_SECONDS
    assert nodes.on_duty() != name
    nodes.rows("UPDATE node SET alive_until = seen_at WHERE name = %s", name)  # ten seconds pass
    (told,) = alive.wait_log("a node is silent", timeout_seconds=5 + SLACK_SECONDS)
    assert told["node"] == name
    assert [node["alive"] for node in shown(alive).values()] == [True, False]
    assert metrics(alive)["nodes_alive"] == 1
    assert re.search(rf"{name} +silent", alive.command("status").stdout)
    dead.start()
    until(lambda: shown(alive)[name]["alive"], 5 + SLACK_SECONDS)
    assert len(control(alive, "status")["nodes"]) == 2


def test_two_nodes_of_one_name_are_told_of_each_other(nodes: Nodes) -> None:
    """Both are shown, and both serve; one that stops in order is shown no more."""
    one, two = nodes.by_name.values()
    two.stop()
    assert [*shown(one)] == ["one"]
    two.config.write_text(two.config.read_text().replace('"two"', '"one"'))
    two.start()
    for service in (one, two):
        (told,) = service.wait_log("another node has this name", timeout_seconds=10)
        assert told["node"] == "one"
        (warning,) = control(service, "status")["warnings"]
        assert warning.startswith("node.name: another process is 'one', too")
        assert [node["name"] for node in control(service, "status")["nodes"]] == ["one", "one"]
        line = Line.taken_into(service)
        assert line.allocate(f"at {service.pid}")["number"] == line.key
        control(service, "free", number=line.number)


@pytest.mark.long
def test_what_a_killed_node_has_hidden_another_takes_away(nodes: Nodes) -> None:
    """Ten seconds after the last step of its import; then the other has room for all of it."""
    hidden = "SELECT count(*) FROM number WHERE free_from < (SELECT floor FROM inventory)"
    one, two = nodes.by_name.values()
    rows = [{"line": 1, "number": "447700000000-447700099999"}]
    with ThreadPoolExecutor(1) as threads:
        asked = one.control_socket, "number.import", {"rows": rows}
        importing = threads.submit(ask, *asked, timeout=60)
        until(lambda: nodes.rows(hidden)[0][0] > 0, 60 + SLACK_SECONDS)
        one.kill()
        assert importing.exception() is not None
    until(lambda: nodes.rows(hidden)[0][0] == 0, 60 + SLACK_SECONDS)
    assert two.wait_log("unfinished import taken away")[0]["numbers"] > 0
    assert Line.taken_into(two, number="447700000000").allocate("the first of them")
