"""The pools' inventory on SQLite."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from functools import partial

from interact_ivr.domain.errors import (
    ApplicationGone,
    BadInput,
    BadRows,
    NoSuchNumber,
    NumberExists,
    NumbersAllocated,
)
from interact_ivr.domain.lifecycle import Policy, State
from interact_ivr.domain.names import NumberKey, Scope
from interact_ivr.domain.values import Ending, KnownNumber, NewNumber, PoolNumber, Shown
from interact_ivr.ports import EVERYTHING
from interact_ivr.stores.queries import load_queries
from interact_ivr.stores.sqlite import number_views
from interact_ivr.stores.sqlite.draft import SqliteDraft
from interact_ivr.stores.sqlite.number_rows import (
    NumberRow,
    end,
    find_by_key,
    is_ringing,
    settle_unless_ringing,
)
from interact_ivr.stores.sqlite.reader import Reader
from interact_ivr.stores.sqlite.transaction import Transaction
from interact_ivr.stores.sqlite.writer import Writer

_MOST_FAULTS = 1_000


class SqliteNumbers:
    """The `NumberStore` and the `ImportStore` of the embedded store."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        self._writer = writer
        self._reader = reader

    async def add(self, scope: Scope, numbers: Sequence[NewNumber]) -> None:
        """Take all of *numbers* into the pool, or none: `BadRows` names those there already."""
        await self._writer.run(partial(_add, scope, numbers))

    async def create(self, scope: Scope, new: NewNumber) -> int:
        """Take one number, and give its id; `NumberExists` where it is there already."""
        return await self._writer.run(partial(_create, scope, new))

    async def known(self, scope: Scope, keys: Sequence[NumberKey]) -> Sequence[KnownNumber]:
        """Give those of *keys* that are numbers of the environment, as they were taken in."""
        return await self._reader.run(partial(number_views.known, scope, keys))

    async def dnids(self, scope: Scope, dnids: Sequence[str]) -> Mapping[str, NumberKey]:
        """Give those of *dnids* that a number of the pool has, each with that number."""
        return await self._reader.run(partial(number_views.by_dnid, scope, dnids))

    async def list(
        self, scope: Scope, policy: Policy, shown: Shown = EVERYTHING
    ) -> Sequence[PoolNumber]:
        """Give the pool's numbers as they stand, by number."""
        view = partial(number_views.shown_of, scope, policy, shown)
        return await self._reader.run_long(scope.environment, view)

    async def counts(self, scope: Scope, policy: Policy) -> dict[State, int]:
        """Count the pool's enabled numbers by state, in the operator's turn."""
        return await self._reader.run_long(None, partial(number_views.counts, scope, policy))

    async def set_enabled(
        self, scope: Scope, numbers: Sequence[NumberKey], *, enabled: bool
    ) -> None:
        """Let *numbers* be lent, or not any more; what they are allocated to stands."""
        await self._writer.run(partial(_set_enabled, scope, numbers, enabled))

    async def remove(
        self, scope: Scope, numbers: Sequence[NumberKey], *, force: bool = False
    ) -> None:
        """Take *numbers* out with all that calls were told of them; the journal stays."""
        await self._writer.run(partial(_remove, scope, numbers, force))

    async def write_hidden(self, scope: Scope, numbers: Sequence[NewNumber]) -> None:
        """Write *numbers* so that nobody finds them, counts them or is lent one of them."""
        await self._writer.run(partial(_write_hidden, scope, _as_json(numbers)))

    async def show_hidden(self, scope: Scope) -> None:
        """Make all that was written hidden visible at once, also to the allocation."""
        await self._writer.run(partial(_show_hidden, scope))

    async def discard_hidden(self, limit: int) -> int:
        """Take up to *limit* hidden numbers away, and say how many."""
        return await self._writer.run(lambda tx: tx.do("discard_hidden", limit=limit))

    def draft(self) -> SqliteDraft:
        """Make an empty draft."""
        return SqliteDraft(load_queries("sqlite"))


