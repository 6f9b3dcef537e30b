"""A number's life on SQLite: each move with its journal row, in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from interact_ivr.domain.errors import AmbiguousDnid, BadInput, Exhausted
from interact_ivr.domain.lifecycle import MOVES, Event, Move, Policy, Standing
from interact_ivr.domain.names import (
    AllocationId,
    Ani,
    CallRef,
    EnvironmentId,
    Group,
    InteractionId,
    NumberKey,
    Scope,
)
from interact_ivr.domain.values import (
    Allocation,
    Ending,
    Expired,
    FreeStatus,
    Retrieval,
    Status,
    Sweep,
)
from interact_ivr.stores.sqlite.times import from_micros, to_micros
from interact_ivr.stores.sqlite.transaction import Transaction
from interact_ivr.stores.sqlite.writer import Writer

_NO_REST = timedelta(0)
"""For events that treat an idle number and a resting one alike."""
_CANDIDATES = 10
"""Numbers that are named when a DNID fits several."""


class SqliteAllocations:
    """The `AllocationStore` of the embedded store."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    async def allocate(
        self, scope: Scope, interaction: InteractionId, group: Group | None, policy: Policy
    ) -> Allocation:
        """Lend the number that has rested longest, or renew the one this interaction holds."""
        return await self._writer.run(partial(_allocate, scope, interaction, group, policy))

    async def retrieve(
        self,
        environment: EnvironmentId,
        keys: Sequence[NumberKey],
        call: CallRef,
        ani: Ani | None,
        deadline: float | None = None,
    ) -> Retrieval:
        """End the allocation of the first of *keys* that is a number, and say whose it was."""
        operation = partial(_retrieve, environment, keys, call, ani)
        return await self._writer.run(operation, deadline=deadline)

    async def free(
        self,
        environment: EnvironmentId,
        keys: Sequence[NumberKey],
        allocation: AllocationId | None,
        deadline: float | None = None,
    ) -> FreeStatus:
        """End the number's allocation; with *allocation*, only that one."""
        operation = partial(_free, environment, keys, allocation)
        return await self._writer.run(operation, deadline=deadline)

    async def mark_undelivered(
        self, environment: EnvironmentId, retrieval: Retrieval, call: CallRef
    ) -> None:
        """Write into the journal that *call* may not have learned what it was told."""
        await self._writer.run(partial(_mark_undelivered, environment, retrieval, call))

    async def probe(self, deadline: float) -> None:
        """Do nothing, durably: raise `StoreUnavailable` where a retrieval could not be done."""
        await self._writer.run(_probe, deadline=deadline)

    async def sweep(self, limit: int) -> Sweep:
        """Write up to *limit* expiries that are due, and find the next deadline."""
        return await self._writer.run(partial(_sweep, limit))


@dataclass(frozen=True, slots=True)
class _Number:
    """A number's row."""

    id: int
    environment: EnvironmentId
    number: NumberKey
    entered: str
    group: Group | None
    standing: Standing

    @classmethod
    def of(cls, environment: EnvironmentId, row: Any) -> "_Number":
        number_id, number, entered, group, allocation, free_from = row
        standing = Standing(allocation, from_micros(free_from))
        return cls(number_id, environment, number, entered, group, standing)


def _allocate(
    scope: Scope,
    interaction: InteractionId,
    group: Group | None,
    policy: Policy,
    tx: Transaction,
) -> Allocation:
    row = tx.one(
        "find_open_allocation_of_interaction",
        application=scope.application,
        interaction=interaction,
    )
    if row is not None:
        number = _Number.of(scope.environment, row)
        match MOVES[number.standing.state(tx.now, policy.rest_for), Event.ALLOCATE]:
            case Move.RENEW:
                return _renew(tx, number, group, policy)
            case Move.RECORD_EXPIRY:
                _record_expiry(tx, number)
    number = _settle(tx, _longest_rested(tx, scope, group, policy))
    move = MOVES[number.standing.state(tx.now, policy.rest_for), Event.ALLOCATE]
    return _lend(tx, scope, number, interaction, policy, lent_early=move is Move.LEND_EARLY)


