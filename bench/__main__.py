"""``python -m bench [NAME ...]``: measure, print, keep the figures; 1 when a bar is missed.

A measurement is a module of this package with a function ``measure``; its rows are written to
``bench/results/<name>.json`` with what they were measured on, and compared with what the last
commit has there. The documentation that shows them is written anew.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from bench import (
    agent_screens,
    agent_streams,
    call_path,
    clean_calls,
    console,
    console_work,
    dial_plan,
    dial_plan_numbers,
    http_rest,
    icws,
    pbx_traffic,
    pool_size,
    postgres,
    postgres_nodes,
    starting,
    store_callers,
    stub_cold_start,
)
from bench.comparing import committed, moved
from bench.picture import drawn
from bench.row import Row
from interact_ivr import __version__
from interact_ivr.measuring.disk import InMemoryError
from testbed.fetch import FetchError, bring, bring_postgres

MEASUREMENTS: dict[str, Callable[[], Sequence[Row]]] = {
    "agent_screens": agent_screens.measure,
    "agent_streams": agent_streams.measure,
    "call_path": call_path.measure,
    "clean_calls": clean_calls.measure,
    "console": console.measure,
    "console_work": console_work.measure,
    "dial_plan": dial_plan.measure,
    "dial_plan_numbers": dial_plan_numbers.measure,
    "http_rest": http_rest.measure,
    "icws": icws.measure,
    "pbx_traffic": pbx_traffic.measure,
    "pool_size": pool_size.measure,
    "postgres": postgres.measure,
    "postgres_nodes": postgres_nodes.measure,
    "starting": starting.measure,
    "store_callers": store_callers.measure,
    "stub_cold_start": stub_cold_start.measure,
}
RESULTS = Path(__file__).parent / "results"
PICTURED = "20 at once: look-ups"


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
        begun = time.monotonic()
        try:
            rows = MEASUREMENTS[name]()
        except InMemoryError as error:
            parser.exit(1, f"{error}\n")
        print(*rows, sep="\n")
        print(f"{name}: {time.monotonic() - begun:.0f} s; since the last commit's result:")
        changes = [*moved(committed(RESULTS / f"{name}.json"), rows)]
        print(*(changes or ["nothing moved"]), sep="\n")
        keep(name, rows, time.monotonic() - begun)
        held = held and all(row.holds for row in rows)
    write_documentation()
    return 0 if held else 1


def keep(name: str, rows: Sequence[Row], seconds: float) -> None:
    """Write *rows* as JSON, in place of an earlier run's, and the picture of what has one."""
    result = {
        "measurement": name,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(seconds),
        "commit": commit(),
        "machine": machine(),
        "versions": versions(),
        "held": all(row.holds for row in rows),
        "rows": [asdict(row) for row in rows],
    }
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps(result, indent=2) + "\n"
    (RESULTS / f"{name}.json").write_text(text, "utf-8")
    if pictured := [row for row in rows if row.name.endswith(PICTURED)]:
        title = "Look-ups a second in one Asterisk, 20 channels at once"
        (RESULTS / f"{name}.svg").write_text(drawn(title, pictured), "utf-8")


def write_documentation() -> None:
    """Have the pages show what is kept; it says so where cog is missing."""
    cog = shutil.which("cog", path=Path(sys.executable).parent)
    if cog is None:
        print("the documentation is as it was: `make docs` writes it anew")
        return
    pages = ("docs/benchmarks.md", "docs/cluster.md")
    subprocess.run([cog, "-r", "-c", *pages], cwd=Path(__file__).parent.parent, check=True)


def versions() -> dict[str, str]:
    """Say which versions of what were measured; without Asterisk where that cannot be had."""
    try:
        of_tools = {"asterisk": bring().version, "postgresql": bring_postgres().version}
    except FetchError:
        of_tools = {}
    return {
        "interact_ivr": __version__,
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        **of_tools,
        **{each: version(each) for each in ("aiohttp", "panoramisk", "psycopg", "uvloop")},
    }


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
