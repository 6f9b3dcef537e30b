"""Five hundred agents' streams, and a call for each: what each is told, how late, and at what cost.

The phones are SIPp's, on a real Asterisk; each ringing and each answer is dated by SIPp's trace. A
stream that shows another one's interaction, or not its own, fails the measurement.
"""

from __future__ import annotations

import asyncio
import json
import re
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles
from typing import Any, Final

import aiohttp

from bench.pbx_traffic import processor_seconds
from bench.row import Row
from testbed.fetch import bring
from testbed.line import control
from testbed.many_agents import ManyAgents, number
from testbed.phone import Step
from testbed.sipp import Call, place_calls

AGENTS: Final = 500
RATE: Final = 25.0
TALKS_SECONDS: Final = 30.0
"""So that for some seconds all of them talk."""
SETTLE_SECONDS: Final = 60.0
BAR_MS: Final = 500.0
CALLED: Final = re.compile(r"INVITE sip:(\d+)@")
STATES: Final = {"180 INVITE": "ringing", "200 INVITE": "talking"}
"""Which state of the screen follows from what a phone sends."""


@dataclass(slots=True)
class Streams:
    """What all streams have shown: by extension, the calls with when each was told."""

    shown: dict[str, list[tuple[float, Any]]] = field(default_factory=lambda: defaultdict(list))

    async def read(self, http: aiohttp.ClientSession, url: str, extension: str, token: str) -> None:
        """Read the stream of *extension*, until cancelled."""
        headers = {"Authorization": f"Bearer {token}"}
        async with http.get(f"{url}/api/v1/agents/{extension}/events", headers=headers) as answer:
            answer.raise_for_status()
            async for line in answer.content:
                if line.startswith(b"data: "):
                    self.shown[extension].append((time.time(), json.loads(line[6:])))

    async def until(self, count: int, call: bool) -> None:
        """Wait until *count* streams show a call, or none, at their end."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while sum((shown[-1][1] is not None) is call for shown in self.shown.values()) < count:
            if time.monotonic() > deadline:
                raise RuntimeError(f"not all streams came to {'a call' if call else 'no call'}")
            await asyncio.sleep(0.05)


def measure() -> Sequence[Row]:
    """Give how late rings and answers are shown, and what the streams cost."""
    with tempfile.TemporaryDirectory(prefix="interact-ivr-") as folder:
        return asyncio.run(measured(ManyAgents(bring(), Path(folder), AGENTS)))


async def measured(agents: ManyAgents) -> Sequence[Row]:
    """Open the streams, place the calls, and compare."""
    service = agents.watched.service
    with agents.running() as phones:
        interactions = prepared(agents)
        tokens = {each: token(agents, each) for each in agents.extensions}
        before = memory(service.pid)
        streams = Streams()
        connector = aiohttp.TCPConnector(limit=0)
        timeout = aiohttp.ClientTimeout(total=None)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as http:
            reading = [
                asyncio.create_task(streams.read(http, service.http, each, tokens[each]))
                for each in agents.extensions
            ]
            await streams.until(AGENTS, call=False)
            open_ = memory(service.pid)
            began, used = time.monotonic(), processor_seconds(agents.watched)
            calling = asyncio.create_task(asyncio.to_thread(called, agents))
            await streams.until(AGENTS, call=True)
            all_ = memory(service.pid)
            await calling
            await streams.until(AGENTS, call=False)
            took = time.monotonic() - began
            spent = processor_seconds(agents.watched) - used
            after = memory(service.pid)
            for task in reading:
                task.cancel()
            await asyncio.gather(*reading, return_exceptions=True)
        check(streams, interactions)
        late = list(lateness(streams, phones.steps()))
    return [
        *rows_of("ringing", [ms for state, ms in late if state == "ringing"]),
        *rows_of("answer", [ms for state, ms in late if state == "talking"]),
        Row.of("memory without streams", "MB", [before]),
        Row.of(f"memory with {AGENTS} streams", "MB", [open_]),
        Row.of(f"memory with {AGENTS} calls at once", "MB", [all_]),
        Row.of("memory after them", "MB", [after]),
        Row.of("of a core", "%", [100 * spent / took]),
    ]


def prepared(agents: ManyAgents) -> Mapping[str, str]:
    """Give each agent's number an interaction, by extension."""
    service = agents.watched.service
    rows = [
        {"line": line, "number": number(each), "group": each}
        for line, each in enumerate(agents.extensions, start=1)
    ]
    control(service, "number.import", rows=rows)
    for each in agents.extensions:
        control(service, "allocate", interaction=f"order-{each}", group=each)
    return {each: f"order-{each}" for each in agents.extensions}


def token(agents: ManyAgents, extension: str) -> str:
    """Give out a token that sees *extension* only."""
    made = control(
        agents.watched.service, "token.add", role="agent", environment="", extensions=[extension]
    )
    return str(made["token"])


def called(agents: ManyAgents) -> None:
    """Place a call for each agent."""
    calls = [Call(number(each), hang_up_after_seconds=TALKS_SECONDS) for each in agents.extensions]
    timeout = AGENTS / RATE + TALKS_SECONDS + SETTLE_SECONDS
    place_calls(agents.tools, agents.watched.pbx, calls, rate=RATE, timeout_seconds=timeout)


def check(streams: Streams, interactions: Mapping[str, str]) -> None:
    """Raise where a stream has shown anything but its own interaction, or not all its states."""
    for extension, interaction in interactions.items():
        calls = [call for _, call in streams.shown[extension] if call]
        seen = {(call["extension"], call["interaction"], call["state"]) for call in calls}
        expected = {(extension, interaction, state) for state in STATES.values()}
        # It rings some milliseconds before it is known who calls.
        if seen - {(extension, None, "ringing")} != expected:
            raise RuntimeError(f"{extension} was shown {seen}")


def lateness(streams: Streams, steps: Sequence[Step]) -> Iterator[tuple[str, float]]:
    """Give by how many milliseconds each stream showed what the phone had done."""
    extension = {}
    for step in steps:
        if found := CALLED.match(step.first):
            extension[step.call] = found[1]
        for what, state in STATES.items():
            if step.sent and step.is_a(what):
                yield state, 1000 * (first(streams, extension[step.call], state) - step.at)


def first(streams: Streams, extension: str, state: str) -> float:
    """Give when the stream of *extension* showed *state* and the interaction."""
    return next(
        at
        for at, call in streams.shown[extension]
        if call and call["state"] == state and call["interaction"]
    )


def rows_of(what: str, late_ms: Sequence[float]) -> Iterator[Row]:
    """Sum up."""
    percent = quantiles(late_ms, n=100)
    yield Row.of(f"{what} to stream, of half", "ms", [percent[49]], BAR_MS)
    yield Row.of(f"{what} to stream, of 99 in 100", "ms", [percent[98]], BAR_MS)
    yield Row.of(f"{what} to stream, the latest", "ms", [max(late_ms)])


def memory(pid: int) -> float:
    """Give the resident memory of a process, in megabytes."""
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    return int(found[1]) / 1000 if found else 0.0
