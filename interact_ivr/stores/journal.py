"""The journal in a store: questions are read; purging and forgetting write, in steps."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from interact_ivr.domain.journal import Forgotten, Page, PurgeStep, Subject, WhoHeld
from interact_ivr.domain.names import ApplicationId, EnvironmentId, InteractionId, NumberKey
from interact_ivr.stores.acting import acting
from interact_ivr.stores.operations import audit, journal
from interact_ivr.stores.transaction import Reading, Writing


class StoredJournal:
    """What the `JournalStore` and the `Retention` have in common over either kind of store."""

    def __init__(self, writer: Writing, reader: Reading) -> None:
        self._writing = writer
        self._reading = reader

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
        where = journal.Where(environment, application)
        read = partial(journal.entries, where, subject, after, limit, newest)
        return await self._reading.run_long(environment, read)

    async def who_held(
        self,
        environment: EnvironmentId,
        keys: Sequence[NumberKey],
        at: datetime,
        application: ApplicationId | None = None,
    ) -> WhoHeld:
        """Say who held the first of *keys* that is, or was, a number of ours."""
        where = journal.Where(environment, application)
        return await self._reading.run(partial(journal.who_held, where, keys, at))

    async def purge_entries(self, before: datetime, after: str, limit: int) -> PurgeStep:
        """Look at up to *limit* entries, and remove those of allocations that ended *before*."""
        return await self._writing.run(partial(journal.purge_entries, before, after, limit))

    async def purge_allocations(self, before: datetime, after: str, limit: int) -> PurgeStep:
        """Look at up to *limit* allocations, and remove those that nobody needs any more."""
        return await self._writing.run(partial(journal.purge_allocations, before, after, limit))

    async def purge_acts(self, before: datetime, limit: int) -> int:
        """Remove up to *limit* entries of the audit trail written *before*, and say how many."""
        return await self._writing.run(partial(audit.purge, before, limit))

    async def forget(
        self,
        environment: EnvironmentId,
        interaction: InteractionId,
        tombstone: InteractionId,
        limit: int,
    ) -> Forgotten:
        """Put *tombstone* in place of up to *limit* traces of each kind."""
        step = partial(journal.forget, environment, interaction, tombstone, limit)
        return await acting(self._writing.run, step)
