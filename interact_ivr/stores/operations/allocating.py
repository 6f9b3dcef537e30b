"""Allocating: an interaction is lent the number that has rested longest."""

from interact_ivr.domain.errors import BadInput, Exhausted, QuotaReached, Whose
from interact_ivr.domain.lifecycle import MOVES, Event, Move, Policy
from interact_ivr.domain.names import AllocationId, Ani, Group, InteractionId, Scope
from interact_ivr.domain.values import Allocation, Ending
from interact_ivr.stores.operations.number_rows import (
    NumberRow,
    end,
    get_held,
    is_held_open,
    is_ringing,
    settle,
    stand,
    write_journal,
)
from interact_ivr.stores.operations.times import to_micros
from interact_ivr.stores.transaction import Transaction

_ASK_AGAIN_SECONDS = 5
"""Within which what has run out is on record."""


def allocate(
    scope: Scope,
    interaction: InteractionId,
    group: Group | None,
    caller: Ani | None,
    policy: Policy,
    tx: Transaction,
) -> Allocation:
    """Lend a number to *interaction*, or renew the one it holds.

    Where that is to be replaced, another one is looked for before it is free: it is none itself.
    The group that the interaction has asked for binds also where it is not said again.
    """
    _lock_quotas(tx, scope, policy)
    held = _held_by(tx, scope, interaction, policy)
    if held is None:
        _check_quotas(tx, scope, policy)
    else:
        _check_group(held, group)
        group = group or _asked_group(tx, held)
    keeps = held is not None and not policy.replace
    other = None if keeps else _longest_rested(tx, scope, group, policy)
    if other is None:
        if held is None:
            raise Exhausted(group)
        return _renew(tx, held, group, caller, policy)
    replaced = None
    if held is not None:
        _, ended = end(tx, held, tx.now, Ending.REPLACED)
        replaced, caller = ended.id, caller or ended.caller
    return _lend(tx, settle(tx, other), interaction, group, caller, policy, replaced)


def _lock_quotas(tx: Transaction, scope: Scope, policy: Policy) -> None:
    """Come before any number is held: who waits here holds none that others may wait for."""
    if policy.of_tenant.most_open:
        tx.one("lock_tenant", environment=scope.environment)
    if policy.most_open:
        tx.one("lock_application", application=scope.application)


def _check_quotas(tx: Transaction, scope: Scope, policy: Policy) -> None:
    """Raise `QuotaReached` where one more would be too many; an end counts once it is on record."""
    if most := policy.most_open:
        there = tx.one("count_open_allocations", application=scope.application, most=most)
        _check_quota("application", there[0], most)
    if most := policy.of_tenant.most_open:
        there = tx.one("count_open_allocations_of_tenant", environment=scope.environment, most=most)
        _check_quota("tenant", there[0], most)


def _check_quota(whose: Whose, there: int, most: int) -> None:
    if there == most:
        raise QuotaReached(whose, "open at once", most, _ASK_AGAIN_SECONDS)


def _held_by(
    tx: Transaction, scope: Scope, interaction: InteractionId, policy: Policy
) -> NumberRow | None:
    row = tx.one(
        "find_open_allocation_of_interaction",
        application=scope.application,
        interaction=interaction,
    )
    held = None if row is None else NumberRow.of(scope.environment, row)
    return held if held is not None and _still_holds(tx, held, policy) else None


def _still_holds(tx: Transaction, held: NumberRow, policy: Policy) -> bool:
    """Say whether an allocation stands; put on record that it ran out, where it did.

    While a call is on its number that was there in time, it is not told expired.
    """
    move = MOVES[held.standing.state(tx.now, policy.rest_for), Event.ALLOCATE]
    if move is Move.RENEW or is_held_open(tx, held):
        return True
    settle(tx, held)
    return False


def _check_group(held: NumberRow, group: Group | None) -> None:
    if group is not None and group != held.group:
        has = f"the group {held.group!r}" if held.group else "no group"
        raise BadInput("group", f"{has} of the number this interaction holds, or none", repr(group))


def _asked_group(tx: Transaction, held: NumberRow) -> Group | None:
    """Give the group that was asked for, not merely that of the number that was lent."""
    row = tx.one("find_asked_group", allocation=held.open)
    return None if row is None else Group(row[0])


def _longest_rested(
    tx: Transaction, scope: Scope, group: Group | None, policy: Policy
) -> NumberRow | None:
    latest = tx.now - policy.rest_for if policy.strict_rest else tx.now
    found: dict[str, object] = {
        "application": scope.application,
        "rested_before": to_micros(latest),
        "now": to_micros(tx.now),
    }
    query = "find_longest_rested"
    if group is not None:
        query, found["group"] = "find_longest_rested_in_group", group
    while row := tx.one(query, **found):
        number = NumberRow.of(scope.environment, row)
        if not is_ringing(tx, number):  # a call may have come to it before it was locked
            return number
    return None


def _lend(
    tx: Transaction,
    number: NumberRow,
    interaction: InteractionId,
    asked: Group | None,
    caller: Ani | None,
    policy: Policy,
    replaced: AllocationId | None,
) -> Allocation:
    move = MOVES[number.standing.state(tx.now, policy.rest_for), Event.ALLOCATE]
    allocation = Allocation(
        id=AllocationId(tx.new_id()),
        number=number.number,
        entered=number.entered,
        interaction=interaction,
        group=number.group,
        allocated_at=tx.now,
        expires_at=tx.now + policy.hold_for,
        lent_early=move is Move.LEND_EARLY,
        replaced=replaced,
    )
    tx.put(
        "add_allocation",
        id=allocation.id,
        number_id=number.id,
        application=number.application,
        interaction=interaction,
        group=number.group,
        group_asked=int(asked is not None),
        caller=caller,
        allocated_at=to_micros(allocation.allocated_at),
        expires_at=to_micros(allocation.expires_at),
    )
    stand(tx, number, allocation.id, allocation.expires_at, last=number.last)
    event = "lent early" if allocation.lent_early else "allocated"
    write_journal(tx, event, number, allocation.id, interaction, expires_at=allocation.expires_at)
    return allocation


def _renew(
    tx: Transaction, number: NumberRow, asked: Group | None, caller: Ani | None, policy: Policy
) -> Allocation:
    held = get_held(tx, number.open)
    expires_at = tx.now + policy.hold_for
    tx.put(
        "renew_allocation",
        id=held.id,
        expires_at=to_micros(expires_at),
        caller=caller,
        group_asked=int(asked is not None),
    )
    stand(tx, number, held.id, expires_at, last=number.last)
    write_journal(tx, "renewed", number, held.id, held.interaction, expires_at=expires_at)
    return Allocation(
        id=held.id,
        number=number.number,
        entered=number.entered,
        interaction=held.interaction,
        group=number.group,
        allocated_at=held.allocated_at,
        expires_at=expires_at,
        renewed=True,
    )
