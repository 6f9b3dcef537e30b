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
    at_least: float | None = None
    """The median must not be under it."""

    @classmethod
    def of(
        cls,
        name: str,
        unit: str,
        rounds: Sequence[float],
        bar: float | None = None,
        *,
        at_least: float | None = None,
    ) -> Self:
        """Sum the value of each round up."""
        low, middle, high = (round(of(rounds), 3) for of in (min, median, max))
        return cls(name, unit, middle, low, high, len(rounds), bar, at_least)

    @property
    def holds(self) -> bool:
        """Whether the bar, where there is one, is met."""
        under = self.bar is None or self.median < self.bar
        return under and (self.at_least is None or self.median >= self.at_least)

    @property
    def is_ratio(self) -> bool:
        """Whether it says something on another machine, too."""
        return self.unit in ("x", "%")

    @property
    def wanted(self) -> str:
        """Name the bar; empty where there is none."""
        if self.bar is not None:
            return f"under {self.bar:g}"
        return "" if self.at_least is None else f"at least {self.at_least:g}"

    @property
    def verdict(self) -> str:
        """Say whether the bar is met; empty where there is none."""
        return ("MET" if self.holds else "MISSED") if self.wanted else ""

    def __str__(self) -> str:
        """Write a line of the table."""
        values = f"{self.median:9.2f} {self.unit:<3} {self.low:9.2f} to {self.high:.2f}"
        verdict = f"{self.wanted}: {self.verdict}" if self.wanted else ""
        return f"{self.name:<56} {values:<34} {verdict}".rstrip()
