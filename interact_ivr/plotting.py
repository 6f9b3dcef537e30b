"""Charts as SVG: axes, a line and what it is compared with, in the colours of whoever looks.

Everything is drawn in `currentColor`, which the style sets for light and dark; title and
description are there for who hears a page.
"""

from collections.abc import Iterable, Iterator, Sequence
from html import escape

import msgspec

WIDTH, HEIGHT = 640, 300
"""Of one chart."""
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 45, 40, 50
STYLE = (
    "svg{color:#1f2328;background:#fff;font:12px system-ui,sans-serif}"
    "@media(prefers-color-scheme:dark){svg{color:#e6edf3;background:#0d1117}}"
)
"""The only style in a picture, for who sends it under a policy."""


class Axis(msgspec.Struct, frozen=True):
    """A direction: from where to where, and what is written at which places."""

    title: str
    low: float
    high: float
    ticks: Sequence[tuple[float, str]]

    def share(self, value: float) -> float:
        """Say how far *value* is from low (0) to high (1); what is beyond is at the end."""
        return min(max((value - self.low) / ((self.high - self.low) or 1), 0.0), 1.0)


class Chart(msgspec.Struct, frozen=True):
    """A line through *points*, with straight lines across at *levels* and upright at *marks*."""

    title: str
    across: Axis
    upright: Axis
    points: Sequence[tuple[float, float]]
    levels: Sequence[tuple[float, str]] = ()
    marks: Sequence[tuple[float, str]] = ()


def svg(title: str, description: str, charts: Sequence[Chart]) -> str:
    """Draw *charts* one below the other."""
    height = HEIGHT * len(charts)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
            f'width="{WIDTH}" height="{height}" role="img" aria-labelledby="title desc">',
            f'<title id="title">{escape(title)}</title>',
            f'<desc id="desc">{escape(description)}</desc>',
            f"<style>{STYLE}</style>",
            *_drawn(charts),
            "</svg>\n",
        ]
    )


def _drawn(charts: Iterable[Chart]) -> Iterator[str]:
    for place, chart in enumerate(charts):
        yield f'<g transform="translate(0 {place * HEIGHT})" fill="none" stroke="currentColor">'
        yield _text(WIDTH / 2, 22, chart.title, 'text-anchor="middle" font-weight="bold"')
        yield from _axes(chart)
        for value, name in chart.levels:
            y = _y(chart, value)
            yield _line(_LEFT, y, WIDTH - _RIGHT, y, 'stroke-dasharray="6 4"')
            yield _text(WIDTH - _RIGHT, y - 5, name, 'text-anchor="end"')
        for row, (value, name) in enumerate(chart.marks):  # names one below the other
            x = _x(chart, value)
            yield _line(x, _TOP, x, HEIGHT - _BOTTOM, 'stroke-dasharray="2 3"')
            yield _text(x + 4, _TOP + 12 + 16 * row, name)
        points = " ".join(f"{_x(chart, x):.1f},{_y(chart, y):.1f}" for x, y in chart.points)
        yield f'<polyline points="{points}" stroke-width="2"/>'
        yield "</g>"


def _axes(chart: Chart) -> Iterator[str]:
    """Draw both axes, faint lines at the upright one's ticks, and what is written there."""
    bottom = HEIGHT - _BOTTOM
    yield f'<path d="M{_LEFT} {_TOP}V{bottom}H{WIDTH - _RIGHT}"/>'
    for value, name in chart.upright.ticks:
        y = _y(chart, value)
        yield _line(_LEFT, y, WIDTH - _RIGHT, y, 'opacity="0.15"')
        yield _text(_LEFT - 6, y + 4, name, 'text-anchor="end"')
    for value, name in chart.across.ticks:
        yield _text(_x(chart, value), bottom + 18, name, 'text-anchor="middle"')
    yield _text((_LEFT + WIDTH - _RIGHT) / 2, bottom + 38, chart.across.title, _MIDDLE)
    turned = f'{_MIDDLE} transform="rotate(-90 16 {HEIGHT / 2:.0f})"'
    yield _text(16, HEIGHT / 2, chart.upright.title, turned)


_MIDDLE = 'text-anchor="middle"'


def _x(chart: Chart, value: float) -> float:
    return _LEFT + chart.across.share(value) * (WIDTH - _LEFT - _RIGHT)


def _y(chart: Chart, value: float) -> float:
    return HEIGHT - _BOTTOM - chart.upright.share(value) * (HEIGHT - _TOP - _BOTTOM)


def _line(x: float, y: float, x2: float, y2: float, rest: str) -> str:
    return f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" {rest}/>'


def _text(x: float, y: float, text: str, rest: str = "") -> str:
    attributes = f'x="{x:.1f}" y="{y:.1f}" fill="currentColor" stroke="none" {rest}'.rstrip()
    return f"<text {attributes}>{escape(text)}</text>"
