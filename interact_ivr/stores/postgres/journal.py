"""The journal on PostgreSQL: read up to where nothing can come up any more.

Ids are made under the lock of a number, and committed in whatever order: an entry may appear behind
one that was read already. So a reader is given what is older than every transaction that may still
have entries to come. Those of this process are told at once, those of others are looked for.
"""

import asyncio
from contextlib import suppress
from functools import partial

from interact_ivr.domain.journal import Page, Subject
from interact_ivr.domain.names import ApplicationId, EnvironmentId, first_ulid
from interact_ivr.stores.journal import StoredJournal
from interact_ivr.stores.operations import journal
from interact_ivr.stores.operations.times import from_micros
from interact_ivr.stores.postgres.reader import Reader
from interact_ivr.stores.postgres.writer import Writer
from interact_ivr.stores.transaction import Transaction

_LOOK_SECONDS = 0.5
_BEHIND_ALL = "~"
"""Sorts behind every id."""


class PostgresJournal(StoredJournal):
    """The `JournalStore` and the `Retention` of the shared store."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        super().__init__(writer, reader)
        self._writer = writer
        self._reader = reader

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
        before = await self._reader.run(_before)  # a transaction of its own: it must see less
        where = journal.Where(environment, application)
        read = partial(journal.entries, where, subject, after, limit, newest, before=before)
        return await self._reader.run_long(environment, read)

    async def grown(self) -> None:
        """Come back once something was written here, or when it is time to look."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_LOOK_SECONDS):
                await self._writer.growth.next()

    async def scrub(self) -> bool:
        """Leave it to PostgreSQL: what was forgotten goes with its vacuum and its old log."""
        return False


def _before(tx: Transaction) -> str:
    """Give the id before which every entry is there, for whoever reads after this.

    Whoever writes an entry has locked before, and reads the clock after that: a transaction that
    has locked is seen by its beginning, and one that has not will read a later time than ours.
    """
    (now, last) = tx.one("read_clock")
    (oldest,) = tx.one("oldest_writer")
    committed = first_ulid(from_micros(now))
    if last is not None:  # an empty journal says of no id that all before it is there
        committed = max(committed, f"{last}{_BEHIND_ALL}")
    return committed if oldest is None else min(committed, first_ulid(from_micros(oldest)))
