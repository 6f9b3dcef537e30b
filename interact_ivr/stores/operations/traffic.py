"""What is measured of a pool's traffic: sums that the store makes become values."""

from datetime import datetime

from interact_ivr.domain.names import Group, Scope, first_ulid
from interact_ivr.domain.traffic import HOUR, Hour, Waits, sure_rank
from interact_ivr.stores.operations.times import duration_of, from_micros, micros_of, to_micros
from interact_ivr.stores.transaction import Transaction


def hours(scope: Scope, group: Group | None, since: datetime, tx: Transaction) -> list[Hour]:
    """Give the hours in which numbers were lent, of the pool or of *group*, in their order."""
    rows = tx.all("traffic_by_hour", **_where(scope, group, since), now=to_micros(tx.now))
    return [
        Hour(from_micros(hour * micros_of(HOUR)), arrivals, ended, duration_of(held))
        for hour, arrivals, ended, held in rows
    ]


def waits(scope: Scope, group: Group | None, since: datetime, tx: Transaction) -> Waits:
    """Count the allocations that were retrieved and that ran out, and say which hold is enough."""
    where = _where(scope, group, since)
    retrieved, expired = tx.one("count_waits", **where, now=to_micros(tx.now))
    rank = sure_rank(retrieved)
    if not rank:
        return Waits(retrieved, expired)
    (enough,) = tx.one("wait_at_rank", **where, longer=retrieved - rank)
    return Waits(retrieved, expired, duration_of(enough))


def _where(scope: Scope, group: Group | None, since: datetime) -> dict[str, object]:
    return {"application": scope.application, "group": group, "since": first_ulid(since)}
