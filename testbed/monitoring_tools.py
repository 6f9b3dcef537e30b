"""Debian's Prometheus with its promtool, and libfaketime, unpacked into the user's cache."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from testbed.tools import MULTIARCH, ToolsError
from testbed.trees import Tree, brought, cache_folder

#: Programs in Go, and a library that is loaded into others: nothing else of the closure is run.
LEFT_OUT: Final = re.compile(r"(?!(prometheus|libfaketime)$).*")


@dataclass(frozen=True, slots=True)
class MonitoringTools:
    """Where they are."""

    tree: Path

    @property
    def prometheus(self) -> Path:
        """Give the server."""
        return self.tree / "usr/bin/prometheus"

    @property
    def promtool(self) -> Path:
        """Give what checks rules and expressions."""
        return self.tree / "usr/bin/promtool"

    def at_another_time(self, by: str) -> dict[str, str]:
        """Give the environment of a program whose clock is wrong: ``+1h``, ``-10d``."""
        library = self.tree / "usr/lib" / MULTIARCH / "faketime/libfaketime.so.1"
        return {
            "LD_PRELOAD": str(library),
            "FAKETIME": by,
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }


def bring_monitoring() -> MonitoringTools:
    """Give them, fetched first when the cache has none; parallel callers wait for one another.

    Raises StepError, NoMirrorError and ToolsError.
    """
    return MonitoringTools(brought(TREE, cache_folder()))


def _prove(tree: Path) -> None:
    """Have promtool say its version; raises ToolsError where it cannot."""
    promtool = MonitoringTools(tree).promtool
    try:
        done = subprocess.run(
            [promtool, "--version"], capture_output=True, timeout=30, check=False, encoding="utf-8"
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ToolsError(f"promtool does not start: {error}") from error
    if "promtool" not in done.stdout + done.stderr:
        raise ToolsError(f"promtool does not say its version: {done.stdout}{done.stderr}")


TREE: Final = Tree(
    name="monitoring",
    packages=("prometheus", "libfaketime"),
    suites=("bookworm",),
    layout=1,
    left_out=LEFT_OUT,
    prove=_prove,
)
