"""How the console draws a pool: every number is one thing, and what is there can be seen."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interact_ivr.api.console.frames import root_of
from interact_ivr.api.console.pages import share
from interact_ivr.api.console.states import Look, counts_of, look_of, tiles_of
from interact_ivr.domain.lifecycle import State
from interact_ivr.domain.names import NumberKey
from interact_ivr.domain.values import Block, PoolNumber

COUNTS = st.integers(0, 100_000)


@given(st.lists(st.tuples(st.fixed_dictionaries(dict.fromkeys(State, COUNTS)), COUNTS), max_size=9))
def test_a_tile_shows_all_that_there_is(given: list[tuple[dict[State, int], int]]) -> None:
    """Its parts fill it to a hair, none is too low to be seen, and the counts add up."""
    blocks = [Block(f"+38{at}", states, disabled) for at, (states, disabled) in enumerate(given)]
    tiles = tiles_of(blocks)
    for block, tile in zip(blocks, tiles, strict=True):
        assert sum(part.count for part in tile.parts) == tile.count == block.count
        if tile.parts:
            assert sum(part.height for part in tile.parts) == pytest.approx(100, abs=0.3)
            assert min(part.height for part in tile.parts) > 6
            assert min(part.y for part in tile.parts) == pytest.approx(0, abs=0.3)
    assert sum(counts_of(blocks).values()) == sum(block.count for block in blocks)


def test_tiles_are_called_by_what_differs() -> None:
    """One alone by its last digits."""
    made = tiles_of([Block(f"+3809745{n}", {State.IDLE: 1}, 0) for n in ("01", "02", "13")])
    assert [tile.label for tile in made] == ["01", "02", "13"]
    assert made[0].said == "+380974501: 1 idle"
    (alone,) = tiles_of([Block("+380974520201", {State.IDLE: 1}, 0)])
    assert alone.label == "0201"


@pytest.mark.parametrize("state", State)
def test_what_is_drained_and_awaited_is_awaited(state: State) -> None:
    """A caller may still come; otherwise it is drained, whatever it was."""
    at = datetime(2026, 5, 4, tzinfo=UTC)
    number = PoolNumber(NumberKey("+38"), "38", None, None, False, state, None, at)
    is_awaited = state in (State.ALLOCATED, State.LAPSED)
    assert look_of(number) is (Look(state.value) if is_awaited else Look.DRAINED)


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [(0, 0, "0 %"), (0, 9, "0 %"), (9, 9, "100 %"), (1, 999, "1 %"), (998, 999, "99 %")],
)
def test_a_share_is_honest_at_its_ends(part: int, whole: int, said: str) -> None:
    """Nothing is nothing, and all is all."""
    assert share(part, whole) == said


@pytest.mark.parametrize(
    ("path", "root"),
    [
        ("/console", "console/"),
        ("/console/", ""),
        ("/console/sign-in", ""),
        ("/console/live/pool", "../"),
        ("/console/live/pool/more", "../../"),
    ],
)
def test_a_page_knows_its_way_to_the_root(path: str, root: str) -> None:
    """Without naming it, as a proxy may have taken something away in front."""
    assert root_of(path) == root
