"""Services that share one PostgreSQL, run as an administrator runs them."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from testbed.fetch import bring_postgres
from testbed.line import Line
from testbed.ports import PortBlock
from testbed.postgres import Cluster, cluster
from testbed.service import Service

KEY = {"INTERACT_IVR_ANI_KEY": "the same for all nodes"}
SECONDS_TO_MEND = 5.0


@pytest.fixture(scope="module")
def server() -> Iterator[Cluster]:
    """Give a PostgreSQL that a test may stop, and must start again."""
    with PortBlock() as ports, cluster(bring_postgres(), port=ports.first) as server:
        yield server


@pytest.fixture
def nodes(server: Cluster, tmp_path: Path) -> Iterator[tuple[Service, Service]]:
    """Give two services on one new database."""
    name = f"shared_{time.time_ns()}"
    server.run("psql", "-q", "-d", "postgres", "-c", f"CREATE DATABASE {name}")
    with ExitStack() as stack:
        made = [Service(tmp_path / each, store=server.url(name)) for each in ("one", "two")]
        for service in made:
            service.environment |= KEY
            stack.enter_context(service)
        yield made[0], made[1]


def dial(service: Service, line: Line) -> dict[str, str]:
    """Dial a number at another node, and give what its channel knows then."""
    return Line(service, line.number, "call").call().variables


def ready(service: Service) -> int:
    """Give the status of the readiness probe."""
    try:
        with urllib.request.urlopen(f"{service.http}/readyz") as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code


def test_what_one_node_lends_a_call_retrieves_at_the_other(nodes: tuple[Service, Service]) -> None:
    """And both tell the same of it, journal and pool."""
    one, two = nodes
    line = Line.taken_into(one)
    assert line.allocate("a customer")["number"] == line.key
    channel = dial(two, line)
    assert channel["INTERACT_STATUS"] == "FOUND"
    assert channel["INTERACT_ID"] == "a customer"
    told = [[entry["event"] for entry in node.ask("journal")] for node in nodes]
    assert told == [["allocated", "retrieved"]] * 2


def test_status_says_where_the_store_is_and_not_who_we_are(nodes: tuple[Service, Service]) -> None:
    """Its user and its parameters are nobody's to see who looks at a status."""
    status = json.dumps(nodes[0].ask("status"))
    assert "postgresql:///shared_" in status
    assert "interact@" not in status


def test_a_store_that_goes_away_and_comes_back_needs_no_restart(
    nodes: tuple[Service, Service], server: Cluster
) -> None:
    """Calls are told UNAVAILABLE in time, the probe says 503; and soon after all is as before."""
    one, two = nodes
    line = Line.taken_into(one)
    line.allocate("a customer")
    server.kill()
    begun = time.monotonic()
    assert dial(two, line).get("INTERACT_STATUS", "UNAVAILABLE") == "UNAVAILABLE"
    assert time.monotonic() - begun < 2.5
    assert ready(two) == 503
    server.start()
    begun = time.monotonic()
    while ready(two) != 200:
        assert time.monotonic() - begun < SECONDS_TO_MEND
    assert dial(two, line)["INTERACT_ID"] == "a customer"


def test_copies_of_the_store_are_its_operator_s(nodes: tuple[Service, Service]) -> None:
    """The commands for SQLite's file say so, and do nothing."""
    instead = {
        ("backup", "x"): "pg_dump copies it",
        ("restore", "x"): "pg_restore puts a dump back",
        ("migrate",): "serve brings its schema up to date",
    }
    for command, told in instead.items():
        done = nodes[0].command("db", *command)
        assert done.returncode == 1
        assert told in done.stderr


def test_a_server_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    """No stack trace, no address with a user in it; exit status 1."""
    service = Service(tmp_path, store="postgresql://me@127.0.0.1:1/nowhere")
    service.environment |= KEY
    try:
        done = service.command("serve")
    finally:
        service.close()
    assert done.returncode == 1
    assert done.stderr.strip() == "error: the store is unavailable: it cannot be reached"
