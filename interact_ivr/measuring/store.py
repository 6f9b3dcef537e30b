"""Allocating and retrieving in a store of its own, durably, by some callers who each wait."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final

import msgspec

from interact_ivr.config_store import StoreConfig
from interact_ivr.domain.lifecycle import Policy
from interact_ivr.domain.names import CallRef, InteractionId, NumberKey, Scope
from interact_ivr.domain.values import NewNumber, Question, Status
from interact_ivr.measuring.times import Times
from interact_ivr.opening import Opening, Store, opened_store

_NUMBERS: Final = 1_000
_POLICY: Final = Policy(timedelta(minutes=15), timedelta(0))
_OPENING: Final = Opening("interact-ivr bench", lambda _: None, lambda *_: None)


class Pool(msgspec.Struct, frozen=True):
    """A thousand numbers in a store that nobody else has."""

    store: Store
    scope: Scope

    async def pairs(self, callers: int, seconds: float) -> Times:
        """Have *callers* allocate and retrieve, each its own, one pair after the other.

        Raises:
            StoreUnavailable: the store could not do it.
            RuntimeError: a call was not told its own interaction.
        """
        times: list[float] = []
        begun, count = time.perf_counter(), itertools.count()

        async def call() -> None:
            while (at := time.perf_counter()) < begun + seconds:
                await self._pair(f"{begun}-{next(count)}")
                times.append((time.perf_counter() - at) * 1000)

        await asyncio.gather(*(call() for _ in range(callers)))
        return Times(callers, times, time.perf_counter() - begun)

    async def _pair(self, name: str) -> None:
        allocations = self.store.allocations
        mine = InteractionId(name)
        lent = await allocations.allocate(self.scope, mine, None, None, _POLICY)
        question = Question([[lent.number]], CallRef("bench", name))
        policies = {self.scope.application: _POLICY}
        told = await allocations.retrieve(self.scope.environment, question, policies)
        if (told.status, told.interaction) != (Status.FOUND, name):
            raise RuntimeError(f"{name}: {told}")


@asynccontextmanager
async def temporary_pool(folder: Path) -> AsyncIterator[Pool]:
    """Make a SQLite store in *folder*, and give its pool; who made the folder removes it."""
    async with opened_store(StoreConfig(url=f"sqlite:///{folder / 'bench.db'}"), _OPENING) as store:
        directory = await store.directory.read()
        scope = Scope(directory.environments[0].id, directory.applications[0].id)
        keys = [f"+{380_970_000_000 + at}" for at in range(_NUMBERS)]
        await store.numbers.add(scope, [NewNumber(NumberKey(key), key) for key in keys])
        yield Pool(store, scope)
