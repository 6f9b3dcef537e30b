"""What is measured of a pool's traffic: sums that the store makes become values.

So many rows are looked at in one turn, whosever they are, however many there are; who measures goes
on behind the last one.
"""

from datetime import datetime, timedelta
from typing import Generic, TypeVar

import msgspec

from interact_ivr.domain.names import Group, Scope, first_ulid
from interact_ivr.domain.traffic import HOUR, Hour
from interact_ivr.stores.operations.times import duration_of, from_micros, micros_of, to_micros
from interact_ivr.stores.transaction import Transaction

T = TypeVar("T")


class Rows(msgspec.Struct, frozen=True):
    """Allocations: of a pool or its *group*, from an id on, so *many* of whatever pool."""

    scope: Scope
    group: Group | None
    first: str
    many: int

    @property
    def where(self) -> dict[str, object]:
        """The values of a query over them."""
        return {"application": self.scope.application, "group": self.group, "first": self.first}


class Looked(msgspec.Struct, Generic[T], frozen=True):
    """What was found in the rows of a turn."""

    found: T
    last: str
    """The id of the last of them; empty: there is none."""
    is_all: bool
    """No row is behind it."""


def first_since(at: datetime) -> str:
    """Give the id from which on rows are not older than *at*."""
    return first_ulid(at)


def behind(last: str) -> str:
    """Give the id from which on rows come after *last*."""
    return f"{last}0"


def hours(rows: Rows, tx: Transaction) -> Looked[list[Hour]]:
    """Give the hours in which numbers of the pool were lent, in their order."""
    found = tx.all("traffic_by_hour", **rows.where, many=rows.many, now=to_micros(tx.now))
    seen = sum(each[2] for each in found)
    made = [
        Hour(from_micros(hour * micros_of(HOUR)), arrivals, ended, duration_of(held))
        for hour, _, _, arrivals, ended, held in found
        if arrivals
    ]
    return Looked(made, max((each[1] for each in found), default=""), seen < rows.many)


def waits(rows: Rows, tx: Transaction) -> Looked[tuple[int, int]]:
    """Count the allocations that were retrieved, and those that ran out."""
    last, seen, retrieved, expired = tx.one(
        "count_waits", **rows.where, many=rows.many, now=to_micros(tx.now)
    )
    return Looked((retrieved, expired), last or "", seen < rows.many)


def longest(rows: Rows, last: str, over: timedelta, tx: Transaction) -> list[timedelta]:
    """Give the *many* longest waits of those up to *last* that are longer than *over*."""
    found = tx.all("longest_waits", **rows.where, last=last, many=rows.many, over=micros_of(over))
    return [duration_of(wait) for (wait,) in found]
