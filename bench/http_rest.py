"""What REST's free and get cost beside aiohttp alone: wrk, 64 connections kept alive, durable.

A round lends every number to an interaction of its own, over REST too, asks whose they are, and
frees them: so each free is a change on disk. The two servers of a round follow each other, so that
a noisy machine is noisy for both.
"""

from __future__ import annotations

import asyncio
import base64
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from aiohttp import ClientSession, TCPConnector

from bench import wrk
from bench.bare_http import serving
from bench.durable import durable_folder
from bench.row import Row
from testbed.ports import PortBlock
from testbed.service import Service

ROUNDS = 7
SECONDS = 1
CONNECTIONS = 64
NUMBERS = 12_000
"""More than are freed in a round; fewer than the dial plan remembers the look-up keys of."""
STEP = 1_000
FIRST = 380_974_000_000
BAR = 2.0
"""How often aiohttp alone may be as quick: the same as half its rate."""
USER, PASSWORD = "admin", "password"
KEY, CONSUMER_KEY = "53475e5f1463f9ab2052ead", "9a1c53475e5f1463f9ab2052"

SCRIPT = """
local at, last = {first} - 1, {first} + {numbers} - 1
local base = "/interact/version/2/dnis/allocate/"
function request()
  at = at + 1
  if at > last then at = {first} end
  return wrk.format("{method}", base .. "{what}/" .. at, headers)
end
headers = {{
  ["User-Id"] = "{user}", ["User-Password"] = "{password}",
  ["Tenant-Id"] = "default", ["Application-Key"] = "{key}",
}}
"""


def measure() -> Sequence[Row]:
    """Ask both servers in turn, and give requests a second and ratios."""
    with (
        durable_folder() as (folder, disk),
        PortBlock() as ports,
        Service(folder) as service,
        serving(ports.first) as bare,
    ):
        _fill(service)
        asked: dict[str, list[float]] = {}
        for _ in range(ROUNDS):
            asyncio.run(_allocate(service))
            _asked(folder, service.http, "GET", "get")  # the first of each number reads it
            for method, what in (("GET", "get"), ("POST", "free")):
                for server, url in (("aiohttp alone", bare), ("ours", service.http)):
                    rate = _asked(folder, url, method, what)
                    asked.setdefault(f"{what}, {server}", []).append(rate)
            _check(service, asked["free, ours"])
    rows = [*disk.rows(), *(Row.of(kind, "/s", rates) for kind, rates in asked.items())]
    for what in ("get", "free"):
        pairs = zip(asked[f"{what}, aiohttp alone"], asked[f"{what}, ours"], strict=True)
        ratios = [alone / ours for alone, ours in pairs]
        rows.append(Row.of(f"{what}: aiohttp alone is quicker", "x", ratios, BAR))
    return rows


def _fill(service: Service) -> None:
    """Take the numbers in, and let a user and two applications be known."""
    service.ask("user", "add", "default", USER, "--password", "-", text=PASSWORD)
    service.ask("application", "add", "bench", "--key", "-", text=KEY)
    consumer = ("application", "add", "app", "--allocates-from", "bench", "--key", "-")
    service.ask(*consumer, text=CONSUMER_KEY)
    table = "\n".join(["number", *map(str, range(FIRST, FIRST + NUMBERS))])
    service.ask("number", "import", "-", "--application", "bench", text=table)


async def _allocate(service: Service) -> None:
    """Let every number be lent; to who has one of the round before, that is lent on."""
    headers = {"Tenant-Id": "default", "Application-Key": CONSUMER_KEY}
    url = f"{service.http}/interact/version/2/dnis/allocate/new"
    limit = TCPConnector(limit=CONNECTIONS)
    async with ClientSession(headers=headers, connector=limit, raise_for_status=True) as session:

        async def allocate(at: int) -> None:
            async with session.post(url, json={"id": f"interaction {at}"}):
                pass

        for begin in range(0, NUMBERS, STEP):
            await asyncio.gather(*(allocate(at) for at in range(begin, begin + STEP)))


def _asked(folder: Path, url: str, method: str, what: str) -> float:
    """Give the requests a second that were answered, every one of them well."""
    user, password = (base64.b64encode(each.encode()).decode() for each in (USER, PASSWORD))
    script = SCRIPT.format(
        first=FIRST,
        numbers=NUMBERS,
        method=method,
        what=what,
        user=user,
        password=password,
        key=KEY,
    )
    return wrk.rate(folder, url, script, CONNECTIONS, SECONDS)


def _check(service: Service, rates: Sequence[float]) -> None:
    """See that the frees were frees: on record, each of an allocation of its own."""
    with closing(sqlite3.connect(service.database)) as store:
        query = "SELECT count(*) FROM journal WHERE event = 'freed'"
        (ended,) = store.execute(query).fetchone()
    freed = sum(rates) * SECONDS
    if not 0.95 * freed < ended < 1.05 * freed + CONNECTIONS * len(rates):
        raise RuntimeError(f"{freed:.0f} frees were answered, {ended} are on record")
