"""How long a use case waits for a store that does not answer, and what becomes of what it took."""

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import pytest

from dialplan import Details, Explanation
from interact_ivr.domain.caller import CallerRules
from interact_ivr.domain.errors import StoreUnavailable, TooLate
from interact_ivr.domain.lifecycle import Policy
from interact_ivr.domain.names import (
    SAFE,
    AllocationId,
    ApplicationId,
    CallRef,
    EnvironmentId,
    EnvironmentName,
    InteractionId,
    NumberKey,
    Scope,
)
from interact_ivr.domain.values import FreeStatus, Retrieval, Status, Sweep
from interact_ivr.observing import Observing
from interact_ivr.service.allocations import Allocations, Asking
from interact_ivr.service.environments import Application, Environment
from interact_ivr.service.expiry import Expiry
from interact_ivr.service.purge import Purge

CALL = CallRef("main", "1")
PATIENCE = 5.0
FOUND = Retrieval(
    Status.FOUND,
    NumberKey("+1"),
    allocation=AllocationId("A"),
    interaction=InteractionId("order-1"),
)


class Plan:
    """A dial plan that leaves numbers as they are."""

    def normalize(self, raw: str) -> str:
        """Give *raw*."""
        return raw

    def lookup_keys(self, raw: str) -> tuple[str, ...]:
        """Give *raw*."""
        return (raw,)

    def resolve(self, raw: str) -> Details:
        """Know nothing of *raw*."""
        raise ValueError(raw)

    def explain(self, raw: str) -> Explanation:
        """Say nothing of *raw*."""
        return Explanation(raw, "", "")

    def extension_of(self, _: str) -> str | None:
        """Know no device."""
        return None

    def knowing(self, _: object) -> Self:
        """Know no extension."""
        return self


class Here:
    """The only environment."""

    def named(self, _: str = "") -> Environment:
        """Give it."""
        policy = Policy(timedelta(1), timedelta(0))
        application = Application("default", Scope(EnvironmentId(1), ApplicationId(1)), policy)
        return Environment(
            name=EnvironmentName("a/b"),
            id=EnvironmentId(1),
            dial_plan=Plan(),
            alphabet=SAFE,
            callers=CallerRules(str),
            applications={"default": application},
            policies={ApplicationId(1): policy},
        )


class SlowStore:
    """A store that answers when it is let."""

    def __init__(self) -> None:
        self.answers = asyncio.Event()
        self.undelivered: list[tuple[Retrieval, CallRef]] = []
        self.marked = asyncio.Event()

    async def retrieve(self, *_: object) -> Retrieval:
        """Answer late."""
        await self.answers.wait()
        return FOUND

    async def free(self, *_: object) -> FreeStatus:
        """Answer late."""
        await self.answers.wait()
        return FreeStatus.FREED

    async def probe(self, _: float) -> None:
        """Answer late."""
        await self.answers.wait()

    async def mark_undelivered(self, _: object, retrieval: Retrieval, call: CallRef) -> None:
        """Take note."""
        self.undelivered.append((retrieval, call))
        self.marked.set()


def use_cases(
    store: Any, answered: Callable[[CallRef, EnvironmentId, Retrieval], None] = lambda *_: None
) -> Allocations:
    """Build the use cases over *store*."""
    here: Any = Here()
    return Allocations(store, here, Observing(), lambda _: None, answered=answered)


def soon() -> float:
    """Give a deadline that passes within the test."""
    return time.monotonic() + 0.05


async def test_a_call_is_not_kept_waiting_and_what_it_took_is_on_record() -> None:
    """Past the deadline the call is told so; the answer that comes later reached nobody."""
    store = SlowStore()
    allocations = use_cases(store)
    asked = allocations.retrieve("", Asking(["+1"], CALL), soon())
    with pytest.raises(TooLate):
        await asyncio.wait_for(asked, PATIENCE)
    assert store.undelivered == []
    store.answers.set()
    await asyncio.wait_for(store.marked.wait(), PATIENCE)
    assert store.undelivered == [(FOUND, CALL)]


