"""Allocating a number to an interaction, and giving the interaction to the call that dials it."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from interact_ivr.domain.errors import (
    AmbiguousDnid,
    NoSuchEnvironment,
    NoSuchNumber,
    Refusal,
    TooLate,
)
from interact_ivr.domain.lifecycle import Policy
from interact_ivr.domain.names import (
    AllocationId,
    Alphabet,
    Ani,
    CallRef,
    NumberKey,
    Scope,
)
from interact_ivr.domain.values import Allocation, FreeStatus, Retrieval, Status
from interact_ivr.ports import AllocationStore, DialPlan

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Environment:
    """What the use cases need to know of one environment."""

    name: str
    scope: Scope
    dial_plan: DialPlan
    policy: Policy
    alphabet: Alphabet


class Environments:
    """The environments by name; the one called by no name is the default."""

    def __init__(self, environments: Mapping[str, Environment], default: str) -> None:
        self._environments = dict(environments)
        self._default = default

    def named(self, name: str = "") -> Environment:
        """Find an environment, or raise `NoSuchEnvironment`. Never another one instead."""
        try:
            return self._environments[name or self._default]
        except KeyError:
            raise NoSuchEnvironment(name) from None


class Allocations:
    """The use cases of a number's life."""

    def __init__(
        self,
        store: AllocationStore,
        environments: Environments,
        allocated: Callable[[Allocation], None],
        ambiguous: Callable[[AmbiguousDnid], None],
    ) -> None:
        self._store = store
        self._environments = environments
        self._allocated = allocated
        self._ambiguous = ambiguous
        self._watched: set[asyncio.Future[None]] = set()

    async def allocate(self, environment: str, interaction: str, group: str | None) -> Allocation:
        """Lend the number that has rested longest to *interaction*, or renew the one it holds."""
        here = self._environments.named(environment)
        allocation = await self._store.allocate(
            here.scope,
            here.alphabet.interaction(interaction),
            None if group is None else here.alphabet.group(group),
            here.policy,
        )
        self._allocated(allocation)
        return allocation

    async def retrieve(
        self,
        environment: str,
        dialed: Iterable[str],
        call: CallRef,
        caller: str | None,
        deadline: float,
    ) -> Retrieval:
        """Hand the interaction that waits on the first of *dialed* that is ours over to *call*."""
        here = self._environments.named(environment)
        keys = [key for number in dialed for key in _keys(here.dial_plan, number)]
        ani = _calling_number(here.dial_plan, caller)
        asked = asyncio.ensure_future(
            self._store.retrieve(here.scope.environment, keys, call, ani, deadline)
        )
        try:
            return await _within(deadline, asyncio.shield(asked))
        except TooLate:
            self._watch(asked, here, call)
            raise
        except AmbiguousDnid as error:
            self._ambiguous(error)
            return Retrieval(Status.UNKNOWN, ani=ani)

    def _watch(self, asked: asyncio.Future[Retrieval], here: Environment, call: CallRef) -> None:
        """See a retrieval through whose call could not wait: what it took is on record then."""

        async def see_through() -> None:
            with suppress(Refusal):  # not begun, or nothing of it is there: nothing was taken
                await self._store.mark_undelivered(here.scope.environment, await asked, call)

        task = asyncio.ensure_future(see_through())
        self._watched.add(task)
        task.add_done_callback(self._watched.discard)

    async def undelivered(self, environment: str, retrieval: Retrieval, call: CallRef) -> None:
        """Put on record that *call* may not have learned what it was told."""
        here = self._environments.named(environment)
        await self._store.mark_undelivered(here.scope.environment, retrieval, call)

    async def probe(self, deadline: float) -> None:
        """Go the way of a retrieval to the store and back, or raise `StoreUnavailable`."""
        await _within(deadline, self._store.probe(deadline))

    async def free(
        self,
        environment: str,
        number: str,
        allocation: str | None = None,
        deadline: float | None = None,
    ) -> FreeStatus:
        """End whatever allocation *number* has; with *allocation*, only that one."""
        here = self._environments.named(environment)
        only = None if allocation is None else AllocationId(allocation)
        keys = _keys(here.dial_plan, number)
        freeing = self._store.free(here.scope.environment, keys, only, deadline)
        try:
            return await (freeing if deadline is None else _within(deadline, freeing))
        except AmbiguousDnid as error:
            self._ambiguous(error)
            return FreeStatus.UNKNOWN

    async def free_known(
        self, environment: str, number: str, allocation: str | None = None
    ) -> FreeStatus:
        """Free *number*, or raise `NoSuchNumber`."""
        status = await self.free(environment, number, allocation)
        if status is FreeStatus.UNKNOWN:
            raise NoSuchNumber(number)
        return status


async def _within(deadline: float, work: Awaitable[T]) -> T:
    """Give what *work* gives, or raise `TooLate` at *deadline* (`time.monotonic`)."""
    try:
        async with asyncio.timeout(deadline - time.monotonic()):
            return await work
    except TimeoutError:
        raise TooLate from None


def _calling_number(dial_plan: DialPlan, caller: str | None) -> Ani | None:
    """Normalize the calling number; None where there is none, or a word such as ``anonymous``."""
    if not caller or not any(letter.isdigit() for letter in caller):
        return None
    try:
        return Ani(dial_plan.normalize(caller))
    except ValueError:
        return None


def _keys(dial_plan: DialPlan, number: str) -> list[NumberKey]:
    try:
        return [NumberKey(key) for key in dial_plan.lookup_keys(number)]
    except ValueError:
        return []