def _longest_rested(tx: Transaction, scope: Scope, group: Group | None, policy: Policy) -> _Number:
    latest = tx.now - policy.rest_for if policy.strict_rest else tx.now
    found = {"application": scope.application, "rested_before": to_micros(latest)}
    if group is None:
        row = tx.one("find_longest_rested", **found)
    else:
        row = tx.one("find_longest_rested_in_group", group=group, **found)
    if row is None:
        raise Exhausted(group)
    return _Number.of(scope.environment, row)


def _lend(
    tx: Transaction,
    scope: Scope,
    number: _Number,
    interaction: InteractionId,
    policy: Policy,
    *,
    lent_early: bool,
) -> Allocation:
    allocation = Allocation(
        id=AllocationId(tx.new_id()),
        number=number.number,
        entered=number.entered,
        interaction=interaction,
        group=number.group,
        allocated_at=tx.now,
        expires_at=tx.now + policy.hold_for,
        lent_early=lent_early,
    )
    tx.do(
        "add_allocation",
        id=allocation.id,
        number_id=number.id,
        application=scope.application,
        interaction=interaction,
        group=number.group,
        allocated_at=to_micros(allocation.allocated_at),
        expires_at=to_micros(allocation.expires_at),
    )
    _stand(tx, number, allocation.id, allocation.expires_at)
    event = "lent early" if lent_early else "allocated"
    _journal(tx, event, number, allocation.id, interaction, expires_at=allocation.expires_at)
    return allocation


def _renew(tx: Transaction, number: _Number, group: Group | None, policy: Policy) -> Allocation:
    allocation_id = _open(number)
    if group is not None and group != number.group:
        held = f"the group {number.group!r}" if number.group else "no group"
        raise BadInput(
            "group", f"{held} of the number this interaction holds, or none", repr(group)
        )
    _, interaction, _, allocated_at, _, _ = tx.one("get_allocation", allocation=allocation_id)
    expires_at = tx.now + policy.hold_for
    tx.do("renew_allocation", id=allocation_id, expires_at=to_micros(expires_at))
    _stand(tx, number, allocation_id, expires_at)
    _journal(tx, "renewed", number, allocation_id, interaction, expires_at=expires_at)
    return Allocation(
        id=allocation_id,
        number=number.number,
        entered=number.entered,
        interaction=interaction,
        group=number.group,
        allocated_at=from_micros(allocated_at),
        expires_at=expires_at,
        renewed=True,
    )


def _retrieve(
    environment: EnvironmentId,
    keys: Sequence[NumberKey],
    call: CallRef,
    ani: Ani | None,
    tx: Transaction,
) -> Retrieval:
    number = _find_number(tx, environment, keys)
    if number is None:
        return Retrieval(Status.UNKNOWN, ani=ani)
    answer = tx.one("find_answer", number_id=number.id, pbx=call.pbx, uniqueid=call.uniqueid)
    if answer is not None:
        _, allocation_id = answer
        return _found(tx, number, allocation_id, ani, repeated=True)
    number = _settle(tx, number)
    match MOVES[number.standing.state(tx.now, _NO_REST), Event.RETRIEVE]:
        case Move.HAND_OVER:
            allocation_id = _open(number)
            _end(tx, number, tx.now, Ending.RETRIEVED, call, ani)
            tx.do(
                "add_answer",
                number_id=number.id,
                pbx=call.pbx,
                uniqueid=call.uniqueid,
                status=Status.FOUND,
                allocation=allocation_id,
                at=to_micros(tx.now),
            )
            return _found(tx, number, allocation_id, ani)
        case _:
            return Retrieval(Status.NOT_ALLOCATED, number.number, ani)


def _found(
    tx: Transaction,
    number: _Number,
    allocation_id: AllocationId,
    ani: Ani | None,
    *,
    repeated: bool = False,
) -> Retrieval:
    row = tx.one("get_allocation", allocation=allocation_id)
    _, interaction, group, allocated_at, _, ended_at = row
    return Retrieval(
        status=Status.FOUND,
        number=number.number,
        ani=ani,
        allocation=allocation_id,
        interaction=interaction,
        group=group,
        waited=from_micros(ended_at) - from_micros(allocated_at),
        repeated=repeated,
    )


