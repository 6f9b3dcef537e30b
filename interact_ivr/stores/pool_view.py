"""What programs look up of a pool in a store: all of it is read."""

from collections.abc import Sequence
from functools import partial

from interact_ivr.domain.lifecycle import Policy
from interact_ivr.domain.names import AllocationId, Group, InteractionId, NumberKey, Scope
from interact_ivr.domain.values import Block, GroupCounts, KnownAllocation, PoolNumber
from interact_ivr.stores.operations import pool_view
from interact_ivr.stores.transaction import Reading


class StoredPoolView:
    """The `PoolView` over either kind of store."""

    def __init__(self, reader: Reading) -> None:
        self._reader = reader

    async def number(self, scope: Scope, policy: Policy, keys: Sequence[NumberKey]) -> PoolNumber:
        """Give a number of the pool as it stands."""
        return await self._reader.run(partial(pool_view.number, scope, policy, keys))

    async def groups(self, scope: Scope, policy: Policy) -> Sequence[GroupCounts]:
        """Count the pool's numbers by group, those without one first."""
        return await self._reader.run_long(
            scope.environment, partial(pool_view.groups, scope, policy)
        )

    async def group_names(self, scope: Scope) -> Sequence[Group]:
        """Name the pool's groups."""
        return await self._reader.run_long(scope.environment, partial(pool_view.group_names, scope))

    async def blocks(
        self, scope: Scope, policy: Policy, prefix: str, group: Group | None
    ) -> Sequence[Block]:
        """Count the numbers that begin with *prefix*, by what comes next in them."""
        return await self._reader.run_long(
            scope.environment, partial(pool_view.blocks, scope, policy, prefix, group)
        )

    async def allocation(self, scope: Scope, allocation: AllocationId) -> KnownAllocation:
        """Give an allocation of the pool, open or ended."""
        return await self._reader.run(partial(pool_view.allocation, scope, allocation))

    async def allocation_of(
        self, scope: Scope, interaction: InteractionId
    ) -> KnownAllocation | None:
        """Give the allocation that *interaction* has in the pool now."""
        return await self._reader.run(partial(pool_view.allocation_of, scope, interaction))
