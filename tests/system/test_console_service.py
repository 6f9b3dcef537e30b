"""The console's Service page in Chromium: two nodes, a real Asterisk and a store, while each fails.

What is shown is what stands then; the page itself is there whatever fails.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from testbed.fetch import bring_postgres
from testbed.line import control
from testbed.ports import PortBlock
from testbed.postgres import Cluster, cluster
from testbed.relay import Relay
from testbed.service import Service
from testbed.tools import Tools
from testbed.watched import Watched

PASSWORD = "correct horse"
KEY = {"INTERACT_IVR_ANI_KEY": "the same for all nodes"}
DATABASE = "interact"
PATIENCE_SECONDS = 60.0


@dataclass(frozen=True)
class Site:
    """What can fail, and the page."""

    watched: Watched
    """The node whose console it is, its Asterisk and what lies between."""
    other: Service
    store: Relay
    """Between the first node and the store."""
    page: Page

    def until(self, *said: str) -> None:
        """Load the page anew until it says all of this."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            self.page.goto(f"{self.watched.service.http}/console/default/service")
            words = re.sub(r"\s+", " ", self.page.locator("main").inner_text())
            missing = [each for each in said if not re.search(each, words)]
            if not missing:
                return
            assert time.monotonic() < deadline, (missing, words)


@pytest.fixture(scope="module")
def server() -> Iterator[Cluster]:
    """Give a PostgreSQL that is reached by TCP."""
    with PortBlock() as ports, cluster(bring_postgres(), port=ports.first, listens=True) as server:
        server.say(f"CREATE DATABASE {DATABASE}")
        yield server


@pytest.fixture
def site(server: Cluster, tools: Tools, tmp_path: Path, browser: Browser) -> Iterator[Site]:
    """Give two nodes; somebody has signed in at the one that watches an Asterisk."""
    with ExitStack() as stack:
        store = stack.enter_context(Relay(server.port))
        watched = Watched(
            *(tools, tmp_path / "one", '[node]\nname = "one"\n'),
            relayed=True,
            store=server.url(DATABASE, store.port),
        )
        other = Service(tmp_path / "two", '[node]\nname = "two"\n', store=server.url(DATABASE))
        for node in (watched.service, other):
            node.environment |= KEY
        for each in (watched, other):
            stack.enter_context(each)
        user = {"tenant": "default", "user": "ann", "password": PASSWORD, "role": "viewer"}
        control(watched.service, "user.add", **user)
        page = stack.enter_context(browser.new_context()).new_page()
        page.goto(f"{watched.service.http}/console")
        page.get_by_label("User").fill("ann")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        yield Site(watched, other, store, page)


@pytest.mark.long
def test_the_page_tells_what_fails(site: Site) -> None:
    """Each in its turn: the PBX is cut and comes again, a node is silent, the store is gone."""
    one, two = site.watched.service, site.other
    addresses = [each.http.removeprefix("http://") for each in (one, two)]
    site.until(
        "It answers calls", "one ?this one alive", "two alive", "testbed: ARI watching", *addresses
    )
    site.watched.relay.freeze()
    site.watched.relay.cut()
    site.until("pbx testbed", r"testbed (unreachable|refused)", "It answers calls")
    site.watched.relay.thaw()
    site.until("Nothing: every check holds", "testbed: ARI watching")
    two.kill()
    site.until("two silent", "one ?this one alive", "It answers calls")
    site.store.lets_in = False
    site.store.cut()
    site.until("It would not answer", "store", "cannot be asked which nodes there are")
    site.store.lets_in = True
    site.until("It answers calls", "two silent")
