"""`interact-ivr db copy`, run as an administrator runs it: killed, refused, served afterwards."""

from __future__ import annotations

import json
import random
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from subprocess import DEVNULL
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner, Result

from interact_ivr.cli import main
from interact_ivr.stores.copied_tables import TABLES
from testbed.children import argv
from testbed.filled_store import fill
from testbed.line import Line
from testbed.postgres import USER
from testbed.service import INTERACT_IVR, Service
from tests.contract.cluster import databases

INTERACTIONS = 6_000
MANY = 4 * INTERACTIONS
"""Rows that the large tables have together."""
KILLS = 3
PATIENCE = 60.0
LOOK_SECONDS = 0.002
CALLER = "+380501234567"
WAITS = (
    "SELECT 1 FROM pg_stat_activity WHERE application_name = 'interact-ivr db copy'"
    " AND datname = current_database() AND wait_event_type = 'Lock'"
)
ROWS = (
    "SELECT (SELECT count(*) FROM allocation), (SELECT count(*) FROM answer),"
    " (SELECT count(*) FROM journal)"
)


@pytest.fixture
def url() -> Iterator[str]:
    """Give the address of an empty database, to which nobody is connected."""
    name = databases().take()
    databases().own(name).close()
    yield databases().cluster.url(name)
    databases().give_back(name)


def all_rows(file: Path, url: str) -> list[tuple[str, list[Any], list[Any]]]:
    """Read every row of every table, of the file and of the database, each in an order of its own.

    By their own statements: columns are named, and sorting is ours.
    """
    read = []
    with closing(sqlite3.connect(file)) as source, psycopg.connect(url) as target:
        for table in TABLES:
            rows = source.execute("SELECT * FROM " + table)
            columns = ", ".join(column[0] for column in rows.description)
            theirs = target.execute(f"SELECT {columns} FROM {table}".encode())
            ours = sorted(rows.fetchall(), key=repr)
            read.append((table, ours, sorted(theirs.fetchall(), key=repr)))
    return read


def killed_at(file: Path, url: str, rows: int) -> int:
    """Copy *file* until so many rows are there, kill that within its next step; say how many are.

    A lock lets it go step by step: whoever has it knows that no step ends meanwhile, and gets it
    back when the next one has. Who has it counts, as others would wait behind the copy.
    """
    command = argv(INTERACT_IVR, "db", "copy", "--from", str(file), "--to", url)
    with (
        psycopg.connect(url, autocommit=True) as lock,
        psycopg.connect(url, autocommit=True) as watching,
        ExitStack() as stack,
    ):
        count = -1
        while count < rows:
            with lock.transaction():
                lock.execute("LOCK TABLE allocation, answer, journal IN SHARE MODE")
                if count < 0:
                    child = stack.enter_context(subprocess.Popen(command, stdout=DEVNULL))
                wait_for_lock(watching, child)
                count = copied_rows(lock)
                if count >= rows:
                    child.send_signal(signal.SIGKILL)
                    assert child.wait() == -signal.SIGKILL
        return count


def wait_for_lock(watching: psycopg.Connection[Any], child: subprocess.Popen[bytes]) -> None:
    """Wait until the copy waits."""
    deadline = time.monotonic() + PATIENCE
    while watching.execute(WAITS).fetchone() is None:
        assert child.poll() is None, "it was done before"
        assert time.monotonic() < deadline
        time.sleep(LOOK_SECONDS)


def copied_rows(watching: psycopg.Connection[Any]) -> int:
    """Count the rows of the large tables."""
    (counts,) = watching.execute(ROWS).fetchall()
    return sum(counts)


