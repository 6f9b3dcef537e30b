"""An import's draft: a temporary SQLite file of its own, which no call ever waits for."""

import asyncio
import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from interact_ivr.domain.names import NumberKey
from interact_ivr.domain.values import Double, DraftNumber, NewNumber
from interact_ivr.stores.sqlite.failures import unavailable

_CACHE_KIB = 32 * 1024
"""What is held in memory; the rest is in a file that the system forgets with its process."""


class SqliteDraft:
    """The `Draft` of the embedded store. Each method is one statement or two, in a thread."""

    def __init__(self, queries: Mapping[str, str]) -> None:
        self._queries = queries
        self._count = 0
        self._connection = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._connection.execute(f"PRAGMA cache_size = {-_CACHE_KIB:d}")
        self._connection.execute("PRAGMA journal_mode = OFF")
        self._connection.execute(queries["create_draft"])
        self._connection.execute(queries["index_draft"])

    async def add(self, numbers: Sequence[DraftNumber]) -> Sequence[Double]:
        """Note *numbers*, but for those that are there already; tell what came before of each."""
        return await asyncio.to_thread(self._add, numbers)

    async def page(self, after: str, limit: int) -> Sequence[DraftNumber]:
        """Give up to *limit* numbers that sort behind *after*, by number."""
        return await asyncio.to_thread(self._page, after, limit)

    async def leave_out(self, keys: Sequence[NumberKey]) -> None:
        """Forget the numbers *keys*."""
        await asyncio.to_thread(self._all, "leave_out", keys=json.dumps(keys))

    async def size(self) -> int:
        """Count the numbers."""
        ((count,),) = await asyncio.to_thread(self._all, "count_draft")
        return int(count)

    async def close(self) -> None:
        """Let everything go."""
        await asyncio.to_thread(self._connection.close)

    def _page(self, after: str, limit: int) -> list[DraftNumber]:
        return [
            DraftNumber(line, NewNumber(number, entered, group, dnid, bool(enabled)))
            for line, number, entered, group, dnid, enabled in self._all(
                "list_draft", after=after, limit=limit
            )
        ]

    def _add(self, numbers: Sequence[DraftNumber]) -> list[Double]:
        rows = [
            (new.number, one.line, new.entered, new.group, new.dnid, int(new.enabled))
            for one in numbers
            for new in (one.new,)
        ]
        values = {"rows": json.dumps(rows), "at": self._count}
        added = self._do("draft_numbers", **values).rowcount
        self._count += len(rows)
        doubles = []
        if added < len(rows):
            doubles = [Double(*row) for row in self._all("find_doubles", **values)]
        if any(one.new.dnid is not None for one in numbers):
            doubles += [
                Double(line, entered, None, first_line, dnid)
                for line, entered, dnid, first_line in self._all("find_dnid_doubles", **values)
            ]
        return doubles

    def _all(self, query: str, **values: object) -> list[Any]:
        return self._do(query, **values).fetchall()

    def _do(self, query: str, **values: object) -> sqlite3.Cursor:
        try:
            return self._connection.execute(self._queries[query], values)
        except sqlite3.Error as error:  # its disk is full
            raise unavailable(error) from error
