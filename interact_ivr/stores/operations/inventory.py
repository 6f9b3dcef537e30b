"""Taking numbers into the pools, and out of them."""

import json
from collections.abc import Sequence

from interact_ivr.domain.errors import (
    ApplicationGone,
    BadInput,
    BadRows,
    NoSuchNumber,
    NumberExists,
    NumbersAllocated,
)
from interact_ivr.domain.names import NumberKey, Scope
from interact_ivr.domain.values import Ending, NewNumber
from interact_ivr.stores.operations.number_rows import (
    NumberRow,
    end,
    find_by_key,
    is_ringing,
    settle_unless_ringing,
)
from interact_ivr.stores.transaction import Transaction

_MOST_FAULTS = 1_000


def _check_there(scope: Scope, tx: Transaction) -> None:
    if tx.one("find_pool", application=scope.application) is None:
        raise ApplicationGone


def add(scope: Scope, numbers: Sequence[NewNumber], tx: Transaction) -> None:
    """Take all of *numbers*, or none."""
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


def create(scope: Scope, new: NewNumber, tx: Transaction) -> int:
    """Take one number, and give its id."""
    if find_by_key(tx, scope.environment, [new.number]) is not None:
        raise NumberExists(new.entered)
    where = {"environment": scope.environment, "application": scope.application}
    for row in tx.all("find_by_dnid", dnid=new.dnid, **where, limit=1):
        got = f"{new.dnid}, which {NumberRow.of(scope.environment, row).number} has"
        raise BadInput("dnid", "one that no other number of the application has", got)
    add(scope, [new], tx)
    number = find_by_key(tx, scope.environment, [new.number])
    if number is None:
        raise NoSuchNumber(new.entered)
    return number.id


def _as_json(numbers: Sequence[NewNumber]) -> str:
    """Write *numbers* for statements that take many, which let go of Python's lock."""
    return json.dumps(
        [(new.number, new.entered, new.dnid, new.group, int(new.enabled)) for new in numbers]
    )


def write_hidden(scope: Scope, numbers: Sequence[NewNumber], tx: Transaction) -> None:
    """Write *numbers* below the floor."""
    _check_there(scope, tx)
    where = {"environment": scope.environment, "application": scope.application}
    rows = _as_json(numbers)
    if tx.do("write_hidden", rows=rows, **where) < len(numbers):
        keys = json.dumps([new.number for new in numbers])
        there = tx.all("known_numbers", keys=keys, **where)
        raise BadRows([_already(entered, number) for number, entered, *_ in there])
    _check_dnids(scope, rows, tx)


def show_hidden(scope: Scope, tx: Transaction) -> None:
    """Lower the floor."""
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


def set_enabled(scope: Scope, numbers: Sequence[NumberKey], enabled: bool, tx: Transaction) -> None:
    """Let *numbers* be lent, or not any more."""
    for number in sorted(numbers):
        tx.do("set_enabled", environment=scope.environment, number=number, enabled=int(enabled))


def remove(scope: Scope, numbers: Sequence[NumberKey], force: bool, tx: Transaction) -> None:
    """Take *numbers* out, or none: always in the same order, so that nobody waits in a circle."""
    allocated, ringing = [], []
    for key in sorted(numbers):
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
