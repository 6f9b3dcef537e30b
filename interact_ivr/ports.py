"""The few things a service needs from outside; each method of a store is one transaction."""

from collections.abc import Awaitable, Sequence
from datetime import datetime
from typing import Protocol

from interact_ivr.domain.journal import Forgotten, Page, PurgeStep, Subject, WhoHeld
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


class JournalStore(Protocol):
    """What the journal is asked. Nothing here makes a call wait."""

    async def entries(
        self,
        environment: EnvironmentId,
        subject: Subject,
        after: str,
        limit: int,
        newest: int | None = None,
    ) -> Page:
        """Give up to *limit* entries about *subject* behind the id *after*, as written.

        With *newest*, begin no earlier than so many entries before the end.

        Raises:
            NoSuchNumber: *subject* is a number that never was ours.
        """

    async def who_held(
        self, environment: EnvironmentId, keys: Sequence[NumberKey], at: datetime
    ) -> WhoHeld:
        """Say who held the first of *keys* that is, or was, a number of ours.

        Raises:
            NoSuchNumber: none is.
            BadInput: *at* has not come yet.
        """

    def grown(self) -> Awaitable[None]:
        """Give what is done once anything is written after this moment."""


class Retention(Protocol):
    """How the journal loses what it need not know: in steps, each one transaction."""

    async def purge_entries(self, before: datetime, after: str, limit: int) -> PurgeStep:
        """Look at up to *limit* entries, and remove those of allocations that ended *before*."""

    async def purge_allocations(self, before: datetime, after: str, limit: int) -> PurgeStep:
        """Look at up to *limit* allocations, and remove those that nobody needs any more.

        Kept are the open ones, a number's last one, and those that did not end *before*; with an
        allocation go the answers that calls were given from it.
        """

    async def forget(
        self,
        environment: EnvironmentId,
        interaction: InteractionId,
        tombstone: InteractionId,
        limit: int,
    ) -> Forgotten:
        """Put *tombstone* in place of up to *limit* traces of each kind; nothing left: all 0.

        Raises:
            StillHeld: an allocation of *interaction* is open.
        """

    async def scrub(self) -> bool:
        """Leave nothing of what was forgotten in the store's files; False if calls would wait."""


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


class ScopeStore(Protocol):
    """Which environments there are."""

    async def scope(self, environment: str) -> Scope:
        """Find an environment by name and its DNIS application, or raise `NoSuchEnvironment`."""
