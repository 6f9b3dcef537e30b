"""One line of a measurement: a median with its spread, and the bar it is held to, if any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Self


@dataclass(frozen=True, slots=True)
class Row:
    """What was measured, over all rounds."""

    name: str
    unit: str
    median: float
    low: float
    high: float
    rounds: int
    bar: float | None = None
    """The median must stay under it."""

    @classmethod
    def of(cls, name: str, unit: str, rounds: Sequence[float], bar: float | None = None) -> Self:
        """Sum the value of each round up."""
        low, middle, high = (round(of(rounds), 3) for of in (min, median, max))
        return cls(name, unit, middle, low, high, len(rounds), bar)

    @property
    def holds(self) -> bool:
        """Whether the bar, where there is one, is met."""
        return self.bar is None or self.median < self.bar

    def __str__(self) -> str:
        """Write a line of the table."""
        values = f"{self.median:9.2f} {self.unit:<3} {self.low:9.2f} to {self.high:.2f}"
        verdict = (
            "" if self.bar is None else f"bar {self.bar:g}: {'met' if self.holds else 'MISSED'}"
        )
        return f"{self.name:<40} {values:<34} {verdict}".rstrip()
