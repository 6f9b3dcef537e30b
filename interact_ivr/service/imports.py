"""Taking numbers into a pool, from one to millions: all checked first, then visible at once.

What comes is read into a draft beside the store, so that a fault in the last line changes nothing.
It is then written in small steps between which calls get their turn, hidden until all is there. Few
numbers are written in one step, whatever else is being written; many wait for those of others, also
where those come in at another node.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Protocol

from interact_ivr.domain.acts import speak_of
from interact_ivr.domain.directory import tenant_of
from interact_ivr.domain.errors import BadRows, ImportUnderWay, Refusal, StoreUnavailable
from interact_ivr.domain.names import EnvironmentId
from interact_ivr.ports import ImportStore, NumberStore
from interact_ivr.service.checking import STEP, Checking, Chunk, Outcome
from interact_ivr.service.environments import Environments

Told = Callable[[int, int], Awaitable[None]]
"""Hears how many numbers are written, of how many."""
_MOST_AT_ONCE = 8
"""Imports that have a draft, which is memory; the others wait."""
_MOST_TRIED = 2
"""Of these, a tenant's dry runs: however many it tries, others' imports go on."""

_ASK_AGAIN_SECONDS = 0.25
"""While another node's import is under way."""


class InventoryStore(NumberStore, ImportStore, Protocol):
    """What an import needs of a store."""


class Imports:
    """The use case of taking numbers in: one import at a time into an environment."""

    def __init__(self, store: InventoryStore, environments: Environments) -> None:
        self._store = store
        self._environments = environments
        self._under_way: set[EnvironmentId] = set()
        self._places = asyncio.Semaphore(_MOST_AT_ONCE)
        self._trying = defaultdict[str, asyncio.Semaphore](lambda: asyncio.Semaphore(_MOST_TRIED))
        """By tenant."""
        self._hiding = asyncio.Lock()
        """All that is hidden belongs to who has it; whoever comes first has it first."""
        self.left = asyncio.Event()
        """Something may be hidden that is nobody's: the last run's, or of an import that failed."""
        self.left.set()

    async def take_in(
        self,
        environment: str,
        chunks: AsyncIterable[Chunk],
        told: Told,
        *,
        application: str = "",
        source: str = "line",
    ) -> Outcome:
        """Take all that *chunks* have into the pool, or none; numbers are told by *source*.

        What is there already and the same is passed over.

        Raises:
            BadRows: all that is wrong, each as ``line 3: ...``.
            ImportUnderWay: the environment has another one.
        """
        here = self._environments.named(environment).id
        with self._alone(here):
            async with self._checking(environment, application, source) as check:
                await check.read(chunks)
                outcome = await check.compare()
                if outcome.faults:
                    raise BadRows(list(outcome.faults))
                speak_of({"new": outcome.new, "already_there": outcome.already_there})
                if outcome.new <= STEP:
                    await self._write_at_once(check)
                else:
                    await self._write_hidden(check, outcome.new, told)
                return outcome

    async def preview(
        self, environment: str, chunks: AsyncIterable[Chunk], application: str = ""
    ) -> Outcome:
        """Say what taking *chunks* in would change, or why it would be refused."""
        tenant = tenant_of(self._environments.named(environment).name)
        async with (
            self._trying[tenant],
            self._checking(environment, application, "line") as check,
        ):
            await check.read(chunks)
            return await check.compare()

    async def clear(self) -> int:
        """Take away what an import left that did not come to its end; say how many numbers.

        An import that is under way at another node is waited for.
        """
        async with self._turn():
            return await self._discard()

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Have what is hidden to oneself, in this process and among the nodes.

        While another node has it, none of ours is held up that wants it for less.
        """
        while True:
            async with self._hiding:
                if await self._store.begin_hiding():
                    try:
                        yield
                    finally:
                        await self._end_turn()
                    return
            await asyncio.sleep(_ASK_AGAIN_SECONDS)

    async def _end_turn(self) -> None:
        """Let other nodes have it, unless something may be left: then that is to be seen."""
        if not self.left.is_set():
            with suppress(StoreUnavailable):  # it is all there; the turn ends by itself
                await self._store.end_hiding()

    async def _clear_unless_busy(self) -> None:
        async with self._hiding:
            if await self._store.begin_hiding():
                await self._discard()
                await self._end_turn()

    @asynccontextmanager
    async def _checking(
        self, environment: str, application: str, source: str
    ) -> AsyncIterator[Checking]:
        here = self._environments.named(environment)
        scope = here.application(application).scope
        async with (
            self._places,
            Checking(self._store, self._store.draft(), here, scope, source) as check,
        ):
            yield check

    @contextmanager
    def _alone(self, environment: EnvironmentId) -> Iterator[None]:
        if environment in self._under_way:
            raise ImportUnderWay
        self._under_way.add(environment)
        try:
            yield
        finally:
            self._under_way.remove(environment)

    async def _discard(self) -> int:
        gone = 0
        while step := await self._store.discard_hidden(STEP):  # calls get their turn
            gone += step
        self.left.clear()
        return gone

    async def _write_at_once(self, check: Checking) -> None:
        if self.left.is_set():  # it may be in the way
            await self._clear_unless_busy()
        async for page in check.pages():  # one transaction is enough
            await self._store.add(check.scope, [one.new for one in page])

    async def _write_hidden(self, check: Checking, count: int, told: Told) -> None:
        async with self._turn():
            await self._discard()
            written, left = 0, True
            try:
                async for page in check.pages():
                    await self._store.write_hidden(check.scope, [one.new for one in page])
                    written += len(page)
                    await told(written, count)
                await self._store.show_hidden(check.scope)
                left = False
            except (Refusal, OSError):  # the store's, or whoever asked has gone
                await self._discard()
                left = False
                raise
            finally:
                if left:
                    self.left.set()
