"""What an operation sees of a store, and what runs operations: each store has its own of these."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol, TypeVar

from interact_ivr.domain.happening import Happening
from interact_ivr.domain.names import EnvironmentId

T = TypeVar("T")


class Transaction(Protocol):
    """Named queries, one *now*, and fresh ids, within one transaction.

    Of a number, its row is asked for before anything else that changes: a store with several
    writers locks it then, so that all that is read later is as whoever had it before has left it.
    """

    happened: list[Happening]
    """What the journal is told; whoever watches is, too, once it is committed."""

    @property
    def now(self) -> datetime:
        """Give the store's time: never earlier than what the journal already says."""

    def one(self, query: str, **values: object) -> Any:
        """Give the first row of a named query, or None."""

    def all(self, query: str, **values: object) -> list[Any]:
        """Give all rows of a named query."""

    def do(self, query: str, **values: object) -> int:
        """Run a named query that changes rows, and say how many it changed."""

    def put(self, query: str, **values: object) -> None:
        """Run a named query that changes rows, by the next question or the commit at the latest."""

    def new_id(self) -> str:
        """Make an id that sorts after all that the journal says of the numbers at hand."""

    def new_act_id(self) -> str:
        """Make an id for the audit trail."""


class Writing(Protocol):
    """Runs operations that change the store."""

    async def run(
        self,
        operation: Callable[[Transaction], T],
        *,
        deadline: float | None = None,
        wanted: Callable[[], bool] | None = None,
    ) -> T:
        """Run *operation* in a transaction, and give its result once that is durable.

        Past *deadline* (`time.monotonic`), when the waiting task is gone, or when *wanted*, which
        is asked in any thread, says no, it is not begun.

        Raises:
            StoreUnavailable: the store could not do it; nothing of it is there.
            Refusal: whatever *operation* raised; nothing of it is there.
        """


class Reading(Protocol):
    """Runs operations that only read, so that no call waits for them."""

    async def run(self, operation: Callable[[Transaction], T]) -> T:
        """Give what *operation* read, or raise `StoreUnavailable`."""

    async def run_long(
        self, environment: EnvironmentId | None, operation: Callable[[Transaction], T]
    ) -> T:
        """Do the same, one after the other; environments that ask at the same time take turns.

        None stands for the operator, who must see how it is while an environment asks for much.
        """
