"""What is told now and then: one of a kind, few of all kinds, and how many were left out."""

from __future__ import annotations

import gc

from interact_ivr.service.recent import Recent
from interact_ivr.service.seldom import Seldom


class World:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at = 0.0
        self.seldom = Seldom(every=10, most=3, clock=lambda: self.at)


def test_one_of_a_kind_is_told_and_the_next_says_how_many_were_not() -> None:
    """Within its time; then it begins anew."""
    world = World()
    assert world.seldom.left_out("a") == 0
    assert [world.seldom.left_out("a") for _ in range(5)] == [None] * 5
    world.at = 9.9
    assert world.seldom.left_out("a") is None
    world.at = 10
    assert world.seldom.left_out("a") == 6
    world.at = 20
    assert world.seldom.left_out("a") == 0


def test_of_all_kinds_few_are_told() -> None:
    """Whoever can make up kinds cannot make up lines."""
    world = World()
    told = [world.seldom.left_out(f"kind {n}") for n in range(1000)]
    assert [each for each in told if each is not None] == [0, 0, 0]
    world.at = 10
    assert world.seldom.left_out("kind 999") == 1


def test_what_is_remembered_of_kinds_is_bounded() -> None:
    """The longest unused ones are forgotten, with their counts."""
    world = World()
    for n in range(1000):
        world.seldom.left_out(f"kind {n}")
    world.at = 10
    assert world.seldom.left_out("kind 3") == 0


def test_nobody_takes_the_room_of_another() -> None:
    """The same kind of two is two; each has room for as many."""
    world = World()
    for who in ("acme", "bolt"):
        told = [world.seldom.left_out(f"kind {n}", who) for n in range(1000)]
        assert [each for each in told if each is not None] == [0, 0, 0]
    world.at = 10
    assert [world.seldom.left_out("kind 999", who) for who in ("bolt", "")] == [1, 0]


def test_who_is_gone_takes_no_room() -> None:
    """Of whom nothing has happened for long, nothing is kept."""
    world = World()
    for n in range(1000):
        for _ in range(2):
            world.seldom.left_out("a", f"tenant {n}")
    world.at = 10 * 90 + 1
    assert world.seldom.left_out("a", "another") == 0
    kept = gc.get_referents(world.seldom, *gc.get_referents(world.seldom))
    assert sum(isinstance(each, Recent) for each in kept) == 1


def test_nobody_has_what_another_was_not_told_forgotten() -> None:
    """How often something happened is counted for each, however many kinds others make up."""
    world = World()
    for n in range(4 + 1):
        world.seldom.left_out(f"kind {min(n, 3)}", "acme")
    for n in range(1000):
        world.seldom.left_out(f"kind {n}", "bolt")
    world.at = 10
    assert world.seldom.left_out("kind 3", "acme") == 2
