"""What was measured of a pool's traffic, and what follows from it. Nothing here reads a clock.

A pool is sized for its busiest hour: hours are the clock's, in UTC, and the trend goes by the
busiest one of each day.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from math import exp, fsum, lgamma, log, sqrt

import msgspec

HOUR = timedelta(hours=1)
DIALED_SHARE = 0.99
"""The share of callers for whom a hold is to be long enough."""
CONFIDENCE = 0.95
FEWEST_DAYS = 7
"""Of which a trend is told: every day of the week is in it."""
_SURE_SLOPE = 2.0
"""By how many of its standard errors a trend differs from none."""


class Hour(msgspec.Struct, frozen=True):
    """The allocations that began within an hour."""

    begins: datetime
    arrivals: int
    ended: int
    """Those of them that have ended, or run out."""
    held: timedelta
    """How long those were held, all together."""

    def with_(self, other: "Hour") -> "Hour":
        """Add what else began within the same hour."""
        arrivals, ended = self.arrivals + other.arrivals, self.ended + other.ended
        return Hour(self.begins, arrivals, ended, self.held + other.held)


class Waits(msgspec.Struct, frozen=True):
    """How long allocations waited for their calls."""

    retrieved: int
    expired: int
    """Those for which nobody called within the hold."""
    enough: timedelta | None = None
    """Surely (`CONFIDENCE`) enough for `DIALED_SHARE` of those retrieved; None: too few were."""


class Day(msgspec.Struct, frozen=True):
    """The busiest hour of a day."""

    date: date
    arrivals: int
    erlangs: float


class Trend(msgspec.Struct, frozen=True):
    """A straight line through the days' loads, from the first day on."""

    erlangs_at_last: float
    erlangs_a_day: float
    is_sure: bool
    """It rises by more than what days differ by chance."""

    def days_until(self, erlangs: float) -> float | None:
        """Give in how many days after the last one it gets to *erlangs*; None: it will not."""
        if self.erlangs_at_last >= erlangs:
            return 0.0
        if not self.is_sure:
            return None
        return (erlangs - self.erlangs_at_last) / self.erlangs_a_day


def mean_hold(hours: Sequence[Hour]) -> timedelta | None:
    """Give how long an allocation lasts; None where none has ended."""
    ended = sum(hour.ended for hour in hours)
    return sum((hour.held for hour in hours), timedelta(0)) / ended if ended else None


def busiest(hours: Sequence[Hour]) -> Hour | None:
    """Give the hour with the most arrivals, of several the latest."""
    return max(hours, key=lambda hour: (hour.arrivals, hour.begins), default=None)


def erlangs(arrivals: float, occupied: timedelta) -> float:
    """Give the load of so many *arrivals* an hour, each of which takes a number for *occupied*."""
    return arrivals * (occupied / HOUR)


def busy_days(hours: Sequence[Hour], occupied: timedelta) -> list[Day]:
    """Give each day's busiest hour, in their order; a day without arrivals is not there."""
    by_day: dict[date, int] = {}
    for hour in hours:
        day = hour.begins.date()
        by_day[day] = max(by_day.get(day, 0), hour.arrivals)
    return [Day(day, most, erlangs(most, occupied)) for day, most in sorted(by_day.items())]


def trend(days: Sequence[Day]) -> Trend | None:
    """Give the line of least squares through *days*; None for fewer than `FEWEST_DAYS`."""
    if len(days) < FEWEST_DAYS:
        return None
    at = [float((day.date - days[0].date).days) for day in days]
    loads = [day.erlangs for day in days]
    mean_at, mean_load = fsum(at) / len(at), fsum(loads) / len(loads)
    spread = fsum((x - mean_at) ** 2 for x in at)
    slope = fsum((x - mean_at) * y for x, y in zip(at, loads, strict=True)) / spread
    errors = (y - mean_load - slope * (x - mean_at) for x, y in zip(at, loads, strict=True))
    error = sqrt(fsum(each**2 for each in errors) / (len(at) - 2) / spread)
    last = mean_load + slope * (at[-1] - mean_at)
    return Trend(last, slope, is_sure=slope > _SURE_SLOPE * error)


def sure_rank(count: int, share: float = DIALED_SHARE, confidence: float = CONFIDENCE) -> int:
    """Say which of *count* sorted measurements, from 1, is surely no less than *share*'s quantile.

    Whatever their distribution: each is below the quantile with the probability *share*, so how
    many are is binomial (the order statistics' limit). 0: with so few no one of them is.
    """
    tail, rank = 0.0, count + 1
    while rank > 1:
        tail += _binomial(count, rank - 1, share)
        if tail > 1 - confidence:
            break
        rank -= 1
    return rank if rank <= count else 0


def fewest_for(share: float = DIALED_SHARE, confidence: float = CONFIDENCE) -> int:
    """Say of how many measurements the largest is surely no less than *share*'s quantile."""
    return int(log(1 - confidence) / log(share)) + 1


def _binomial(count: int, hits: int, share: float) -> float:
    ways = lgamma(count + 1) - lgamma(hits + 1) - lgamma(count - hits + 1)
    return exp(ways + hits * log(share) + (count - hits) * log(1 - share))
