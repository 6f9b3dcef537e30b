"""What many ask at the same time is asked once, and each gets its own answer."""

import asyncio
from collections.abc import Sequence

import pytest

from interact_ivr.domain.errors import NoSuchNumber, Refusal
from interact_ivr.stores.together import Together


class Answers:
    """Squares what is even, refuses what is not; a round waits until it is let go."""

    def __init__(self) -> None:
        self.rounds: list[list[int]] = []
        self.go = asyncio.Event()
        self.fails = False

    async def ask(self, asked: Sequence[int]) -> Sequence[int | Refusal]:
        """Answer a round."""
        self.rounds.append([*asked])
        await self.go.wait()
        if self.fails:
            raise OSError("gone")
        return [NoSuchNumber(str(one)) if one % 2 else one * one for one in asked]


async def _asked(together: Together[int, int], numbers: Sequence[int]) -> list[asyncio.Task[int]]:
    tasks = [asyncio.create_task(together.ask(number)) for number in numbers]
    await asyncio.sleep(0)
    return tasks


async def test_each_gets_its_own_answer() -> None:
    """Or what refuses it; and those who come while a round is under way are the next one."""
    answers = Answers()
    together = Together[int, int](answers.ask)
    first = await _asked(together, [2, 3])
    await asyncio.sleep(0)
    later = await _asked(together, [4, 6, 5])
    answers.go.set()
    told = await asyncio.gather(*first, *later, return_exceptions=True)
    assert [one if isinstance(one, int) else str(one) for one in told] == [
        4,
        "number 3 was not found",
        16,
        36,
        "number 5 was not found",
    ]
    assert answers.rounds == [[2, 3], [4, 6, 5]]


async def test_what_fails_a_round_fails_each_of_it() -> None:
    """And none of the next one."""
    answers = Answers()
    together = Together[int, int](answers.ask)
    answers.fails = True
    answers.go.set()
    for task in await _asked(together, [2, 4]):
        with pytest.raises(OSError, match="gone"):
            await task
    answers.fails = False
    assert await together.ask(8) == 64


async def test_whoever_has_gone_is_not_asked_for() -> None:
    """Before its round; and nobody else's answer is lost by it."""
    answers = Answers()
    together = Together[int, int](answers.ask)
    (first,) = await _asked(together, [2])
    await asyncio.sleep(0)
    gone, there = await _asked(together, [4, 6])
    gone.cancel()
    await asyncio.sleep(0)
    answers.go.set()
    assert (await first, await there) == (4, 36)
    assert answers.rounds == [[2], [6]]
