"""The pools' inventory on PostgreSQL, where another node may want to import at the same time.

All that is hidden is one node's, by a duty that each of its steps goes on with, in the step's own
transaction. So a node that was silent for too long, and has lost it, neither shows nor takes away
what another one has hidden since.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import TypeVar

from interact_ivr.domain.cluster import Incarnation
from interact_ivr.domain.errors import StoreUnavailable
from interact_ivr.domain.names import Scope
from interact_ivr.domain.values import NewNumber
from interact_ivr.stores.acting import acting
from interact_ivr.stores.numbers import StoredNumbers, discard_hidden
from interact_ivr.stores.operations import inventory
from interact_ivr.stores.operations.times import micros_of
from interact_ivr.stores.postgres.cluster import IMPORT, take_duty
from interact_ivr.stores.transaction import Reading, Transaction, Writing

T = TypeVar("T")

_LASTS = timedelta(seconds=10)
"""How long an import may do nothing before it is somebody's who was silent."""
_LOST = "this node was silent in the midst of an import, which another one has cleared away"


class PostgresNumbers(StoredNumbers):
    """The `NumberStore` and the `ImportStore` of the shared store, for one of its nodes."""

    def __init__(self, writer: Writing, reader: Reading, incarnation: Incarnation) -> None:
        super().__init__(writer, reader)
        self._incarnation = incarnation

    async def begin_hiding(self) -> bool:
        """Have all that is hidden to oneself; False where another node has it."""
        return await self._writer.run(partial(take_duty, IMPORT, self._incarnation, _LASTS))

    async def end_hiding(self) -> None:
        """Let another node have it, which will find nothing hidden."""
        await self._writer.run(partial(_remove_duty, self._incarnation))

    async def write_hidden(self, scope: Scope, numbers: Sequence[NewNumber]) -> None:
        """Write *numbers* so that nobody finds them, counts them or is lent one of them."""
        await self._go_on(partial(inventory.write_hidden, scope, numbers))

    async def show_hidden(self, scope: Scope) -> None:
        """Make all that was written hidden visible at once, also to the allocation."""
        await acting(self._go_on, partial(inventory.show_hidden, scope))

    async def discard_hidden(self, limit: int) -> int:
        """Take up to *limit* hidden numbers away, and say how many."""
        return await self._go_on(partial(discard_hidden, limit))

    async def _go_on(self, step: Callable[[Transaction], T]) -> T:
        """Do a *step* of what has the duty, or raise `StoreUnavailable`."""
        return await self._writer.run(partial(_in_duty, self._incarnation, step))


def _in_duty(incarnation: Incarnation, step: Callable[[Transaction], T], tx: Transaction) -> T:
    values = {"duty": IMPORT, "incarnation": incarnation, "lasts": micros_of(_LASTS)}
    if not tx.do("go_on_with_duty", **values):
        raise StoreUnavailable(_LOST)
    return step(tx)


def _remove_duty(incarnation: Incarnation, tx: Transaction) -> None:
    tx.do("remove_duty", duty=IMPORT, incarnation=incarnation)
