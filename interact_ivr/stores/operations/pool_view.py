"""What is looked up of a pool: rows become values, and nothing is written."""

from collections.abc import Sequence
from typing import Any

from interact_ivr.domain.errors import NoSuchAllocation, NoSuchNumber
from interact_ivr.domain.lifecycle import Policy, State
from interact_ivr.domain.names import AllocationId, Group, InteractionId, NumberKey, Scope
from interact_ivr.domain.values import Block, Ending, GroupCounts, KnownAllocation, PoolNumber
from interact_ivr.stores.operations.number_rows import find_number
from interact_ivr.stores.operations.number_views import pool_number
from interact_ivr.stores.operations.times import from_micros, to_micros
from interact_ivr.stores.transaction import Transaction

_STATES = (State.ALLOCATED, State.LAPSED, State.RESTING, State.IDLE)
"""In the order of the queries' columns."""
_LAST = "\U0010ffff"
"""Sorts behind all that a number may consist of."""
_FURTHER = 2
"""Characters by which blocks differ: of numbers, a hundred blocks."""


def number(scope: Scope, policy: Policy, keys: Sequence[NumberKey], tx: Transaction) -> PoolNumber:
    """Give the number of the pool that the first of *keys* finds."""
    found = find_number(tx, scope.environment, keys, scope.application)
    if found is None:
        raise NoSuchNumber(keys[0] if keys else "")
    return pool_number(tx.one("view_number", id=found.id), tx.now, policy)


def groups(scope: Scope, policy: Policy, tx: Transaction) -> list[GroupCounts]:
    """Count the pool's numbers by group, those without one first."""
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


def group_names(scope: Scope, tx: Transaction) -> list[Group]:
    """Name the pool's groups."""
    return [name for (name,) in tx.all("view_group_names", application=scope.application)]


def blocks(
    scope: Scope, policy: Policy, prefix: str, group: Group | None, tx: Transaction
) -> list[Block]:
    """Count the numbers that begin with *prefix*, by what comes next in them."""
    asked = {
        "environment": scope.environment,
        "application": scope.application,
        "prefix": prefix,
        "beyond": prefix + _LAST,
        "group": group,
    }
    first, last = tx.one("view_ends", **asked)
    if first is None:
        return []
    rows = tx.all(
        "view_blocks",
        **asked,
        length=_alike(first, last) + _FURTHER,
        now=to_micros(tx.now),
        rested_before=to_micros(tx.now - policy.rest_for),
    )
    return [
        Block(begins, dict(zip(_STATES, counts, strict=True)), disabled)
        for begins, *counts, disabled in rows
    ]


def allocation(scope: Scope, allocation: AllocationId, tx: Transaction) -> KnownAllocation:
    """Give an allocation of the pool, or raise `NoSuchAllocation`."""
    row = tx.one(
        "view_allocation", id=allocation, application=scope.application, now=to_micros(tx.now)
    )
    if row is None:
        raise NoSuchAllocation(allocation)
    return _known(row, tx)


def allocation_of(
    scope: Scope, interaction: InteractionId, tx: Transaction
) -> KnownAllocation | None:
    """Give the allocation that *interaction* has now."""
    row = tx.one(
        "view_allocation_of_interaction",
        interaction=interaction,
        application=scope.application,
        now=to_micros(tx.now),
    )
    known = None if row is None else _known(row, tx)
    return known if known is not None and known.ended_at is None else None


def _alike(first: str, last: str) -> int:
    """Count the characters by which *first* and *last* begin alike, and all that sorts between."""
    pairs = enumerate(zip(first, last, strict=False))
    return next((at for at, (one, other) in pairs if one != other), min(len(first), len(last)))


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
