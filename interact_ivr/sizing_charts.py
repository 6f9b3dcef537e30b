"""What a pool's size looks like: blocking by how many numbers there are, and the days measured."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor, log10

from interact_ivr.domain.erlang import blocking
from interact_ivr.domain.sizing import PoolSize
from interact_ivr.domain.traffic import Day
from interact_ivr.plotting import Axis, Chart, svg
from interact_ivr.sizing_words import percent

_POINTS = 200
_LEAST_DAYS = 2


def sizing_svg(size: PoolSize, days: Sequence[Day] = ()) -> str:
    """Draw how much is refused with how many numbers, and each day's busiest hour."""
    charts = [_by_numbers(size)]
    if len(days) >= _LEAST_DAYS:
        charts.append(_by_days(size, days))
    return svg("How large the pool should be", said_of(size), charts)


def said_of(size: PoolSize) -> str:
    """Say in words what the picture shows."""
    needed = (
        f"{size.erlangs:.2f} erlangs need {size.needed} numbers, if no more than "
        f"{percent(size.target)} are to be refused."
    )
    if size.numbers is None or size.blocking is None:
        return needed
    return f"{needed} There are {size.numbers}, which refuse {percent(size.blocking)}."


def _by_numbers(size: PoolSize) -> Chart:
    """Draw blocking, by powers of ten, down to a tenth of the target."""
    most = max(2, round(1.2 * max(size.needed, size.numbers or 0)))
    low = floor(log10(size.target)) - 1
    step = -(-most // _POINTS)
    shares = [(each, blocking(size.erlangs, each)) for each in range(0, most + 1, step)]
    points = [(each, log10(share)) for each, share in shares if share >= 10.0**low]
    ticks = [(float(power), f"{100 * 10.0**power:g} %") for power in range(low, 1)]
    marks = [] if size.numbers is None else [(float(size.numbers), f"now {size.numbers}")]
    if size.numbers != size.needed:
        marks.append((float(size.needed), f"needed {size.needed}"))
    return Chart(
        f"Refused at {size.erlangs:.4g} erlangs",
        Axis("numbers", 0, most, [tick for tick in _ticks(most) if tick[0].is_integer()]),
        Axis("refused", low, 0, ticks),
        points,
        [(log10(size.target), f"target {percent(size.target)}")],
        marks,
    )


def _by_days(size: PoolSize, days: Sequence[Day]) -> Chart:
    """Draw the days' loads, and what the pool bears."""
    first, last = days[0].date, days[-1].date
    bears = size.bears_erlangs
    top = 1.1 * max(*(day.erlangs for day in days), bears or 0.0, 0.1)
    return Chart(
        "The busiest hour of each day",
        Axis(
            "day (UTC)",
            0,
            (last - first).days,
            [((day - first).days, day.isoformat()) for day in (first, last)],
        ),
        Axis("erlangs", 0, top, _ticks(top)),
        [((day.date - first).days, day.erlangs) for day in days],
        [] if bears is None else [(bears, f"borne at {percent(size.target)}: {bears:.4g}")],
    )


def _ticks(most: float) -> list[tuple[float, str]]:
    """Give up to ten round values from 0 to *most*: steps of 1, 2 or 5 times a power of ten."""
    power = 10.0 ** floor(log10(most))
    step = next(each * power for each in (0.1, 0.2, 0.5, 1.0) if most / (each * power) <= 10)
    return [(at * step, f"{at * step:g}") for at in range(int(most / step) + 1)]
