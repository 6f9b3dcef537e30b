"""Ranges of numbers as an administrator writes them: ``3809745202xx``, ``4500-4599``.

A hyphen between two halves of the same length makes a range, so who means one number leaves it out.
Letters stay the keys of a telephone, unless all there are is the x behind the last digit.
"""

import re
from collections.abc import Iterator

import msgspec

from interact_ivr.domain.errors import BadInput

MOST_NUMBERS = 1_000_000
"""In one range: one x more is a slip of the hand."""
_MOST_WILDCARDS = 6

_WILDCARDS = re.compile(r"([^A-Za-z]*[0-9][ ().-]*)(x+|X+)")
_ENDS = re.compile(r"(\+?)([0-9]{1,32})\s*-\s*(\+?)([0-9]{1,32})")


class Range(msgspec.Struct, frozen=True):
    """Numbers that follow each other, each *prefix* and *width* digits that count up."""

    prefix: str
    width: int
    numbers: range

    def __iter__(self) -> Iterator[str]:
        """Give each number as the administrator would have written it."""
        return (f"{self.prefix}{number:0{self.width}}" for number in self.numbers)


def read_range(text: str) -> Range | None:
    """Read *text* as a range; None where it is one number, or none.

    Raises:
        BadInput: it is written as a range, but ends before it begins, or has too many numbers.
    """
    if found := _WILDCARDS.fullmatch(text):
        width = len(found[2])
        if width > _MOST_WILDCARDS:
            raise _too_long(f"one with {width} x")
        return Range(found[1], width, range(10**width))
    found = _ENDS.fullmatch(text)
    if found is None or len(found[2]) != len(found[4]) or found[3] not in ("", found[1]):
        return None
    first, last = int(found[2]), int(found[4])
    if last < first:
        raise BadInput("number", "a range whose first number is not behind its last", f"{text!a}")
    if last - first >= MOST_NUMBERS:
        raise _too_long(f"one of {last - first + 1:,}")
    return Range(found[1], len(found[2]), range(first, last + 1))


def how_many(text: str) -> int:
    """Count the numbers that *text* means; what is wrong with it is told where it is taken in."""
    try:
        found = read_range(text.strip())
    except BadInput:
        return 1
    return 1 if found is None else len(found.numbers)


def _too_long(got: str) -> BadInput:
    return BadInput("number", f"a range of at most {MOST_NUMBERS:,} numbers", got)
