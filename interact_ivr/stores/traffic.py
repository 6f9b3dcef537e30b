"""The traffic of a pool in a store: all of it is read, and summed where it is kept."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from interact_ivr.domain.names import Group, Scope
from interact_ivr.domain.traffic import Hour, Waits
from interact_ivr.stores.operations import traffic
from interact_ivr.stores.transaction import Reading


class StoredTraffic:
    """The `TrafficStore` over either kind of store."""

    def __init__(self, reader: Reading) -> None:
        self._reader = reader

    async def hours(self, scope: Scope, group: Group | None, since: datetime) -> Sequence[Hour]:
        """Give the hours in which numbers were lent, in their order."""
        read = partial(traffic.hours, scope, group, since)
        return await self._reader.run_long(scope.environment, read)

    async def waits(self, scope: Scope, group: Group | None, since: datetime) -> Waits:
        """Count the allocations that were retrieved and that ran out."""
        read = partial(traffic.waits, scope, group, since)
        return await self._reader.run_long(scope.environment, read)
