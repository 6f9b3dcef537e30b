"""What a number's details cost over ICWS beside aiohttp alone, and in a call beside a retrieval.

Over HTTP: wrk, 64 connections kept alive; the session is checked each time, and a line is logged.
Of numbers that were asked for before, as an app's are, and of new ones. On the call path: whole
FastAGI sessions of a peer, as many at once; a retrieval finds its interaction and is on disk. What
is compared in a round follows each other, so that a noisy machine is noisy for both.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

from bench import wrk
from bench.bare_http import serving
from bench.durable import durable_folder
from bench.row import Row
from testbed.agi_peer import DONE, environment
from testbed.icws import EXAMPLE, Session, with_user
from testbed.line import control
from testbed.ports import LOOPBACK, PortBlock
from testbed.service import Service

ROUNDS = 7
SECONDS = 1
CONNECTIONS = 64
KNOWN, NEW = 1_000, 100_000_000
"""Numbers: fewer than the dial plan remembers, and more than are ever asked for."""
HTTP_BAR = 1 / 0.6
CALLS, AT_ONCE = 1_000, 16
CALL_BAR = 1 / 0.9
FIRST = 3_809_700_000_000 // 10

SCRIPT = """
local at, first, numbers = {first} - 1, {first}, {numbers}
function request()
  at = at + 1
  if at >= first + numbers then at = first end
  return wrk.format("POST", "{path}", headers, '{{"phoneNumber":"' .. at .. '"}}')
end
headers = {{ ["ININ-ICWS-CSRF-Token"] = "{token}", ["Cookie"] = "{cookie}" }}
"""


def measure() -> Sequence[Row]:
    """Ask in turn, and give requests or calls a second, and ratios."""
    with (
        durable_folder() as (folder, disk),
        PortBlock() as ports,
        Service(folder, EXAMPLE) as service,
    ):
        session = Session.opened(with_user(service))
        size = len(session.details(str(FIRST)).body)
        with serving(ports.first, size) as bare:
            rates = _over_http(folder, session, bare)
        calls = _on_the_call_path(service)
    rows = [Row.of(kind, "/s", each) for kind, each in (rates | calls).items()]
    alone = rates["aiohttp alone"]
    for kind, bar in (("numbers known", HTTP_BAR), ("new numbers", None)):
        ratios = [bare / ours for bare, ours in zip(alone, rates[kind], strict=True)]
        rows.append(Row.of(f"{kind}: aiohttp alone is quicker", "x", ratios, bar))
    pairs = zip(calls["retrieve_interaction"], calls["number_details"], strict=True)
    ratios = [retrieval / details for retrieval, details in pairs]
    return [
        *disk.rows(),
        *rows,
        Row.of("number_details: a retrieval is quicker", "x", ratios, CALL_BAR),
    ]


def _over_http(folder: Path, session: Session, bare: str) -> dict[str, list[float]]:
    rates: dict[str, list[float]] = {"aiohttp alone": [], "numbers known": [], "new numbers": []}
    url, first_new = session.service.http, FIRST + KNOWN
    _asked(folder, url, session, FIRST, KNOWN)  # the first of each number reads it
    for turn in range(ROUNDS):
        rates["aiohttp alone"].append(_asked(folder, bare, session, FIRST, KNOWN))
        rates["numbers known"].append(_asked(folder, url, session, FIRST, KNOWN))
        new = first_new + turn * NEW // ROUNDS
        rates["new numbers"].append(_asked(folder, url, session, new, NEW // ROUNDS))
        _asked(folder, url, session, FIRST, KNOWN)
    return rates


def _asked(folder: Path, url: str, session: Session, first: int, numbers: int) -> float:
    """Give the requests a second that were answered, every one of them well."""
    script = SCRIPT.format(
        first=first,
        numbers=numbers,
        path=f"/icws/{session.id}/phone-numbers/query-details",
        token=session.token,
        cookie=session.cookie,
    )
    return wrk.rate(folder, url, script, CONNECTIONS, SECONDS)


def _on_the_call_path(service: Service) -> dict[str, list[float]]:
    service.import_numbers(*(str(FIRST + at) for at in range(CALLS)))
    rates: dict[str, list[float]] = {"retrieve_interaction": [], "number_details": []}
    for turn in range(ROUNDS):
        for at in range(CALLS):
            control(service, "allocate", interaction=f"interaction {turn}.{at}")
        found = [
            environment("retrieve_interaction", dnid=str(FIRST + at), uniqueid=f"{turn}.{at}")
            for at in range(CALLS)
        ]
        known = [environment("number_details", str(FIRST + at)) for at in range(CALLS)]
        rates["retrieve_interaction"].append(_called(service, found, b"INTERACT_STATUS=FOUND"))
        rates["number_details"].append(_called(service, known, b"NUMBER_STATUS=RESOLVED"))
    return rates


def _called(service: Service, openings: Sequence[bytes], told: bytes) -> float:
    """Give the calls a second that learned *told*, which is all of them."""
    begun = time.perf_counter()
    asyncio.run(_call_all(service.agi_port, openings, told))
    return len(openings) / (time.perf_counter() - begun)


async def _call_all(port: int, openings: Sequence[bytes], told: bytes) -> None:
    waiting = iter(openings)

    async def lines() -> None:
        for opening in waiting:
            reader, writer = await asyncio.open_connection(LOOPBACK, port)
            writer.write(opening)
            said = b""
            while command := await reader.readline():
                said += command
                writer.write(DONE)
            writer.close()
            if told not in said:
                raise RuntimeError(f"{told!r} was not told: {said!r}")

    await asyncio.gather(*(lines() for _ in range(AT_ONCE)))
