"""How many calls a second one Asterisk takes from SIPp cleanly: looking up, and without a store.

Clean is: every call was told its own interaction, none failed, nothing had to be sent again, and
they came as quickly as they should. A rate is tried for a second; a clean one is followed by a
higher one, another by a lower one, so what is tried stays about the highest. The ways take turns.
"""

from __future__ import annotations

import csv
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench.call_path import asterisk
from bench.call_path_dialplan import FIRST, WRONG
from bench.call_path_odbc import Peers
from bench.call_path_ways import Way, ways
from bench.durable import durable_folder
from bench.row import Row
from testbed.children import argv
from testbed.fetch import bring, bring_postgres
from testbed.pbx import Pbx
from testbed.ports import LOOPBACK, PortBlock
from testbed.postgres import cluster
from testbed.scenario import Caller
from testbed.tools import Tools

WAYS = ("none", "listener", "guarded", "ours")
SEARCHED, TURNS = 11, 11
SECONDS = 1
COARSE, FINE = 1.4, 1.06
FIRST_RATE = 150.0
BAR = 0.95
KEPT = 0.6
"""Of the rate: where the machine is too busy for SIPp itself, calls come later than they should."""
PATIENCE_SECONDS = 40


def measure() -> Sequence[Row]:
    """Give the rates about which calls stop to be clean, and ours of the storeless listener's."""
    with ExitStack() as stack:
        tools = bring()
        folder, disk = stack.enter_context(durable_folder())
        server = stack.enter_context(cluster(bring_postgres()))
        server.run("psql", "-q", "-d", "postgres", "-c", "CREATE DATABASE ours")
        peers = Peers.made(folder, server)
        all_ways = stack.enter_context(ways(folder, server, peers))
        pbx = stack.enter_context(asterisk(folder, peers, all_ways))
        tried = {way.name: way for way in all_ways if way.name in WAYS}
        rates = in_turns({name: Calling(tools, pbx, tried[name]).is_clean for name in WAYS})
    rows = [Row.of(f"{tried[name].title}: clean calls", "/s", each) for name, each in rates.items()]
    for name, least in (("listener", BAR), ("guarded", None)):
        ratios = [ours / other for ours, other in zip(rates["ours"], rates[name], strict=True)]
        title = f"ours: SQLite, of {tried[name].title}: clean calls"
        rows.append(Row.of(title, "x", ratios, at_least=least))
    return [*disk.rows(), *rows]


@dataclass(slots=True)
class Stairs:
    """The rate that is tried next: up after a clean one, else down, by ever smaller steps."""

    rate: float = FIRST_RATE
    step: float = COARSE
    _rose: bool = True

    def go_on(self, *, clean: bool) -> None:
        """Take a step; where it goes back, a smaller one than before."""
        if clean is not self._rose:
            self.step = max(FINE, self.step**0.5)
        self._rose = clean
        self.rate = self.rate * self.step if clean else max(self.rate / self.step, 1.0)


def in_turns(trials: dict[str, Callable[[float], bool]]) -> dict[str, list[float]]:
    """Find about the highest clean rate of each, in turns; what the last turns tried is given."""
    stairs = {name: Stairs() for name in trials}
    rates: dict[str, list[float]] = {name: [] for name in trials}
    for _ in range(SEARCHED + TURNS):
        for name, is_clean in trials.items():
            rates[name].append(stairs[name].rate)
            stairs[name].go_on(clean=is_clean(stairs[name].rate))
    return {name: tried[SEARCHED:] for name, tried in rates.items()}


@dataclass(frozen=True, slots=True)
class Calling:
    """SIPp, calling an Asterisk that looks up in one way."""

    tools: Tools
    pbx: Pbx
    way: Way

    def is_clean(self, rate: float) -> bool:
        """Say whether so many calls a second were clean."""
        count = round(rate * SECONDS)
        self.way.lend(1, count)
        self.pbx.cli(f"dialplan set global WAY {self.way.name}")
        if self.way.agi:
            self.pbx.cli(f"dialplan set global INTERACT_AGI {self.way.agi}")
        wrong = self._wrong()
        with PortBlock() as ports, tempfile.TemporaryDirectory(dir=self.pbx.folder) as name:
            statistics = self._place(Path(name), ports.first, rate, count)
        sent_again, failed, well = (
            int(statistics[f"{each}(C)"])
            for each in ("Retransmissions", "FailedCall", "SuccessfulCall")
        )
        as_asked = float(statistics["CallRate(C)"]) >= KEPT * rate
        return as_asked and (sent_again, failed, well, self._wrong()) == (0, 0, count, wrong)

    def _place(self, folder: Path, port: int, rate: float, count: int) -> dict[str, str]:
        """Place the calls, and give what SIPp counted."""
        (folder / "scenario.xml").write_text(Caller().scenario(), "utf-8")
        lines = "".join(f"{FIRST + at};1000\n" for at in range(count))
        (folder / "calls.csv").write_text(f"SEQUENTIAL\n{lines}", "utf-8")
        options = {
            **{"-sf": "scenario.xml", "-inf": "calls.csv", "-i": LOOPBACK, "-p": port},
            **{"-cp": port + 1, "-mp": port + 2, "-m": count, "-l": count},
            **{"-r": round(rate * 10), "-rp": 10_000, "-timeout": f"{PATIENCE_SECONDS}s"},
            **{"-fd": 1, "-stf": "statistics.csv", "-cid_str": f"%u-{folder.name}"},
        }
        words = [str(word) for option in options.items() for word in option]
        target = f"{LOOPBACK}:{self.pbx.sip_port}"
        subprocess.run(
            [*argv(self.tools.sipp_command, target, *words), "-trace_stat", "-nostdin"],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=2 * PATIENCE_SECONDS,
            check=False,  # calls that failed are counted
        )
        with (folder / "statistics.csv").open(encoding="utf-8", newline="") as file:
            *_, last = csv.DictReader(file, delimiter=";")
        return last

    def _wrong(self) -> int:
        """Count the calls that were not told their own interaction."""
        log = self.pbx.folder / "log/seen"
        return log.read_bytes().count(WRONG.encode()) if log.exists() else 0
