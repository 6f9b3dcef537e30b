"""How a number stands, as the console shows it: in a word, a colour and a shape of its own."""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Final

import msgspec

from interact_ivr.domain.lifecycle import State
from interact_ivr.domain.values import Block, PoolNumber


class Look(StrEnum):
    """What a number looks like."""

    ALLOCATED = "allocated"
    LAPSED = "lapsed"
    RESTING = "resting"
    IDLE = "idle"
    DRAINED = "drained"
    """It is not lent any more, and nobody is awaited on it."""


MEANINGS: Final[Mapping[Look, str]] = {
    Look.ALLOCATED: "an interaction waits for its call",
    Look.LAPSED: "the wait ran out just now",
    Look.RESTING: "ended a short while ago",
    Look.IDLE: "may be lent",
    Look.DRAINED: "not lent any more",
}
_HEIGHT: Final = 100.0
"""Of a tile, in its own units."""
_AWAITED: Final = (State.ALLOCATED, State.LAPSED)


class Part(msgspec.Struct, frozen=True):
    """One layer of a tile: of so many numbers, from the bottom up."""

    look: Look
    count: int
    y: float
    height: float


class Tile(msgspec.Struct, frozen=True):
    """A block of numbers, or one number."""

    prefix: str
    label: str
    """In what it differs from the others."""
    count: int
    parts: Sequence[Part]

    @property
    def said(self) -> str:
        """Say it in words."""
        counts = ", ".join(f"{part.count:,} {part.look}" for part in self.parts)
        return f"{self.prefix}: {counts}"


def look_of(number: PoolNumber) -> Look:
    """Say how a number looks; what is drained and awaited is awaited."""
    if not number.enabled and number.state not in _AWAITED:
        return Look.DRAINED
    return Look(number.state.value)


def counts_of(blocks: Sequence[Block]) -> Mapping[Look, int]:
    """Count all numbers of *blocks* by how they look."""
    counts = dict.fromkeys(Look, 0)
    for block in blocks:
        for look, count in _looks(block):
            counts[look] += count
    return counts


def tiles_of(blocks: Sequence[Block]) -> list[Tile]:
    """Make a tile of each of *blocks*."""
    alike = _alike([block.prefix for block in blocks])
    return [
        Tile(block.prefix, block.prefix[alike:], block.count, [*_parts(block)]) for block in blocks
    ]


def _parts(block: Block) -> Iterator[Part]:
    """Stack the looks of *block*; what there is at all can be seen."""
    present = [(look, count) for look, count in _looks(block) if count]
    least = _HEIGHT / 10
    heights = [max(least, _HEIGHT * count / block.count) for _, count in present]
    y = _HEIGHT
    for (look, count), height in zip(present, heights, strict=True):
        scaled = height * _HEIGHT / sum(heights)
        y -= scaled
        yield Part(look, count, round(max(0.0, y), 1), round(scaled, 1))


def _looks(block: Block) -> Iterator[tuple[Look, int]]:
    for look in Look:
        yield (
            look,
            (block.disabled if look is Look.DRAINED else block.by_state.get(State(look.value), 0)),
        )


def _alike(texts: Sequence[str]) -> int:
    """Count the characters by which all of *texts* begin alike; of one, all but the last four."""
    if len(texts) == 1:
        return max(0, len(texts[0]) - 4)
    letters = zip(*texts, strict=False)
    return next((at for at, each in enumerate(letters) if len(set(each)) > 1), 0)
