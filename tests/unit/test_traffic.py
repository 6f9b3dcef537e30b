"""What follows from measured traffic: the busiest hour, the trend, the hold that is enough."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from interact_ivr.domain.traffic import (
    CONFIDENCE,
    DIALED_SHARE,
    FEWEST_DAYS,
    HOUR,
    Day,
    Hour,
    busiest,
    busy_days,
    erlangs,
    fewest_for,
    mean_hold,
    sure_rank,
    trend,
)

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


def days(*loads: float) -> list[Day]:
    """Give a day for each of *loads*."""
    first = date(2026, 5, 4)
    return [Day(first + at * DAY, round(load), load) for at, load in enumerate(loads)]


def test_a_load_is_arrivals_times_the_time_each_takes_a_number() -> None:
    """Sixty an hour of a minute each are one erlang."""
    assert erlangs(60, MINUTE) == 1.0


def test_the_busiest_hour_is_the_latest_of_the_largest() -> None:
    """Of the pool that was lent nothing there is none, and no mean of what has not ended."""
    hours = [Hour(NOON + at * HOUR, arrivals, 1, MINUTE) for at, arrivals in enumerate((3, 5, 5))]
    assert busiest(hours) == hours[2]
    assert busiest([]) is None
    assert mean_hold(hours) == MINUTE
    assert mean_hold([Hour(NOON, 3, 0, timedelta(0))]) is None


def test_a_day_counts_by_its_busiest_hour() -> None:
    """In the order of the days, whatever the hours'."""
    hours = [Hour(NOON + each, 60 * at, 0, 0 * DAY) for at, each in enumerate((DAY, HOUR, 0 * DAY))]
    assert busy_days(hours, MINUTE) == [
        Day(date(2026, 5, 4), 120, 2.0),
        Day(date(2026, 5, 5), 0, 0.0),
    ]


def test_a_line_goes_on() -> None:
    """Growth of one a day from ten gets to twenty when it should; what is there already is now."""
    line = trend(days(*range(10, 17)))
    assert line is not None
    assert line.erlangs_a_day == pytest.approx(1.0)
    assert line.days_until(20) == pytest.approx(4.0)
    assert line.days_until(16) == 0.0


@pytest.mark.parametrize(
    "loads", [[5.0] * 8, [8, 7, 6, 5, 4, 3, 2], [5, 9, 4, 8, 5, 9, 4, 8, 5, 9]], ids=str
)
def test_what_does_not_surely_grow_gets_nowhere(loads: list[float]) -> None:
    """Neither what is even or falls, nor what goes up and down."""
    line = trend(days(*loads))
    assert line is not None
    assert line.days_until(100) is None


def test_too_few_days_have_no_trend() -> None:
    """A week is the least: its days differ."""
    assert trend(days(*range(FEWEST_DAYS - 1))) is None
    assert trend(days(*range(FEWEST_DAYS))) is not None


def test_a_sure_limit_needs_enough_measurements() -> None:
    """299 for 99 of 100 at 95 percent; the rank then falls behind the count, never below 99 %."""
    assert fewest_for() == 299
    assert [sure_rank(count) for count in (0, 1, 298, 299)] == [0, 0, 0, 299]
    ranks = [sure_rank(count) for count in range(299, 3000, 25)]
    assert all(one <= other for one, other in pairwise(ranks))
    assert 0.99 < sure_rank(1_000_000) / 1_000_000 < 0.9903


def test_the_limit_is_as_sure_as_it_says() -> None:
    """Of many samples, no more than one in twenty has a limit below the true quantile."""
    chance, count, tries = random.Random(1), 700, 2000
    rank = sure_rank(count)
    below = sum(
        sorted(chance.random() for _ in range(count))[rank - 1] < DIALED_SHARE for _ in range(tries)
    )
    assert below / tries < 1 - CONFIDENCE + 3 * (0.05 * 0.95 / tries) ** 0.5
