"""Taking numbers into a pool, from one to millions: all checked first, then visible at once.

What comes is read into a draft beside the store, so that a fault in the last line changes nothing.
It is then written in small steps between which calls get their turn, hidden until all is there.
"""

from collections.abc import AsyncIterable, Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from interact_ivr.domain.errors import BadRows, ImportUnderWay, Refusal
from interact_ivr.ports import ImportStore, NumberStore
from interact_ivr.service.checking import STEP, Checking, Chunk, Outcome
from interact_ivr.service.environments import Environments

Told = Callable[[int, int], Awaitable[None]]
"""Hears how many numbers are written, of how many."""


class InventoryStore(NumberStore, ImportStore, Protocol):
    """What an import needs of a store."""


class Imports:
    """The use case of taking numbers in."""

    def __init__(self, store: InventoryStore, environments: Environments) -> None:
        self._store = store
        self._environments = environments
        self._writing = False

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
            ImportUnderWay: another one is being written.
        """
        async with self._checking(environment, application, source) as check:
            await check.read(chunks)
            with self._alone():
                outcome = await check.compare()
                if outcome.faults:
                    raise BadRows(list(outcome.faults))
                await self._write(check, outcome.new, told)
            return outcome

    async def preview(
        self, environment: str, chunks: AsyncIterable[Chunk], application: str = ""
    ) -> Outcome:
        """Say what taking *chunks* in would change, or why it would be refused."""
        async with self._checking(environment, application, "line") as check:
            await check.read(chunks)
            return await check.compare()

    async def clear(self) -> int:
        """Take away what an import left that did not come to its end; say how many numbers.

        It gives way to an import, which does the same before it writes.
        """
        gone = 0
        while not self._writing and (step := await self._store.discard_hidden(STEP)):
            gone += step
        return gone

    def _checking(self, environment: str, application: str, source: str) -> Checking:
        here = self._environments.named(environment)
        scope = here.application(application).scope
        return Checking(self._store, self._store.draft(), here, scope, source)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if self._writing:
            raise ImportUnderWay
        self._writing = True
        try:
            yield
        finally:
            self._writing = False

    async def _discard(self) -> None:
        while await self._store.discard_hidden(STEP):
            """Calls get their turn."""

    async def _write(self, check: Checking, count: int, told: Told) -> None:
        await self._discard()
        written = 0
        try:
            async for page in check.pages():
                new = [one.new for one in page]
                if len(new) == count:  # one transaction is enough
                    return await self._store.add(check.scope, new)
                await self._store.write_hidden(check.scope, new)
                written += len(new)
                await told(written, count)
            if written:
                await self._store.show_hidden(check.scope)
        except (Refusal, OSError):  # the store's, or whoever asked has gone
            await self._discard()
            raise
