"""The figures of a soak over its minutes as a picture: one chart a figure, one below the other."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor, log10
from typing import Final

from interact_ivr.plotting import Axis, Chart, svg
from testbed.soaking.samples import Sample

TICKS: Final = 6
PLOTTED: Final = {
    "memory_mb": ("Memory of the service (RSS)", "MB"),
    "descriptors": ("Open descriptors", "descriptors"),
    "tasks": ("Tasks of the event loop", "tasks"),
    "threads": ("Threads", "threads"),
    "wal_mb": ("Write-ahead log", "MB"),
    "store_mb": ("The store's file", "MB"),
    "call_p50_ms": ("Half of the calls were told within", "ms"),
    "call_p99_ms": ("99 of 100 calls were told within", "ms"),
    "api_p50_ms": ("Half of the APIs' answers came within", "ms"),
    "api_p99_ms": ("99 of 100 of the APIs' answers came within", "ms"),
}
TABLES: Final = ("journal", "allocation", "answer")
"""Whose rows come and go with calls."""


def drawn(samples: Sequence[Sample], title: str) -> str:
    """Draw *samples* as SVG."""
    charts = [
        _chart(name, unit, samples, [float(getattr(each, key)) for each in samples])
        for key, (name, unit) in PLOTTED.items()
    ]
    charts += [
        _chart(f"Rows of {table}", "rows", samples, [float(s.rows.get(table, 0)) for s in samples])
        for table in TABLES
    ]
    told = ", ".join(chart.title.lower() for chart in charts)
    return svg(title, f"Over the minutes of the soak: {told}.", charts)


def _chart(title: str, unit: str, samples: Sequence[Sample], figures: Sequence[float]) -> Chart:
    minutes = [each.seconds / 60 for each in samples]
    top = max([*figures, 1.0]) * 1.1
    across = Axis("minutes", 0.0, minutes[-1], _ticks(minutes[-1]))
    points = [*zip(minutes, figures, strict=True)]
    return Chart(title, across, Axis(unit, 0.0, top, _ticks(top)), points)


def _ticks(most: float) -> list[tuple[float, str]]:
    """Give round values from 0 to *most*."""
    rough = most / TICKS
    power = 10.0 ** floor(log10(rough))
    step = next(power * each for each in (1, 2, 5, 10) if power * each >= rough)
    return [(step * at, f"{step * at:,.10g}") for at in range(int(most / step) + 1)]
