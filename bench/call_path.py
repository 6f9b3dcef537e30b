"""What a look-up costs a call, in one Asterisk that measures itself, beside what else one could do.

Every way is asked by one channel and by twenty at once, all of them in turn in every round. Whoever
is told anything but the number's own interaction fails the measurement.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bench import processor
from bench.call_path_dialplan import EACH, Part, dialplan, read_parts
from bench.call_path_odbc import Peers, fill_astdb
from bench.call_path_servers import FORKED
from bench.call_path_ways import CHANNELS, Way, ways
from bench.durable import durable_folder
from bench.row import Row
from interact_ivr.agi import stub
from testbed.fetch import bring, bring_postgres
from testbed.ivr import CONFIG
from testbed.pbx import Pbx
from testbed.postgres import cluster

ROUNDS = 7
RUN_SECONDS = 0.4
"""About so long a run takes; how many look-ups these are is found out first, for each way."""
TRIED = 4
PATIENCE_SECONDS = 60.0
POLL_SECONDS = 0.01
MOST = CHANNELS[-1]
OURS = {
    "ours": "ours: SQLite",
    "oursagi": "ours: SQLite, without the guard",
    "ourspostgres": "ours: PostgreSQL",
}
RATIOS: Mapping[str, Sequence[tuple[str, str, float | None]]] = {
    "ours": (
        ("listener", "our listener without a store", 0.75),
        ("guarded", "that in the guard", None),
        ("panoramisk", "panoramisk's plain read", 1.0),
        ("forked", "the forked AGI", 40.0),
        ("sqlitefree", "func_odbc's read and free on SQLite", None),
    ),
    "oursagi": (("listener", "our listener without a store", None),),
    "ourspostgres": (("postgresfree", "func_odbc's read and free on PostgreSQL", None),),
}
"""Of what each of ours is compared with: how that is called, and the bar."""
LOGGER = """\
[general]
logger_queue_limit = 1000000
[logfiles]
full => warning,error
seen => notice
"""


@dataclass(slots=True)
class Runs:
    """What the runs of one way by so many channels gave, a value for each."""

    rate: list[float] = field(default_factory=list)
    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    asterisk: list[float] = field(default_factory=list)
    servers: list[float] = field(default_factory=list)


class Looking:
    """One Asterisk whose channels look up."""

    def __init__(self, pbx: Pbx) -> None:
        self._pbx = pbx
        self._log = pbx.folder / "log/seen"
        self._runs = 0
        self._starting: dict[int, float] = {}
        """What Asterisk's processor does for so many channels that look nothing up."""

    def start_only(self, way: Way, channels: int) -> None:
        """Find out what the channels themselves cost, by a *way* that looks nothing up."""
        before, _ = self._used(way)
        self._parts(way, channels, 1)
        self._starting[channels] = self._used(way)[0] - before

    def run(self, way: Way, channels: int, each: int, runs: Runs) -> None:
        """Have *channels* look *each* up at once, and note what that gave."""
        way.lend(channels, each)
        if way.agi:
            self._pbx.cli(f"dialplan set global INTERACT_AGI {way.agi}")
        before = self._used(way)
        parts = self._parts(way, channels, each)
        asterisk, servers = (now - then for now, then in zip(self._used(way), before, strict=True))
        count = channels * each
        good = sum(part.good for part in parts if not part.left)
        if good != count:
            raise RuntimeError(f"{way.title}: {good} of {count} were right\n{self._pbx.tail()}")
        times = sorted(each for part in parts for each in part.times)
        took = max(part.until for part in parts) - min(part.since for part in parts)
        runs.rate.append(count / took * 1e6)
        runs.p50.append(times[len(times) // 2] / 1000)
        runs.p99.append(times[len(times) * 99 // 100] / 1000)
        looking = max(0.0, asterisk - self._starting.get(channels, 0.0))
        runs.asterisk.append(looking / count * 1e6)
        runs.servers.append(servers / count * 1e6)

    def _used(self, way: Way) -> tuple[float, float]:
        """Give the processor time of Asterisk, and of the servers and what Asterisk forked."""
        forked = processor.used_by_children(self._pbx.pid)
        return processor.used(self._pbx.pid), forked + sum(map(processor.used_by_family, way.pids))

    def _parts(self, way: Way, channels: int, each: int) -> list[Part]:
        self._runs += 1
        read = self._log.stat().st_size if self._log.exists() else 0
        name = f"{way.name}.{channels}.{each}.{self._runs}"
        self._pbx.cli(f"channel originate Local/{name}@begin application NoOp")
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            log = self._log.read_bytes()[read:].decode() if self._log.exists() else ""
            parts = [part for part in read_parts(log) if part.run == self._runs]
            if sum(part.left == 0 for part in parts) == channels:
                return parts
            time.sleep(POLL_SECONDS)
        raise RuntimeError(f"{way.title}: no end in {PATIENCE_SECONDS} s\n{self._pbx.tail()}")


def measure() -> Sequence[Row]:
    """Give each way's figures by one channel and by twenty, and the bars' ratios."""
    with ExitStack() as stack:
        folder, disk = stack.enter_context(durable_folder())
        server = stack.enter_context(cluster(bring_postgres()))
        server.run("psql", "-q", "-d", "postgres", "-c", "CREATE DATABASE ours")
        peers = Peers.made(folder, server)
        all_ways = stack.enter_context(ways(folder, server, peers))
        looking = Looking(stack.enter_context(asterisk(folder, peers, all_ways)))
        measured = in_turns(looking, all_ways)
    return [*disk.rows(), *rows(all_ways, measured), *bars(measured, disk.p99)]


def asterisk(folder: Path, peers: Peers, all_ways: Sequence[Way]) -> Pbx:
    """Make the Asterisk, which says nothing that is not asked."""
    tools = bring()
    fill_astdb(folder / "asterisk/lib")
    steps = {way.name: (way.steps, way.told) for way in all_ways}
    pbx = Pbx(
        tools,
        folder / "asterisk",
        extensions=f'{dialplan(steps)}\n#include "{CONFIG}/extensions_interact.conf"\n',
        extra={"logger.conf": LOGGER, **peers.conf_files()},
        environment=peers.environment(tools, folder),
    )
    conf = pbx.etc / "asterisk.conf"
    conf.write_text(conf.read_text("utf-8").replace("verbose = 3", "verbose = 0"), "utf-8")
    script = pbx.agi_bin / "look"
    python = Path(sys.base_prefix) / "bin/python3"
    script.write_text(FORKED.format(python=python, database=peers.sqlite))
    script.chmod(0o755)
    shutil.copy(stub.__file__, pbx.agi_bin / "interact-ivr-agi")
    (pbx.agi_bin / "interact-ivr-agi").chmod(0o755)
    return pbx


Measured = dict[tuple[str, int], Runs]


def in_turns(looking: Looking, all_ways: Sequence[Way]) -> Measured:
    """Find out how many look-ups fill a run, then let all ways take turns.

    The first of them looks nothing up.
    """
    turns = [(way, channels) for way in all_ways for channels in CHANNELS]
    counts = [enough(looking, *turn) for turn in turns]
    measured: Measured = {(way.name, channels): Runs() for way, channels in turns}
    for _ in range(ROUNDS):
        for channels in CHANNELS:
            looking.start_only(all_ways[0], channels)
        for (way, channels), count in zip(turns, counts, strict=True):
            looking.run(way, channels, count, measured[way.name, channels])
    return measured


def enough(looking: Looking, way: Way, channels: int) -> int:
    """Give how many look-ups of each channel take about a run's time; also warms all up."""
    tried = Runs()
    looking.run(way, channels, TRIED, tried)
    return max(3, min(EACH, round(tried.rate[0] * RUN_SECONDS / channels)))


def rows(all_ways: Sequence[Way], measured: Measured) -> Iterator[Row]:
    """Sum the runs up."""
    for way in all_ways:
        for channels in CHANNELS:
            runs = measured[way.name, channels]
            name = f"{way.title}, {channels} at once"
            yield Row.of(f"{name}: look-ups", "/s", runs.rate)
            yield Row.of(f"{name}: half within", "ms", runs.p50)
            yield Row.of(f"{name}: 99 of 100 within", "ms", runs.p99)
            yield Row.of(f"{name}: Asterisk's processor", "us", runs.asterisk)
            yield Row.of(f"{name}: others' processor", "us", runs.servers)


def bars(measured: Measured, fsync_p99: float) -> Iterator[Row]:
    """Hold ours, with twenty at once, to the bars."""
    for mine, others in RATIOS.items():
        for name, title, least in others:
            pairs = zip(measured[mine, MOST].rate, measured[name, MOST].rate, strict=True)
            ratios = [one / other for one, other in pairs]
            yield Row.of(f"{OURS[mine]}, of {title}", "x", ratios, at_least=least)
    bar = 2 * median(measured["listener", MOST].p99) + 2 * fsync_p99
    name = f"{OURS['ours']}, {MOST} at once: p99 against its bar"
    yield Row.of(name, "ms", measured["ours", MOST].p99, round(bar, 3))