def test_a_copy_that_is_killed_again_and_again_ends_with_equal_stores(
    tmp_path: Path, url: str
) -> None:
    """Each goes on where the last one was; half of it is not served; the whole is, row by row.

    Beside the rows there is one entry more in the audit trail, of the copy.
    """
    file = tmp_path / "interact-ivr.db"
    fill(file, INTERACTIONS)
    points = sorted(random.sample(range(MANY // 2), KILLS))
    left = [killed_at(file, url, rows) for rows in points]
    assert left == sorted(left), points
    half = Service(tmp_path / "half", store=url)
    refused = half.command("serve")
    half.close()
    assert refused.returncode == 1
    assert f"{file} into the store is not finished" in refused.stderr
    done = subprocess.run(
        [*INTERACT_IVR, "db", "copy", "--from", str(file), "--to", url, "--json"],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    journal = told["tables"]["journal"]
    assert (told["equal"], told["resumed"]) == (True, True)
    assert journal["rows"] == journal["copied_rows"] == 2 * INTERACTIONS
    assert journal["sha256"] == journal["copied_sha256"]
    with psycopg.connect(url) as connection:
        copied = connection.execute("DELETE FROM audit WHERE action = 'db.copy' RETURNING object")
        assert copied.fetchall() == [(f"source={file}",)]
    for table, ours, theirs in all_rows(file, url):
        assert ours == theirs, table


def test_a_copied_store_is_served(tmp_path: Path, url: str) -> None:
    """Who waits is found, the old call is told the same, who redials is known by the same key.

    Nothing is copied from a store that is served, nor into one.
    """
    hashed = '[journal]\nani = "hash"\n'
    with Service(tmp_path / "file", hashed) as service:
        lines = [Line.taken_into(service) for _ in range(2)]
        lines[0].allocate("told")
        assert lines[0].call(uniqueid="1.1", callerid=CALLER).variables["INTERACT_ID"] == "told"
        lines[1].allocate("waiting")
        refused = asked("--to", url, config=service.config)
    assert refused.exit_code == 1
    assert "is held by interact-ivr serve" in refused.stderr
    done = asked("--to", url, config=service.config)
    assert done.exit_code == 0, done.stderr
    key = service.database.with_name("interact-ivr.db.ani-key")
    said = done.stdout.splitlines()
    assert said[-1] == f"what is in {key} must be every node's INTERACT_IVR_ANI_KEY"
    assert said[-4].split()[-1] == said[-3].split()[-1]
    node = Service(tmp_path / "node", hashed, store=url)
    node.environment["INTERACT_IVR_ANI_KEY"] = key.read_text().strip()
    with node:
        calls = (("1.1", CALLER, 0), ("1.2", CALLER, 0), ("1.3", "+380507654321", 1))
        told = [
            replace(lines[at], service=node).call(uniqueid=call, callerid=ani).variables
            for call, ani, at in calls
        ]
        with psycopg.connect(url) as connection:
            connection.execute("DELETE FROM copied_from")
        again = asked("--to", url, config=service.config)
    assert again.exit_code == 1
    assert again.stderr == "error: the database is in use: a node is connected to it\n"
    assert [each["INTERACT_STATUS"] for each in told] == ["FOUND", "REDIAL", "FOUND"]
    assert [each["INTERACT_ID"] for each in told] == ["told", "told", "waiting"]


def asked(*arguments: str, config: Path | None = None) -> Result:
    """Run ``db copy`` in this process."""
    named = () if config is None else ("--config", str(config))
    return CliRunner().invoke(main, ["db", "copy", *arguments, *named])


def test_a_copy_that_differs_fails(tmp_path: Path, url: str) -> None:
    """Exit status 1, with both sums."""
    file = tmp_path / "interact-ivr.db"
    fill(file, 10)
    assert asked("--from", str(file), "--to", url).exit_code == 0
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE copied_from SET finished_at = NULL, outcome = NULL")
        connection.execute("DELETE FROM audit")
        connection.execute("UPDATE journal SET ani = '0' WHERE ani IS NOT NULL")
    done = asked("--from", str(file), "--to", url)
    assert done.exit_code == 1
    assert done.stderr.strip().endswith("the copy differs in journal: make the database anew")
    sums = [line.split()[-1] for line in done.stdout.splitlines() if "SHA-256" in line]
    assert len(sums) == len({*sums}) == 2


NOWHERE = "postgresql://u@127.0.0.1:1/d"


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        ((), 2, "--to: expected a postgresql:// address, as the store is SQLite's"),
        (("--to", "sqlite:////x.db"), 2, "--to: expected a postgresql:// address"),
        (("--to", "postgresql://u:p@h/d"), 1, "--to: expected no password in it: --password says"),
        (("--to", NOWHERE), 1, "interact-ivr.db is not there"),
        (("--to", NOWHERE, "--from", __file__, "--password", "/x"), 1, "password: /x cannot be"),
    ],
)
def test_what_cannot_be_asked_is_one_sentence(
    tmp_path: Path, arguments: tuple[str, ...], status: int, told: str
) -> None:
    """Named by its option; a password in an address is not repeated."""
    config = tmp_path / "interact-ivr.toml"
    config.write_text(f'[store]\nurl = "sqlite:///{tmp_path}/interact-ivr.db"\n')
    done = asked(*arguments, config=config)
    assert (done.exit_code, done.stdout) == (status, "")
    assert told in done.stderr
    assert "u:p" not in done.stderr


def test_a_server_that_is_not_there_is_said_to_be_no_loss(tmp_path: Path) -> None:
    """What to do follows in a second sentence."""
    fill(tmp_path / "x.db", 1)
    done = asked("--from", str(tmp_path / "x.db"), "--to", NOWHERE)
    assert done.exit_code == 1
    assert done.stderr.splitlines() == [
        "error: the store is unavailable: it cannot be reached",
        "error: the same command again goes on where it was",
    ]


@pytest.fixture
def guarded() -> Iterator[str]:
    """Give the address of a database whose owner needs a password, which is `pass word`."""
    server, name = databases().cluster, f"guarded_{time.time_ns()}"
    rules = server.data / "pg_hba.conf"
    before = rules.read_text()
    rules.write_text(f"local all {name} scram-sha-256\n{before}")
    admin = psycopg.connect(server.url("postgres"), autocommit=True)
    admin.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'pass word'".encode())
    admin.execute(f"CREATE DATABASE {name} OWNER {name}".encode())
    admin.execute("SELECT pg_reload_conf()")
    yield server.url(name).replace(USER, name, 1)
    rules.write_text(before)
    admin.execute("SELECT pg_reload_conf()")
    admin.close()


def test_the_password_is_in_a_file(tmp_path: Path, guarded: str) -> None:
    """In one that is named, or in the configured one; another one is told so."""
    fill(tmp_path / "x.db", 10)
    right, wrong = tmp_path / "right", tmp_path / "wrong"
    right.write_text("pass word\n")
    wrong.write_text("password\n")
    for each in (right, wrong):
        each.chmod(0o600)
    to = ("--from", str(tmp_path / "x.db"), "--to", guarded, "--password")
    deadline = time.monotonic() + PATIENCE
    while (refused := asked(*to, str(wrong))).exit_code == 0:  # the rule is not in force yet
        assert time.monotonic() < deadline
    assert "it does not let us in" in refused.stderr
    assert asked(*to, str(right)).exit_code == 0
    config = tmp_path / "interact-ivr.toml"
    config.write_text(f'[store]\nurl = "{guarded}"\npassword = "{right}"\n')
    done = asked("--from", str(tmp_path / "x.db"), config=config)
    assert done.exit_code == 0, done.stderr


def test_the_configured_store_is_the_end_that_is_not_named(tmp_path: Path, url: str) -> None:
    """Who has written the new address into the configuration names the file."""
    fill(tmp_path / "x.db", 10)
    config = tmp_path / "interact-ivr.toml"
    config.write_text(f'[store]\nurl = "{url}"\n')
    done = asked("--from", str(tmp_path / "x.db"), "--json", config=config)
    told = json.loads(done.stdout)
    assert told["equal"] is True
    assert told["tables"]["journal"]["rows"] == 20
    done = asked(config=config)
    assert done.exit_code == 2
    assert "--from: expected a file, as the store is PostgreSQL's" in done.stderr
