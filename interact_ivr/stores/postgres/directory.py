"""The directory on PostgreSQL: changed by one at a time, as it is looked at first."""

from functools import partial

from interact_ivr.domain.directory import Change
from interact_ivr.stores.acting import acting
from interact_ivr.stores.directory import StoredDirectory
from interact_ivr.stores.operations.directory_changes import make
from interact_ivr.stores.postgres.reader import Reader
from interact_ivr.stores.postgres.writer import Writer
from interact_ivr.stores.transaction import Transaction


class PostgresDirectory(StoredDirectory):
    """The `DirectoryStore` of the shared store."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        super().__init__(writer, reader)
        self._postgres = writer

    async def change(self, change: Change) -> None:
        """Make *change*, or refuse it and change nothing."""
        await acting(self._postgres.run, partial(_change, change))


def _change(change: Change, tx: Transaction) -> None:
    tx.one("lock_directory")
    make(change, tx)
    tx.put("raise_directory_revision")
