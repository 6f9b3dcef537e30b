"""The few things a service needs from outside; each method of a store is one transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from interact_ivr.domain.directory import Change, Directory
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
    FreeStatus,
    NewNumber,
    PoolNumber,
    Retrieval,
    Sweep,
)


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

        Atomic; FOUND is repeated to the same *call*. Past *deadline* (`time.monotonic`) nothing
        is done and `TooLate` is raised.
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

    async def known(self, scope: Scope, keys: Sequence[NumberKey]) -> Sequence[NumberKey]:
        """Give those of *keys* that are numbers of the environment already."""

    async def list(self, scope: Scope, policy: Policy) -> Sequence[PoolNumber]:
        """Give the pool's numbers as they stand, by number."""

    async def counts(self, scope: Scope, policy: Policy) -> dict[State, int]:
        """Count the pool's enabled numbers by state."""


class DirectoryStore(Protocol):
    """Tenants, environments, applications, users and tokens."""

    async def read(self) -> Directory:
        """Give all of it as it stands."""

    async def change(self, change: Change) -> None:
        """Make *change*.

        Raises:
            NoSuchEnvironment, NoSuchApplication, NoSuchEntry: what it speaks of is not there.
            EntryExists: what it adds is there already.
            EntryInUse: something hangs on what it removes.
            BadInput: what it speaks of is of the wrong kind.
        """
