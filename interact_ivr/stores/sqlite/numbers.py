"""The pools' inventory on SQLite."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from interact_ivr.domain.errors import BadRows
from interact_ivr.domain.lifecycle import Policy, Standing, State
from interact_ivr.domain.names import NumberKey, Scope
from interact_ivr.domain.values import NewNumber, PoolNumber
from interact_ivr.stores.sqlite.reader import Reader
from interact_ivr.stores.sqlite.times import from_micros, to_micros
from interact_ivr.stores.sqlite.transaction import Transaction
from interact_ivr.stores.sqlite.writer import Writer


class SqliteNumbers:
    """The `NumberStore` of the embedded store."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        self._writer = writer
        self._reader = reader

    async def add(self, scope: Scope, numbers: Sequence[NewNumber]) -> None:
        """Take all of *numbers* into the pool, or none: `BadRows` names those there already."""
        await self._writer.run(partial(_add, scope, numbers))

    async def known(self, scope: Scope, keys: Sequence[NumberKey]) -> Sequence[NumberKey]:
        """Give those of *keys* that are numbers of the environment already."""
        return await self._reader.run(partial(_known, scope, keys))

    async def list(self, scope: Scope, policy: Policy) -> Sequence[PoolNumber]:
        """Give the pool's numbers as they stand, by number."""
        return await self._reader.run(partial(_list, scope, policy))

    async def counts(self, scope: Scope, policy: Policy) -> dict[State, int]:
        """Count the pool's enabled numbers by state."""
        return await self._reader.run(partial(_counts, scope, policy))


def _add(scope: Scope, numbers: Sequence[NewNumber], tx: Transaction) -> None:
    faults = [
        f"number {new.entered}: {new.number} is in the environment already"
        for new in numbers
        if not tx.do(
            "add_number",
            environment=scope.environment,
            application=scope.application,
            number=new.number,
            entered=new.entered,
            dnid=new.dnid,
            group=new.group,
            enabled=int(new.enabled),
        )
    ]
    if faults:
        raise BadRows(faults)


def _known(scope: Scope, keys: Sequence[NumberKey], tx: Transaction) -> list[NumberKey]:
    environment = scope.environment
    return [key for key in keys if tx.one("find_number", environment=environment, number=key)]


def _list(scope: Scope, policy: Policy, tx: Transaction) -> list[PoolNumber]:
    rows = tx.all("list_numbers", application=scope.application)
    return [_pool_number(row, tx.now, policy) for row in rows]


def _pool_number(row: Any, now: datetime, policy: Policy) -> PoolNumber:
    number, entered, dnid, group, enabled, allocation, free_from, interaction = row
    standing = Standing(allocation, from_micros(free_from))
    state = standing.state(now, policy.rest_for)
    return PoolNumber(
        number=number,
        entered=entered,
        dnid=dnid,
        group=group,
        enabled=bool(enabled),
        state=state,
        interaction=interaction if state is State.ALLOCATED else None,
        free_from=standing.free_from,
    )


def _counts(scope: Scope, policy: Policy, tx: Transaction) -> dict[State, int]:
    row = tx.one(
        "count_by_standing",
        application=scope.application,
        now=to_micros(tx.now),
        rested_before=to_micros(tx.now - policy.rest_for),
    )
    states = (State.ALLOCATED, State.LAPSED, State.RESTING, State.IDLE)
    return {state: count or 0 for state, count in zip(states, row, strict=True)}
