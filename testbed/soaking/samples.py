"""What a service takes at an instant of a soak, and whether it takes ever more.

A straight line goes through the figures of the last two thirds: by then all is warm, and the purge
removes as much as is written. What the line rises by from its begin to its end is the growth.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import linear_regression, mean
from typing import Final

from interact_ivr.measuring.times import percentile
from testbed.service import Service

#: By how much each may grow, in its unit and as a share of its mean: the larger one counts.
ALLOWED: Final[Mapping[str, tuple[float, float]]] = {
    "memory_mb": (6.0, 0.05),
    "descriptors": (8.0, 0.0),
    "tasks": (8.0, 0.0),
    "threads": (3.0, 0.0),
    "wal_mb": (4.0, 0.1),
    "store_mb": (2.0, 0.05),
}
ROWS_ALLOWED: Final = (200.0, 0.15)
FEWEST: Final = 9
"""Samples, of which two thirds give a line."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What the service takes; latencies are of what was answered since the sample before."""

    seconds: float
    calls: int
    memory_mb: float
    descriptors: int
    tasks: int
    threads: int
    wal_mb: float
    store_mb: float
    rows: Mapping[str, int]
    call_p50_ms: float
    call_p99_ms: float
    api_p50_ms: float
    api_p99_ms: float


def measured(
    service: Service, seconds: float, calls: int, asked: Sequence[float], took: Sequence[float]
) -> Sample:
    """Measure the running service; calls *asked*, and answers *took*, so many seconds each."""
    held = service.held()
    status = Path(f"/proc/{service.pid}/status").read_text("ascii")
    memory = next(line for line in status.splitlines() if line.startswith("VmRSS:")).split()[1]
    wal = service.database.with_name(service.database.name + "-wal")
    return Sample(
        seconds=round(seconds, 1),
        calls=calls,
        memory_mb=round(int(memory) / 1024, 1),
        descriptors=held.descriptors,
        tasks=held.tasks,
        threads=held.threads,
        wal_mb=round(wal.stat().st_size / 1e6, 2) if wal.exists() else 0.0,
        store_mb=round(service.database.stat().st_size / 1e6, 2),
        rows=rows(service.database),
        call_p50_ms=_percentile_ms(asked, 50),
        call_p99_ms=_percentile_ms(asked, 99),
        api_p50_ms=_percentile_ms(took, 50),
        api_p99_ms=_percentile_ms(took, 99),
    )


def rows(database: Path) -> dict[str, int]:
    """Count the rows of each table, past the service."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        query = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
        names = [name for (name,) in connection.execute(query)]
        count = "SELECT count(*) FROM {}"
        return {
            name: connection.execute(count.format(name)).fetchone()[0]
            for name in names
            if not name.startswith("sqlite_")
        }


def _percentile_ms(seconds: Sequence[float], percent: int) -> float:
    return round(percentile(sorted(seconds), percent) * 1000, 1) if seconds else 0.0


def grown(samples: Sequence[Sample]) -> Iterator[str]:
    """Say what grew beyond what it may."""
    if len(samples) < FEWEST:
        yield f"{len(samples)} samples are too few to say what grows"
        return
    late = samples[len(samples) // 3 :]
    at = [each.seconds for each in late]
    for name, allowed in ALLOWED.items():
        yield from _beyond(name, at, [float(getattr(each, name)) for each in late], allowed)
    for table in late[-1].rows:
        of_table = [float(each.rows.get(table, 0)) for each in late]
        yield from _beyond(f"rows of {table}", at, of_table, ROWS_ALLOWED)


def _beyond(
    name: str, at: Sequence[float], figures: Sequence[float], allowed: tuple[float, float]
) -> Iterator[str]:
    growth = risen(at, figures)
    least, share = allowed
    if growth > max(least, share * mean(figures)):
        yield f"{name} grew by {growth:.1f}, from {figures[0]:.1f} to {figures[-1]:.1f}"


def risen(at: Sequence[float], figures: Sequence[float]) -> float:
    """Give by how much a straight line through *figures* rises from the first to the last."""
    return linear_regression(at, figures).slope * (at[-1] - at[0])
