"""Who dials number after number: noticed once, within bounds of number and time."""

from __future__ import annotations

from interact_ivr.service.straying import FEW, Straying


class World:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at = 0.0
        self.straying = Straying(lambda: self.at)

    def dial(self, who: str, *numbers: str) -> list[bool]:
        """Say of each number whether it was one too many."""
        return [self.straying.tries_out(who, number) for number in numbers]


def test_who_dials_number_after_number_is_told_of_once() -> None:
    """With one more than a few; then no more, until they have kept quiet."""
    world = World()
    numbers = [f"number {at}" for at in range(20)]
    assert world.dial("a", *numbers) == [at == FEW for at in range(20)]
    world.at = 601
    assert world.dial("a", *numbers) == [at == FEW for at in range(20)]


def test_the_same_number_again_is_no_other() -> None:
    """Somebody who redials tries nothing out; and others are others."""
    world = World()
    assert not any(world.dial("a", *["number 1"] * 100))
    assert not any(world.dial(f"caller {at}", "number 2")[0] for at in range(1000))


def test_a_few_now_and_then_are_nothing() -> None:
    """Ten minutes apart."""
    world = World()
    for at in range(20):
        world.at += 601
        assert world.dial("a", f"number {at}") == [False]
