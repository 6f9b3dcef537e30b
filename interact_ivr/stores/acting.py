"""Changing a store for whoever acts: the change and its entry in the audit trail are one."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from interact_ivr.domain.acts import UNDER_WAY, Told
from interact_ivr.stores.operations import audit
from interact_ivr.stores.transaction import Transaction

T = TypeVar("T")
Run = Callable[[Callable[[Transaction], T]], Awaitable[T]]
"""Runs an operation in a transaction."""


def _always(_: object) -> bool:
    return True


async def acting(
    run: Run[T],
    operation: Callable[[Transaction], T],
    did: Callable[[T], bool] = _always,
) -> T:
    """Run *operation*; with it the act is put on record that is under way and is not yet.

    Not where it has not done what was asked, as *did* says of what it gives.
    """
    act = UNDER_WAY.get()
    if act is None or act.is_recorded:
        return await run(operation)
    told = act.told()
    result = await run(lambda tx: _on_record(operation, did, told, tx))
    act.is_recorded = did(result)
    return result


def _on_record(
    operation: Callable[[Transaction], T], did: Callable[[T], bool], told: Told, tx: Transaction
) -> T:
    result = operation(tx)
    if did(result):
        audit.add(told, tx)
    return result
