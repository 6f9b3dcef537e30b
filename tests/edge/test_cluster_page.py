"""docs/cluster.md: its commands, run as they stand there against a real PostgreSQL."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

import pytest

from interact_ivr.config import load_config
from interact_ivr.stores.postgres import reader
from testbed.cookbook import read
from testbed.fetch import bring_postgres
from testbed.filled_store import fill
from testbed.line import Line
from testbed.ports import PortBlock
from testbed.postgres import Cluster, cluster
from testbed.service import Service

PAGE = Path(__file__).parents[2] / "docs/cluster.md"
KEY = {"INTERACT_IVR_ANI_KEY": "the same for all nodes"}
DATABASE = "interact"
INTERACTIONS = 20_000
ONE, TWO = "380974520200", "380974520201"
RUN = 1 + 4 + 1
"""Blocks that are run here."""


@pytest.fixture(scope="module")
def server() -> Iterator[Cluster]:
    """Give a PostgreSQL that keeps an archive, after what the page says."""
    with PortBlock() as ports, cluster(bring_postgres(), port=ports.first) as server:
        made = server.shell('mkdir "$ARCHIVE"', **places(server))
        assert made == ""
        server.shell(recovery()[0], **places(server))
        server.stop()
        server.start()
        yield server


def commands(heading: str) -> list[str]:
    """Give the page's commands under *heading*."""
    found = [each for each in read(PAGE) if each.heading == heading]
    return [each.text for each in found if each.language == "sh"]


def recovery() -> list[str]:
    """Give the blocks that keep and put back."""
    return commands("Backup and point-in-time recovery")


def places(server: Cluster) -> dict[str, str]:
    """Name the folders that the page speaks of."""
    return {
        "ARCHIVE": f"{server.folder}/archive",
        "BACKUP": f"{server.folder}/backup",
        "RESTORED": f"{server.folder}/restored/data",
    }


def copied(server: Cluster, file: Path) -> None:
    """Copy a store into a new database, by the page's block."""
    (block,) = commands("From SQLite to PostgreSQL")
    make, copy = block.strip().splitlines()
    server.shell(f"dropdb --if-exists --force {DATABASE}; {make}")
    (file.parent / "interact-ivr.toml").write_text(f'[store]\nurl = "sqlite:///{file}"\n')
    subprocess.run(
        ["bash", "-euc", copy],
        env={
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "INTERACT_IVR_CONFIG": str(file.parent / "interact-ivr.toml"),
            "STORE": server.url(DATABASE),
        },
        stdout=subprocess.DEVNULL,
        check=True,
    )


def node(folder: Path, server: Cluster) -> Service:
    """Give a node of the store."""
    service = Service(folder, store=server.url(DATABASE))
    service.environment |= KEY
    return service


def test_every_block_is_run_or_says_why_not() -> None:
    """A new one is to be run, too."""
    shown = [each for each in read(PAGE) if not each.remark.startswith("not run: ")]
    assert [each.language for each in shown] == ["toml", *["sh"] * RUN]


def test_the_configuration_is_one(tmp_path: Path) -> None:
    """It is taken as it stands there; what it says of connections is what a node has."""
    (shown,) = [each.text for each in read(PAGE) if each.language == "toml"]
    file = tmp_path / "interact-ivr.toml"
    file.write_text(shown)
    store = load_config(file).store
    assert store.is_shared
    assert store.name == "postgresql://db1.example,db2.example/interact"
    opening = (Path(__file__).parents[2] / "interact_ivr/opening.py").read_text("utf-8")
    (changing,) = re.findall(r"^_CALLS_AT_ONCE = (\d+)$", opening, re.MULTILINE)
    reading = reader._THREADS + 1
    said = f"up to {int(changing) + reading} connections: {changing} change something, {reading} "
    assert said in PAGE.read_text("utf-8")


