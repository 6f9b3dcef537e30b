"""What is paid before the first call: starting the command line and the service, and its memory.

The processes of a round follow each other, so that a noisy machine is noisy for all.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bench import processor
from bench.durable import durable_folder
from bench.row import Row
from testbed.line import control
from testbed.service import Service

ROUNDS = 15
STARTS = 3
"""Processes of each kind in a round."""
SERVICES = 7
NUMBERS = 100_000
CALLS = 1_000
FIRST = 380_970_000_000
HELP_BAR, READY_BAR, MEMORY_BAR = 7.0, 1.0, 80.0
KINDS = {
    "python -c pass": (sys.executable, "-c", "pass"),
    "interact-ivr --help": (str(Path(sys.executable).with_name("interact-ivr")), "--help"),
}


def measure() -> Sequence[Row]:
    """Give milliseconds, a ratio, seconds and megabytes."""
    with durable_folder() as (folder, disk):
        return [*_command_line(), *disk.rows(), *_service(folder)]


def _command_line() -> Sequence[Row]:
    for command in KINDS.values():
        _run(command)  # warms the file cache
    rounds: dict[str, list[float]] = {name: [] for name in KINDS}
    for _ in range(ROUNDS):
        sums = dict.fromkeys(KINDS, 0.0)
        for _ in range(STARTS):
            for name, command in KINDS.items():
                sums[name] += _run(command)
        for name, seconds in sums.items():
            rounds[name].append(seconds / STARTS * 1000)
    nothing, shown = rounds.values()
    ratios = [one / other for one, other in zip(shown, nothing, strict=True)]
    rows = [Row.of(name, "ms", values) for name, values in rounds.items()]
    return [*rows, Row.of("interact-ivr --help: ratio", "x", ratios, HELP_BAR)]


def _run(command: Sequence[str]) -> float:
    begun = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begun


def _service(folder: Path) -> Sequence[Row]:
    ready, fresh, used = [], [], []
    service = Service(folder / "service", "[pool]\nrest_for_seconds = 0\n")
    try:
        service.start()
        table = "\n".join(["number", *(str(FIRST + at) for at in range(NUMBERS))])
        service.ask("number", "import", "-", text=table)
        for turn in range(SERVICES):
            service.stop()
            begun = time.perf_counter()
            service.start()
            ready.append(time.perf_counter() - begun)
            fresh.append(processor.memory_mb(service.pid))
            for at in range(CALLS):
                control(service, "allocate", interaction=f"interaction {turn}.{at}")
            used.append(processor.memory_mb(service.pid))
    finally:
        service.close()
    return [
        Row.of(f"service ready, {NUMBERS:,} numbers", "s", ready, READY_BAR),
        Row.of(f"memory, {NUMBERS:,} numbers, just ready", "MB", fresh),
        Row.of(f"memory after {CALLS:,} allocations", "MB", used, MEMORY_BAR),
    ]
