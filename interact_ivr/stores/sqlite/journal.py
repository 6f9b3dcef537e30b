"""The journal on SQLite: questions are read beside the writer; purging and forgetting write."""

import asyncio
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, assert_never

from interact_ivr.domain.errors import BadInput, NoSuchNumber, StillHeld
from interact_ivr.domain.journal import (
    Entry,
    Forgotten,
    OfCall,
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
from interact_ivr.stores.sqlite.number_rows import find_by_key
from interact_ivr.stores.sqlite.reader import Reader
from interact_ivr.stores.sqlite.times import from_micros, to_micros
from interact_ivr.stores.sqlite.transaction import Transaction
from interact_ivr.stores.sqlite.writer import Writer

_LOG_TRIES = 20
_LOG_RETRY_SECONDS = 0.1


class SqliteJournal:
    """The `JournalStore` and the `Retention` of the embedded store."""

    def __init__(self, writer: Writer, reader: Reader, rewrite_up_to: int | None = None) -> None:
        self._writer = writer
        self._reader = reader
        self._rewrite_up_to = rewrite_up_to

    async def entries(
        self,
        environment: EnvironmentId,
        subject: Subject,
        after: str,
        limit: int,
        newest: int | None = None,
        application: ApplicationId | None = None,
    ) -> Page:
        """Give up to *limit* entries about *subject* behind the id *after*, as written."""
        where = _Where(environment, application)
        read = partial(_entries, where, subject, after, limit, newest)
        return await self._reader.run_long(environment, read)

    async def who_held(
        self,
        environment: EnvironmentId,
        keys: Sequence[NumberKey],
        at: datetime,
        application: ApplicationId | None = None,
    ) -> WhoHeld:
        """Say who held the first of *keys* that is, or was, a number of ours."""
        where = _Where(environment, application)
        return await self._reader.run(partial(_who_held, where, keys, at))

    def grown(self) -> asyncio.Future[None]:
        """Give what is done once anything is written after this moment."""
        return self._writer.growth.next()

    async def purge_entries(self, before: datetime, after: str, limit: int) -> PurgeStep:
        """Look at up to *limit* entries, and remove those of allocations that ended *before*."""
        return await self._writer.run(partial(_purge_entries, before, after, limit))

    async def purge_allocations(self, before: datetime, after: str, limit: int) -> PurgeStep:
        """Look at up to *limit* allocations, and remove those that nobody needs any more."""
        return await self._writer.run(partial(_purge_allocations, before, after, limit))

    async def forget(
        self,
        environment: EnvironmentId,
        interaction: InteractionId,
        tombstone: InteractionId,
        limit: int,
    ) -> Forgotten:
        """Put *tombstone* in place of up to *limit* traces of each kind."""
        return await self._writer.run(partial(_forget, environment, interaction, tombstone, limit))

    async def scrub(self) -> bool:
        """Rewrite the file if it is not too large for calls to wait, and empty its log.

        Secure deletion alone leaves parts of cells behind that moved when a page was split.
        """
        rewritten = await self._writer.run_alone(partial(_rewrite, self._rewrite_up_to))
        for _ in range(_LOG_TRIES):
            if await self._writer.run_alone(_empty_log):
                return rewritten
            await asyncio.sleep(_LOG_RETRY_SECONDS)
        return False


@dataclass(frozen=True, slots=True)
class _Where:
    """An environment's journal, or what it says of one application's allocations."""

    environment: EnvironmentId
    application: ApplicationId | None

    @property
    def values(self) -> dict[str, object]:
        """As the queries have them."""
        return {"environment": self.environment, "application": self.application}


def _entries(
    where: _Where, subject: Subject, after: str, limit: int, newest: int | None, tx: Transaction
) -> Page:
    query, before_newest, values = _queries(where, subject, tx)
    if newest is not None:
        row = tx.one(before_newest, newest=newest, **values)
        after = max(after, row[0] if row else "")
    entries = tuple(map(_entry, tx.all(query, after=after, limit=limit, **values)))
    return Page(entries, entries[-1].id if entries else after)


def _queries(
    where: _Where, subject: Subject, tx: Transaction
) -> tuple[str, str, dict[str, object]]:
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
        case _:
            assert_never(subject)


def _number(where: _Where, keys: Sequence[NumberKey], tx: Transaction) -> NumberKey:
    """Give the first of *keys* that is a number, or that the journal knows as one."""
    for key in keys:
        there = find_by_key(tx, where.environment, [key])
        if there is not None and where.application in (None, there.application):
            return key
        if tx.one("entries_of_number", after="", limit=1, number=key, **where.values):
            return key
    raise NoSuchNumber(keys[0] if keys else "")


def _who_held(where: _Where, keys: Sequence[NumberKey], at: datetime, tx: Transaction) -> WhoHeld:
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


def _purge_entries(before: datetime, after: str, limit: int, tx: Transaction) -> PurgeStep:
    until = first_ulid(before)
    (last,) = tx.one("last_of_step_in_journal", after=after, until=until, limit=limit)
    if last is None:
        return PurgeStep()
    removed = tx.do("purge_entries", after=after, last=last, before=to_micros(before))
    return PurgeStep(removed, after=last)


def _purge_allocations(before: datetime, after: str, limit: int, tx: Transaction) -> PurgeStep:
    until = first_ulid(before)
    (last,) = tx.one("last_of_step_in_allocations", after=after, until=until, limit=limit)
    if last is None:
        return PurgeStep()
    step = {"after": after, "last": last, "before": to_micros(before)}
    answers = tx.do("purge_answers", **step)
    return PurgeStep(tx.do("purge_allocations", **step), answers, last)


def _forget(
    environment: EnvironmentId,
    interaction: InteractionId,
    tombstone: InteractionId,
    limit: int,
    tx: Transaction,
) -> Forgotten:
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


def _rewrite(up_to: int | None, connection: sqlite3.Connection) -> bool:
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    (page_size,) = connection.execute("PRAGMA page_size").fetchone()
    if up_to is not None and pages * page_size > up_to:
        return False
    connection.execute("VACUUM")
    return True


def _empty_log(connection: sqlite3.Connection) -> bool:
    """Move the write-ahead log into the file, leaving none; False while a reader needs it."""
    busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy
