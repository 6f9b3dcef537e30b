"""Three nodes on one PostgreSQL are killed at random while customers call at all of them.

Nothing is handed out twice and nothing is lost: from what programs and calls were told, what
callers heard, and the journal.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from testbed.fetch import bring_postgres
from testbed.line import control
from testbed.ports import PortBlock
from testbed.postgres import Cluster, cluster
from testbed.service import Service
from testbed.sites import NAMES, Customers, Site, kill_at_random
from testbed.tools import Tools
from tests.system.fates import Fates, read_journal

SETTINGS = "[pool]\nhold_for_seconds = 3\nrest_for_seconds = 0\nredial_for_seconds = 0\n"
NUMBERS = [f"3809745202{at:02}" for at in range(60)]
LOG = logging.getLogger(__name__)
KEY = {"INTERACT_IVR_ANI_KEY": "the same for all nodes"}
DATABASE = "sites"
SETTLED_SECONDS = 20.0
POLL_SECONDS = 0.1


@pytest.fixture(scope="module")
def server() -> Iterator[Cluster]:
    """Give a PostgreSQL."""
    with PortBlock() as ports, cluster(bring_postgres(), port=ports.first) as server:
        yield server


@pytest.fixture
def sites(server: Cluster, tools: Tools, tmp_path: Path) -> Iterator[list[Site]]:
    """Give three running sites on a new database."""
    server.say(f"DROP DATABASE IF EXISTS {DATABASE}", f"CREATE DATABASE {DATABASE}")
    with ExitStack() as stack:
        made: list[Site] = []
        for name in NAMES:
            node = Service(tmp_path / name, SETTINGS, store=server.url(DATABASE))
            node.environment |= KEY
            stack.enter_context(node)
            if not made:
                node.import_numbers(*NUMBERS)
            made.append(Site.of(name, node, tools, tmp_path / f"pbx-{name}"))
            stack.enter_context(made[-1].pbx)
        yield made


@pytest.mark.timeout(600)
@pytest.mark.parametrize("seconds", [30.0, pytest.param(120.0, marks=pytest.mark.long)])
def test_nothing_is_handed_out_twice_and_nothing_is_lost(
    tools: Tools, server: Cluster, sites: list[Site], seconds: float
) -> None:
    """300 calls and 300 allocations a minute; each interaction has one fate, and none is lost."""
    seed = time.time_ns()
    LOG.warning("seed %s", seed)  # shown where the test fails
    token = control(sites[0].node, "token.add", role="application", environment="")["token"]
    for site in sites[1:]:  # they know of it then
        site.node.kill()
        site.node.start()
    with Customers(tools, sites, token, seed) as customers:
        kills = kill_at_random(sites, seconds, random.Random(seed))
    fates = settled(server, sites, customers)
    LOG.warning("%s kills, %s asked, %s", kills, len(customers.asked), fates)
    assert fates["lost"] == 0
    assert kills >= seconds / 10
    asked = seconds / 60 * 300
    assert len(customers.asked) > 0.8 * asked
    assert fates["found"] > 0.2 * asked
    assert fates["expired"] > 0


def settled(server: Cluster, sites: list[Site], customers: Customers) -> dict[str, int]:
    """Give how many have which fate, once what nobody called for has expired."""
    deadline = time.monotonic() + SETTLED_SECONDS
    while True:
        fates = Fates(sites, customers, read_journal(server.url(DATABASE))).check()
        if not fates["waiting"] or time.monotonic() > deadline:
            return fates
        time.sleep(POLL_SECONDS)
