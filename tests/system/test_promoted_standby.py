"""PostgreSQL's primary is killed while customers call, and its synchronous standby is promoted.

What was acknowledged is there; calls meanwhile go on in the default IVR; nobody restarts anything.
"""

from __future__ import annotations

import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from testbed.certificate import make_certificate
from testbed.fetch import bring_postgres
from testbed.line import control
from testbed.ports import LOOPBACK, PortBlock
from testbed.postgres import UNPRIVILEGED, USER, Cluster, cluster
from testbed.service import Service, ServiceError
from testbed.sites import Customers, Site
from testbed.standby import standby_of
from testbed.tools import Tools
from tests.system.fates import Fates, read_journal

SETTINGS = "[pool]\nhold_for_seconds = 3\nrest_for_seconds = 0\nredial_for_seconds = 0\n"
NUMBERS = [f"3809745202{at:02}" for at in range(30)]
ENCRYPTED = (
    "SELECT DISTINCT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)"
    " WHERE application_name = 'interact-ivr'"
)
BACK_SECONDS = 5.0
PATIENCE_SECONDS = 30.0
POLL_SECONDS = 0.05


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Cluster, Cluster]]:
    """Give a primary that lets nobody in over TCP without TLS, and its standby."""
    with PortBlock() as ports, ExitStack() as stack:
        made = cluster(bring_postgres(), port=ports.first, listens=True)
        primary = stack.enter_context(made)
        speak_tls(primary)
        yield primary, stack.enter_context(standby_of(primary, ports.first + 1))


def speak_tls(server: Cluster) -> None:
    """Have a server show a certificate of its own."""
    shown = make_certificate(server.folder)
    if os.geteuid() == 0:
        os.chown(shown.key, UNPRIVILEGED, UNPRIVILEGED)
    rules = server.data / "pg_hba.conf"
    trusted = f"hostssl all {USER} {LOOPBACK}/32 trust"
    rules.write_text(f"local all,replication all trust\n{trusted}\n", "utf-8")
    for setting, value in (("cert_file", shown.file), ("key_file", shown.key)):
        server.set(f"ssl_{setting}", f"'{value}'")
    server.set("ssl", "on")


def node_of(servers: tuple[Cluster, Cluster], folder: Path, root: Path) -> Service:
    """Give a node that knows both servers and trusts *root*, not started yet."""
    hosts = ",".join(f"{LOOPBACK}:{server.port}" for server in servers)
    asked = f"sslmode=verify-full&sslrootcert={root}"
    node = Service(folder, SETTINGS, store=f"postgresql://{USER}@{hosts}/postgres?{asked}")
    node.environment |= {"INTERACT_IVR_ANI_KEY": "the same for all nodes"}
    return node


@pytest.fixture
def site(servers: tuple[Cluster, Cluster], tools: Tools, tmp_path: Path) -> Iterator[Site]:
    """Give a site on both servers."""
    root = servers[0].folder / "certificate.pem"
    site = Site.of("one", node_of(servers, tmp_path / "node", root), tools, tmp_path / "pbx")
    with site.node, site.pbx:
        site.node.import_numbers(*NUMBERS)
        yield site


@pytest.mark.timeout(240)
def test_what_was_acknowledged_is_there_and_all_goes_on(
    tools: Tools, servers: tuple[Cluster, Cluster], site: Site
) -> None:
    """The primary dies at once (-9), and some time later its standby is told to take over."""
    primary, standby = servers
    token = control(site.node, "token.add", role="application", environment="")["token"]
    with Customers(tools, [site], token, seed=0) as customers:
        wait_until(lambda: told(site, "FOUND") >= 3)
        assert primary.say(ENCRYPTED) == "t\n"
        primary.kill()
        wait_until(lambda: told(site, "UNAVAILABLE") >= 3)
        assert not is_ready(site.node)
        standby.say("SELECT pg_promote()")
        promoted, found = time.monotonic(), told(site, "FOUND")
        wait_until(lambda: is_ready(site.node))
        assert time.monotonic() - promoted < BACK_SECONDS
        wait_until(lambda: told(site, "FOUND") >= found + 3)
    journal = read_journal(standby.url("postgres"))
    assert Fates([site], customers, journal).check()["lost"] == 0
    assert len(site.node.log("ready")) == 1


def test_a_server_that_is_another_one_is_not_talked_to(
    servers: tuple[Cluster, Cluster], tmp_path: Path
) -> None:
    """Its certificate is nobody's whom we trust: the service says so, and does not start."""
    node = node_of(servers, tmp_path / "node", make_certificate(tmp_path).file)
    try:
        with pytest.raises(ServiceError, match="it cannot be reached"):
            node.start()
    finally:
        node.close()


def told(site: Site, status: str) -> int:
    """Count the calls that were told so."""
    return sum(each.values["INTERACT_STATUS"] == status for each in site.pbx.seen("ivr"))


def is_ready(node: Service) -> bool:
    """Ask the readiness probe."""
    try:
        with urllib.request.urlopen(f"{node.http}/readyz", timeout=10) as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError:
        return False


def wait_until(holds: Callable[[], bool]) -> None:
    """Wait until it *holds*."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(POLL_SECONDS)
