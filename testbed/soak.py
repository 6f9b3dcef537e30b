"""``make soak``: calls at RATE, programs, people, failures for MINUTES; nothing grows or is lost.

A real Asterisk is dialed by SIPp while every API is asked and links are cut. The service's memory,
descriptors, tasks, threads, store and latencies are measured, and in the end each interaction's
fate is looked at. What came of it is in ``bench/results/soak.json``, drawn in ``soak.svg``.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from bench.__main__ import commit, machine, versions
from testbed.fetch import bring
from testbed.soaking.callers import forget_traces
from testbed.soaking.centre import HOLD_SECONDS, Centre
from testbed.soaking.failing import Failing
from testbed.soaking.fates import Fates
from testbed.soaking.load import Load
from testbed.soaking.picture import drawn
from testbed.soaking.samples import ALLOWED, ROWS_ALLOWED, Sample, grown, measured

RESULTS: Final = Path(__file__).parent.parent / "bench/results"
SAMPLE_SECONDS, SAMPLES = 10.0, 24
"""Between two samples, or less where it takes but a few minutes, so that there are enough."""
FAILURE_SAMPLES: Final = 3
"""Of every so many samples something fails at one."""
KEEP_SECONDS: Final = 30.0
"""The least that the journal is kept; in a longer soak a twelfth of it."""
TOLD_FAULTS: Final = 20


@dataclass
class Soak:
    """One run; *seconds* long, with *rate* calls a second."""

    centre: Centre
    seconds: float
    rate: float
    folder: Path
    fates: Fates = field(default_factory=Fates)
    samples: list[Sample] = field(default_factory=list)

    def run(self) -> tuple[list[str], Failing]:
        """Load the service, break what is around it, and say what is wrong in the end."""
        load = Load(self.centre, self.fates, self.rate)
        failing = Failing(self.centre, self.fates, self.folder)
        with self.centre.running():
            with load.running():
                for count, sample in enumerate(self._sampled(load), start=1):
                    self.samples.append(sample)
                    failed = failing.next() if count % FAILURE_SAMPLES == 0 else ""
                    show(sample, failed, len(load.faults))
                    forget_traces(self.centre)
            left = failing.settle()
            self._read()
        faults = [*load.faults, *([left] if left else []), *self.fates.faults()]
        return [*faults, *grown(self.samples)], failing

    def _sampled(self, load: Load) -> Iterator[Sample]:
        """Measure again and again until it is time."""
        begun = time.monotonic()
        every = min(SAMPLE_SECONDS, self.seconds / SAMPLES)
        while time.monotonic() - begun < self.seconds:
            threading.Event().wait(every)
            now = time.monotonic() - begun
            asked = self._read()
            calls = self.fates.statuses.total()
            yield measured(self.centre.service, now, calls, asked, load.took())

    def _read(self) -> Sequence[float]:
        self.fates.read_journal(self.centre.service.database)
        return self.fates.read_calls(self.centre.pbx)


def show(sample: Sample, failed: str, faults: int) -> None:
    """Say how it stands."""
    print(
        f"{sample.seconds:6.0f} s  {sample.calls} calls  {sample.memory_mb:.1f} MB  "
        f"{sample.descriptors} descriptors  {sample.tasks} tasks  {sample.threads} threads  "
        f"WAL {sample.wal_mb:.1f} MB  store {sample.store_mb:.1f} MB  "
        f"journal {sample.rows['journal']}  calls p99 {sample.call_p99_ms:.0f} ms  "
        f"APIs p99 {sample.api_p99_ms:.0f} ms  {f'{faults} faults  ' if faults else ''}{failed}",
        flush=True,
    )


def main(minutes: float, rate: float) -> int:
    """Soak for *minutes* with *rate* calls a second, keep the report, and give the exit status."""
    tools = bring()
    seconds = 60 * minutes
    keep = max(KEEP_SECONDS, seconds / 12)
    folder = Path(tempfile.mkdtemp(prefix="interact-ivr-soak-"))
    soak = Soak(Centre(tools, folder / "centre", keep, keep / 5), seconds, rate, folder)
    began = {"date": datetime.now(UTC).isoformat(timespec="seconds"), "commit": commit()}
    faults, failing = soak.run()
    counted = {of: len(soak.centre.service.log(of)) for of in ("reloaded", "purged")}
    if faults:
        print(f"the logs are left in {folder}")
    else:
        shutil.rmtree(folder)
    report = {
        **began,
        "machine": machine(),
        "versions": versions(),
        "minutes": minutes,
        "calls_per_second": round(soak.samples[-1].calls / soak.samples[-1].seconds, 1),
        "clean_calls_per_second": clean_rate(),
        "journal_kept_seconds": keep,
        "hold_seconds": HOLD_SECONDS,
        "failures": {**failing.done, **counted},
        "statuses": dict(sorted(soak.fates.statuses.items())),
        "allocations": soak.fates.counted(),
        "allowed": {**ALLOWED, "rows": ROWS_ALLOWED},
        "faults": faults[:TOLD_FAULTS],
        "samples": [asdict(one) for one in soak.samples],
    }
    keep_report(report, soak.samples)
    print(
        *(faults[:TOLD_FAULTS] or ["nothing grew, nothing was lost, nothing told twice"]), sep="\n"
    )
    return 1 if faults else 0


def clean_rate() -> float:
    """Give the calls a second that the machine takes cleanly, by the last measurement kept."""
    kept = json.loads((RESULTS / "clean_calls.json").read_text("utf-8"))
    (rate,) = [
        each["median"] for each in kept["rows"] if each["name"] == "ours: SQLite: clean calls"
    ]
    return float(rate)


def keep_report(report: dict[str, Any], samples: Sequence[Sample]) -> None:
    """Write the report and the picture, in place of an earlier run's."""
    lines = [json.dumps(each) for each in report.pop("samples")]
    text = json.dumps(report, indent=1).removesuffix("\n}")
    joined = ",\n  ".join(lines)
    (RESULTS / "soak.json").write_text(f'{text},\n "samples": [\n  {joined}\n ]\n}}\n', "utf-8")
    title = f"A soak of {report['minutes']:g} minutes, {report['calls_per_second']:g} calls/s"
    (RESULTS / "soak.svg").write_text(drawn(samples, title), "utf-8")


if __name__ == "__main__":
    sys.exit(main(*map(float, sys.argv[1:3])))
