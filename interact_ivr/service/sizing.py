"""Sizing a pool by what was measured of it. Nothing here makes a call wait."""

import asyncio
from datetime import datetime, timedelta

from interact_ivr.domain.names import Group
from interact_ivr.domain.sizing import (
    TARGET,
    Forecast,
    Measured,
    Outlook,
    PoolSize,
    Sizing,
    forecast,
    hold_advice,
    pool_size,
)
from interact_ivr.domain.traffic import Hour, Waits, busiest, busy_days, mean_hold
from interact_ivr.ports import Clock, PoolView, TrafficStore
from interact_ivr.service.environments import Application, Environments

WINDOW = timedelta(days=28)
"""Four of each day of the week."""


class PoolSizing:
    """The use case of who asks whether a pool is large enough."""

    def __init__(
        self, traffic: TrafficStore, view: PoolView, environments: Environments, clock: Clock
    ) -> None:
        self._traffic = traffic
        self._view = view
        self._environments = environments
        self._clock = clock
        self.target = TARGET
        """The share that may be refused, where nobody says otherwise."""

    async def measured(
        self,
        environment: str,
        application: str = "",
        group: str | None = None,
        within: timedelta = WINDOW,
        target: float | None = None,
    ) -> Sizing:
        """Size the pool, or its *group*, by its busiest hour *within* that time until now.

        Raises:
            BadInput: there is no such target.
        """
        here = self._environments.named(environment)
        pool = here.application(application)
        kind = None if group is None else here.alphabet.group(group)
        since = self._clock.now() - within
        hours = await self._traffic.hours(pool.scope, kind, since)
        waits = await self._traffic.waits(pool.scope, kind, since)
        numbers = await self._numbers(pool, kind)
        traffic = _Traffic(pool, since, list(hours), waits)
        return await asyncio.to_thread(traffic.sized, numbers, target or self.target)

    async def _numbers(self, pool: Application, group: Group | None) -> int:
        """Count the numbers that are lent, by turns or now."""
        groups = await self._view.groups(pool.scope, pool.policy)
        return sum(
            sum(each.by_state.values()) for each in groups if group is None or each.group == group
        )


class _Traffic:
    """What was measured, and of which pool."""

    def __init__(self, pool: Application, since: datetime, hours: list[Hour], waits: Waits) -> None:
        self._pool = pool
        self._since = since
        self._hours = hours
        self._waits = waits

    def sized(self, numbers: int, target: float) -> Sizing:
        """Calculate: with a large pool that is a part of a second, beside the event loop."""
        policy = self._pool.policy
        taken = mean_hold(self._hours) or policy.hold_for  # nothing has ended yet: the most it can
        taken += policy.rest_for if policy.strict_rest else timedelta(0)
        most = busiest(self._hours)
        size = pool_size(0 if most is None else most.arrivals, taken, target, numbers)
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
            Forecast(Outlook.UNKNOWN) if most is None else forecast(days, size.bears_erlangs or 0),
            hold_advice(self._pool.policy.hold_for, self._waits),
        )
