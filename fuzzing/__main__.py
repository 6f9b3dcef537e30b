"""Fuzzes the targets, each in a process of its own; ``python -m fuzzing agi --seconds 600``.

What was found stands in the cache folder, inputs worth keeping go to ``tests/fixtures/corpus``, and
``bench/results/fuzz.json`` says how far each target got. It goes on where it was left.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from bench.__main__ import machine
from fuzzing.kept import FOLDER, chosen, keep, kept
from fuzzing.targets import NAMES, target
from testbed.trees import cache_folder

ROOT: Final = Path(__file__).parent.parent
RESULT: Final = ROOT / "bench/results/fuzz.json"
_NICENESS: Final = 10
_EDGES: Final = re.compile(r" cov: ([0-9]+) ")


def main(arguments: Sequence[str]) -> int:
    """Fuzz, and collect; 1 where something was found."""
    told = argparse.ArgumentParser(description=__doc__, prog="fuzzing")
    told.add_argument("names", nargs="*", metavar="TARGET", help=f"of {', '.join(NAMES)}")
    told.add_argument("--seconds", type=float, default=60, help="of a processor, for each")
    told.add_argument("--at-once", type=int, default=max((os.cpu_count() or 1) - 1, 1))
    told.add_argument("--collect", action="store_true", help="run nothing, but report what was")
    given: Any = told.parse_args(arguments)
    names = given.names or NAMES
    if unknown := {*names} - {*NAMES}:
        told.error(f"no such target: {', '.join(sorted(unknown))}")
    if find_spec("atheris") is None:
        told.error("atheris is missing: `make fuzz` installs it")
    if not given.collect:
        os.nice(_NICENESS)
        with ThreadPoolExecutor(given.at_once) as threads:
            list(threads.map(partial(_fuzz, seconds=given.seconds), names))
    reports = {name: report for name in names if (report := _collected(name)) is not None}
    _write({name: report for name, report in reports.items() if "executions" in report})
    for name, report in reports.items():
        print(name, *(f"{key}={value}" for key, value in report.items()))
    return 1 if any(report["findings"] for report in reports.values()) else 0


def _folder(name: str) -> Path:
    return cache_folder() / "fuzz" / name


def _fuzz(name: str, seconds: float) -> None:
    """Fuzz one target to its end."""
    folder = _folder(name)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.json").unlink(missing_ok=True)
    before = [str(FOLDER / name)] if (FOLDER / name).exists() else []
    command = (sys.executable, "-m", "fuzzing.one", name, f"{seconds:g}", str(folder), *before)
    with (folder / "log").open("wb") as log:
        subprocess.run(command, stdout=log, stderr=log, cwd=ROOT, check=False)


def _collected(name: str) -> dict[str, Any] | None:
    """Report what a target's last run has come to, and keep its inputs; None: it never ran."""
    folder = _folder(name)
    if not (folder / "log").exists():
        return None
    found = [file.read_bytes() for file in (folder / "corpus").iterdir()]
    inputs = chosen(target(name), [*found, *kept(name)])
    keep(name, inputs)
    edges = [int(each) for each in _EDGES.findall((folder / "log").read_text("utf-8", "replace"))]
    sizes = {"edges": max(edges, default=0), "corpus": len(found), "kept": len(inputs)}
    if not (folder / "report.json").exists():
        return sizes | {"findings": [f"it ended before its time: {folder / 'log'} says why"]}
    report: dict[str, Any] = json.loads((folder / "report.json").read_text("utf-8"))
    rate = round(report["executions"] / report["cpu_seconds"])
    return report | sizes | {"executions_per_second": rate}


def _write(reports: dict[str, dict[str, Any]]) -> None:
    """Put *reports* in the place of those targets' earlier ones."""
    before = json.loads(RESULT.read_text("utf-8"))["targets"] if RESULT.exists() else {}
    result = {
        "machine": machine(),
        "versions": {"python": platform.python_version(), "atheris": version("atheris")},
        "targets": {name: (before | reports)[name] for name in NAMES if name in before | reports},
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
