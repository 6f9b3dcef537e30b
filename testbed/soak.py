"""``make soak``: real calls, allocations and expiries for minutes, and nothing grows.

Half of the allocated numbers are dialed, the others expire. Every few seconds the service's memory,
descriptors and write-ahead log are measured; the report stands in ``bench/results/soak.json``.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.__main__ import commit, machine
from interact_ivr.control.client import Refused, ask
from testbed.fetch import bring
from testbed.ivr import extensions
from testbed.pbx import Pbx
from testbed.service import Service
from testbed.sipp import Call, place_calls
from testbed.tools import Tools

REPORT = Path(__file__).parent.parent / "bench/results/soak.json"
POOL = 500
BATCH = 40
HOLD_SECONDS = 5
GROWTH_MB = 8.0
GROWTH_DESCRIPTORS = 8
SHOWN = 20
"""Samples that the report keeps, evenly taken."""
SETTLING = 5
"""Samples before the one that later ones are compared with."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What the service takes at an instant."""

    seconds: float
    calls: int
    found: int
    memory_mb: float
    descriptors: int
    wal_mb: float


def main(minutes: float) -> int:
    """Soak for *minutes*, write the report, and give the exit status."""
    with ExitStack() as stack:
        tools = bring()
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="interact-ivr-soak-")))
        settings = f"[pool]\nhold_for_seconds = {HOLD_SECONDS}\nrest_for_seconds = 1\n"
        service = stack.enter_context(Service(folder / "service", settings))
        pbx = stack.enter_context(
            Pbx(tools, folder / "asterisk", extensions=extensions(service.agi))
        )
        service.import_numbers(*(f"38097452{index:04}" for index in range(POOL)))
        samples = []
        for sample in soak(tools, service, pbx, minutes * 60):
            samples.append(sample)
            print(
                f"\r{sample.seconds:6.0f} s  {sample.calls} calls, {sample.found} found  "
                f"{sample.memory_mb:.1f} MB  {sample.descriptors} descriptors  "
                f"WAL {sample.wal_mb:.1f} MB ",
                end="",
                flush=True,
            )
    faults = list(grown(samples))
    REPORT.parent.mkdir(exist_ok=True)
    report = {
        "commit": commit(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "minutes": minutes,
        "faults": faults,
        "samples": [asdict(one) for one in samples[:: len(samples) // SHOWN + 1]],
        "last": asdict(samples[-1]),
    }
    REPORT.write_text(json.dumps(report, indent=1) + "\n")
    print("", *(faults or ["nothing grew, every call found its own"]), sep="\n")
    return 1 if faults else 0


def soak(tools: Tools, service: Service, pbx: Pbx, seconds: float) -> Iterator[Sample]:
    """Allocate and call in batches, and give a sample after each."""
    begun = time.monotonic()
    calls = 0
    while time.monotonic() - begun < seconds:
        numbers = list(allocated(service, f"batch-{calls}"))
        place_calls(tools, pbx, [Call(number) for number in numbers[::2]], rate=BATCH)
        calls += len(numbers[::2])
        yield measured(service, time.monotonic() - begun, calls)


def allocated(service: Service, batch: str) -> Iterator[str]:
    """Allocate a batch of interactions, as an app does; an exhausted pool gives fewer."""
    control = Path(service.ask("status")["control"])
    for index in range(BATCH):
        try:
            yield ask(control, "allocate", {"interaction": f"{batch}/{index}"})["number"]
        except Refused:
            return


def measured(service: Service, seconds: float, calls: int) -> Sample:
    """Measure the running service."""
    status = Path(f"/proc/{service.pid}/status").read_text("ascii")
    memory = next(line for line in status.splitlines() if line.startswith("VmRSS:")).split()[1]
    wal = service.database.with_name(service.database.name + "-wal")
    told = service.log("the call was told")
    return Sample(
        seconds=round(seconds, 1),
        calls=calls,
        found=sum(line["status"] == "FOUND" for line in told),
        memory_mb=round(int(memory) / 1024, 1),
        descriptors=len(list(Path(f"/proc/{service.pid}/fd").iterdir())),
        wal_mb=round(wal.stat().st_size / 1e6, 1) if wal.exists() else 0.0,
    )


def grown(samples: list[Sample]) -> Iterator[str]:
    """Say what grew, and which calls did not find their interaction."""
    last = samples[-1]
    if last.found != last.calls:
        yield f"{last.calls - last.found} of {last.calls} calls did not find their interaction"
    if len(samples) <= SETTLING:
        yield f"{len(samples)} samples are too few to say what grows"
        return
    first = samples[SETTLING]
    if last.memory_mb > first.memory_mb + GROWTH_MB:
        yield f"memory grew from {first.memory_mb} to {last.memory_mb} MB"
    if last.descriptors > first.descriptors + GROWTH_DESCRIPTORS:
        yield f"descriptors grew from {first.descriptors} to {last.descriptors}"


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1])))
