"""Freeing, and saying whose a number is: for all who ask at the same time at once.

What is plain, a number by its key that is allocated now, is done for all in the same statements,
which let go of Python's lock once and not for each. All else is done one by one.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import msgspec

from interact_ivr.domain.errors import AmbiguousDnid, NoSuchNumber, Refusal
from interact_ivr.domain.lifecycle import MOVES, Event, Move
from interact_ivr.domain.names import (
    AllocationId,
    ApplicationId,
    EnvironmentId,
    InteractionId,
    NumberKey,
    Scope,
)
from interact_ivr.domain.values import Ending, FreeStatus
from interact_ivr.stores.operations.number_rows import (
    NO_REST,
    Ended,
    NumberRow,
    end,
    end_all,
    find_number,
    get_held,
    is_held_open,
    is_lapsed,
    settle_unless_ringing,
)
from interact_ivr.stores.transaction import Transaction

T = TypeVar("T")


class Asked(msgspec.Struct, frozen=True):
    """A number that somebody asks about."""

    environment: EnvironmentId
    keys: Sequence[NumberKey]
    application: ApplicationId | None = None
    """Only its numbers are there; None: those of the environment."""
    allocation: AllocationId | None = None
    """Only this one is meant."""
    detail: str | None = None
    """What the journal adds to the end: who asked, and how."""


def free(asked: Asked, tx: Transaction) -> FreeStatus:
    """End the number's allocation.

    Raises:
        AmbiguousDnid: it is no number, and the DNID of several.
    """
    number = find_number(tx, asked.environment, asked.keys, asked.application)
    if number is None:
        return FreeStatus.UNKNOWN
    number = settle_unless_ringing(tx, number)
    rings_on = is_lapsed(tx, number)
    ends = rings_on or MOVES[number.standing.state(tx.now, NO_REST), Event.FREE] is Move.END
    if not ends or asked.allocation not in (None, number.standing.allocation):
        return FreeStatus.NOT_ALLOCATED
    end(tx, number, tx.now, Ending.FREED, detail=asked.detail)
    return FreeStatus.FREED


def free_all(asked: Sequence[Asked], tx: Transaction) -> list[FreeStatus | Refusal]:
    """Do `free` for each."""
    ended: dict[int, Ended] = {}
    plain = set()
    for at, number, interaction in _found(asked, tx):
        one = asked[at]
        meant = one.allocation in (None, number.standing.allocation)
        if interaction is not None and meant and _is_live(number, tx) and number.id not in ended:
            ended[number.id] = Ended(number, interaction, one.detail)
            plain.add(at)
    end_all(tx, list(ended.values()), Ending.FREED)
    return [
        FreeStatus.FREED if at in plain else _or_refusal(free, one, tx)
        for at, one in enumerate(asked)
    ]


def holder(asked: Asked, tx: Transaction) -> InteractionId | None:
    """Say whose the number is.

    Raises:
        NoSuchNumber: it is none of ours.
        AmbiguousDnid: it is no number, and the DNID of several.
    """
    number = _there(asked, tx)
    if number.standing.allocation is None:
        return None
    if is_lapsed(tx, number) and not is_held_open(tx, number):
        return None
    return get_held(tx, number.open).interaction


def take(
    scope: Scope, keys: Sequence[NumberKey], detail: str, tx: Transaction
) -> InteractionId | None:
    """Say whose the number is, and end its allocation; raises as `holder`."""
    number = settle_unless_ringing(
        tx, _there(Asked(scope.environment, keys, scope.application), tx)
    )
    if number.standing.allocation is None:
        return None
    _, held = end(tx, number, tx.now, Ending.RETRIEVED, detail=detail)
    return held.interaction


def _there(asked: Asked, tx: Transaction) -> NumberRow:
    number = find_number(tx, asked.environment, asked.keys, asked.application)
    if number is None:
        raise NoSuchNumber(asked.keys[0] if asked.keys else "")
    return number


def holders(asked: Sequence[Asked], tx: Transaction) -> list[InteractionId | Refusal | None]:
    """Do `holder` for each."""
    plain = {
        at: interaction
        for at, number, interaction in _found(asked, tx)
        if number.standing.allocation is None or _is_live(number, tx)
    }
    return [
        plain[at] if at in plain else _or_refusal(holder, one, tx) for at, one in enumerate(asked)
    ]


def _found(
    asked: Sequence[Asked], tx: Transaction
) -> Iterator[tuple[int, NumberRow, InteractionId | None]]:
    """Give those that are numbers by their best key, each with whose it is, if it is allocated."""
    keys = [(at, one.environment, key) for at, one in enumerate(asked) for key in one.keys]
    seen = set()
    # in one row: Python's lock, which a busy thread may have taken, is waited for at each row
    (found,) = tx.one("find_by_keys", asked=json.dumps(keys))
    for at, *row, interaction in json.loads(found):
        one = asked[at]
        number = NumberRow.of(one.environment, row)
        if at not in seen and one.application in (None, number.application):
            yield at, number, interaction
        seen.add(at)


def _is_live(number: NumberRow, tx: Transaction) -> bool:
    return MOVES[number.standing.state(tx.now, NO_REST), Event.FREE] is Move.END


def _or_refusal(do: Callable[[Asked, Transaction], T], one: Asked, tx: Transaction) -> T | Refusal:
    try:
        return do(one, tx)
    except (AmbiguousDnid, NoSuchNumber) as refusal:
        return refusal
