"""What the patterns of both wildcard languages are read to: elements that follow each other.

An element knows which texts it takes, and no letter of any language but the one it was written as.
Everything here takes time in proportion to the text's length, whatever the text.
"""

from collections.abc import Iterable
from typing import TypeAlias

import msgspec

from dialplan.patterns.number_list import NumberList


class Text(msgspec.Struct, frozen=True):
    """Characters that stand for themselves."""

    text: str

    def ends(self, text: str, starts: Iterable[int]) -> set[int]:
        """Say where it may end in *text* when it begins at one of *starts*."""
        return {at + len(self.text) for at in starts if text.startswith(self.text, at)}

    def takes(self, piece: str) -> bool:
        """Whether it may be exactly *piece*."""
        return piece == self.text

    def stop(self, text: str, start: int) -> tuple[int, str] | None:
        """Say how far it gets from *start*, and what it wants there; None where it is content."""
        for at, char in enumerate(self.text, start):
            if text[at : at + 1] != char:
                return at, f"{char} expected"
        return None


class Run(msgspec.Struct, frozen=True):
    """*count* characters, each one of *chars*."""

    letter: str
    chars: frozenset[str]
    count: int

    def ends(self, text: str, starts: Iterable[int]) -> set[int]:
        """Say where it may end in *text* when it begins at one of *starts*."""
        return {at + self.count for at in starts if self.takes(text[at : at + self.count])}

    def takes(self, piece: str) -> bool:
        """Whether it may be exactly *piece*."""
        return len(piece) == self.count and self.chars.issuperset(piece)

    def stop(self, text: str, start: int) -> tuple[int, str] | None:
        """Say how far it gets from *start*, and what it wants there; None where it is content."""
        for at in range(start, start + self.count):
            if text[at : at + 1] not in self.chars:
                return at, f"{_in_words(self.chars)} expected ({self.letter})"
        return None


class Many(msgspec.Struct, frozen=True):
    """Any number of *chars*, none included."""

    letter: str
    chars: frozenset[str]

    def ends(self, text: str, starts: Iterable[int]) -> set[int]:
        """Say where it may end in *text* when it begins at one of *starts*."""
        found: set[int] = set()
        for start in starts:
            at = start
            while at not in found:
                found.add(at)
                if text[at : at + 1] in self.chars:
                    at += 1
        return found

    def takes(self, piece: str) -> bool:
        """Whether it may be exactly *piece*."""
        return self.chars.issuperset(piece)

    def stop(self, text: str, start: int) -> tuple[int, str] | None:  # noqa: ARG002 - it never is one
        """Give None: it is content with nothing."""
        return None


class Rest(msgspec.Struct, frozen=True):
    """All that follows, at least *least* characters of any kind. It is the last element."""

    letter: str
    least: int

    def ends(self, text: str, starts: Iterable[int]) -> set[int]:
        """Say that it ends with *text*, when it begins early enough."""
        return (
            {len(text)} if min(starts, default=len(text) + 1) + self.least <= len(text) else set()
        )

    def takes(self, piece: str) -> bool:
        """Whether it may be exactly *piece*."""
        return len(piece) >= self.least

    def stop(self, text: str, start: int) -> tuple[int, str] | None:
        """Say how far it gets from *start*, and what it wants there; None where it is content."""
        if self.takes(text[start:]):
            return None
        return len(text), f"any character expected ({self.letter})"


class Entry(msgspec.Struct, frozen=True):
    """One number of a list."""

    numbers: NumberList

    @property
    def letter(self) -> str:
        """Give what it is written as."""
        return f"${self.numbers.name}$"

    def ends(self, text: str, starts: Iterable[int]) -> set[int]:
        """Say where it may end in *text* when it begins at one of *starts*."""
        return {end for start in starts for end in self.numbers.ends(text, start)}

    def takes(self, piece: str) -> bool:
        """Whether it may be exactly *piece*."""
        return len(piece) in self.numbers.ends(piece, 0)

    def stop(self, text: str, start: int) -> tuple[int, str] | None:
        """Say where it begins and that it wants an entry; None where there is one."""
        if any(self.numbers.ends(text, start)):
            return None
        return start, f"a number of the list {self.numbers.name} expected ({self.letter})"


Wildcard: TypeAlias = Run | Many | Rest | Entry
"""An element that takes a group of the text."""
Element: TypeAlias = Text | Wildcard


class Wildcards(msgspec.Struct, frozen=True):
    """A pattern of either wildcard language."""

    source: str
    syntax: str
    elements: tuple[Element, ...]

    @property
    def wildcards(self) -> tuple[Wildcard, ...]:
        """The elements that take groups, in the groups' order."""
        return tuple(element for element in self.elements if not isinstance(element, Text))

    def groups(self, text: str) -> tuple[str, ...] | None:
        """What each wildcard took of *text*; None where the pattern does not match.

        Letters of the same kind in a row are one wildcard. Where a text can be divided in more ways
        than one, the last wildcards take as little as they can.
        """
        reached = self._reached(text)
        end = len(text)
        if len(reached) <= len(self.elements) or end not in reached[-1]:
            return None
        groups = []
        for element, starts in zip(reversed(self.elements), reversed(reached[:-1]), strict=True):
            start = max(at for at in starts if at <= end and element.takes(text[at:end]))
            if not isinstance(element, Text):
                groups.append(text[start:end])
            end = start
        return tuple(reversed(groups))

    def why_not(self, text: str) -> str:
        """Say where the pattern stops to match *text*, counted from 1; "" where it matches.

        `at 3: 2 to 9 expected (N), got 1`; of several places the last that is reached.
        """
        reached = self._reached(text)
        stops = [
            stop
            for element, starts in zip(self.elements, reached, strict=False)
            for start in starts
            if (stop := element.stop(text, start))
        ]
        if len(reached) > len(self.elements):
            if len(text) in reached[-1]:
                return ""
            stops.append((max(reached[-1]), "the end expected"))
        last = max(at for at, _ in stops)
        wants = dict.fromkeys(want for at, want in stops if at == last)
        return f"at {last + 1}: {' or '.join(wants)}, got {text[last : last + 1] or 'the end'}"

    def _reached(self, text: str) -> list[set[int]]:
        """Where each element may begin and the last one end; cut short where nothing goes on."""
        reached = [{0}]
        for element in self.elements:
            reached.append(element.ends(text, reached[-1]))
            if not reached[-1]:
                return reached[:-1]
        return reached


def _in_words(chars: frozenset[str]) -> str:
    first, *more = sorted(chars)
    last = more[-1] if more else first
    if len(chars) > 2 and ord(last) - ord(first) == len(chars) - 1:
        return f"{first} to {last}"
    return " or ".join(sorted(chars))
