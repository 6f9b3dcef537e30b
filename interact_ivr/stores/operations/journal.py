"""The journal: questions are read; purging and forgetting write."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, assert_never

import msgspec

from interact_ivr.domain.errors import BadInput, NoSuchNumber, StillHeld
from interact_ivr.domain.journal import (
    Entry,
    Forgotten,
    OfCall,
    OfCaller,
    OfInteraction,
    OfNumber,
    Page,
    PurgeStep,
    Subject,
    WhoHeld,
    holder_at,
)
from interact_ivr.domain.names import (
    ApplicationId,
    CallRef,
    EnvironmentId,
    InteractionId,
    NumberKey,
    first_ulid,
    ulid_time,
)
from interact_ivr.stores.operations.number_rows import find_by_key
from interact_ivr.stores.operations.times import from_micros, to_micros
from interact_ivr.stores.transaction import Transaction


class Where(msgspec.Struct, frozen=True):
    """An environment's journal, or what it says of one application's allocations."""

    environment: EnvironmentId
    application: ApplicationId | None

    @property
    def values(self) -> dict[str, object]:
        """As the queries have them."""
        return {"environment": self.environment, "application": self.application}


def entries(
    where: Where,
    subject: Subject,
    after: str,
    limit: int,
    newest: int | None,
    tx: Transaction,
    *,
    before: str | None = None,
) -> Page:
    """Give a page about *subject*, of ids *before* which nothing new can come up any more.

    Callers have no index: where a page has all that there is of one, the journal is read once.
    """
    query, before_newest, values = _queries(where, subject, tx)

    def page() -> list[Any]:
        return tx.all(query, after=after, limit=limit, **values)

    rows = page() if newest is None or (newest and isinstance(subject, OfCaller)) else None
    if newest is not None and (rows is None or len(rows) > min(newest, limit - 1)):
        row = tx.one(before_newest, newest=newest, after=after, **values)
        after = max(after, row[0] if row else "")
        rows = page()
    entries = tuple(_entry(row) for row in rows or () if before is None or row[0] < before)
    return Page(entries, entries[-1].id if entries else after)


def _queries(where: Where, subject: Subject, tx: Transaction) -> tuple[str, str, dict[str, object]]:
    """Name the queries of a page about *subject* and of where its newest begin; their values."""
    here = where.values
    match subject:
        case None:
            return "entries", "before_newest", here
        case OfNumber(keys):
            here["number"] = _number(where, keys, tx)
            return "entries_of_number", "before_newest_of_number", here
        case OfInteraction(interaction):
            here["interaction"] = interaction
            return "entries_of_interaction", "before_newest_of_interaction", here
        case OfCall(uniqueid, pbx):
            here |= {"uniqueid": uniqueid, "pbx": pbx}
            return "entries_of_call", "before_newest_of_call", here
        case OfCaller(ani):
            here["ani"] = ani
            return "entries_of_caller", "before_newest_of_caller", here
        case _:
            assert_never(subject)


def _number(where: Where, keys: Sequence[NumberKey], tx: Transaction) -> NumberKey:
    """Give the first of *keys* that is a number, or that the journal knows as one."""
    for key in keys:
        there = find_by_key(tx, where.environment, [key])
        if there is not None and where.application in (None, there.application):
            return key
        if tx.one("entries_of_number", after="", limit=1, number=key, **where.values):
            return key
    raise NoSuchNumber(keys[0] if keys else "")


def who_held(where: Where, keys: Sequence[NumberKey], at: datetime, tx: Transaction) -> WhoHeld:
    """Say who held a number, from what the journal says of its last allocation by then."""
    if at > tx.now:
        raise BadInput("at", "a time that has come", at.isoformat())
    number = _number(where, keys, tx)
    until = _after(at)
    rows = tx.all("entries_of_last_allocation", number=number, until=until, **where.values)
    first = tx.one("first_journal_id", environment=where.values["environment"])
    return WhoHeld(
        number,
        at,
        holder_at(map(_entry, rows), at, tx.now),
        None if first is None else ulid_time(first[0]),
    )


def _after(at: datetime) -> str:
    """Give the id behind every beginning of *at* and earlier; an id is as old as its `at`."""
    return first_ulid(from_micros(to_micros(at) + 1))


def _entry(row: Any) -> Entry:
    entry_id, at, event, number, allocation, interaction, expires_at, *rest = row
    pbx, uniqueid, ani, detail = rest
    return Entry(
        id=entry_id,
        at=from_micros(at),
        event=event,
        number=number,
        allocation=allocation,
        interaction=interaction,
        expires_at=None if expires_at is None else from_micros(expires_at),
        call=None if uniqueid is None else CallRef(pbx, uniqueid),
        ani=ani,
        detail=detail,
    )


def purge_entries(before: datetime, after: str, limit: int, tx: Transaction) -> PurgeStep:
    """Take one step through the entries."""
    until = first_ulid(before)
    (last,) = tx.one("last_of_step_in_journal", after=after, until=until, limit=limit)
    if last is None:
        return PurgeStep()
    removed = tx.do("purge_entries", after=after, last=last, before=to_micros(before))
    return PurgeStep(removed, after=last)


def purge_allocations(before: datetime, after: str, limit: int, tx: Transaction) -> PurgeStep:
    """Take one step through the allocations."""
    until = first_ulid(before)
    (last,) = tx.one("last_of_step_in_allocations", after=after, until=until, limit=limit)
    if last is None:
        return PurgeStep()
    step = {"after": after, "last": last, "before": to_micros(before)}
    answers = tx.do("purge_answers", **step)
    return PurgeStep(tx.do("purge_allocations", **step), answers, last)


def forget(
    environment: EnvironmentId,
    interaction: InteractionId,
    tombstone: InteractionId,
    limit: int,
    tx: Transaction,
) -> Forgotten:
    """Put *tombstone* in place of *interaction*, at most *limit* times of each kind."""
    of = {"environment": environment, "interaction": interaction, "limit": limit}
    if row := tx.one("find_open_allocation_in_environment", now=to_micros(tx.now), **of):
        number, allocation, ran_out = row
        raise StillHeld(interaction, number, allocation, ran_out=bool(ran_out))
    tx.do("forget_last", **of)
    (anis,) = tx.one("count_anis", **of)
    return Forgotten(
        entries=tx.do("forget_entries", tombstone=tombstone, **of),
        anis=anis,
        answers=tx.do("forget_answers", **of),  # found by their allocations: before these go
        allocations=tx.do("forget_allocations", tombstone=tombstone, **of),
    )
