"""The task that looks every minute whether pools are large enough, and will be so for a while."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

import msgspec

from interact_ivr.domain.erlang import MOST_ERLANGS, blocking
from interact_ivr.domain.errors import NoSuchApplication, NoSuchEnvironment
from interact_ivr.domain.lifecycle import State
from interact_ivr.domain.sizing import TARGET, seconds_until_dry
from interact_ivr.domain.traffic import HOUR, erlangs, mean_hold
from interact_ivr.ports import Clock, NumberStore, TrafficStore
from interact_ivr.service.environments import Application, Environments

EVERY_SECONDS = 60.0
_LOOKS = 5
"""A rate is of so many minutes."""


class Standing(msgspec.Struct, frozen=True):
    """How a pool stands at an instant."""

    environment: str
    application: str
    blocking: float
    """The share of arrivals that its numbers refuse, at the load of the last hour."""
    dry_in_seconds: float | None
    """When nothing is free any more, at the rate of the last minutes; None: it does not fall."""
    runs_dry: bool
    """That is within its hold, so that no number lent now comes back by itself before."""
    is_small: bool
    """It refuses more than the target."""


class PoolWatch:
    """Looks at one pool after the other; *told* hears how each stands, *failed* what went wrong."""

    def __init__(
        self,
        stores: tuple[TrafficStore, NumberStore],
        environments: Environments,
        clock: Clock,
        *,
        told: Callable[[list[Standing]], None],
        failed: Callable[[Exception], None],
    ) -> None:
        self._traffic, self._numbers = stores
        self._environments = environments
        self._clock = clock
        self._told = told
        self._failed = failed
        self._taken: dict[tuple[str, str], deque[tuple[datetime, int]]] = {}
        self._last: Sequence[Standing] = ()
        self.target = TARGET
        """The share of interactions that may be refused."""

    async def run(self, pause: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        """Look every minute until cancelled."""
        while True:
            await self.turn()
            await pause(EVERY_SECONDS)

    def strained(self, environment: str) -> Sequence[Standing]:
        """Give the pools of an environment, by its full name, that are warned of.

        It is what log and metrics were told last.
        """
        return [
            each
            for each in self._last
            if each.environment == environment and (each.runs_dry or each.is_small)
        ]

    async def turn(self) -> None:
        """Look at every pool once, and tell of all of them."""
        pools = [*self._environments.pools()]
        self._taken = {pool: seen for pool, seen in self._taken.items() if pool in pools}
        standings = []
        try:
            for environment, name in pools:
                try:
                    pool = self._environments.named(environment).application(name)
                except (NoSuchEnvironment, NoSuchApplication):
                    continue  # it has just gone
                standings.append(await self._standing(environment, pool))
            self.tell(standings)
        except Exception as error:  # noqa: BLE001  the task's outermost edge: told, tried again
            self._failed(error)

    def tell(self, standings: list[Standing]) -> None:
        """Have everybody who warns know how pools stand."""
        self._last = standings
        self._told(standings)

    async def _standing(self, environment: str, pool: Application) -> Standing:
        counts = await self._numbers.counts(pool.scope, pool.policy)
        free = counts[State.IDLE] + (0 if pool.policy.strict_rest else counts[State.RESTING])
        numbers = sum(counts.values())
        dry = self._dry(environment, pool.name, free, numbers - free)
        refused = await self._blocking(pool, numbers)
        return Standing(
            environment,
            pool.name,
            refused,
            dry if numbers else None,
            bool(numbers) and dry is not None and dry < pool.policy.hold_for.total_seconds(),
            refused > self.target,
        )

    async def _blocking(self, pool: Application, numbers: int) -> float:
        """Give what Erlang's formula says of the last hour; 0 where nothing was lent."""
        hours = await self._traffic.hours(pool.scope, None, self._clock.now() - HOUR)
        arrivals = sum(hour.arrivals for hour in hours)
        if not arrivals:
            return 0.0
        taken = mean_hold(hours) or pool.policy.hold_for
        taken += pool.policy.rest_for if pool.policy.strict_rest else timedelta(0)
        load = min(erlangs(arrivals, taken), MOST_ERLANGS)
        return await asyncio.to_thread(blocking, load, numbers)

    def _dry(self, environment: str, application: str, free: int, taken: int) -> float | None:
        """Go by the numbers that are taken: one that is drained was free, and is not lent."""
        seen = self._taken.setdefault((environment, application), deque(maxlen=_LOOKS + 1))
        seen.append((self._clock.now(), taken))
        (first, before), (last, now) = seen[0], seen[-1]
        return seconds_until_dry(free, now - before, last - first)
