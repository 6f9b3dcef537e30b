"""What a busy PBX costs the service that watches it: a hundred foreign calls a second.

Foreign calls come in by another context, or by an inbound one for numbers that are none of ours.
Asterisk sends what it is asked for, or, to a user who may only read, everything. Where a trunk puts
the dialed number into a header, each call's headers are asked for, too.
"""

from __future__ import annotations

import os
import re
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from bench.row import Row
from testbed.conf import READER, USER
from testbed.fetch import bring
from testbed.sipp import Call, place_calls
from testbed.tools import Tools
from testbed.watched import Watched

RATE = 100
SECONDS = 1
PATIENCE_SECONDS = 40
ROUNDS = 7
LATE_BAR_MS = 200.0
CORE_BAR = 25.0
TICK = os.sysconf("SC_CLK_TCK")

#: What a PBX does with a call that is none of ours: some steps, a variable, a second of ringing.
TRAFFIC = """
exten => _9X.,1,Set(STEP=1)
 same => n,Set(STEP=2)
 same => n,NoOp(a step)
 same => n,Ringing()
 same => n,Wait(1)
 same => n,Hangup(17)

[elsewhere]
exten => _9X.,1,Goto(inbound,${EXTEN},1)
"""
BUCKET = re.compile(
    r'interact_ivr_pbx_event_late_seconds_bucket\{le="([^"]+)",pbx="testbed"\} ([0-9.]+)'
)
EVENTS = re.compile(r'interact_ivr_pbx_events_total\{pbx="testbed"\} ([0-9.]+)')


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of traffic, and what Asterisk sends of it."""

    name: str
    context: str
    user: str
    dnis_from: str = ""


@dataclass(slots=True)
class Rounds:
    """What was measured in each round."""

    late_ms: list[float] = field(default_factory=list)
    core: list[float] = field(default_factory=list)
    events: list[float] = field(default_factory=list)
    unread: list[float] = field(default_factory=list)


HEADERS = '["diversion", "to", "extension"]'
KINDS = (
    Kind("another context", "elsewhere", USER),
    Kind("an inbound context", "inbound", USER),
    Kind("another context, all events", "elsewhere", READER),
    Kind("an inbound context, all events", "inbound", READER),
    Kind("an inbound context, by headers", "inbound", USER, HEADERS),
    Kind("an inbound context, by headers, all events", "inbound", READER, HEADERS),
)


def measure() -> Sequence[Row]:
    """Give each kind's lateness, share of a core, events, and calls whose number was not read."""
    tools = bring()
    return [row for kind in KINDS for row in rows_of(kind, measured(tools, kind))]


def rows_of(kind: Kind, rounds: Rounds) -> Iterator[Row]:
    """Sum a kind up."""
    yield Row.of(f"{kind.name}: 99 of 100 events late", "ms", rounds.late_ms, LATE_BAR_MS)
    yield Row.of(f"{kind.name}: of a core", "%", rounds.core, CORE_BAR)
    yield Row.of(f"{kind.name}: events", "/s", rounds.events)
    yield Row.of(f"{kind.name}: not read", "", rounds.unread, 1)


def measured(tools: Tools, kind: Kind) -> Rounds:
    """Place the calls, and read the service's metrics and processor time before and after."""
    rounds = Rounds()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="interact-ivr-")))
        watched = Watched(
            tools, folder, more=TRAFFIC, dnis_from=kind.dnis_from, ari_user=f'"{kind.user}"'
        )
        pjsip = watched.pbx.etc / "pjsip.conf"
        text = pjsip.read_text("utf-8").replace("context = inbound", f"context = {kind.context}")
        pjsip.write_text(text, "utf-8")
        stack.enter_context(watched)
        watched.service.import_numbers("380974520200")
        for _ in range(ROUNDS):
            one_round(tools, watched, rounds)
    return rounds


def one_round(tools: Tools, watched: Watched, rounds: Rounds) -> None:
    """Measure one round."""
    calls = [Call(f"9{index:06}") for index in range(RATE * SECONDS)]
    before, unread = watched.metrics(), watched.standing()["unread"]
    began, used = time.monotonic(), processor_seconds(watched)
    place_calls(tools, watched.pbx, calls, rate=RATE, timeout_seconds=PATIENCE_SECONDS)
    took, spent = time.monotonic() - began, processor_seconds(watched) - used
    after = watched.metrics()
    rounds.late_ms.append(1000 * late(before, after))
    rounds.core.append(100 * spent / took)
    rounds.events.append((events(after) - events(before)) / took)
    rounds.unread.append(watched.standing()["unread"] - unread)


def late(before: str, after: str) -> float:
    """Give the bucket's end, in seconds, under which 99 of 100 events were late in between."""
    earlier = {end: float(count) for end, count in BUCKET.findall(before)}
    counts = {end: float(count) - earlier[end] for end, count in BUCKET.findall(after)}
    return next(float(end) for end, count in counts.items() if count >= 0.99 * counts["+Inf"])


def events(metrics: str) -> float:
    """Give how many events there were."""
    (count,) = EVENTS.findall(metrics)
    return float(count)


def processor_seconds(watched: Watched) -> float:
    """Give the processor time that the service has used."""
    stat = Path(f"/proc/{watched.service.pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(stat[11]) + int(stat[12])) / TICK
