"""A number's life in a store: each method is one transaction of its writer's or its reader's."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from interact_ivr.domain.acts import UNDER_WAY
from interact_ivr.domain.lifecycle import Policy
from interact_ivr.domain.names import (
    AllocationId,
    Ani,
    ApplicationId,
    CallRef,
    EnvironmentId,
    Group,
    InteractionId,
    NumberKey,
    Scope,
)
from interact_ivr.domain.values import Allocation, FreeStatus, Question, Retrieval, Sweep
from interact_ivr.stores.acting import acting
from interact_ivr.stores.operations import expiring, ringing
from interact_ivr.stores.operations.allocating import allocate
from interact_ivr.stores.operations.freeing import Asked, free, free_all, holders, take
from interact_ivr.stores.operations.retrieving import mark_undelivered, retrieve
from interact_ivr.stores.together import Together
from interact_ivr.stores.transaction import Reading, Transaction, Writing


class StoredAllocations:
    """The `AllocationStore` and the `RingingStore` over either kind of store."""

    def __init__(self, writer: Writing, reader: Reading) -> None:
        self._writer = writer
        self._reader = reader
        self._frees = Together[Asked, FreeStatus](lambda all_: writer.run(partial(free_all, all_)))
        self._holders = Together[Asked, InteractionId | None](
            lambda all_: reader.run(partial(holders, all_))
        )

    async def allocate(
        self,
        scope: Scope,
        interaction: InteractionId,
        group: Group | None,
        caller: Ani | None,
        policy: Policy,
    ) -> Allocation:
        """Lend the number that has rested longest, or renew the one this interaction holds."""
        operation = partial(allocate, scope, interaction, group, caller, policy)
        return await acting(self._writer.run, operation)

    async def retrieve(
        self,
        environment: EnvironmentId,
        question: Question,
        policies: Mapping[ApplicationId, Policy],
        deadline: float | None = None,
        wanted: Callable[[], bool] | None = None,
    ) -> Retrieval:
        """Say whose number was dialed, and end its allocation where the answer is FOUND."""
        operation = partial(retrieve, environment, question, policies)
        return await self._writer.run(operation, deadline=deadline, wanted=wanted)

    async def free(
        self,
        environment: EnvironmentId,
        keys: Sequence[NumberKey],
        allocation: AllocationId | None,
        deadline: float | None = None,
        application: ApplicationId | None = None,
        detail: str | None = None,
    ) -> FreeStatus:
        """End the number's allocation; with *allocation*, only that one."""
        asked = Asked(environment, keys, application, allocation, detail)
        if UNDER_WAY.get() is not None:
            return await acting(self._writer.run, partial(free, asked), _was_known)
        if deadline is None:
            return await self._frees.ask(asked)
        return await self._writer.run(partial(free, asked), deadline=deadline)

    async def holder(self, scope: Scope, keys: Sequence[NumberKey]) -> InteractionId | None:
        """Say whose a number of the pool is now; None: nobody's."""
        return await self._holders.ask(Asked(scope.environment, keys, scope.application))

    async def take(
        self, scope: Scope, keys: Sequence[NumberKey], detail: str
    ) -> InteractionId | None:
        """Say the same, and end the allocation as retrieved, by no call."""
        return await self._writer.run(partial(take, scope, keys, detail))

    async def mark_undelivered(
        self, environment: EnvironmentId, retrieval: Retrieval, call: CallRef
    ) -> None:
        """Write into the journal that *call* may not have learned what it was told."""
        await self._writer.run(partial(mark_undelivered, environment, retrieval, call))

    async def probe(self, deadline: float) -> None:
        """Do nothing, durably: raise `StoreUnavailable` where a retrieval could not be done."""
        await self._writer.run(_nothing, deadline=deadline)

    async def sweep(self, limit: int) -> Sweep:
        """Write up to *limit* expiries that are due, and find the next deadline."""
        return await self._writer.run(partial(expiring.sweep, limit))

    async def ringing(
        self,
        environment: EnvironmentId,
        keys: Sequence[NumberKey],
        call: CallRef,
        at_most: timedelta,
        since: datetime | None = None,
    ) -> bool:
        """Take note that *call* is on a number; False where it is none of ours."""
        return await self._writer.run(
            partial(ringing.ringing, environment, keys, call, at_most, since)
        )

    async def stopped_ringing(self, call: CallRef) -> None:
        """Take note that *call* is on no number any more."""
        await self._writer.run(partial(ringing.stopped_ringing, call))

    async def ringing_calls(self, pbx: str) -> frozenset[str]:
        """Give the uniqueids of a PBX's calls that are on a number."""
        return await self._reader.run(partial(ringing.ringing_calls, pbx))


def _was_known(status: FreeStatus) -> bool:
    return status is not FreeStatus.UNKNOWN


def _nothing(_: Transaction) -> None:
    """Beginning a transaction that writes is what could fail."""
