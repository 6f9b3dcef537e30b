"""How large a pool should be: figures in, Erlang's formula over them, an answer in plain values.

Nothing here reads a clock, a file or a socket.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from interact_ivr.domain.erlang import MOST_ERLANGS, blocking, load_borne, numbers_needed
from interact_ivr.domain.errors import BadInput
from interact_ivr.domain.traffic import Day, Waits, erlangs, fewest_for, trend

TARGET = 0.001
"""The share of interactions that may be refused, where nobody says otherwise."""
LEAST_TARGET = 1e-6
MOST_ARRIVALS: Final = 1_000_000_000
"""An hour."""
MOST_HOLD_SECONDS: Final = 31_536_000
"""A year."""
MOST_NUMBERS: Final = 1_000_000
MOST_DAYS: Final = 92
DAYS: Final = 28
"""Four of each day of the week."""


class Outlook(StrEnum):
    """Where the load of the busiest hours goes."""

    UNKNOWN = "too few days"
    STEADY = "does not surely grow"
    GROWING = "grows"
    EXCEEDED = "more than the pool bears"


class PoolSize(msgspec.Struct, frozen=True):
    """What arrivals and holding times ask of a pool."""

    arrivals_per_hour: float
    taken_seconds: float
    """How long each takes a number: held, and rested where that is strict."""
    erlangs: float
    target: float
    """The share of arrivals that may be refused."""
    needed: int
    """The fewest numbers that refuse no more than that."""
    numbers: int | None = None
    """Those that there are; None: not known."""
    blocking: float | None = None
    """The share that these refuse."""
    bears_erlangs: float | None = None
    """The load of which these refuse the target's share."""


class Forecast(msgspec.Struct, frozen=True):
    """When a pool gets too small."""

    outlook: Outlook
    days: float | None = None
    """In how many days after the last one measured its busiest hour refuses more than the target;
    None: it is not in sight."""
    erlangs_a_day: float | None = None


class HoldAdvice(msgspec.Struct, frozen=True):
    """How long a hold should be, by how long callers take to dial."""

    hold_seconds: float
    """As it is set."""
    enough_seconds: float | None
    """With 95 percent confidence enough for 99 in 100 of those who called; None: too few did."""
    retrieved: int
    expired: int
    """For these nobody called in time: a longer hold might have had some of them."""
    fewest: int
    """So many must have called before anything is said."""


class Measured(msgspec.Struct, frozen=True):
    """Where the figures come from, and where they go."""

    since: datetime
    allocations: int
    busiest_hour: datetime | None
    """When it began; None: nothing was lent."""
    days: Sequence[Day]
    forecast: Forecast
    hold: HoldAdvice


class Sizing(msgspec.Struct, frozen=True):
    """The whole answer."""

    size: PoolSize | None
    """None: nothing was lent."""
    measured: Measured | None = None
    """None: the figures were typed in."""


class SizeQuestion(msgspec.Struct, frozen=True):
    """How a pool is to be sized: by what was measured, or by figures that somebody gives."""

    application: str = ""
    group: str | None = None
    days: int = DAYS
    """Whole ones, before today."""
    target: float | None = None
    """None: as it is configured, and `TARGET` for figures that are given."""
    arrivals_per_hour: float | None = None
    """Given, with `hold_seconds`: nothing is measured."""
    hold_seconds: float | None = None
    numbers: int | None = None
    """With these: how many there are."""

    @property
    def is_given(self) -> bool:
        """Whether the figures are there; some of them alone are none.

        Raises:
            BadInput: half of them.
        """
        if self.arrivals_per_hour is not None and self.hold_seconds is not None:
            return True
        for name in ("arrivals_per_hour", "hold_seconds", "numbers"):
            if getattr(self, name) is not None:
                raise BadInput(name, "arrivals_per_hour and hold_seconds together", "one")
        return False


def given_size(asked: SizeQuestion) -> Sizing:
    """Size a pool for the figures that are given.

    Raises:
        BadInput: one of them is beyond its limits, or no number at all (NaN).
    """
    arrivals, hold = asked.arrivals_per_hour or 0.0, asked.hold_seconds or 0.0
    _within("arrivals_per_hour", arrivals, MOST_ARRIVALS)
    _within("hold_seconds", hold, MOST_HOLD_SECONDS)
    _within("numbers", asked.numbers or 0, MOST_NUMBERS)
    target = TARGET if asked.target is None else asked.target
    return Sizing(pool_size(arrivals, timedelta(seconds=hold), target, asked.numbers))


def check_target(target: float) -> None:
    """Raise `BadInput` where *target* is no share that may be refused; NaN is none."""
    if not LEAST_TARGET <= target < 1:
        raise BadInput("target", f"a share from {LEAST_TARGET:g} to below 1", f"{target:g}")


def _within(name: str, value: float, most: int) -> None:
    if not 0 <= value <= most:
        raise BadInput(name, f"from 0 to {most:,}", f"{value:g}")


def pool_size(
    arrivals_per_hour: float, taken: timedelta, target: float, numbers: int | None = None
) -> PoolSize:
    """Size a pool for so many arrivals, each of which takes a number for *taken*.

    Raises:
        BadInput: the target is none, or the load more than a million erlangs.
    """
    load = erlangs(arrivals_per_hour, taken)
    if not 0 <= load <= MOST_ERLANGS:
        raise BadInput("arrivals_per_hour", f"at most {MOST_ERLANGS:.0f} erlangs", f"{load:g}")
    check_target(target)
    size = PoolSize(
        arrivals_per_hour, taken.total_seconds(), load, target, numbers_needed(load, target)
    )
    return size if numbers is None else _with(size, numbers)


def _with(size: PoolSize, numbers: int) -> PoolSize:
    return PoolSize(
        size.arrivals_per_hour,
        size.taken_seconds,
        size.erlangs,
        size.target,
        size.needed,
        numbers,
        blocking(size.erlangs, numbers),
        load_borne(numbers, size.target),
    )


def forecast(days: Sequence[Day], today: date, bears_erlangs: float) -> Forecast:
    """Say when the trend of *days* gets to what the pool bears.

    Today's busiest hour may be still to come, so it goes by the days before.
    """
    line = trend([day for day in days if day.date < today])
    if line is None:
        return Forecast(Outlook.UNKNOWN)
    left = line.days_until(bears_erlangs)
    if left is None:
        return Forecast(Outlook.STEADY, None, line.erlangs_a_day)
    return Forecast(Outlook.GROWING if left else Outlook.EXCEEDED, left, line.erlangs_a_day)


def hold_advice(hold_for: timedelta, waits: Waits) -> HoldAdvice:
    """Say which hold *waits* ask for."""
    enough = None if waits.enough is None else waits.enough.total_seconds()
    return HoldAdvice(
        hold_for.total_seconds(), enough, waits.retrieved, waits.expired, fewest_for()
    )


def seconds_until_dry(free: int, taken: int, within: timedelta) -> float | None:
    """Give in how many seconds nothing is *free*, if as many more are *taken* as *within* that.

    None: not more are, or no time has gone by.

    >>> seconds_until_dry(80, 20, timedelta(minutes=1))
    240.0
    """
    if free == 0:
        return 0.0
    if taken <= 0 or within <= timedelta(0):
        return None
    return free / taken * within.total_seconds()
