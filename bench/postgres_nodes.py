"""Two nodes on one PostgreSQL beside one: each a process of its own, with as many clients.

They have the same server in the same run, in turns. Two are held to 1.2 times one where more than a
fifth of the processors' time is left; otherwise, and beside it, stands what was used up.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from subprocess import PIPE, Popen
from threading import Event

import psycopg

from bench.durable import durable_folder
from bench.postgres import OPENING, pairs, scope_of, served, take_numbers_in
from bench.row import Row
from interact_ivr.config_store import StoreConfig
from interact_ivr.opening import opened_store
from testbed.children import argv
from testbed.postgres import Cluster

TURNS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh")
BAR = 1 / 1.2
IDLE_PERCENT = 20.0
SAMPLE_SECONDS = 0.1
WAITING = (
    "SELECT coalesce(wait_event, 'the processor') FROM pg_stat_activity"
    " WHERE application_name = 'interact-ivr' AND state = 'active'"
)


def measure() -> Sequence[Row]:
    """Measure one node and two, in turns."""
    waits: Counter[str] = Counter()
    with durable_folder() as (_, disk), served() as server:
        asyncio.run(_stock(server.url("bench")))
        turns = [[_round(server, turn, nodes, waits) for nodes in (1, 2)] for turn in TURNS]
    one, two = ([each[at][0] for each in turns] for at in (0, 1))
    idle = [each[1][1] for each in turns]
    ratios = [single / double for single, double in zip(one, two, strict=True)]
    is_left = median(idle) > IDLE_PERCENT
    name = "one node against two" + ("" if is_left else ", the processors used up")
    (most, count), *_ = waits.most_common(1) or [("nothing", 0)]
    return [
        *disk.rows(),
        Row.of("pairs a second by one node", "/s", one),
        Row.of("pairs a second by two nodes", "/s", two),
        Row.of("processors idle with two", "%", idle),
        Row.of(f"of active sessions in {most}", "%", [100 * count / max(1, waits.total())]),
        Row.of(name, "x", ratios, BAR if is_left else None),
    ]


async def _stock(url: str) -> None:
    async with opened_store(StoreConfig(url=url), OPENING) as store:
        await take_numbers_in(store, await scope_of(store))


def _round(server: Cluster, turn: str, nodes: int, waits: Counter[str]) -> tuple[float, float]:
    """Let so many *nodes* work; give their pairs a second, and the processors' idle percents.

    They begin together, once all of them are ready.
    """
    url = server.url("bench")
    command = (sys.executable, "-m", "bench.postgres_nodes", url)
    children = [
        Popen(argv(command, f"{turn}-{nodes}-{at}"), stdin=PIPE, stdout=PIPE) for at in range(nodes)
    ]
    over = Event()
    for child in children:
        _said(child)
    with ThreadPoolExecutor(1) as beside:
        sampled = beside.submit(_sample, url, over)
        before = _processors()
        for child in children:
            _begin(child)
        rates = [float(_said(child)) for child in children]
        after = _processors()
        over.set()
        if nodes > 1:
            waits.update(sampled.result())
    for child in children:
        child.wait()
    idle, total = (now - then for now, then in zip(after, before, strict=True))
    return sum(rates), 100 * idle / total


def _begin(child: Popen[bytes]) -> None:
    if child.stdin is None:
        raise ValueError("nothing can be said to it")
    child.stdin.write(b"\n")
    child.stdin.close()


def _said(child: Popen[bytes]) -> str:
    if child.stdout is None:
        raise ValueError("its output was not asked for")
    return child.stdout.readline().decode()


def _sample(url: str, over: Event) -> Counter[str]:
    """Count what active sessions are busy with, now and then, until it is *over*."""
    waits: Counter[str] = Counter()
    with psycopg.connect(url, autocommit=True) as connection:
        while not over.wait(SAMPLE_SECONDS):
            waits.update(str(event) for (event,) in connection.execute(WAITING))
    return waits


def _processors() -> tuple[float, float]:
    """Give how long the processors were idle, and all their time, in clock ticks (proc(5))."""
    ticks = [int(each) for each in Path("/proc/stat").read_text("ascii").split("\n")[0].split()[1:]]
    return ticks[3] + ticks[4], sum(ticks[:8])


async def _node(url: str, name: str) -> None:
    """Work as a node does; say when that can begin, wait to be told, and say what came of it."""
    async with opened_store(StoreConfig(url=url), OPENING) as store:
        scope = await scope_of(store)
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        print(await pairs(store, scope, name), flush=True)


if __name__ == "__main__":
    sys.setswitchinterval(0.0005)  # as the service has it
    asyncio.run(_node(*sys.argv[1:]))
