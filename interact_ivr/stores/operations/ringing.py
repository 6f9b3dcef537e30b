"""Calls that are on a number: it is neither lent nor told expired while one that was in time is."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from interact_ivr.domain.errors import AmbiguousDnid
from interact_ivr.domain.names import CallRef, EnvironmentId, NumberKey
from interact_ivr.stores.operations.number_rows import find_number, settle_unless_ringing
from interact_ivr.stores.operations.times import to_micros
from interact_ivr.stores.transaction import Transaction


def ringing(
    environment: EnvironmentId,
    keys: Sequence[NumberKey],
    call: CallRef,
    at_most: timedelta,
    since: datetime | None,
    tx: Transaction,
) -> bool:
    """Take note that *call* is on a number; False where it is none of ours."""
    try:
        number = find_number(tx, environment, keys)
    except AmbiguousDnid:
        return False
    if number is None:
        return False
    until = (since or tx.now) + at_most
    named = {"number_id": number.id, "pbx": call.pbx, "uniqueid": call.uniqueid}
    if since is not None and (until <= tx.now or tx.one("find_answer", **named) is not None):
        return False
    tx.put(
        "set_ringing",
        **named,
        now=to_micros(tx.now),
        since=to_micros(since or tx.now),
        until=to_micros(until),
    )
    settle_unless_ringing(tx, number)  # what ran out before anybody was there is not held open
    return True


def ringing_calls(pbx: str, tx: Transaction) -> frozenset[str]:
    """Give the uniqueids of the calls that are on a number."""
    rows = tx.all("ringing_calls", pbx=pbx, now=to_micros(tx.now))
    return frozenset(uniqueid for (uniqueid,) in rows)


def stopped_ringing(call: CallRef, tx: Transaction) -> None:
    """Take note that *call* is on no number any more."""
    tx.do("end_ringing", pbx=call.pbx, uniqueid=call.uniqueid)
