"""Looking at a pool: a number as it stands, groups, allocations by their ids; and ending one."""

from collections.abc import Sequence

from interact_ivr.domain.errors import AllocationEnded, NoSuchAllocation, NoSuchNumber
from interact_ivr.domain.names import AllocationId, Group
from interact_ivr.domain.values import Block, FreeStatus, GroupCounts, KnownAllocation, PoolNumber
from interact_ivr.ports import PoolView
from interact_ivr.service.allocations import Allocations, lookup_keys
from interact_ivr.service.environments import Environments


class Pools:
    """The use cases of who looks at one pool, and ends what they see there."""

    def __init__(
        self, view: PoolView, allocations: Allocations, environments: Environments
    ) -> None:
        self._view = view
        self._allocations = allocations
        self._environments = environments

    async def number(self, environment: str, number: str, application: str = "") -> PoolNumber:
        """Give a number of the pool, in any written form or by its DNID, as it stands.

        Raises:
            NoSuchNumber: the pool has no such number.
            AmbiguousDnid: it is no number, and the DNID of several.
        """
        here = self._environments.named(environment)
        pool = here.application(application)
        try:
            keys = lookup_keys(here.dial_plan, number)
            return await self._view.number(pool.scope, pool.policy, keys)
        except NoSuchNumber:
            raise NoSuchNumber(number) from None

    async def groups(self, environment: str, application: str = "") -> Sequence[GroupCounts]:
        """Count the pool's numbers by group."""
        pool = self._environments.named(environment).application(application)
        return await self._view.groups(pool.scope, pool.policy)

    async def group_names(self, environment: str, application: str = "") -> Sequence[Group]:
        """Name the pool's groups."""
        pool = self._environments.named(environment).application(application)
        return await self._view.group_names(pool.scope)

    async def blocks(
        self, environment: str, application: str = "", prefix: str = "", group: Group | None = None
    ) -> Sequence[Block]:
        """Count the pool's numbers that begin with *prefix*, by what comes next in them."""
        pool = self._environments.named(environment).application(application)
        return await self._view.blocks(pool.scope, pool.policy, prefix, group)

    async def allocation(
        self, environment: str, allocation: str, application: str = ""
    ) -> KnownAllocation:
        """Give an allocation of the pool, open or ended, or raise `NoSuchAllocation`."""
        pool = self._environments.named(environment).application(application)
        return await self._view.allocation(pool.scope, AllocationId(allocation))

    async def allocation_of(
        self, environment: str, interaction: str, application: str = ""
    ) -> KnownAllocation | None:
        """Give the allocation that *interaction* has in the pool now."""
        here = self._environments.named(environment)
        scope = here.application(application).scope
        return await self._view.allocation_of(scope, here.alphabet.interaction(interaction))

    async def end(
        self, environment: str, allocation: str, application: str = "", detail: str | None = None
    ) -> None:
        """End an allocation as freed: that one, and none that its number has got since.

        *detail* says in the journal who asked.

        Raises:
            NoSuchAllocation: the pool has none, or it was purged.
            AllocationEnded: something else has ended it before.
        """
        pool = self._environments.named(environment).application(application)
        known = await self.allocation(environment, allocation, application)
        if known.ended_at is None:
            status = await self._allocations.free(
                environment, known.number, known.id, application=pool.name, detail=detail
            )
            if status is FreeStatus.FREED:
                return
            known = await self.allocation(environment, allocation, application)
        if known.ended_at is None or known.ended_as is None:
            raise NoSuchAllocation(allocation)  # its number is not known by its own text
        raise AllocationEnded(known.id, known.ended_as, known.ended_at.isoformat())
