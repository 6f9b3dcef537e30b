"""The audit trail in a store: nothing changes what it says, and only age removes it."""

from collections.abc import Sequence
from functools import partial

from interact_ivr.domain.acts import Entry, Sought, Told
from interact_ivr.stores.operations import audit
from interact_ivr.stores.transaction import Reading, Writing


class StoredAudit:
    """The `AuditStore` over either kind of store."""

    def __init__(self, writer: Writing, reader: Reading) -> None:
        self._writer = writer
        self._reader = reader

    async def add(self, told: Told) -> None:
        """Put an act on record that no change of the store has put there."""
        await self._writer.run(partial(audit.add, told))

    async def entries(self, sought: Sought, before: str, limit: int) -> Sequence[Entry]:
        """Give up to *limit* entries that are older than the id *before*, the newest first."""
        return await self._reader.run_long(None, partial(audit.entries, sought, before, limit))
