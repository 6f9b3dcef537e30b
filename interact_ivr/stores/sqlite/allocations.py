"""A number's life on SQLite: each method one transaction of the writer's."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from interact_ivr.domain.errors import AmbiguousDnid, NoSuchNumber
from interact_ivr.domain.lifecycle import Policy
from interact_ivr.domain.names import (
    AllocationId,
    Ani,
    ApplicationId,
    CallRef,
    EnvironmentId,
    Group,
    InteractionId,
    NumberKey,
    Scope,
)
from interact_ivr.domain.values import (
    Allocation,
    Ending,
    Expired,
    FreeStatus,
    Question,
    Retrieval,
    Sweep,
)
from interact_ivr.stores.sqlite.allocating import allocate
from interact_ivr.stores.sqlite.freeing import Asked, free, free_all, holders
from interact_ivr.stores.sqlite.number_rows import (
    NumberRow,
    end,
    find_by_key,
    find_held,
    find_number,
    settle_unless_ringing,
    write_journal,
)
from interact_ivr.stores.sqlite.reader import Reader
from interact_ivr.stores.sqlite.retrieving import retrieve
from interact_ivr.stores.sqlite.times import from_micros, to_micros
from interact_ivr.stores.sqlite.together import Together
from interact_ivr.stores.sqlite.transaction import Transaction
from interact_ivr.stores.sqlite.writer import Writer


class SqliteAllocations:
    """The `AllocationStore` and the `RingingStore` of the embedded store."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        self._writer = writer
        self._reader = reader
        self._frees = Together[Asked, FreeStatus](lambda all_: writer.run(partial(free_all, all_)))
        self._holders = Together[Asked, InteractionId | None](
            lambda all_: reader.run(partial(holders, all_))
        )

    async def allocate(
        self,
        scope: Scope,
        interaction: InteractionId,
        group: Group | None,
        caller: Ani | None,
        policy: Policy,
    ) -> Allocation:
        """Lend the number that has rested longest, or renew the one this interaction holds."""
        return await self._writer.run(partial(allocate, scope, interaction, group, caller, policy))

    async def retrieve(
        self,
        environment: EnvironmentId,
        question: Question,
        policies: Mapping[ApplicationId, Policy],
        deadline: float | None = None,
        wanted: Callable[[], bool] | None = None,
    ) -> Retrieval:
        """Say whose number was dialed, and end its allocation where the answer is FOUND."""
        operation = partial(retrieve, environment, question, policies)
        return await self._writer.run(operation, deadline=deadline, wanted=wanted)

    async def free(
        self,
        environment: EnvironmentId,
        keys: Sequence[NumberKey],
        allocation: AllocationId | None,
        deadline: float | None = None,
        application: ApplicationId | None = None,
        detail: str | None = None,
    ) -> FreeStatus:
        """End the number's allocation; with *allocation*, only that one."""
        asked = Asked(environment, keys, application, allocation, detail)
        if deadline is None:
            return await self._frees.ask(asked)
        return await self._writer.run(partial(free, asked), deadline=deadline)

    async def holder(self, scope: Scope, keys: Sequence[NumberKey]) -> InteractionId | None:
        """Say whose a number of the pool is now; None: nobody's."""
        return await self._holders.ask(Asked(scope.environment, keys, scope.application))

    async def take(
        self, scope: Scope, keys: Sequence[NumberKey], detail: str
    ) -> InteractionId | None:
        """Say the same, and end the allocation as retrieved, by no call."""
        return await self._writer.run(partial(_take, scope, keys, detail))

    async def mark_undelivered(
        self, environment: EnvironmentId, retrieval: Retrieval, call: CallRef
    ) -> None:
        """Write into the journal that *call* may not have learned what it was told."""
        await self._writer.run(partial(_mark_undelivered, environment, retrieval, call))

    async def probe(self, deadline: float) -> None:
        """Do nothing, durably: raise `StoreUnavailable` where a retrieval could not be done."""
        await self._writer.run(_probe, deadline=deadline)

    async def sweep(self, limit: int) -> Sweep:
        """Write up to *limit* expiries that are due, and find the next deadline."""
        return await self._writer.run(partial(_sweep, limit))

    async def ringing(
        self,
        environment: EnvironmentId,
        keys: Sequence[NumberKey],
        call: CallRef,
        at_most: timedelta,
        since: datetime | None = None,
    ) -> bool:
        """Take note that *call* is on a number; False where it is none of ours."""
        return await self._writer.run(partial(_ringing, environment, keys, call, at_most, since))

    async def stopped_ringing(self, call: CallRef) -> None:
        """Take note that *call* is on no number any more."""
        await self._writer.run(partial(_stopped_ringing, call))

    async def ringing_calls(self, pbx: str) -> frozenset[str]:
        """Give the uniqueids of a PBX's calls that are on a number."""
        return await self._reader.run(partial(_ringing_calls, pbx))


def _take(
    scope: Scope, keys: Sequence[NumberKey], detail: str, tx: Transaction
) -> InteractionId | None:
    number = settle_unless_ringing(tx, _found(tx, scope, keys))
    if number.standing.allocation is None:
        return None
    _, held = end(tx, number, tx.now, Ending.RETRIEVED, detail=detail)
    return held.interaction


def _found(tx: Transaction, scope: Scope, keys: Sequence[NumberKey]) -> NumberRow:
    number = find_number(tx, scope.environment, keys, scope.application)
    if number is None:
        raise NoSuchNumber(keys[0] if keys else "")
    return number


def _mark_undelivered(
    environment: EnvironmentId, retrieval: Retrieval, call: CallRef, tx: Transaction
) -> None:
    if retrieval.number is None or retrieval.allocation is None:
        return
    number = find_by_key(tx, environment, [retrieval.number])
    held = find_held(tx, retrieval.allocation)
    if number is not None and held is not None:
        # Whose it was is what the store says now: it may have been forgotten since.
        write_journal(tx, "undelivered", number, held.id, held.interaction, call=call)


def _probe(_: Transaction) -> None:
    """Beginning an immediate transaction is what could fail."""


def _sweep(limit: int, tx: Transaction) -> Sweep:
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


def _ringing(
    environment: EnvironmentId,
    keys: Sequence[NumberKey],
    call: CallRef,
    at_most: timedelta,
    since: datetime | None,
    tx: Transaction,
) -> bool:
    until = (since or tx.now) + at_most
    try:
        number = find_number(tx, environment, keys)
    except AmbiguousDnid:
        return False
    if number is None or until <= tx.now:
        return False
    named = {"number_id": number.id, "pbx": call.pbx, "uniqueid": call.uniqueid}
    if since is not None and tx.one("find_answer", **named) is not None:
        return False
    tx.do(
        "set_ringing",
        **named,
        now=to_micros(tx.now),
        since=to_micros(since or tx.now),
        until=to_micros(until),
    )
    settle_unless_ringing(tx, number)  # what ran out before anybody was there is not held open
    return True


def _ringing_calls(pbx: str, tx: Transaction) -> frozenset[str]:
    rows = tx.all("ringing_calls", pbx=pbx, now=to_micros(tx.now))
    return frozenset(uniqueid for (uniqueid,) in rows)


def _stopped_ringing(call: CallRef, tx: Transaction) -> None:
    tx.do("end_ringing", pbx=call.pbx, uniqueid=call.uniqueid)
