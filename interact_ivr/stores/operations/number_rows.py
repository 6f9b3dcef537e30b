"""A number's row, and the moves that change it: each with its row in the journal."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec.structs import replace

from interact_ivr.domain.caller import NOBODY, Caller
from interact_ivr.domain.errors import AmbiguousDnid
from interact_ivr.domain.happening import Happening
from interact_ivr.domain.lifecycle import MOVES, Event, Move, Standing
from interact_ivr.domain.names import (
    AllocationId,
    Ani,
    ApplicationId,
    CallRef,
    EnvironmentId,
    Group,
    InteractionId,
    NumberKey,
)
from interact_ivr.domain.outcomes import Held
from interact_ivr.domain.values import Ending
from interact_ivr.stores.operations.times import from_micros, to_micros
from interact_ivr.stores.transaction import Transaction

NO_REST = timedelta(0)
"""For events that treat an idle number and a resting one alike."""
_CANDIDATES = 10
"""Numbers that are named when a DNID fits several."""


class NumberRow(msgspec.Struct, frozen=True):
    """A number as the transaction found it, or left it."""

    id: int
    environment: EnvironmentId
    application: ApplicationId
    number: NumberKey
    entered: str
    group: Group | None
    standing: Standing
    last: AllocationId | None
    """The allocation that ended last."""

    @classmethod
    def of(cls, environment: EnvironmentId, row: Sequence[Any]) -> "NumberRow":
        """Read a row of the queries that find numbers."""
        number_id, application, number, entered, group, allocation, free_from, last = row
        standing = Standing(allocation, from_micros(free_from))
        return cls(number_id, environment, application, number, entered, group, standing, last)

    @property
    def open(self) -> AllocationId:
        """Give the allocation whose end is not in the journal; ValueError where there is none."""
        if self.standing.allocation is None:
            raise ValueError(f"number {self.number} has no open allocation")
        return self.standing.allocation


class Ended(msgspec.Struct, frozen=True):
    """A number whose allocation ends, whose it was, and what the journal adds."""

    number: NumberRow
    interaction: InteractionId
    detail: str | None = None


def find_number(
    tx: Transaction,
    environment: EnvironmentId,
    keys: Sequence[NumberKey],
    application: ApplicationId | None = None,
) -> NumberRow | None:
    """Find the first of *keys* that is a number of the environment, else the DNID of one.

    With *application*, only its numbers are there.

    Raises:
        AmbiguousDnid: none is a number, and the first that is a DNID is that of several.
    """
    number = find_by_key(tx, environment, keys)
    if number is not None and application in (None, number.application):
        return number
    found = {"environment": environment, "application": application, "limit": _CANDIDATES}
    for key in keys:
        match tx.all("find_by_dnid", dnid=key, **found):
            case [row]:
                return NumberRow.of(environment, row)
            case [_, *_] as rows:
                raise AmbiguousDnid(key, [NumberRow.of(environment, row).number for row in rows])
    return None


def find_by_key(
    tx: Transaction, environment: EnvironmentId, keys: Sequence[NumberKey]
) -> NumberRow | None:
    """Find the first of *keys* that is a number of the environment."""
    for key in keys:
        row = tx.one("find_number", environment=environment, number=key)
        if row is not None:
            return NumberRow.of(environment, row)
    return None


def get_held(tx: Transaction, allocation: AllocationId) -> Held:
    """Read an allocation that is there."""
    return held_of(tx.one("get_allocation", allocation=allocation))


def find_held(tx: Transaction, allocation: AllocationId) -> Held | None:
    """Read an allocation that may have been purged."""
    row = tx.one("get_allocation", allocation=allocation)
    return None if row is None else held_of(row)


def held_of(row: Sequence[Any]) -> Held:
    """Read a row of the queries that find allocations."""
    held_id, interaction, group, caller, allocated_at, expires_at, ended_at, ended_as, by = row
    return Held(
        id=held_id,
        interaction=interaction,
        group=group,
        caller=caller,
        allocated_at=from_micros(allocated_at),
        expires_at=from_micros(expires_at),
        ended_at=None if ended_at is None else from_micros(ended_at),
        ended_as=None if ended_as is None else Ending(ended_as),
        ended_by=by,
    )


def is_lapsed(tx: Transaction, number: NumberRow) -> bool:
    """Say whether its allocation ran out and the journal does not say so yet."""
    state = number.standing.state(tx.now, NO_REST)
    return MOVES[state, Event.EXPIRE] is Move.RECORD_EXPIRY


def is_ringing(tx: Transaction, number: NumberRow) -> bool:
    """Say whether a call is on the number."""
    row = tx.one("is_ringing", number_id=number.id, now=to_micros(tx.now))
    return row is not None


def is_held_open(tx: Transaction, number: NumberRow) -> bool:
    """Say whether a call is on the number that was there before its allocation ran out."""
    row = tx.one(
        "is_held_open",
        number_id=number.id,
        expires_at=to_micros(number.standing.free_from),
        now=to_micros(tx.now),
    )
    return row is not None


def settle(tx: Transaction, number: NumberRow) -> NumberRow:
    """Give *number* with its expiry on record, if its allocation ran out."""
    if not is_lapsed(tx, number):
        return number
    number, _ = end(tx, number, number.standing.free_from, Ending.EXPIRED)
    return number


def settle_unless_ringing(tx: Transaction, number: NumberRow) -> NumberRow:
    """Settle *number*, but leave it as it stands while its expiry is held open by a call."""
    return number if is_lapsed(tx, number) and is_held_open(tx, number) else settle(tx, number)


def end(
    tx: Transaction,
    number: NumberRow,
    at: datetime,
    ending: Ending,
    *,
    held: Held | None = None,
    call: CallRef | None = None,
    caller: Caller = NOBODY,
    detail: str | None = None,
) -> tuple[NumberRow, Held]:
    """End the open allocation, or *held*, as of *at*; give the number and what it was.

    Who has read the allocation already gives it as *held*, and it is not read again. A *caller*
    who does not match now is in the journal only: they must match nobody later either.
    """
    held = held or get_held(tx, number.open)
    by = caller.known_by
    tx.put("end_allocation", id=held.id, at=to_micros(at), ending=ending, ended_by=by)
    number = stand(tx, number, None, at, last=held.id)
    write_journal(
        *(tx, ending, number, held.id, held.interaction),
        at=at,
        call=call,
        ani=caller.stored,
        detail=detail,
    )
    return number, replace(held, ended_at=at, ended_as=ending, ended_by=by)


def end_all(tx: Transaction, ended: Sequence[Ended], ending: Ending) -> None:
    """Do `end` for the open allocations of many numbers, as of now."""
    if not ended:
        return
    at = to_micros(tx.now)
    allocations = json.dumps([each.number.open for each in ended])
    tx.put("end_allocations", ids=allocations, at=at, ending=ending)
    tx.put("end_standings", ids=json.dumps([each.number.id for each in ended]), at=at)
    rows = [
        (
            tx.new_id(),
            each.number.environment,
            each.number.number,
            each.number.open,
            each.interaction,
            each.detail,
        )
        for each in ended
    ]
    tx.put("write_journal_of_many", rows=json.dumps(rows), at=at, event=ending)
    tx.happened.extend(
        Happening(
            *(each.number.environment, ending.value, tx.now, each.number.number, each.number.open),
            interaction=each.interaction,
        )
        for each in ended
    )


def stand(
    tx: Transaction,
    number: NumberRow,
    allocation: AllocationId | None,
    free_from: datetime,
    *,
    last: AllocationId | None,
) -> NumberRow:
    """Let the number stand anew."""
    tx.put(
        "set_standing",
        id=number.id,
        allocation=allocation,
        free_from=to_micros(free_from),
        last=last,
    )
    return replace(number, standing=Standing(allocation, free_from), last=last)


def write_journal(
    tx: Transaction,
    event: str,
    number: NumberRow,
    allocation: AllocationId,
    interaction: InteractionId,
    *,
    at: datetime | None = None,
    expires_at: datetime | None = None,
    call: CallRef | None = None,
    ani: Ani | None = None,
    detail: str | None = None,
) -> None:
    """Write what happened to *number*, now or *at* an earlier instant."""
    tx.put(
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
        detail=detail,
    )
    tx.happened.append(
        Happening(
            *(number.environment, str(event), at or tx.now, number.number, allocation),
            interaction=interaction,
            expires_at=expires_at,
            call=call,
        )
    )
