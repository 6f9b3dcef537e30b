"""Calls that are on the pool's numbers, before they ask whose call they are.

Such a number is not lent, nor told expired if the call was in time, for as long as a setting says.
"""

import time
from collections.abc import Callable
from datetime import timedelta

from interact_ivr.domain.names import CallRef
from interact_ivr.ports import Clock, RingingStore
from interact_ivr.service.allocations import lookup_keys
from interact_ivr.service.environments import Environments
from interact_ivr.service.recent import Recent

_ASKED_MOST, _ASKED_SECONDS = 10_000, 3600.0


class Ringing:
    """Takes note of calls as a PBX's watcher tells them."""

    def __init__(
        self,
        store: RingingStore,
        environments: Environments,
        ringing_for: timedelta,
        look: Callable[[], None],
        clock: Clock,
    ) -> None:
        """*look* has the expiries looked at: a call that is gone holds none open any more."""
        self._store = store
        self._environments = environments
        self.ringing_for = ringing_for
        """How long a call may keep its number, however long the caller stays on the line."""
        self._look = look
        self._clock = clock
        self._asked: Recent[CallRef, None] = Recent(_ASKED_MOST, _ASKED_SECONDS, time.monotonic)

    def asks(self, call: CallRef) -> None:
        """Take note that *call* asks whose it is: from its answer on it is on no number.

        It may do so before the PBX's watcher tells of it; then it never was.
        """
        self._asked.put(call, None)

    def has_asked(self, call: CallRef) -> bool:
        """Say whether *call* has asked already."""
        return call in self._asked

    async def rings(
        self, environment: str, dialed: str, call: CallRef, age: timedelta | None = None
    ) -> bool:
        """Take note that *call* has dialed a number; False where that is none of ours.

        Of a call that was there already when it was first seen, *age* says how long by now.

        Raises:
            NoSuchEnvironment, StoreUnavailable: nothing is noted.
        """
        since = None if age is None else self._clock.now() - age
        here = self._environments.named(environment)
        keys = lookup_keys(here.dial_plan, dialed)
        if self.has_asked(call) or not keys:
            return False
        return await self._store.ringing(here.id, keys, call, self.ringing_for, since)

    async def stopped(self, call: CallRef) -> None:
        """Take note that *call* is over; an expiry it held open is told at once."""
        await self._store.stopped_ringing(call)
        self._look()

    async def calls_of(self, pbx: str) -> frozenset[str]:
        """Give the uniqueids of a PBX's calls that are on a number."""
        return await self._store.ringing_calls(pbx)