@pytest.mark.long
def test_a_store_is_put_back_as_it_was(server: Cluster, tmp_path: Path) -> None:
    """The whole exercise; and what the page says of calls and interactions after that moment."""
    first = Service(tmp_path / "first")
    first.import_numbers(ONE, TWO)
    first.close()
    copied(server, first.database)
    server.shell(recovery()[1], **places(server))
    with node(tmp_path / "node", server) as service:
        lines = [Line(service, number, "call") for number in (ONE, TWO)]
        assert service.ask("allocate", "before")["number"] == f"+{ONE}"
        until = now(server)
        assert lines[0].call(uniqueid="1.1").variables["INTERACT_ID"] == "before"
        assert service.ask("allocate", "after")["number"] == f"+{TWO}"
    server.shell(f"mkdir {server.folder}/restored; {recovery()[2]}", UNTIL=until, **places(server))
    with ExitStack() as stack:
        port = stack.enter_context(PortBlock()).first
        restored = Cluster(server.tools, server.folder / "restored", port)
        stack.callback(restored.stop)
        restored.start()
        latest = restored.shell(recovery()[3], PORT=f"{port}").strip()
        assert datetime.fromisoformat(f"{latest}:00") <= datetime.fromisoformat(f"{until}:00")
        again = stack.enter_context(node(tmp_path / "again", restored))
        shown = {each["number"]: each["interaction"] for each in again.ask("number", "list")}
        assert shown == {f"+{ONE}": "before", f"+{TWO}": None}
        told = [Line(again, each, "call").call(uniqueid="1.1").variables for each in (ONE, TWO)]
        assert told[0]["INTERACT_ID"] == "before"
        assert told[1]["INTERACT_STATUS"] == "NOT_ALLOCATED"


def now(server: Cluster) -> str:
    """Give the server's time, as people write it, once it has passed."""
    asked = "SELECT clock_timestamp(), pg_sleep(0.01)"
    return server.run("psql", "-d", DATABASE, "-Atc", asked).strip().rstrip("|")


@pytest.mark.long
def test_what_an_interaction_takes_is_documented(server: Cluster, tmp_path: Path) -> None:
    """Rows and bytes in both stores, within a tenth."""
    file = tmp_path / "interact-ivr.db"
    fill(file, INTERACTIONS)
    copied(server, file)
    (block,) = commands("Sizing")
    shown = server.shell(block)
    assert re.search(rf" journal +\| +{2 * INTERACTIONS} ", shown), shown
    of_tables = "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relname IN"
    sum_of = f"{of_tables} ('journal', 'allocation', 'answer')"
    size = int(server.run("psql", "-d", DATABASE, "-Atc", sum_of))
    text = PAGE.read_text("utf-8")
    said = re.search(r"On PostgreSQL that is\n +([\d.]+) kB .*, on SQLite ([\d.]+) kB", text)
    assert said is not None
    measured = size / INTERACTIONS / 1000, file.stat().st_size / INTERACTIONS / 1000
    assert [float(each) for each in said.groups()] == pytest.approx(measured, rel=0.1)


@pytest.mark.long
def test_what_a_call_writes_to_the_log_is_documented(server: Cluster, tmp_path: Path) -> None:
    """An allocation and its call, within a quarter; pages that are whole in it included."""
    file = tmp_path / "interact-ivr.db"
    fill(file, 1_000)
    copied(server, file)
    with node(tmp_path / "node", server) as service:
        line = Line.taken_into(service)
        before = written(server)
        for count_ in range(300):
            line.allocate(f"measured {count_}")
            assert line.call().variables["INTERACT_STATUS"] == "FOUND"
        each = (written(server) - before) / 300 / 1000
    said = re.search(r"its call write (\d+) kB of log", PAGE.read_text("utf-8"))
    assert said is not None
    assert float(said[1]) == pytest.approx(each, rel=0.25)


def written(server: Cluster) -> int:
    """Give how much log there is, in bytes."""
    asked = "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn"
    return int(server.run("psql", "-d", DATABASE, "-Atc", asked))
