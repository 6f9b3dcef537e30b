"""Asking once for what many ask at the same time: a few statements, however many wait.

While one round is under way, whoever comes waits for the next; so nobody waits who comes alone.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from interact_ivr.domain.errors import Refusal

One = TypeVar("One")
Answer = TypeVar("Answer")

_MOST = 32
"""Of 64 clients, the half: while these are on their way to the disk, the others are read."""


class Together(Generic[One, Answer]):
    """Gives each its answer out of *ask*, which answers many in their order, or refuses some."""

    def __init__(
        self, ask: Callable[[Sequence[One]], Awaitable[Sequence[Answer | Refusal]]]
    ) -> None:
        self._ask = ask
        self._waiting: list[tuple[One, asyncio.Future[Answer]]] = []
        self._rounds: asyncio.Task[None] | None = None

    async def ask(self, one: One) -> Answer:
        """Give the answer to *one*, or raise what refuses it; what fails the round fails each."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((one, future))
        if self._rounds is None:
            self._rounds = asyncio.create_task(self._go_round())
        return await future

    async def _go_round(self) -> None:
        try:
            while self._waiting:
                waiting, self._waiting = self._waiting[:_MOST], self._waiting[_MOST:]
                waiting = [each for each in waiting if not each[1].done()]  # some may have gone
                await self._answer(waiting)
        finally:
            self._rounds = None

    async def _answer(self, waiting: Sequence[tuple[One, asyncio.Future[Answer]]]) -> None:
        answers: Sequence[Answer | Exception]
        try:
            answers = await self._ask([one for one, _ in waiting])
        except Exception as error:  # noqa: BLE001  whoever waits is told, and handles it
            answers = [error] * len(waiting)
        except asyncio.CancelledError:
            for _, future in [*waiting, *self._waiting]:
                future.cancel()
            raise
        for (_, future), answer in zip(waiting, answers, strict=True):
            if future.done():
                continue
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)
