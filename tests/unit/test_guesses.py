"""Keys, tokens and sessions that somebody guesses: slower and slower, and for nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from interact_ivr.domain.errors import TooManyAttempts, Unauthenticated
from interact_ivr.service.guesses import Guesses

HOME, AWAY = "192.0.2.1", "192.0.2.2"
FREE = 10


class World:
    """Secrets that are good, a clock set by hand, and pauses that are noted."""

    def __init__(self) -> None:
        self.good = {"alice's": "alice", "bob's": "bob"}
        self.at = 0.0
        self.slept: list[float] = []
        self.failed: list[str] = []
        self.awake = asyncio.Event()
        self.awake.set()
        self.guesses = Guesses(FREE, clock=lambda: self.at, sleep=self._sleep)

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await self.awake.wait()

    def _finder(self, secret: str) -> Callable[[], str]:
        def find() -> str:
            if secret not in self.good:
                raise Unauthenticated
            return self.good[secret]

        return find

    async def show(self, secret: str, source: str = HOME) -> str | None:
        """Say whose *secret* is."""
        find = self._finder(secret)
        try:
            return await self.guesses.find(source, (secret,), find, self.failed.append)
        except Unauthenticated:
            return None

    async def guess(self, count: int, source: str = HOME) -> None:
        """Show so many wrong ones, each another."""
        for at in range(count):
            assert await self.show(f"guess {len(self.failed)} {at}", source) is None


async def test_guesses_get_slower_and_then_are_refused() -> None:
    """So many are free; then each waits twice as long as the last, up to 30 s, and is counted."""
    world = World()
    await world.guess(FREE)
    assert not world.slept
    await world.guess(10)
    assert world.slept[:3] == [0.25, 0.5, 1.0]
    assert max(world.slept) == 30.0
    assert world.failed == ["wrong"] * (FREE + 10)
    world.awake.clear()
    waiting = [asyncio.create_task(world.show(f"late {at}")) for at in range(20)]
    await asyncio.sleep(0)
    with pytest.raises(TooManyAttempts):
        await world.show("later")
    assert world.failed[-1] == "too many"
    world.awake.set()
    assert await asyncio.gather(*waiting) == [None] * 20


async def test_a_right_guess_waits_like_a_wrong_one() -> None:
    """Else nothing would be slower: it would be told by its time."""
    world = World()
    await world.guess(FREE)
    assert await world.show("alice's") == "alice"
    assert world.slept == [0.25]


async def test_what_was_good_of_late_does_not_wait_and_makes_up_for_nothing() -> None:
    """A program goes on beside a guesser behind the same address; the guesser still waits."""
    world = World()
    assert await world.show("alice's") == "alice"
    await world.guess(FREE)
    for _ in range(100):
        assert await world.show("alice's") == "alice"
    assert not world.slept
    await world.guess(1)
    assert world.slept == [0.25]


async def test_a_secret_taken_back_is_no_good_at_once() -> None:
    """However often it was good."""
    world = World()
    assert await world.show("alice's") == "alice"
    del world.good["alice's"]
    assert await world.show("alice's") is None


async def test_the_same_again_is_no_other_guess_and_may_become_good() -> None:
    """A program with yesterday's key does not wait, and is let in once the key is there."""
    world = World()
    for _ in range(1000):
        assert await world.show("carol's") is None
    assert world.failed == ["wrong"] + ["again"] * 999
    assert not world.slept
    world.good["carol's"] = "carol"
    assert await world.show("carol's") == "carol"


async def test_only_the_source_that_guesses_waits() -> None:
    """Nobody elsewhere; and after a quiet quarter of an hour neither does it."""
    world = World()
    await world.guess(FREE + 5)
    world.slept.clear()
    assert await world.show("alice's", AWAY) == "alice"
    assert await world.show("wrong", AWAY) is None
    assert not world.slept
    world.at += 15 * 60
    await world.guess(FREE)
    assert not world.slept
