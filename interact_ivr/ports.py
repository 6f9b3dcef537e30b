"""The few things a service needs from outside; each method of a store is one transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from interact_ivr.domain.lifecycle import Policy, State
from interact_ivr.domain.names import (
    AllocationId,
    Ani,
    CallRef,
    EnvironmentId,
    Group,
    InteractionId,
    NumberKey,
    Scope,
)
from interact_ivr.domain.values import (
    Allocation,
    Double,
    DraftNumber,
    FreeStatus,
    NewNumber,
    PoolNumber,
    Retrieval,
    Shown,
    Sweep,
)

EVERYTHING = Shown()


class Clock(Protocol):
    """The time of day."""

    def now(self) -> datetime:
        """Give the present time, aware, UTC."""


class DialPlan(Protocol):
    """What the services need of the dial-plan engine."""

    def normalize(self, raw: str) -> str:
        """Give the normalized text of a number in any written form; ValueError if it is none."""

    def lookup_keys(self, raw: str) -> tuple[str, ...]:
        """Give the keys under which a dialed number may be stored, best first."""


class AllocationStore(Protocol):
    """Who holds which number. Every method is one transaction, durable when it returns."""

    async def allocate(
        self, scope: Scope, interaction: InteractionId, group: Group | None, policy: Policy
    ) -> Allocation:
        """Lend the number that has rested longest, or renew the one this interaction holds.

        Raises:
            Exhausted: nothing may be lent.
            BadInput: the interaction holds a number of another group.
        """

    async def retrieve(
        self,
        environment: EnvironmentId,
        keys: Sequence[NumberKey],
        call: CallRef,
        ani: Ani | None,
        deadline: float | None = None,
    ) -> Retrieval:
        """End the allocation of the first of *keys* that is a number, and say whose it was.

        What is no number may be the DNID of one; where it fits several, `AmbiguousDnid` names
        them. Atomic; FOUND is repeated to the same *call*. Past *deadline* (`time.monotonic`)
        nothing is done and `TooLate` is raised.
        """

    async def free(
        self,
        environment: EnvironmentId,
        keys: Sequence[NumberKey],
        allocation: AllocationId | None,
        deadline: float | None = None,
    ) -> FreeStatus:
        """End the number's allocation; with *allocation*, only that one."""

    async def mark_undelivered(
        self, environment: EnvironmentId, retrieval: Retrieval, call: CallRef
    ) -> None:
        """Write into the journal that *call* may not have learned what it was told."""

    async def probe(self, deadline: float) -> None:
        """Do nothing, durably: raise `StoreUnavailable` where a retrieval could not be done."""

    async def sweep(self, limit: int) -> Sweep:
        """Write up to *limit* expiries that are due, and find the next deadline."""


class NumberStore(Protocol):
    """The numbers of the pools."""

    async def add(self, scope: Scope, numbers: Sequence[NewNumber]) -> None:
        """Take all of *numbers*, or none: `BadRows` names those that are there already."""

    async def known(self, scope: Scope, keys: Sequence[NumberKey]) -> Sequence[NewNumber]:
        """Give those of *keys* that are numbers of the environment, as they were taken in."""

    async def list(
        self, scope: Scope, policy: Policy, shown: Shown = EVERYTHING
    ) -> Sequence[PoolNumber]:
        """Give the pool's numbers as they stand, by number."""

    async def counts(self, scope: Scope, policy: Policy) -> dict[State, int]:
        """Count the pool's enabled numbers by state."""

    async def set_enabled(
        self, scope: Scope, numbers: Sequence[NumberKey], *, enabled: bool
    ) -> None:
        """Let *numbers* be lent, or not any more; what they are allocated to stands."""

    async def remove(self, scope: Scope, numbers: Sequence[NumberKey]) -> None:
        """Take *numbers* out with all that calls were told of them; the journal stays.

        Raises:
            NumbersAllocated: some have an allocation that is not on record as ended; all stay.
        """


class ImportStore(Protocol):
    """Taking in more numbers than one transaction should. One import at a time."""

    async def write_hidden(self, scope: Scope, numbers: Sequence[NewNumber]) -> None:
        """Write *numbers* so that nobody finds them, counts them or is lent one of them."""

    async def show_hidden(self) -> None:
        """Make all that was written hidden visible at once, also to the allocation."""

    async def discard_hidden(self, limit: int) -> int:
        """Take up to *limit* hidden numbers away, and say how many."""

    def draft(self) -> "Draft":
        """Make an empty draft."""


class Draft(Protocol):
    """The numbers of an import before the pool has any: in bounded memory, beside the store."""

    async def add(self, numbers: Sequence[DraftNumber]) -> Sequence[Double]:
        """Note *numbers*, but for those that are there already: these are given back."""

    async def page(self, after: str, limit: int) -> Sequence[DraftNumber]:
        """Give up to *limit* numbers that sort behind *after*, by number."""

    async def leave_out(self, keys: Sequence[NumberKey]) -> None:
        """Forget the numbers *keys*."""

    async def size(self) -> int:
        """Count the numbers."""

    async def close(self) -> None:
        """Let everything go."""


class ScopeStore(Protocol):
    """Which environments there are."""

    async def scope(self, environment: str) -> Scope:
        """Find an environment by name and its DNIS application, or raise `NoSuchEnvironment`."""
