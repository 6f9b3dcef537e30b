"""Which patterns stand in each other's way, decided over all texts there are.

A pattern's own states are walked beside the index's: where both accept, the index says who is
first. Every text of the pattern ends in one of the pairs, so what is not found there is nowhere.
Regular expressions are in no index; they are tried on the texts that the walks have found.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Final

import msgspec

from dialplan.patterns.elements import Wildcards
from dialplan.patterns.matcher import Matcher, Pattern
from dialplan.patterns.memo import State

MOST_PAIRS: Final = 50_000
"""Pairs of states that are walked for one pattern."""
_TRIED: Final = 100
"""Texts of one pattern that are shown to the regular expressions before it."""


class Standing(msgspec.Struct, frozen=True):
    """How a pattern stands among those before it."""

    taken: dict[int, str]
    """Earlier patterns that are first for a text of this one, each with such a text."""
    free: str | None
    """A text for which this pattern is first; None where none was found."""
    is_decided: bool
    """Whether *taken* and *free* hold for all texts, and not only for those that were tried.

    Never for a regular expression; not where the walk was too long, nor where a regular expression
    has taken all texts that were tried.
    """

    @property
    def is_unreachable(self) -> bool:
        """Whether it is certain that the earlier patterns take every text."""
        return self.is_decided and self.free is None


def standings(patterns: Sequence[Pattern], most_pairs: int = MOST_PAIRS) -> tuple[Standing, ...]:
    """Say of each of *patterns* how it stands, in their order.

    A later pattern that this one overlaps has this one's index among its `taken`.
    """
    whole = Matcher(patterns)
    found = {
        index: _walked(index, pattern, whole, most_pairs)
        for index, pattern in enumerate(patterns)
        if isinstance(pattern, Wildcards)
    }
    texts = [text for each in found.values() for text in (*each.taken.values(), each.free or "")]
    return tuple(
        found[index] if index in found else _tried(index, pattern, whole, texts)
        for index, pattern in enumerate(patterns)
    )


def _walked(index: int, pattern: Wildcards, whole: Matcher, most_pairs: int) -> Standing:
    """Decide how *pattern*, which has the *index* in *whole*, stands."""
    walk = _Walk(pattern, whole, most_pairs)
    taken: dict[int, str] = {}
    free, tried = None, 0
    for text, first in walk.texts():
        if first == index and free is None and tried < _TRIED:
            tried += 1
            first = whole.first(text)  # a regular expression may be before it
            if first == index:
                free, walk.passed_over = text, index
        if first is not None and first != index:
            taken.setdefault(first, text)
    is_lost_to_expressions = free is None and tried > 0
    return Standing(taken, free, walk.is_whole and not is_lost_to_expressions)


def _tried(index: int, pattern: Pattern, whole: Matcher, texts: Sequence[str]) -> Standing:
    """Try *texts* on a regular expression, which nothing is decided of."""
    taken: dict[int, str] = {}
    free = None
    for text in dict.fromkeys(texts):
        if pattern.groups(text) is not None:
            first = whole.first(text)
            if first is not None and first < index:
                taken.setdefault(first, text)
            elif free is None:
                free = text
    return Standing(taken, free, False)


class _Walk:
    """All pairs of states that the texts of one pattern lead to, each by one text."""

    def __init__(self, pattern: Wildcards, whole: Matcher, most_pairs: int) -> None:
        self._begin = Matcher([pattern]).memo.start, whole.memo.start
        self._chars = _told_apart(whole)
        self._most = most_pairs
        self.passed_over: int | None = None
        """Where only this pattern is left of all, nothing more is to be found."""
        self.is_whole = True
        """Whether there was nothing that the bound kept from being walked."""

    def texts(self) -> Iterator[tuple[str, int | None]]:
        """Give a text for each pair in which the pattern accepts, and who is first for it."""
        pairs = [(*self._begin, "")]
        seen = {_key(*self._begin)}
        while pairs:
            own, whole, text = pairs.pop()
            if self.passed_over is not None and whole.only == self.passed_over:
                continue
            if own.first is not None:
                yield text, whole.first
            behind = {_key(own[char], whole[char]): char for char in self._going_on(own)}
            new = [(key, char) for key, char in behind.items() if key not in seen]
            seen.update(key for key, _ in new)
            if len(seen) > self._most:
                self.is_whole = False
                return
            pairs += [(own[char], whole[char], text + char) for _, char in new]

    def _going_on(self, own: State) -> Iterator[str]:
        """The characters behind which the pattern may still accept."""
        every = [node.chars() for node, _ in own.places]
        return (char for char in self._chars if any(of is None or char in of for of in every))


def _told_apart(whole: Matcher) -> Sequence[str]:
    """The characters that make a difference, the plainest last, which are walked first."""
    other = next(char for char in map(chr, count(ord("a"))) if char not in whole.alphabet)
    return (other, *sorted(whole.alphabet, key=lambda char: (char.isdigit(), -ord(char))))


def _key(own: State, whole: State) -> tuple[object, object]:
    """What makes a pair; the states themselves may be made anew."""
    return own.places, whole.places
