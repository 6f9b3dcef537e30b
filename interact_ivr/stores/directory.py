"""The directory in a store: read as a whole, changed by values."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial

from interact_ivr.domain.access import Digest
from interact_ivr.domain.directory import Change, Directory
from interact_ivr.domain.names import EnvironmentName
from interact_ivr.stores.acting import acting
from interact_ivr.stores.operations.directory import read
from interact_ivr.stores.operations.directory_changes import make, note_used
from interact_ivr.stores.transaction import Reading, Writing


class StoredDirectory:
    """The `DirectoryStore` over either kind of store."""

    def __init__(self, writer: Writing, reader: Reading) -> None:
        self._writer = writer
        self._reader = reader

    async def read(self) -> Directory:
        """Give all of it as it stands."""
        return await self._reader.run(read)

    async def change(self, change: Change) -> None:
        """Make *change*, or refuse it and change nothing."""
        await acting(self._writer.run, partial(make, change))

    async def note_used(
        self,
        keys: Mapping[tuple[EnvironmentName, Digest], datetime],
        tokens: Mapping[Digest, datetime],
    ) -> None:
        """Write when *keys*, each of an environment, and *tokens* were shown last."""
        await self._writer.run(partial(note_used, keys, tokens))
