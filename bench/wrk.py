"""Asking an HTTP server with wrk: requests a second, every one of which must be answered well."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from testbed import fetch

_TELLS = """
function done(summary)
  local bad = summary.errors.status + summary.errors.connect + summary.errors.read
    + summary.errors.write + summary.errors.timeout
  io.write(string.format("RATE %.1f BAD %d\\n", summary.requests / summary.duration * 1e6, bad))
end
"""
_TIMEOUT = "10s"
"""As long as a busy machine takes."""


def rate(folder: Path, url: str, script: str, connections: int, seconds: int) -> float:
    """Give the requests a second that *script*, whose Lua makes them, has answered.

    Raises:
        RuntimeError: one was refused or lost.
    """
    file = folder / "ask.lua"
    file.write_text(script + _TELLS)
    limits = ["-t", "1", "-c", str(connections), "-d", f"{seconds}s", "--timeout", _TIMEOUT]
    command = [*fetch.bring().wrk_command, *limits, "-s", str(file), url]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r"RATE ([\d.]+) BAD (\d+)", said)
    if found is None or int(found[2]):
        raise RuntimeError(f"{url}:\n{said}")
    return float(found[1])
