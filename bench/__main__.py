"""``python -m bench [NAME ...]``: measure, print, keep the figures; 1 when a bar is missed.

A measurement is a module of this package with a function ``measure``; its rows are written to
``bench/results/<name>.json`` with what they were measured on.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from bench import (
    agent_screens,
    agent_streams,
    console,
    dial_plan,
    dial_plan_numbers,
    http_rest,
    icws,
    pbx_traffic,
    pool_size,
    postgres,
    stub_cold_start,
)
from bench.row import Row
from interact_ivr import __version__

MEASUREMENTS: dict[str, Callable[[], Sequence[Row]]] = {
    "agent_screens": agent_screens.measure,
    "agent_streams": agent_streams.measure,
    "console": console.measure,
    "dial_plan": dial_plan.measure,
    "dial_plan_numbers": dial_plan_numbers.measure,
    "http_rest": http_rest.measure,
    "icws": icws.measure,
    "pbx_traffic": pbx_traffic.measure,
    "pool_size": pool_size.measure,
    "postgres": postgres.measure,
    "stub_cold_start": stub_cold_start.measure,
}
RESULTS = Path(__file__).parent / "results"


def main() -> int:
    """Run all measurements, or those named."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure against bars.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(MEASUREMENTS))
    names = parser.parse_args().names or list(MEASUREMENTS)
    if unknown := set(names) - MEASUREMENTS.keys():
        parser.error(f"{', '.join(sorted(unknown))}: expected {', '.join(MEASUREMENTS)}")
    held = True
    for name in names:
        print(f"{name} ...", flush=True)
        rows = MEASUREMENTS[name]()
        print(*rows, sep="\n")
        keep(name, rows)
        held = held and all(row.holds for row in rows)
    return 0 if held else 1


def keep(name: str, rows: Sequence[Row]) -> None:
    """Write *rows* as JSON, in place of an earlier run's."""
    result = {
        "measurement": name,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "machine": machine(),
        "versions": {
            "interact_ivr": __version__,
            "python": platform.python_version(),
            "sqlite": sqlite3.sqlite_version,
        },
        "held": all(row.holds for row in rows),
        "rows": [asdict(row) for row in rows],
    }
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps(result, indent=2) + "\n"
    (RESULTS / f"{name}.json").write_text(text, "utf-8")


def commit() -> str:
    """Say on which commit this runs, and whether the tree differs from it."""
    said = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=12"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return said.stdout.strip() or "unknown"


def machine() -> dict[str, object]:
    """Say what the figures were measured on, and how busy it was."""
    lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    models = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return {
        "processor": models[0] if models else platform.machine(),
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "load": round(os.getloadavg()[0], 2),
    }


if __name__ == "__main__":
    sys.exit(main())
