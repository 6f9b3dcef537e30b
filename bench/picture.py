"""The look-ups a second of each way as a picture: bars by their medians, lines by their spread."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import log10

from bench.row import Row

WIDTH, LEFT, RIGHT = 900, 330, 90
LINE, TOP = 26, 56
LEAST = 10.0
"""Look-ups a second where the scale, which is logarithmic, begins."""
STYLE = (
    "text{font:13px sans-serif;fill:#24292f}.ours{fill:#1a7f6b}.other{fill:#9aa7b4}"
    ".spread{stroke:#24292f;stroke-width:1.5}.grid{stroke:#d8dee4}.title{font-weight:bold}"
)


def drawn(title: str, rows: Sequence[Row]) -> str:
    """Draw *rows*, the quickest first, as SVG on white; names that begin with `ours` stand out."""
    ordered = sorted(rows, key=lambda row: -row.median)
    most = max([row.high for row in ordered] + [LEAST * 10])
    height = TOP + LINE * len(ordered) + 16

    def across(value: float) -> float:
        part = log10(max(value, LEAST) / LEAST) / log10(most / LEAST)
        return round(LEFT + part * (WIDTH - LEFT - RIGHT), 1)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
        f"<style>{STYLE}</style>",
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        f'<text class="title" x="12" y="20">{escape(title)}</text>',
    ]
    tick = LEAST
    while tick <= most:
        at = across(tick)
        parts.append(f'<line class="grid" x1="{at}" x2="{at}" y1="{TOP - 8}" y2="{height - 10}"/>')
        parts.append(f'<text x="{at}" y="{TOP - 14}" text-anchor="middle">{tick:,.0f}</text>')
        tick *= 10
    for at, row in enumerate(ordered):
        parts += _bar(row, TOP + LINE * at, across(row.median), across(row.low), across(row.high))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _bar(row: Row, top: int, median: float, low: float, high: float) -> Sequence[str]:
    kind = "ours" if row.name.startswith("ours") else "other"
    name, middle = row.name.partition(", 20 at once")[0], top + LINE // 2
    return [
        f'<text x="{LEFT - 8}" y="{middle + 5}" text-anchor="end">{escape(name)}</text>',
        f'<rect class="{kind}" x="{LEFT}" y="{top + 4}" width="{max(median - LEFT, 1):.1f}"'
        f' height="{LINE - 8}"/>',
        f'<line class="spread" x1="{low}" x2="{high}" y1="{middle}" y2="{middle}"/>',
        f'<text x="{max(high, median) + 6}" y="{middle + 5}">{row.median:,.0f}</text>',
    ]
