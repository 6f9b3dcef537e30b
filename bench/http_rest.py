"""What REST's free and get cost beside aiohttp alone: wrk, 64 connections kept alive, durable.

Every free ends an allocation of its own, so each is a change on disk. The two servers of a round
follow each other, so that a noisy machine is noisy for both.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import re
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

from bench.pool_size import WallClock
from bench.row import Row
from interact_ivr.domain.lifecycle import Policy
from interact_ivr.domain.names import InteractionId, NumberKey, Scope
from interact_ivr.domain.values import NewNumber
from interact_ivr.stores.sqlite.allocations import SqliteAllocations
from interact_ivr.stores.sqlite.directory import SqliteDirectory
from interact_ivr.stores.sqlite.numbers import SqliteNumbers
from interact_ivr.stores.sqlite.reader import Reader
from interact_ivr.stores.sqlite.writer import Writer
from testbed import fetch
from testbed.children import argv, stop
from testbed.ports import LOOPBACK, PortBlock
from testbed.service import Service

ROUNDS = 5
SECONDS = 5
CONNECTIONS = 64
NUMBERS = 200_000
STEP = 1_000
FIRST = 380_974_000_000
BAR = 2.0
"""How often aiohttp alone may be as quick: the same as half its rate."""
KEY, USER, PASSWORD = "53475e5f1463f9ab2052ead", "admin", "password"

SCRIPT = """
local at = {first} - 1
function request()
  at = at + 1
  return wrk.format("{method}", "/interact/version/2/dnis/allocate/{what}/" .. at, headers)
end
headers = {{
  ["User-Id"] = "{user}", ["User-Password"] = "{password}",
  ["Tenant-Id"] = "default", ["Application-Key"] = "{key}",
}}
function done(summary)
  local bad = summary.errors.status + summary.errors.connect + summary.errors.read
    + summary.errors.write + summary.errors.timeout
  io.write(string.format("RATE %.1f BAD %d\\n", summary.requests / summary.duration * 1e6, bad))
end
"""


def measure() -> Sequence[Row]:
    """Ask both servers in turn, and give requests a second and ratios."""
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as name,
        PortBlock() as ports,
        Service(
            Path(name), '[pool]\nhold_for_seconds = 604800\n[log]\nlevel = "info"\n'
        ) as service,
        _bare(ports.first) as bare,
    ):
        _fill(service)
        asked: dict[str, list[float]] = {}
        first = itertools.count(FIRST, NUMBERS // ROUNDS)
        for _ in range(ROUNDS):
            at = next(first)
            for method, what in (("POST", "free"), ("GET", "get")):
                for server, url in (("aiohttp alone", bare), ("ours", service.http)):
                    rate = _asked(Path(name), url, method, what, at)
                    asked.setdefault(f"{what}, {server}", []).append(rate)
        _check(service, sum(asked["free, ours"]) * SECONDS)
    rows = [Row.of(kind, "/s", rates) for kind, rates in asked.items()]
    for what in ("free", "get"):
        pairs = zip(asked[f"{what}, aiohttp alone"], asked[f"{what}, ours"], strict=True)
        ratios = [alone / ours for alone, ours in pairs]
        rows.append(Row.of(f"{what}: aiohttp alone is quicker", "x", ratios, BAR))
    return rows


@contextmanager
def _bare(port: int) -> Iterator[str]:
    child = subprocess.Popen(argv((sys.executable, "-m", "bench.bare_http"), str(port)))
    try:
        yield f"http://{LOOPBACK}:{port}"
    finally:
        stop(child, 5.0)


def _fill(service: Service) -> None:
    """Let every number be allocated to an interaction of its own."""
    service.ask("user", "add", "default", USER, "--password", "-", text=PASSWORD)
    service.ask("application", "add", "bench", "--key", "-", text=KEY)
    service.stop()
    asyncio.run(_allocate(service.database))
    service.start()


async def _allocate(database: Path) -> None:
    clock = WallClock()
    writer = Writer(database, clock)
    writer.start()
    reader = Reader(database, clock)
    directory = await SqliteDirectory(writer, reader).read()
    (pool,) = (each for each in directory.applications if each.name == "bench")
    scope = Scope(directory.environments[0].id, pool.id)
    numbers, store = SqliteNumbers(writer, reader), SqliteAllocations(writer, reader)
    policy = Policy(timedelta(days=7), timedelta(0))
    for begin in range(0, NUMBERS, STEP):
        span = range(begin, begin + STEP)
        new = [NewNumber(NumberKey(f"+{FIRST + at}"), str(FIRST + at)) for at in span]
        await numbers.add(scope, new)
        names = (InteractionId(f"interaction {at}") for at in span)
        await asyncio.gather(*(store.allocate(scope, each, None, None, policy) for each in names))
    writer.close()


def _asked(folder: Path, url: str, method: str, what: str, first: int) -> float:
    """Give the requests a second that were answered, every one of them well."""
    script = folder / "ask.lua"
    user, password = (base64.b64encode(each.encode()).decode() for each in (USER, PASSWORD))
    script.write_text(
        SCRIPT.format(first=first, method=method, what=what, user=user, password=password, key=KEY)
    )
    wrk = fetch.bring().wrk_command
    command = [*wrk, "-t", "1", "-c", str(CONNECTIONS), "-d", f"{SECONDS}s", "-s", str(script), url]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r"RATE ([\d.]+) BAD (\d+)", said)
    if found is None or int(found[2]):
        raise RuntimeError(f"{what} of {url}:\n{said}")
    return float(found[1])


def _check(service: Service, freed: float) -> None:
    """See that the frees were frees: on record, each of an allocation of its own."""
    with closing(sqlite3.connect(service.database)) as store:
        query = "SELECT count(*) FROM allocation WHERE ended_as = 'freed'"
        (ended,) = store.execute(query).fetchone()
    if ended < 0.95 * freed:  # wrk is answered a little more often than it counts, or less
        raise RuntimeError(f"{freed:.0f} frees were answered, {ended} are on record")
