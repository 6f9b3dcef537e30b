"""What only SQLite's journal can: tell at once that it has grown, and scrub its file."""

import asyncio
import sqlite3
from functools import partial

from interact_ivr.stores.journal import StoredJournal
from interact_ivr.stores.sqlite.reader import Reader
from interact_ivr.stores.sqlite.writer import Writer

_LOG_TRIES = 20
_LOG_RETRY_SECONDS = 0.1


class SqliteJournal(StoredJournal):
    """The `JournalStore` and the `Retention` of the embedded store."""

    def __init__(self, writer: Writer, reader: Reader, rewrite_up_to: int | None = None) -> None:
        super().__init__(writer, reader)
        self._writer = writer
        self._rewrite_up_to = rewrite_up_to

    def grown(self) -> asyncio.Future[None]:
        """Give what is done once anything is written after this moment."""
        return self._writer.growth.next()

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
