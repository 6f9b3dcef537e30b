"""Measuring a pool's traffic: sums over ranges of ids, read beside the writer, turn by turn."""

import heapq
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from interact_ivr.domain.names import Group, Scope
from interact_ivr.domain.traffic import Hour, Waits, sure_rank
from interact_ivr.stores.operations import traffic
from interact_ivr.stores.operations.traffic import Looked, Rows
from interact_ivr.stores.transaction import Reading, Transaction

T = TypeVar("T")
ROWS = 20_000
"""Are looked at in one turn, some hundredths of a second; then others who look have theirs."""


class StoredTraffic:
    """The `TrafficStore` over either kind of store; *rows* are looked at in a turn."""

    def __init__(self, reader: Reading, rows: int = ROWS) -> None:
        self._reader = reader
        self._rows = rows

    async def hours(self, scope: Scope, group: Group | None, since: datetime) -> Sequence[Hour]:
        """Give the hours in which numbers were lent, in their order."""
        by_begin: dict[datetime, Hour] = {}
        async for _, looked in self._turns(traffic.hours, self._since(scope, group, since)):
            for hour in looked.found:
                known = by_begin.get(hour.begins)
                by_begin[hour.begins] = hour if known is None else known.with_(hour)
        return [by_begin[at] for at in sorted(by_begin)]

    async def waits(self, scope: Scope, group: Group | None, since: datetime) -> Waits:
        """Count the allocations that were retrieved and that ran out."""
        retrieved, expired, turns = 0, 0, list[tuple[Rows, str]]()
        async for rows, looked in self._turns(traffic.waits, self._since(scope, group, since)):
            retrieved, expired = retrieved + looked.found[0], expired + looked.found[1]
            turns.append((rows, looked.last))
        rank = sure_rank(retrieved)
        if not rank:
            return Waits(retrieved, expired)
        longest = await self._longest(turns, retrieved - rank + 1)
        return Waits(retrieved, expired, longest[-1])

    async def _longest(self, turns: Sequence[tuple[Rows, str]], many: int) -> Sequence[timedelta]:
        """Give the *many* longest waits of all *turns*, the longest first."""
        longest: list[timedelta] = []
        for rows, last in turns:
            over = longest[-1] if len(longest) == many else -timedelta.resolution
            wanted = Rows(rows.scope, rows.group, rows.first, many)
            read = partial(traffic.longest, wanted, last, over)
            more = await self._reader.run_long(rows.scope.environment, read)
            longest = heapq.nlargest(many, [*longest, *more])
        return longest

    async def _turns(
        self, look: Callable[[Rows, Transaction], Looked[T]], rows: Rows
    ) -> AsyncIterator[tuple[Rows, Looked[T]]]:
        """Look at all rows from the first on, so many in a turn of the environment's."""
        while True:
            looked = await self._reader.run_long(rows.scope.environment, partial(look, rows))
            yield rows, looked
            if looked.is_all:
                return
            rows = Rows(rows.scope, rows.group, traffic.behind(looked.last), rows.many)

    def _since(self, scope: Scope, group: Group | None, since: datetime) -> Rows:
        return Rows(scope, group, traffic.first_since(since), self._rows)
