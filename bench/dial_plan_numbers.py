"""What a number costs that the metadata decides, against `phonenumbers` alone for the same outputs.

The same outputs are the number, whether it is valid, its type, E.164, and the two forms in which it
is shown. No number comes twice but where that is measured.
"""

from __future__ import annotations

import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from random import Random

import phonenumbers
from phonenumbers import PhoneNumberFormat

from bench.row import Row
from dialplan import Engine, load_plan

ROUNDS = 15
GROUPS = 20
"""In a round; those of each kind follow each other, so that a noisy machine is noisy for all."""
NUMBERS = 20
"""In a group, each once."""
REPEATS = 50
"""How often a cached number is asked for."""
UNCACHED_BAR = 1 / 0.9
"""The issue's 0.9 times as quick."""
CACHED_BAR = 2.0
"""Per cent: fifty times as quick."""
HOME = "US"
IMPORTS = 7


def measure() -> Sequence[Row]:
    """Measure all of it."""
    engine = Engine(load_plan("nanp"))
    fresh = _numbers(Random(5))
    rounds: dict[str, list[float]] = {"bare": [], "uncached": [], "cached": []}
    for number in (next(fresh) for _ in range(1_000)):  # what is compiled once is compiled
        bare(number)
        engine.resolve(number)
    for _ in range(ROUNDS):
        spent = dict.fromkeys(rounds, 0.0)
        for _ in range(GROUPS):
            numbers = [next(fresh) for _ in range(NUMBERS)]
            spent["bare"] += _each(bare, numbers)
            spent["uncached"] += _each(engine.resolve, numbers)
            spent["cached"] += _each(engine.resolve, numbers * REPEATS)
        for name, microseconds in spent.items():
            rounds[name].append(microseconds / GROUPS)
    ratios = {
        name: [mine / alone for mine, alone in zip(rounds[name], rounds["bare"], strict=True)]
        for name in ("uncached", "cached")
    }
    return [
        Row.of("phonenumbers alone", "us", rounds["bare"]),
        Row.of("a number's details", "us", rounds["uncached"]),
        Row.of("a number's details: ratio", "x", ratios["uncached"], UNCACHED_BAR),
        Row.of("the same number again", "us", rounds["cached"]),
        Row.of(
            "again, of phonenumbers", "%", [100 * each for each in ratios["cached"]], CACHED_BAR
        ),
        *_imports(),
        _memory(),
    ]


def bare(raw: str) -> tuple[object, ...]:
    """Give by `phonenumbers` what an engine gives."""
    number = phonenumbers.parse(raw, HOME)
    return (
        phonenumbers.is_valid_number(number),
        phonenumbers.number_type(number),
        phonenumbers.format_number(number, PhoneNumberFormat.E164),
        phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL),
        phonenumbers.format_out_of_country_calling_number(number, HOME),
    )


def _numbers(chance: Random) -> Iterator[str]:
    """Numbers as people write them, at home and abroad, no two alike."""
    seen = set()
    while True:
        line = f"{chance.randrange(200, 1000)}{chance.randrange(10_000):04}"
        areas = ("212", "317", "415", "503", "602")
        written = chance.choice(
            [
                f"{chance.choice(areas)}{line}",
                f"({chance.choice(areas)}) {line[:3]}-{line[3:]}",
                f"+1 {chance.choice(areas)} {line[:3]} {line[3:]}",
                f"+44 20 7{line[:3]} {line[3:]}",
                f"+380 97 {line[:3]} {line[3:5]} {line[5:]}",
            ]
        )
        if written not in seen:
            seen.add(written)
            yield written


def _each(work: Callable[[str], object], numbers: Sequence[str]) -> float:
    """Give the microseconds of one of *numbers*, of this process's own time."""
    begun = time.process_time()
    for number in numbers:
        work(number)
    return (time.process_time() - begun) / len(numbers) * 1e6


def _imports() -> Sequence[Row]:
    """What a process waits until it has an engine."""
    rounds: dict[str, list[float]] = {"phonenumbers": [], "dialplan": []}
    for _ in range(IMPORTS):
        for name, values in rounds.items():
            begun = time.perf_counter()
            subprocess.run([sys.executable, "-c", f"import {name}"], check=True)
            values.append((time.perf_counter() - begun) * 1000)
    return [
        Row.of(f"a Python that imports {name}", "ms", values) for name, values in rounds.items()
    ]


def _memory() -> Row:
    """What an engine keeps that has been asked for as many numbers as it remembers."""
    fresh = _numbers(Random(6))
    numbers = [next(fresh) for _ in range(10_000)]
    Engine(load_plan("nanp")).resolve(numbers[0])
    tracemalloc.start()
    engine = Engine(load_plan("nanp"))
    for number in numbers:
        engine.resolve(number)
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return Row.of("memory of an engine, 10,000 numbers", "MB", [kept / 1e6])
