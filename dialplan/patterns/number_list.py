"""Named lists of numbers, of which a pattern takes one. Their ranges are never enumerated."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import ClassVar, Final

from dialplan.patterns.fault import PatternError, fault_at
from dialplan.patterns.trie import Node

_ENTRY: Final = re.compile(r"(\+?)([0-9*#]{1,32})")
_RANGE: Final = re.compile(r"(\+?)([0-9]{1,32})-(\+?)([0-9]{1,32})")
_START: Final = re.compile(r"\+?[0-9]{0,32}(-\+?[0-9]{0,32})?")
_DIGITS: Final = "0123456789"
_SETS: Final = {
    (low, high): frozenset(_DIGITS[low : high + 1]) for low in range(10) for high in range(low, 10)
}
"""Runs of digits, each made once."""


@dataclass(frozen=True, slots=True)
class NumberList:
    """Numbers that a pattern may name together."""

    name: str
    entries: tuple[str, ...]
    """As they were written."""
    root: Node = field(compare=False, repr=False)
    """Their trie; its ends are whole numbers."""

    alphabet: ClassVar[str] = _DIGITS + "+*#"
    """What numbers consist of."""

    @classmethod
    def parse(cls, name: str, entries: Iterable[str]) -> NumberList:
        """Read *entries*: `8005550100`, or `2125550100-2125550199` for all between and both ends.

        Each may begin with a plus. The ends of a range are of the same length.

        Raises:
            PatternError: an entry is neither, or there is none; the position is in that entry.
        """
        root, kept = Node(0), tuple(entries)
        if not kept:
            raise PatternError(1, f"a number in the list {name}", "none")
        for entry in kept:
            for digits in _read(entry):
                node = root
                for digit in digits:
                    node = node.on(digit, 0) if isinstance(digit, str) else node.on_any(digit, 0)
                node.ends = (0,)
        return cls(name, kept, root)

    def ends(self, text: str, start: int) -> Iterator[int]:
        """Say where an entry that begins at *start* of *text* may end, the shortest first."""
        nodes = [self.root]
        for at in range(start, len(text)):
            nodes = [after for node in nodes for after in node.taking(text[at])]
            if not nodes:
                return
            if any(node.ends for node in nodes):
                yield at + 1


def _read(entry: str) -> Iterator[tuple[str | frozenset[str], ...]]:
    """The numbers of *entry* as few sequences of digits and sets of digits."""
    if found := _ENTRY.fullmatch(entry):
        return iter([tuple(entry)])
    found = _RANGE.fullmatch(entry)
    if found is None:
        start = _START.match(entry)
        expected = "a number of at most 32 digits, or a range such as 4500-4599"
        raise fault_at(entry, start.end() if start else 0, expected)
    plus, first, plus_again, last = found.groups()
    if plus_again not in ("", plus) or len(first) != len(last):
        raise fault_at(entry, found.start(3), f"a last number that is written as {plus}{first} is")
    if last < first:
        raise fault_at(entry, found.start(3), f"a last number that is not before {plus}{first}")
    return ((*plus, *digits) for digits in _between(first, last))


def _between(first: str, last: str) -> Iterator[tuple[str | frozenset[str], ...]]:
    """The numbers from *first* to *last*, of the same length, as sequences.

    All below the first digit's decade, the whole decades between, and all from the last one's on;
    each of the sides is a range again, one digit shorter.
    """
    rest = len(first) - 1
    if rest < 0:
        yield ()
        return
    low, high = int(first[0]), int(last[0])
    if low == high:
        yield from ((first[0], *digits) for digits in _between(first[1:], last[1:]))
        return
    if first[1:] != "0" * rest:
        yield from ((first[0], *digits) for digits in _between(first[1:], "9" * rest))
        low += 1
    if last[1:] != "9" * rest:
        yield from ((last[0], *digits) for digits in _between("0" * rest, last[1:]))
        high -= 1
    if low <= high:
        yield (_SETS[low, high], *(_SETS[0, 9],) * rest)
