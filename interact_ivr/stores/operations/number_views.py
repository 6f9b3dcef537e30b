"""What is looked up of a pool's numbers: rows become values, and nothing is written."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from interact_ivr.domain.lifecycle import Policy, Standing, State
from interact_ivr.domain.names import NumberKey, Scope
from interact_ivr.domain.values import KnownNumber, NewNumber, PoolNumber, Shown
from interact_ivr.stores.operations.times import from_micros, to_micros
from interact_ivr.stores.transaction import Transaction

_NO_LIMIT = -1
"""As the queries have it."""


def known(scope: Scope, keys: Sequence[NumberKey], tx: Transaction) -> list[KnownNumber]:
    """Give those of *keys* that are numbers of the environment."""
    rows = tx.all(
        "known_numbers",
        environment=scope.environment,
        application=scope.application,
        keys=json.dumps(keys),
    )
    return [
        KnownNumber(NewNumber(number, entered, group, dnid, bool(enabled)), bool(in_pool))
        for number, entered, group, dnid, enabled, in_pool in rows
    ]


def by_dnid(scope: Scope, dnids: Sequence[str], tx: Transaction) -> dict[str, NumberKey]:
    """Give those of *dnids* that a number of the pool has, each with that number."""
    return dict(
        tx.all(
            "known_dnids",
            environment=scope.environment,
            application=scope.application,
            dnids=json.dumps(dnids),
        )
    )


def shown_of(scope: Scope, policy: Policy, shown: Shown, tx: Transaction) -> list[PoolNumber]:
    """Give the pool's numbers, by number."""
    rows = tx.all(
        "list_numbers",
        after=shown.after,
        limit=_NO_LIMIT if shown.limit is None else shown.limit,
        **_fitting(scope, policy, shown, tx.now),
    )
    return [pool_number(row, tx.now, policy) for row in rows]


def count_of(scope: Scope, policy: Policy, shown: Shown, tx: Transaction) -> int:
    """Count the pool's numbers that fit *shown*, whatever its page."""
    (count,) = tx.one("count_numbers", **_fitting(scope, policy, shown, tx.now))
    return int(count)


def _fitting(scope: Scope, policy: Policy, shown: Shown, now: datetime) -> dict[str, object]:
    """Say what fits, as the queries have it."""
    return {
        "environment": scope.environment,
        "application": scope.application,
        "group": shown.group,
        "state": None if shown.state is None else shown.state.value,
        "enabled": None if shown.enabled is None else int(shown.enabled),
        "prefix": shown.prefix,
        "text": shown.text,
        "now": to_micros(now),
        "rested_before": to_micros(now - policy.rest_for),
    }


def pool_number(row: Any, now: datetime, policy: Policy) -> PoolNumber:
    """Read a row of the queries that show numbers."""
    number, entered, dnid, group, enabled, allocation, free_from, interaction = row
    standing = Standing(allocation, from_micros(max(free_from, 0)))  # never lent: the epoch
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


def counts(scope: Scope, policy: Policy, tx: Transaction) -> dict[State, int]:
    """Count the pool's enabled numbers by state."""
    row = tx.one(
        "count_by_standing",
        application=scope.application,
        now=to_micros(tx.now),
        rested_before=to_micros(tx.now - policy.rest_for),
    )
    states = (State.ALLOCATED, State.LAPSED, State.RESTING, State.IDLE)
    return {state: count or 0 for state, count in zip(states, row, strict=True)}