def _free(
    environment: EnvironmentId,
    keys: Sequence[NumberKey],
    allocation: AllocationId | None,
    tx: Transaction,
) -> FreeStatus:
    number = _find_number(tx, environment, keys)
    if number is None:
        return FreeStatus.UNKNOWN
    number = _settle(tx, number)
    match MOVES[number.standing.state(tx.now, _NO_REST), Event.FREE]:
        case Move.END if allocation in (None, number.standing.allocation):
            _end(tx, number, tx.now, Ending.FREED)
            return FreeStatus.FREED
        case _:
            return FreeStatus.NOT_ALLOCATED


def _mark_undelivered(
    environment: EnvironmentId, retrieval: Retrieval, call: CallRef, tx: Transaction
) -> None:
    if retrieval.number is None or retrieval.allocation is None or retrieval.interaction is None:
        return
    number = _find_number(tx, environment, [retrieval.number])
    if number is not None:
        _journal(tx, "undelivered", number, retrieval.allocation, retrieval.interaction, call=call)


def _probe(_: Transaction) -> None:
    """Beginning an immediate transaction is what could fail."""


def _sweep(limit: int, tx: Transaction) -> Sweep:
    expired = []
    for *row, environment in tx.all("find_lapsed", now=to_micros(tx.now), limit=limit):
        number = _Number.of(environment, row)
        interaction = _record_expiry(tx, number)
        at = number.standing.free_from
        expired.append(Expired(_open(number), number.number, interaction, at))
    (next_deadline,) = tx.one("next_deadline")
    return Sweep(tuple(expired), None if next_deadline is None else from_micros(next_deadline))


def _find_number(
    tx: Transaction, environment: EnvironmentId, keys: Sequence[NumberKey]
) -> _Number | None:
    for key in keys:
        row = tx.one("find_number", environment=environment, number=key)
        if row is not None:
            return _Number.of(environment, row)
    for key in keys:
        match tx.all("find_by_dnid", environment=environment, dnid=key, limit=_CANDIDATES):
            case [row]:
                return _Number.of(environment, row)
            case [_, *_] as rows:
                raise AmbiguousDnid(key, [number for _, number, *_ in rows])
    return None


def _settle(tx: Transaction, number: _Number) -> _Number:
    """Give *number* with its expiry on record, if its allocation ran out."""
    if MOVES[number.standing.state(tx.now, _NO_REST), Event.EXPIRE] is not Move.RECORD_EXPIRY:
        return number
    _record_expiry(tx, number)
    settled = Standing(None, number.standing.free_from)
    return _Number(
        number.id, number.environment, number.number, number.entered, number.group, settled
    )


def _record_expiry(tx: Transaction, number: _Number) -> InteractionId:
    return _end(tx, number, number.standing.free_from, Ending.EXPIRED)


def _end(
    tx: Transaction,
    number: _Number,
    at: datetime,
    ending: Ending,
    call: CallRef | None = None,
    ani: Ani | None = None,
) -> InteractionId:
    """End the number's open allocation as of *at*, on record in the journal; say whose it was."""
    allocation_id = _open(number)
    _, interaction, *_ = tx.one("get_allocation", allocation=allocation_id)
    tx.do("end_allocation", id=allocation_id, at=to_micros(at), ending=ending)
    _stand(tx, number, None, at)
    _journal(tx, ending, number, allocation_id, interaction, at=at, call=call, ani=ani)
    return InteractionId(interaction)


def _open(number: _Number) -> AllocationId:
    if number.standing.allocation is None:
        raise ValueError(f"number {number.number} has no open allocation")
    return number.standing.allocation


def _stand(
    tx: Transaction, number: _Number, allocation: AllocationId | None, free_from: datetime
) -> None:
    tx.do("set_standing", id=number.id, allocation=allocation, free_from=to_micros(free_from))


def _journal(
    tx: Transaction,
    event: str,
    number: _Number,
    allocation: AllocationId,
    interaction: InteractionId,
    *,
    at: datetime | None = None,
    expires_at: datetime | None = None,
    call: CallRef | None = None,
    ani: Ani | None = None,
) -> None:
    tx.do(
        "write_journal",
        id=tx.new_id(),
        at=to_micros(at or tx.now),
        event=event,
        environment=number.environment,
        number=number.number,
        allocation=allocation,
        interaction=interaction,
        expires_at=None if expires_at is None else to_micros(expires_at),
        pbx=None if call is None else call.pbx,
        uniqueid=None if call is None else call.uniqueid,
        ani=ani,
    )
