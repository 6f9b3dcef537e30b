"""What finding a number's rule costs in a plan of ten thousand, against ten and against a scan.

The plans mix literal prefixes, wildcards and number lists. They are asked for the same number of
different numbers, which fit rules from all over the plan, in turn in every round.
"""

from __future__ import annotations

import re
import time
import tracemalloc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from bench.row import Row
from dialplan.patterns import Matcher, NumberList, parse

FEW, MANY = 10, 10_000
ROUNDS = 15
NUMBERS = 5_000
"""Looked up in a round, of as many rules."""
SCANNED = 20
"""Of these by scanning, which takes a thousand times as long."""
COMPILED = 5
"""Times that a plan is compiled."""
SIZE_BAR = 2.0
SCAN_BAR = 5.0
"""Per cent: twenty times as quick."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule's pattern, the same as a regular expression, and what makes numbers that fit it."""

    source: str
    expression: str
    number: Callable[[], str]


class Rules:
    """Makes rules, by chance and the same ones in each run."""

    def __init__(self) -> None:
        self._chance = Random(20)
        self._numbers = [self._list() for _ in range(20)]
        self.lists: Mapping[str, NumberList] = {
            f"list{at}": NumberList.parse(f"list{at}", numbers)
            for at, numbers in enumerate(self._numbers)
        }

    def make(self, count: int) -> list[Rule]:
        """Make *count*, of each kind as many."""
        kinds: Sequence[Callable[[], Rule]] = (self._prefix, self._wildcards, self._listed)
        return [kinds[at % len(kinds)]() for at in range(count)]

    def _digits(self, count: int) -> str:
        return "".join(self._chance.choices("0123456789", k=count))

    def _list(self) -> list[str]:
        return [f"{self._chance.randrange(200, 1000)}{self._digits(3)}" for _ in range(50)]

    def _prefix(self) -> Rule:
        prefix = self._digits(self._chance.randrange(4, 8))
        return Rule(f"{prefix}Z", f"{prefix}.*", lambda: prefix + self._digits(6))

    def _wildcards(self) -> Rule:
        area = self._digits(self._chance.randrange(3, 6))
        expression = rf"\+{area}[2-9][0-9]{{6}}"
        return Rule(f"+{area}NXXXXXX", expression, lambda: f"+{area}2{self._digits(6)}")

    def _listed(self) -> Rule:
        prefix, at = self._digits(4), self._chance.randrange(len(self._numbers))
        numbers = self._numbers[at]
        return Rule(
            f"{prefix}$list{at}$XXXX",
            f"{prefix}(?:{'|'.join(numbers)})[0-9]{{4}}",
            lambda: prefix + self._chance.choice(numbers) + self._digits(4),
        )


class Plan:
    """A plan of some rules, and the numbers that it is asked for."""

    def __init__(self, size: int) -> None:
        made = Rules()
        self.rules = made.make(size)
        self.numbers = [rule.number() for rule in Random(1).choices(self.rules, k=NUMBERS)]
        self._lists = made.lists
        self.matcher = self.compiled()

    def compiled(self) -> Matcher:
        """Read all rules and index them."""
        patterns = [parse(rule.source, "vendor", self._lists) for rule in self.rules]
        return Matcher(patterns)

    def lookup(self) -> float:
        """Give the microseconds of one look-up, of numbers that were looked up before."""
        first, numbers = self.matcher.first, self.numbers
        return _seconds(lambda: [first(number) for number in numbers]) / len(numbers) * 1e6


class Scan:
    """The same rules as regular expressions, each tried in order."""

    def __init__(self, plan: Plan) -> None:
        self._tries = [re.compile(rule.expression).fullmatch for rule in plan.rules]
        self._numbers = plan.numbers[:SCANNED]
        if [*map(self._first, self._numbers)] != [*map(plan.matcher.first, self._numbers)]:
            raise RuntimeError("the scan and the index disagree")

    def lookup(self) -> float:
        """Give the microseconds of one look-up."""
        numbers = self._numbers
        return _seconds(lambda: [self._first(number) for number in numbers]) / len(numbers) * 1e6

    def _first(self, number: str) -> int | None:
        return next((index for index, fits in enumerate(self._tries) if fits(number)), None)


def measure() -> Sequence[Row]:
    """Measure all of it."""
    few, many = Plan(FEW), Plan(MANY)
    scan = Scan(many)
    kinds = {
        f"a look-up among {FEW:,} rules": few.lookup,
        f"a look-up among {MANY:,}": many.lookup,
        f"an ordered scan of {MANY:,}": scan.lookup,
    }
    rounds: dict[str, list[float]] = {name: [] for name in kinds}
    for plan in (few, many):
        plan.lookup()  # after which its states are known
    for _ in range(ROUNDS):
        for name, lookup in kinds.items():
            rounds[name].append(lookup())
    of_few, of_many, scanned = rounds.values()
    return [
        *(Row.of(name, "us", values) for name, values in rounds.items()),
        Row.of(f"{MANY:,} rules: {FEW:,}", "x", _ratios(of_many, of_few), SIZE_BAR),
        Row.of(f"{MANY:,} rules, of the scan", "%", _ratios(of_many, scanned, 100), SCAN_BAR),
        *_costs(many),
    ]


def _costs(plan: Plan) -> Sequence[Row]:
    """What a plan costs before it is quick."""
    first_times, compiling = [], []
    for _ in range(COMPILED):
        compiling.append(_seconds(plan.compiled) * 1000)
        plan.matcher = plan.compiled()
        first_times.append(plan.lookup())
    tracemalloc.start()
    plan.matcher = plan.compiled()
    compiled, _ = tracemalloc.get_traced_memory()
    plan.lookup()
    looked_up, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return [
        Row.of(f"the first look-up of a number, {MANY:,}", "us", first_times),
        Row.of(f"compiling {MANY:,} rules", "ms", compiling),
        Row.of(f"memory of {MANY:,} rules", "MB", [compiled / 1e6]),
        Row.of(f"more for {NUMBERS:,} numbers", "MB", [(looked_up - compiled) / 1e6]),
    ]


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _ratios(mine: Sequence[float], others: Sequence[float], unit: int = 1) -> Sequence[float]:
    return [unit * one / other for one, other in zip(mine, others, strict=True)]
