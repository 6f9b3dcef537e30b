"""What processes have used of the processor, from /proc; nothing here measures time that passes."""

from __future__ import annotations

import os
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")


def used(pid: int) -> float:
    """Give the seconds that *pid* has used, without its children."""
    own, _ = _times(pid)
    return own


def used_by_children(pid: int) -> float:
    """Give the seconds that those children of *pid* have used that have ended."""
    _, children = _times(pid)
    return children


def used_by_family(pid: int) -> float:
    """Give the seconds of *pid*, of its children that have ended, and of those that run."""
    try:
        running = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
        return sum(_times(pid)) + sum(map(used_by_family, map(int, running)))
    except (FileNotFoundError, ProcessLookupError):
        return 0.0  # it has ended meanwhile, and is among its parent's that have


def memory_mb(pid: int) -> float:
    """Give the resident megabytes (10^6 bytes) of *pid*."""
    status = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    kilobytes = next(line for line in status if line.startswith("VmRSS:")).split()[1]
    return int(kilobytes) * 1024 / 1e6


def _times(pid: int) -> tuple[float, float]:
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    own, children = (sum(map(int, fields[at : at + 2])) / TICK for at in (11, 13))
    return own, children
