"""A pool's picture, whatever the figures: whole, within its frame, of a bounded size."""

from __future__ import annotations

from datetime import date, timedelta
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from interact_ivr.domain.sizing import LEAST_TARGET, pool_size
from interact_ivr.domain.traffic import Day
from interact_ivr.plotting import HEIGHT, WIDTH, Axis, Chart, svg
from interact_ivr.sizing_charts import sizing_svg

SVG = "{http://www.w3.org/2000/svg}"
FIRST = date(2026, 5, 4)


@given(
    st.floats(0, 50_000),
    st.floats(LEAST_TARGET, 0.99),
    st.none() | st.integers(0, 3000),
    st.lists(st.floats(0, 1e6), max_size=40),
)
def test_any_size_can_be_drawn(
    arrivals: float, target: float, numbers: int | None, loads: list[float]
) -> None:
    """No load, no numbers, one day or many: every place is in the frame, and texts are few."""
    days = [Day(FIRST + at * timedelta(days=1), 1, load) for at, load in enumerate(loads)]
    drawn = ET.fromstring(
        sizing_svg(pool_size(arrivals, timedelta(minutes=1), target, numbers), days)
    )
    charts = list(drawn.iter(f"{SVG}polyline"))
    assert len(charts) == (2 if len(days) > 1 else 1)
    for line in charts:
        points = [tuple(map(float, each.split(","))) for each in (line.get("points") or "").split()]
        assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in points)
        assert len(points) <= 300
    assert len(list(drawn.iter(f"{SVG}text"))) < 60


def test_what_is_written_is_text() -> None:
    """Nothing in a title or a label is read as a part of the picture."""
    evil = '<script>"&'
    axis = Axis(evil, 0, 1, [(0, evil)])
    drawn = ET.fromstring(svg(evil, evil, [Chart(evil, axis, axis, [], [(0, evil)], [(1, evil)])]))
    assert list(drawn.iter(f"{SVG}script")) == []
    assert drawn.findtext(f"{SVG}title") == evil
