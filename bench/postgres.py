"""Allocating and retrieving on PostgreSQL beside pgbench, which runs the same statements.

Both have the same server in the same run, in turns, with as many clients; pgbench decides nothing,
checks nothing and is written in C.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from bench.durable import durable_folder
from bench.row import Row
from interact_ivr.config_store import StoreConfig
from interact_ivr.domain.lifecycle import Policy
from interact_ivr.domain.names import CallRef, InteractionId, NumberKey, Scope
from interact_ivr.domain.values import NewNumber, Question, Status
from interact_ivr.opening import Opening, Store, opened_store
from interact_ivr.stores.queries import load_queries
from testbed.fetch import bring_postgres
from testbed.postgres import Cluster, cluster

CLIENTS = 8
SECONDS = 3.0
ROUNDS = 7
NUMBERS = 2_000
BAR = 2.0
POLICY = Policy(timedelta(minutes=15), timedelta(0))
OPENING = Opening("bench", lambda _: None, lambda *_: None)
CLOCK = (
    "SELECT store_now() AS now, ulid_front(store_now()) || lpad(:interaction::TEXT, 14, '0') AS id"
)
"""With what our side makes of it in Python: an id."""
SETTING = """
\\set interaction random(1, 100000000000)
\\set environment {environment}
\\set application {application}
\\set pbx 1
\\set uniqueid :interaction
\\set ani 1
\\set caller :interaction
\\set until 9000000000000000
\\set group_asked 0
"""


def measure() -> Sequence[Row]:
    """Measure pairs a second of both, in turns."""
    sys.setswitchinterval(0.0005)  # as the service has it
    with durable_folder() as (_, disk), served() as server:
        ours, theirs = asyncio.run(_turns(server))
    ratios = [their / our for our, their in zip(ours, theirs, strict=True)]
    return [
        *disk.rows(),
        Row.of("allocated and retrieved", "/s", ours),
        Row.of("pgbench, the same statements", "/s", theirs),
        Row.of("pgbench against ours", "x", ratios, BAR),
    ]


@contextmanager
def served() -> Iterator[Cluster]:
    """Give a server with an empty database `bench`."""
    with cluster(bring_postgres()) as server:
        server.run("psql", "-q", "-d", "postgres", "-c", "CREATE DATABASE bench")
        yield server


async def _turns(server: Cluster) -> tuple[list[float], list[float]]:
    """Give the rounds of each, in pairs a second."""
    async with opened_store(StoreConfig(url=server.url("bench")), OPENING) as store:
        scope = await scope_of(store)
        await take_numbers_in(store, scope)
        script = server.folder / "pairs.sql"
        script.write_text(_script(scope), "utf-8")
        server.run("psql", "-q", "-d", "bench", "-c", "ANALYZE")
        ours, theirs = [], []
        for turn in range(ROUNDS):
            ours.append(await pairs(store, scope, turn))
            theirs.append(await asyncio.to_thread(_pgbench, server, script))
    return ours, theirs


async def scope_of(store: Store) -> Scope:
    """Give the application that there is."""
    directory = await store.directory.read()
    return Scope(directory.environments[0].id, directory.applications[0].id)


async def take_numbers_in(store: Store, scope: Scope) -> None:
    """Have numbers enough for all clients."""
    keys = [f"+{380_970_000_000 + at}" for at in range(NUMBERS)]
    await store.numbers.add(scope, [NewNumber(NumberKey(key), key) for key in keys])


async def pairs(store: Store, scope: Scope, turn: object) -> float:
    """Allocate and retrieve with all clients at once, and give the pairs a second."""
    begun = time.monotonic()
    count = itertools.count()

    async def client(name: int) -> None:
        while time.monotonic() < begun + SECONDS:
            at = f"{turn}-{name}-{next(count)}"
            lent = await store.allocations.allocate(scope, InteractionId(at), None, None, POLICY)
            question = Question([[lent.number]], CallRef("pbx", at))
            deadline = time.monotonic() + 5
            told = await store.allocations.retrieve(
                scope.environment, question, {scope.application: POLICY}, deadline
            )
            if told.status is not Status.FOUND:
                raise AssertionError(told)

    await asyncio.gather(*(client(each) for each in range(CLIENTS)))
    return next(count) / (time.monotonic() - begun)


def _pgbench(server: Cluster, script: Path) -> float:
    arguments = ("-n", "-M", "prepared", "-c", f"{CLIENTS}", "-j", "2", "-T", f"{SECONDS:.0f}")
    printed = server.run("pgbench", *arguments, "-f", str(script), "bench")
    found = re.search(r"tps = ([\d.]+)", printed)
    if found is None:
        raise AssertionError(printed)
    return float(found[1])


def _script(scope: Scope) -> str:
    """Write what an allocation and the call to it send, in that order."""
    queries = load_queries("postgres")

    def statement(name: str, **values: str) -> str:
        text = re.sub(r"--[^\n]*\n", "", queries[name])
        for key, value in values.items():
            text = re.sub(rf"(?<!:):{key}\b", value, text)
        return text + ";"

    lent = {"number_id": ":number_id", "group": "NULL", "caller": "NULL", "allocated_at": ":now"}
    hold = {"expires_at": ":now::BIGINT + 900000000"}
    journal = {"at": ":now", "event": "'allocated'", "allocation": ":id", "detail": "NULL"}
    nobody = dict.fromkeys(("pbx", "uniqueid", "ani"), "NULL")
    return "\n".join(
        [
            SETTING.format(environment=scope.environment, application=scope.application),
            "BEGIN;",
            statement("find_open_allocation_of_interaction"),
            f"{CLOCK} \\gset",
            statement("find_longest_rested", rested_before=":now")
            .removesuffix(";")
            .replace("SELECT id,", "SELECT id AS number_id,", 1)
            + " \\gset",
            f"{CLOCK} \\gset",
            statement("is_ringing"),
            statement("add_allocation", **lent, **hold),
            statement(
                "set_standing",
                id=":number_id",
                allocation=":id",
                free_from=hold["expires_at"],
                last="NULL",
            ),
            statement("write_journal", **journal, **hold, **nobody),
            "COMMIT;",
            statement(
                "retrieve_plainly",
                keys="json_build_array(:number::TEXT)",
                redial_for="0",
                random="lpad(:interaction::TEXT, 14, 'Z')",
            ),
        ]
    )
