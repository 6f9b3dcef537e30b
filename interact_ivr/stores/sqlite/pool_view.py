"""What programs look up of a pool on SQLite: read beside the writer."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from interact_ivr.domain.errors import NoSuchAllocation, NoSuchNumber
from interact_ivr.domain.lifecycle import Policy, State
from interact_ivr.domain.names import AllocationId, InteractionId, NumberKey, Scope
from interact_ivr.domain.values import Ending, GroupCounts, KnownAllocation, PoolNumber
from interact_ivr.stores.sqlite.number_rows import find_number
from interact_ivr.stores.sqlite.number_views import pool_number
from interact_ivr.stores.sqlite.reader import Reader
from interact_ivr.stores.sqlite.times import from_micros, to_micros
from interact_ivr.stores.sqlite.transaction import Transaction

_STATES = (State.ALLOCATED, State.LAPSED, State.RESTING, State.IDLE)
"""In the order of the query's columns."""


class SqlitePoolView:
    """The `PoolView` of the embedded store."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def number(self, scope: Scope, policy: Policy, keys: Sequence[NumberKey]) -> PoolNumber:
        """Give a number of the pool as it stands."""
        return await self._reader.run(partial(_number, scope, policy, keys))

    async def groups(self, scope: Scope, policy: Policy) -> Sequence[GroupCounts]:
        """Count the pool's numbers by group, those without one first."""
        return await self._reader.run_long(scope.environment, partial(_groups, scope, policy))

    async def allocation(self, scope: Scope, allocation: AllocationId) -> KnownAllocation:
        """Give an allocation of the pool, open or ended."""
        return await self._reader.run(partial(_allocation, scope, allocation))

    async def allocation_of(
        self, scope: Scope, interaction: InteractionId
    ) -> KnownAllocation | None:
        """Give the allocation that *interaction* has in the pool now."""
        return await self._reader.run(partial(_allocation_of, scope, interaction))


def _number(scope: Scope, policy: Policy, keys: Sequence[NumberKey], tx: Transaction) -> PoolNumber:
    found = find_number(tx, scope.environment, keys, scope.application)
    if found is None:
        raise NoSuchNumber(keys[0] if keys else "")
    return pool_number(tx.one("view_number", id=found.id), tx.now, policy)


def _groups(scope: Scope, policy: Policy, tx: Transaction) -> list[GroupCounts]:
    rows = tx.all(
        "view_groups",
        application=scope.application,
        now=to_micros(tx.now),
        rested_before=to_micros(tx.now - policy.rest_for),
    )
    return [
        GroupCounts(group, dict(zip(_STATES, counts, strict=True)), disabled)
        for group, *counts, disabled in rows
    ]


def _allocation(scope: Scope, allocation: AllocationId, tx: Transaction) -> KnownAllocation:
    row = tx.one(
        "view_allocation", id=allocation, application=scope.application, now=to_micros(tx.now)
    )
    if row is None:
        raise NoSuchAllocation(allocation)
    return _known(row, tx)


def _allocation_of(
    scope: Scope, interaction: InteractionId, tx: Transaction
) -> KnownAllocation | None:
    row = tx.one(
        "view_allocation_of_interaction",
        interaction=interaction,
        application=scope.application,
        now=to_micros(tx.now),
    )
    known = None if row is None else _known(row, tx)
    return known if known is not None and known.ended_at is None else None


def _known(row: Any, tx: Transaction) -> KnownAllocation:
    allocation, number, entered, interaction, group, *times, ended_as, rings = row
    allocated_at, expires_at, ended_at = times
    if ended_at is None and expires_at <= to_micros(tx.now) and not rings:
        ended_at, ended_as = expires_at, Ending.EXPIRED
    return KnownAllocation(
        id=allocation,
        number=number,
        entered=entered,
        interaction=interaction,
        group=group,
        allocated_at=from_micros(allocated_at),
        expires_at=from_micros(expires_at),
        ended_at=None if ended_at is None else from_micros(ended_at),
        ended_as=None if ended_as is None else Ending(ended_as),
    )
