"""Allocating a number to an interaction, and giving the interaction to the call that dials it."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Protocol, TypeVar

import msgspec

from interact_ivr.domain.directory import tenant_of
from interact_ivr.domain.errors import (
    AmbiguousDnid,
    BadInput,
    Exhausted,
    NoSuchNumber,
    QuotaReached,
    Refusal,
    TooLate,
)
from interact_ivr.domain.names import (
    AllocationId,
    Ani,
    CallRef,
    EnvironmentId,
    InteractionId,
    NumberKey,
    Scope,
)
from interact_ivr.domain.values import Allocation, FreeStatus, Question, Retrieval, Status
from interact_ivr.ports import AllocationStore
from interact_ivr.service.dial_plan import DialPlan
from interact_ivr.service.environments import Environment, Environments
from interact_ivr.service.quotas import MinuteQuota

T = TypeVar("T")


class Asking(msgspec.Struct, frozen=True):
    """What a call asks with, as it came."""

    dialed: Sequence[str]
    """The numbers that may have been dialed, best first."""
    call: CallRef
    caller: str = ""
    withheld: bool = False
    age: timedelta | None = None
    named: str = ""
    still_there: Callable[[], bool] | None = None
    """Whether the call still waits: asked when its turn comes, in any thread."""


class Observer(Protocol):
    """Hears what happens."""

    def allocated(self, allocation: Allocation) -> None: ...  # noqa: D102
    def retrieved(self, retrieval: Retrieval, seconds: float) -> None: ...  # noqa: D102
    def freed(self, status: FreeStatus) -> None: ...  # noqa: D102
    def ambiguous(self, error: AmbiguousDnid) -> None: ...  # noqa: D102
    def quota_reached(  # noqa: D102
        self, environment: str, application: str, error: QuotaReached
    ) -> None: ...


class Allocations:
    """The use cases of a number's life."""

    def __init__(
        self,
        store: AllocationStore,
        environments: Environments,
        observer: Observer,
        allocated: Callable[[Allocation], None],
        *,
        asks: Callable[[CallRef], None] = lambda _: None,
        answered: Callable[[CallRef, EnvironmentId, Retrieval], None] = lambda *_: None,
        exhausted: Callable[[EnvironmentId], None] = lambda _: None,
    ) -> None:
        """*allocated* wakes whoever waits for the next expiry.

        *asks* hears which call asks before it is answered, *answered* what is on record as its
        answer, also where the call could not wait for it, *exhausted* where there was no number.
        """
        self._store = store
        self._environments = environments
        self._observer = observer
        self._allocated = allocated
        self._asks = asks
        self._answered = answered
        self._exhausted = exhausted
        self._minutes = MinuteQuota()
        self._watched: set[asyncio.Future[None]] = set()

    def interaction(self, environment: str, interaction: str) -> InteractionId:
        """Take *interaction* as an interaction's id, or raise `BadInput`."""
        return self._environments.named(environment).alphabet.interaction(interaction)

    async def allocate(
        self,
        environment: str,
        interaction: str,
        group: str | None,
        *,
        caller: str | None = None,
        application: str = "",
    ) -> Allocation:
        """Lend the number that has rested longest to *interaction*, or renew the one it holds.

        *caller* is the number the customer is expected to call from, if the app knows it.
        *application* may be a consumer's, too: then its DNIS application lends.
        """
        here = self._environments.named(environment)
        pool = here.lending_to(application)
        wanted = (
            here.alphabet.interaction(interaction),
            None if group is None else here.alphabet.group(group),
            None if caller is None else _expected(here, caller),
        )
        try:
            self._minutes.take(
                ("application", pool.scope.application, pool.policy.most_a_minute),
                ("tenant", tenant_of(here.name), pool.policy.of_tenant.most_a_minute),
            )
            allocation = await self._store.allocate(pool.scope, *wanted, pool.policy)
        except Exhausted:
            self._exhausted(here.id)
            raise
        except QuotaReached as error:
            self._observer.quota_reached(here.name, pool.name, error)
            raise
        self._allocated(allocation)
        self._observer.allocated(allocation)
        return allocation

    async def retrieve(self, environment: str, asking: Asking, deadline: float) -> Retrieval:
        """Hand the interaction that waits on the dialed number over to the call that asks."""
        begun = time.monotonic()
        retrieval = await self._retrieve(environment, asking, deadline)
        self._observer.retrieved(retrieval, time.monotonic() - begun)
        return retrieval

    async def _retrieve(self, environment: str, asking: Asking, deadline: float) -> Retrieval:
        here = self._environments.named(environment)
        question = Question(
            dialed=[lookup_keys(here.dial_plan, number) for number in asking.dialed],
            call=asking.call,
            caller=here.callers.caller(asking.caller, withheld=asking.withheld),
            age=asking.age,
            named=InteractionId(asking.named) if asking.named else None,
        )
        self._asks(asking.call)
        asked = asyncio.ensure_future(
            self._store.retrieve(here.id, question, here.policies, deadline, asking.still_there)
        )
        await asyncio.wait((asked,), timeout=deadline - time.monotonic())
        if not asked.done():
            self._watch(asked, here, asking.call)
            raise TooLate
        try:
            retrieval = asked.result()
        except AmbiguousDnid as error:
            self._observer.ambiguous(error)
            retrieval = Retrieval(Status.UNKNOWN, ani=question.caller.shown)
        self._tell_later(asking.call, here, retrieval)
        return retrieval

    def _tell_later(self, call: CallRef, here: Environment, retrieval: Retrieval) -> None:
        """Tell who watches in a turn of its own: the call goes first, and who watches may fail."""
        asyncio.get_running_loop().call_soon(self._answered, call, here.id, retrieval)

    def _watch(self, asked: asyncio.Future[Retrieval], here: Environment, call: CallRef) -> None:
        """See a retrieval through whose call could not wait: what it took is on record then."""

        async def see_through() -> None:
            with suppress(Refusal):  # not begun, or nothing of it is there: nothing was taken
                retrieval = await asked
                self._tell_later(call, here, retrieval)
                await self._store.mark_undelivered(here.id, retrieval, call)

        task = asyncio.ensure_future(see_through())
        self._watched.add(task)
        task.add_done_callback(self._watched.discard)

    async def undelivered(self, environment: str, retrieval: Retrieval, call: CallRef) -> None:
        """Put on record that *call* may not have learned what it was told."""
        here = self._environments.named(environment)
        await self._store.mark_undelivered(here.id, retrieval, call)

    async def probe(self, deadline: float) -> None:
        """Go the way of a retrieval to the store and back, or raise `StoreUnavailable`."""
        await _within(deadline, self._store.probe(deadline))

    async def free(
        self,
        environment: str,
        number: str,
        allocation: str | None = None,
        deadline: float | None = None,
        application: str | None = None,
        detail: str | None = None,
    ) -> FreeStatus:
        """End whatever allocation *number* has; with *allocation*, only that one.

        With *application*, only its numbers are known. *detail* says in the journal who asked.
        """
        here = self._environments.named(environment)
        only = None if allocation is None else AllocationId(allocation)
        keys = lookup_keys(here.dial_plan, number)
        within = None if application is None else here.application(application).scope.application
        freeing = self._store.free(here.id, keys, only, deadline, within, detail)
        try:
            status = await (freeing if deadline is None else _within(deadline, freeing))
        except AmbiguousDnid as error:
            self._observer.ambiguous(error)
            status = FreeStatus.UNKNOWN
        self._observer.freed(status)
        return status

    async def free_known(
        self,
        environment: str,
        number: str,
        allocation: str | None = None,
        application: str | None = None,
        detail: str | None = None,
    ) -> FreeStatus:
        """Free *number*, or raise `NoSuchNumber`."""
        status = await self.free(
            environment, number, allocation, application=application, detail=detail
        )
        if status is FreeStatus.UNKNOWN:
            raise NoSuchNumber(number)
        return status

    async def holder(
        self, environment: str, number: str, application: str = ""
    ) -> InteractionId | None:
        """Say whose *number* is now; None: nobody's. `NoSuchNumber` where the pool has no such."""
        return await self._of_pool(self._store.holder, environment, number, application)

    async def take(
        self, environment: str, number: str, application: str = "", *, detail: str
    ) -> InteractionId | None:
        """Say the same, and free it: a retrieval without a call."""
        take = partial(self._store.take, detail=detail)
        return await self._of_pool(take, environment, number, application)

    async def _of_pool(
        self,
        ask: Callable[[Scope, Sequence[NumberKey]], Awaitable[InteractionId | None]],
        environment: str,
        number: str,
        application: str,
    ) -> InteractionId | None:
        here = self._environments.named(environment)
        scope = here.application(application).scope
        try:
            return await ask(scope, lookup_keys(here.dial_plan, number))
        except NoSuchNumber:
            raise NoSuchNumber(number) from None
        except AmbiguousDnid as error:
            self._observer.ambiguous(error)
            raise NoSuchNumber(number) from None


async def _within(deadline: float, work: Awaitable[T]) -> T:
    """Give what *work* gives, or raise `TooLate` at *deadline* (`time.monotonic`)."""
    try:
        async with asyncio.timeout(deadline - time.monotonic()):
            return await work
    except TimeoutError:
        raise TooLate from None


def _expected(here: Environment, caller: str) -> Ani | None:
    """Read the number a customer is expected to call from, as it is compared."""
    expected = here.callers.caller(caller)
    if not expected.matches:
        raise BadInput("caller", "a telephone number that is one customer's own", repr(caller))
    return expected.known_by


def lookup_keys(dial_plan: DialPlan, number: str) -> list[NumberKey]:
    """Give the keys under which *number* may be stored, best first; none where it is no number."""
    try:
        return [NumberKey(key) for key in dial_plan.lookup_keys(number)]
    except ValueError:
        return []
