"""Putting on record what ran out by itself, for whoever looks at the deadlines."""

from interact_ivr.domain.values import Ending, Expired, Sweep
from interact_ivr.stores.operations.number_rows import NumberRow, end
from interact_ivr.stores.operations.times import from_micros, to_micros
from interact_ivr.stores.transaction import Transaction


def sweep(limit: int, tx: Transaction) -> Sweep:
    """Write up to *limit* expiries that are due, and find the next deadline."""
    now = to_micros(tx.now)
    tx.do("forget_ringing", now=now)
    expired = []
    for *row, environment in tx.all("find_lapsed", now=now, limit=limit):
        number = NumberRow.of(environment, row)
        at = number.standing.free_from
        _, held = end(tx, number, at, Ending.EXPIRED)
        expired.append(Expired(held.id, number.number, held.interaction, at))
    (next_deadline,) = tx.one("next_deadline", now=now)
    return Sweep(tuple(expired), None if next_deadline is None else from_micros(next_deadline))