@pytest.mark.parametrize("in_time", [True, False])
async def test_who_watches_may_fail_and_the_call_has_its_answer(in_time: bool) -> None:
    """It is told after the call; where that is gone, what it took is on record all the same."""
    store, failed, told = SlowStore(), asyncio.Event(), []
    asyncio.get_running_loop().set_exception_handler(lambda *_: failed.set())

    def answered(call: CallRef, _: EnvironmentId, retrieval: Retrieval) -> None:
        told.append((call, retrieval))
        raise RuntimeError("a screen failed")

    allocations = use_cases(store, answered)
    if in_time:
        store.answers.set()
        assert await allocations.retrieve("", Asking(["+1"], CALL), soon() + PATIENCE) == FOUND
    else:
        with pytest.raises(TooLate):
            await allocations.retrieve("", Asking(["+1"], CALL), soon())
        store.answers.set()
        await asyncio.wait_for(store.marked.wait(), PATIENCE)
    await asyncio.wait_for(failed.wait(), PATIENCE)
    assert told == [(CALL, FOUND)]


@pytest.mark.parametrize("asked", ["free", "probe"])
async def test_freeing_and_health_have_the_same_patience(asked: str) -> None:
    """A disk that hangs hangs no call."""
    allocations = use_cases(SlowStore())
    work: Any = (
        allocations.free("", "+1", None, soon()) if asked == "free" else allocations.probe(soon())
    )
    with pytest.raises(TooLate):
        await asyncio.wait_for(work, PATIENCE)


class FailingStore:
    """A store whose sweep fails so many times."""

    def __init__(self, failures: Sequence[Exception]) -> None:
        self.failures = list(failures)
        self.swept = asyncio.Event()

    async def sweep(self, _: int) -> Sweep:
        """Fail, or find nothing."""
        if self.failures:
            raise self.failures.pop(0)
        self.swept.set()
        return Sweep((), None)


class Wall:
    """The time of day."""

    def now(self) -> datetime:
        """Give it."""
        return datetime.now(UTC)


async def test_a_sweep_that_fails_is_told_and_tried_again() -> None:
    """Whatever the error: the timer never ends."""
    errors = [StoreUnavailable("full"), RuntimeError("unforeseen")]
    store: Any = FailingStore(errors)
    told: list[Exception] = []
    expiry = Expiry(store, Wall(), failed=told.append)
    running = asyncio.create_task(expiry.run())
    await asyncio.wait_for(store.swept.wait(), PATIENCE)
    running.cancel()
    assert told == errors


async def test_who_is_not_on_duty_does_not_sweep() -> None:
    """It asks again, and sweeps as soon as it is; so does who was told that it cannot be said."""
    store: Any = FailingStore([])
    asked: list[bool] = []

    async def is_mine() -> bool:
        asked.append(store.swept.is_set())
        if len(asked) == 2:
            raise StoreUnavailable("it cannot be reached")
        return len(asked) > 3

    expiry = Expiry(
        *(store, Wall()), failed=lambda _: None, is_mine=is_mine, look_every=timedelta(0)
    )
    running = asyncio.create_task(expiry.run())
    await asyncio.wait_for(store.swept.wait(), PATIENCE)
    running.cancel()
    assert asked[:4] == [False] * 4


async def test_who_is_not_on_duty_does_not_purge() -> None:
    """Nor who cannot be told whether it is, which says so."""
    told: list[Exception] = []
    asked = asyncio.Event()
    turns: list[str] = []

    async def is_mine() -> bool:
        asked.set()
        raise StoreUnavailable("it cannot be reached")

    def today() -> None:
        turns.append("a turn")

    nothing: Any = None
    purge = Purge(
        *(nothing, today, None), purged=lambda _: None, failed=told.append, is_mine=is_mine
    )
    running = asyncio.create_task(purge.run())
    await asyncio.wait_for(asked.wait(), PATIENCE)
    running.cancel()
    assert (turns, [str(each) for each in told]) == (
        [],
        ["the store is unavailable: it cannot be reached"],
    )
