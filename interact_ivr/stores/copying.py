"""Copying a SQLite store into PostgreSQL: in bounded steps, compared at the end, then let go.

Times. Nobody may wait longer for being copied, nor lose what is left of a wait. Where the server's
clock and the store's time differ, what is still to come is written by the server's clock: open
allocations' ends and calls on numbers; all that has been stays as it is on record. As the journal's
last entry holds the time on PostgreSQL, a server that is behind it is waited for.
"""

import time
from collections.abc import Callable, Sequence
from datetime import timedelta

import msgspec
from msgspec.structs import replace

from interact_ivr.domain.acts import Told
from interact_ivr.stores.copied_tables import Side, Sum, Table, pages, sums
from interact_ivr.stores.migrating import CopyError
from interact_ivr.stores.postgres.target import Target
from interact_ivr.stores.sqlite.holding import HeldStore

Show = Callable[[str, int, int], None]
"""Told what is being done, and how much of how much is done."""

_SAME_CLOCK = timedelta(seconds=1)
_LONGEST_WAIT = timedelta(minutes=1)
_LOOK_SECONDS = 0.2
JOURNAL = "journal"


class Compared(msgspec.Struct, frozen=True):
    """A table on both sides."""

    table: str
    source: Sum
    target: Sum

    @property
    def equal(self) -> bool:
        """Whether both have the same rows."""
        return self.source == self.target


class Copied(msgspec.Struct, frozen=True):
    """What a copy came to."""

    tables: Sequence[Compared]
    ahead_seconds: float = 0.0
    """How far the store's time was ahead of the server's, and what is still to come was shifted."""
    resumed: bool = False
    """It went on where one that broke off was, or was finished before."""

    @property
    def different(self) -> list[str]:
        """Name the tables that are not the same."""
        return [each.table for each in self.tables if not each.equal]

    @property
    def journal(self) -> Compared:
        """Give the journals' sums."""
        (journal,) = [each for each in self.tables if each.table == JOURNAL]
        return journal


def copy_store(source: HeldStore, target: Target, show: Show, told: Told | None = None) -> Copied:
    """Copy all of *source* into *target*, go on with it, or say again what it came to.

    Where the two differ, *target* stays unfinished; else what is *told* is in its audit trail.

    Raises:
        CopyError: *target* is in use or another copy's, or its clock is far behind.
    """
    _check_clock(source, target)
    resumed = target.claim()
    if target.outcome is not None:
        return replace(msgspec.json.decode(target.outcome, type=Copied), resumed=True)
    _carry(source, target, show)
    copied = Copied([_compare(source, target, each, show) for each in source.tables])
    if copied.different:
        return replace(copied, resumed=resumed)
    _wait(source, target, show)
    ahead = source.now() - target.now()
    ahead = timedelta(0) if abs(ahead) < _SAME_CLOCK else ahead
    copied = replace(copied, ahead_seconds=ahead.total_seconds(), resumed=resumed)
    target.finish(msgspec.json.encode(copied).decode(), ahead, told)
    return copied


def _carry(source: HeldStore, target: Target, show: Show) -> None:
    """Put into *target* what is not there yet."""
    names = [table.name for table in source.tables]
    first = names.index(target.place.table) if target.place.table else 0
    for table in source.tables[first:]:
        what, of = f"copying {table.name}", source.count(table)
        done = target.count(table)
        for rows in pages(source, table, target.place.after(table)):
            target.put(table, rows)
            done += len(rows)
            show(what, done, of)


def _compare(source: HeldStore, target: Target, table: Table, show: Show) -> Compared:
    """Add up a table on both sides."""
    what, of = f"comparing {table.name}", 2 * source.count(table)

    def added_up(side: Side, before: int) -> Sum:
        total = Sum(0, "")
        for total in sums(side, table):
            if of:
                show(what, before + total.rows, of)
        return total

    here = added_up(source, 0)
    return Compared(table.name, here, added_up(target, here.rows))


def _behind(source: HeldStore, target: Target) -> timedelta:
    """Say how far the server's clock is behind the journal's last entry."""
    last = source.last_entry()
    return timedelta(0) if last is None else last - target.now()


def _check_clock(source: HeldStore, target: Target) -> None:
    """Raise `CopyError` where the time would stand still for longer than can be waited for."""
    behind = _behind(source, target)
    if behind > _LONGEST_WAIT:
        raise CopyError(
            f"the server's clock is {behind} behind the journal's last entry, and nobody's time "
            "may stand still for so long: it must have caught up first"
        )


def _wait(source: HeldStore, target: Target, show: Show) -> None:
    """Wait until the server's clock has caught up with the journal."""
    begun = of = _behind(source, target)
    while (behind := _behind(source, target)) > timedelta(0):
        show("waiting for the server's clock", int((begun - behind).total_seconds()), of.seconds)
        time.sleep(_LOOK_SECONDS)
