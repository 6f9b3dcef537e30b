"""Sizing a pool by what was measured of it. Nothing here makes a call wait."""

import asyncio
from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import TypeVar
from weakref import WeakValueDictionary

from interact_ivr.domain.erlang import MOST_ERLANGS
from interact_ivr.domain.names import EnvironmentId, Group
from interact_ivr.domain.sizing import (
    TARGET,
    Forecast,
    Measured,
    Outlook,
    PoolSize,
    SizeQuestion,
    Sizing,
    forecast,
    given_size,
    hold_advice,
    pool_size,
)
from interact_ivr.domain.traffic import HOUR, Hour, Waits, busiest, busy_days, mean_hold
from interact_ivr.ports import Clock, PoolView, TrafficStore
from interact_ivr.service.environments import Application, Environments

T = TypeVar("T")
_MOST = MOST_ERLANGS * (1 - 1e-12)
"""A hair less than can be calculated, as arrivals are rounded twice."""


class PoolSizing:
    """The use case of who asks whether a pool is large enough."""

    def __init__(
        self, traffic: TrafficStore, view: PoolView, environments: Environments, clock: Clock
    ) -> None:
        self._traffic = traffic
        self._view = view
        self._environments = environments
        self._clock = clock
        self._calculating = asyncio.Lock()
        self._turns: WeakValueDictionary[EnvironmentId, asyncio.Lock] = WeakValueDictionary()
        self.target = TARGET
        """The share that may be refused, where nobody says otherwise."""

    async def answer(self, environment: str, asked: SizeQuestion) -> Sizing:
        """Size a pool of the environment as it is *asked*: the console, APIs and commands do.

        Raises:
            BadInput: a figure is missing or beyond its limits.
            NoSuchApplication: there is no such pool.
        """
        if asked.is_given:
            return await self.calculate(environment, lambda: given_size(asked))
        here = self._environments.named(environment)
        pool = here.application(asked.application)
        group = None if asked.group is None else here.alphabet.group(asked.group)
        now = self._clock.now()
        since = datetime.combine(now.date() - timedelta(days=asked.days), time(), now.tzinfo)
        hours = await self._traffic.hours(pool.scope, group, since)
        waits = await self._traffic.waits(pool.scope, group, since)
        numbers = await self._numbers(pool, group)
        traffic = _Traffic(pool, since, now, list(hours), waits)
        target = self.target if asked.target is None else asked.target
        return await self.calculate(environment, lambda: traffic.sized(numbers, target))

    async def calculate(self, environment: str, work: Callable[[], T]) -> T:
        """Have *work* done beside the event loop, one after the other.

        Environments that ask at the same time take turns, so that nobody waits for all that another
        one asks.
        """
        turn = self._turns.setdefault(self._environments.named(environment).id, asyncio.Lock())
        async with turn, self._calculating:
            return await asyncio.to_thread(work)

    async def _numbers(self, pool: Application, group: Group | None) -> int:
        """Count the numbers that are lent, by turns or now."""
        groups = await self._view.groups(pool.scope, pool.policy)
        return sum(
            sum(each.by_state.values()) for each in groups if group is None or each.group == group
        )


class _Traffic:
    """What was measured, and of which pool."""

    def __init__(
        self, pool: Application, since: datetime, now: datetime, hours: list[Hour], waits: Waits
    ) -> None:
        self._pool = pool
        self._since, self._now = since, now
        self._hours = hours
        self._waits = waits

    def sized(self, numbers: int, target: float) -> Sizing:
        """Calculate: with a large pool that is a part of a second, beside the event loop."""
        policy = self._pool.policy
        taken = mean_hold(self._hours) or policy.hold_for  # nothing has ended yet: the most it can
        taken += policy.rest_for if policy.strict_rest else timedelta(0)
        most = busiest(self._hours)
        arrivals = 0.0 if most is None else float(most.arrivals)
        if taken > timedelta(0):
            arrivals = min(arrivals, _MOST * (HOUR / taken))
        size = pool_size(arrivals, taken, target, numbers)
        if most is None:
            return Sizing(None, self._measured(size, taken))
        return Sizing(size, self._measured(size, taken))

    def _measured(self, size: PoolSize, taken: timedelta) -> Measured:
        days = busy_days(self._hours, taken)
        most = busiest(self._hours)
        return Measured(
            self._since,
            sum(hour.arrivals for hour in self._hours),
            None if most is None else most.begins,
            days,
            Forecast(Outlook.UNKNOWN)
            if most is None
            else forecast(days, self._now.date(), size.bears_erlangs or 0),
            hold_advice(self._pool.policy.hold_for, self._waits),
        )