def _check_there(scope: Scope, tx: Transaction) -> None:
    if tx.one("find_pool", application=scope.application) is None:
        raise ApplicationGone


def _add(scope: Scope, numbers: Sequence[NewNumber], tx: Transaction) -> None:
    _check_there(scope, tx)
    faults = [
        _already(new.entered, new.number)
        for new in numbers
        if not tx.do(
            "add_number",
            environment=scope.environment,
            application=scope.application,
            number=new.number,
            entered=new.entered,
            dnid=new.dnid,
            group=new.group,
            enabled=int(new.enabled),
        )
    ]
    if faults:
        raise BadRows(faults)
    _check_dnids(scope, _as_json(numbers), tx)


def _already(entered: str, number: str) -> str:
    return f"number {entered}: {number} is in the environment already"


def _create(scope: Scope, new: NewNumber, tx: Transaction) -> int:
    if find_by_key(tx, scope.environment, [new.number]) is not None:
        raise NumberExists(new.entered)
    where = {"environment": scope.environment, "application": scope.application}
    for row in tx.all("find_by_dnid", dnid=new.dnid, **where, limit=1):
        got = f"{new.dnid}, which {NumberRow.of(scope.environment, row).number} has"
        raise BadInput("dnid", "one that no other number of the application has", got)
    _add(scope, [new], tx)
    number = find_by_key(tx, scope.environment, [new.number])
    if number is None:
        raise NoSuchNumber(new.entered)
    return number.id


def _as_json(numbers: Sequence[NewNumber]) -> str:
    """Write *numbers* for statements that take many, which let go of Python's lock."""
    return json.dumps(
        [(new.number, new.entered, new.dnid, new.group, int(new.enabled)) for new in numbers]
    )


def _write_hidden(scope: Scope, rows: str, tx: Transaction) -> None:
    _check_there(scope, tx)
    where = {"environment": scope.environment, "application": scope.application}
    try:
        tx.do("write_hidden", rows=rows, **where)
    except sqlite3.IntegrityError:
        keys = json.dumps([number for number, *_ in json.loads(rows)])
        there = tx.all("known_numbers", keys=keys, **where)
        raise BadRows([_already(entered, number) for number, entered, *_ in there]) from None
    _check_dnids(scope, rows, tx)


def _show_hidden(scope: Scope, tx: Transaction) -> None:
    _check_there(scope, tx)  # it may have gone since the last of them was written, and they with it
    tx.do("show_hidden")


def _check_dnids(scope: Scope, rows: str, tx: Transaction) -> None:
    """Refuse what was written if a DNID stands twice in the pool now."""
    doubled = tx.all(
        "doubled_dnids",
        environment=scope.environment,
        application=scope.application,
        rows=rows,
        limit=_MOST_FAULTS,
    )
    if doubled:
        raise BadRows(
            [
                f"number {entered}: dnid: expected one that no other number of the application "
                f"has, got {dnid}, which {other} has"
                for entered, dnid, other in doubled
            ]
        )


def _set_enabled(
    scope: Scope, numbers: Sequence[NumberKey], enabled: bool, tx: Transaction
) -> None:
    for number in numbers:
        tx.do("set_enabled", environment=scope.environment, number=number, enabled=int(enabled))


def _remove(scope: Scope, numbers: Sequence[NumberKey], force: bool, tx: Transaction) -> None:
    allocated, ringing = [], []
    for key in numbers:
        number = find_by_key(tx, scope.environment, [key])
        if number is None or number.application != scope.application:
            continue
        number = settle_unless_ringing(tx, number)
        if force and number.standing.allocation is not None:
            number, _ = end(tx, number, tx.now, Ending.FREED)
        if number.standing.allocation is not None:
            allocated.append(key)
        elif not force and is_ringing(tx, number):
            ringing.append(key)
        else:
            _take_out(tx, number)
    if allocated or ringing:
        raise NumbersAllocated(allocated, ringing)


def _take_out(tx: Transaction, number: NumberRow) -> None:
    for query in ("remove_answers", "remove_ringing", "remove_allocations", "remove_number"):
        tx.do(query, id=number.id)
