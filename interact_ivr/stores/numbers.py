"""The pools' inventory in a store: each method is one transaction of its writer's or reader's."""

from collections.abc import Mapping, Sequence
from functools import partial

from interact_ivr.domain.lifecycle import Policy, State
from interact_ivr.domain.names import NumberKey, Scope
from interact_ivr.domain.values import KnownNumber, NewNumber, PoolNumber, Shown
from interact_ivr.ports import EVERYTHING
from interact_ivr.stores.acting import acting
from interact_ivr.stores.operations import inventory, number_views
from interact_ivr.stores.queries import load_queries
from interact_ivr.stores.sqlite.draft import SqliteDraft
from interact_ivr.stores.transaction import Reading, Transaction, Writing


class StoredNumbers:
    """The `NumberStore` and the `ImportStore` over either kind of store."""

    def __init__(self, writer: Writing, reader: Reading) -> None:
        self._writer = writer
        self._reader = reader

    async def add(self, scope: Scope, numbers: Sequence[NewNumber]) -> None:
        """Take all of *numbers* into the pool, or none: `BadRows` names those there already."""
        await acting(self._writer.run, partial(inventory.add, scope, numbers))

    async def create(self, scope: Scope, new: NewNumber) -> int:
        """Take one number, and give its id; `NumberExists` where it is there already."""
        return await acting(self._writer.run, partial(inventory.create, scope, new))

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

    async def count(self, scope: Scope, policy: Policy, shown: Shown) -> int:
        """Count the pool's numbers that fit *shown*, whatever its page."""
        view = partial(number_views.count_of, scope, policy, shown)
        return await self._reader.run_long(scope.environment, view)

    async def counts(self, scope: Scope, policy: Policy) -> dict[State, int]:
        """Count the pool's enabled numbers by state, in the operator's turn."""
        return await self._reader.run_long(None, partial(number_views.counts, scope, policy))

    async def set_enabled(
        self, scope: Scope, numbers: Sequence[NumberKey], *, enabled: bool
    ) -> None:
        """Let *numbers* be lent, or not any more; what they are allocated to stands."""
        change = partial(inventory.set_enabled, scope, numbers, enabled)
        await acting(self._writer.run, change)

    async def remove(
        self, scope: Scope, numbers: Sequence[NumberKey], *, force: bool = False
    ) -> None:
        """Take *numbers* out with all that calls were told of them; the journal stays."""
        await acting(self._writer.run, partial(inventory.remove, scope, numbers, force))

    async def begin_hiding(self) -> bool:
        """Have all that is hidden to oneself: there is nobody else."""
        return True

    async def end_hiding(self) -> None:
        """Let nobody else have it, as there is none."""

    async def write_hidden(self, scope: Scope, numbers: Sequence[NewNumber]) -> None:
        """Write *numbers* so that nobody finds them, counts them or is lent one of them."""
        await self._writer.run(partial(inventory.write_hidden, scope, numbers))

    async def show_hidden(self, scope: Scope) -> None:
        """Make all that was written hidden visible at once, also to the allocation."""
        await acting(self._writer.run, partial(inventory.show_hidden, scope))

    async def discard_hidden(self, limit: int) -> int:
        """Take up to *limit* hidden numbers away, and say how many."""
        return await self._writer.run(partial(discard_hidden, limit))

    def draft(self) -> SqliteDraft:
        """Make an empty draft."""
        return SqliteDraft(load_queries("sqlite"))


def discard_hidden(limit: int, tx: Transaction) -> int:
    """Take up to *limit* numbers below the floor away."""
    return tx.do("discard_hidden", limit=limit)
