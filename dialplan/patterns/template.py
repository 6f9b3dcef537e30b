"""Outputs: what a rule makes of what its pattern took, `"("NXX") "NXX-XXXX` or `+1{1}{2}`.

Digits and signs stand for themselves, letters in double quotes. `{1}` is the first group of the
pattern, whatever its language. Outputs of the vendor's patterns may also be written in wildcards:
each stands for what the same one of the pattern took, character by character. As PureConnect wants
it, letters of one character are all of the pattern's or none, and in its order: else
`NXX-XXXX` would quietly be the wrong part of a longer number. Groups take any part in any order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, TypeAlias

import msgspec

from dialplan.patterns.elements import Run, Wildcards
from dialplan.patterns.fault import LONGEST, PatternError, fault_at
from dialplan.patterns.matcher import Pattern

_TOKEN: Final = re.compile(
    r"""\{ (?P<group> [0-9]{1,3} ) \}
      | " (?P<quoted> [^"]+ ) "
      | (?P<wildcard> [XYNZ?] | \$ [A-Z0-9_-]+ \$ )
      | (?P<plain> [^A-Z"${}?\\]+ )
    """,
    re.IGNORECASE | re.VERBOSE | re.ASCII,
)


class Part(msgspec.Struct, frozen=True):
    """A whole group, or its one character at *offset*."""

    group: int
    offset: int | None = None

    def of(self, groups: tuple[str, ...]) -> str:
        """Take the part out of *groups*."""
        group = groups[self.group]
        return group if self.offset is None else group[self.offset]


Piece: TypeAlias = str | Part


class Template(msgspec.Struct, frozen=True):
    """An output that fits one pattern."""

    source: str
    pieces: tuple[Piece, ...]

    @classmethod
    def parse(cls, source: str, pattern: Pattern) -> Template:
        """Read *source*, which may be empty, as an output of *pattern*.

        Raises:
            PatternError: it cannot be read, or asks for what *pattern* does not take.
        """
        if len(source) > LONGEST:
            raise PatternError(LONGEST + 1, f"at most {LONGEST} characters", f"{len(source)}")
        return cls(source, tuple(_Reader(source, pattern).pieces()))

    @property
    def fixed(self) -> str | None:
        """What it always makes, where that depends on no text; else None."""
        texts = [piece for piece in self.pieces if isinstance(piece, str)]
        return "".join(texts) if len(texts) == len(self.pieces) else None

    def render(self, groups: tuple[str, ...]) -> str:
        """Make the output of *groups*, as the pattern's `groups` gives them."""
        return "".join(
            piece if isinstance(piece, str) else piece.of(groups) for piece in self.pieces
        )


class _Reader:
    """Reads one output from the left, its wildcards beside the pattern's."""

    def __init__(self, source: str, pattern: Pattern) -> None:
        self._source = source
        self._has_wildcards = isinstance(pattern, Wildcards) and pattern.syntax == "vendor"
        self._left: list[tuple[str, Part]] = []
        """The pattern's wildcards that the output has not passed yet."""
        self._begun = False
        if isinstance(pattern, Wildcards):
            self._groups = len(pattern.wildcards)
            self._left = list(_slots(pattern))
        else:
            self._groups = pattern.compiled.groups

    def pieces(self) -> Iterator[Piece]:
        at = 0
        while at < len(self._source):
            found = _TOKEN.match(self._source, at)
            if found is None or (found["wildcard"] and not self._has_wildcards):
                raise fault_at(self._source, at, self._expected())
            yield self._piece(found)
            at = found.end()
        if self._begun and (missing := self._next_character()):
            raise fault_at(
                self._source, at, f"{missing}, as the pattern goes on, or groups such as {{1}}"
            )

    def _piece(self, found: re.Match[str]) -> Piece:
        if found["group"]:
            number = int(found["group"])
            if not 1 <= number <= self._groups:
                has = (
                    f"a group from 1 to {self._groups}"
                    if self._groups
                    else "no group, there is none"
                )
                raise fault_at(self._source, found.start("group"), has)
            return Part(number - 1)
        if found["wildcard"]:
            return self._wildcard(found)
        return found["plain"] or found["quoted"]

    def _wildcard(self, found: re.Match[str]) -> Part:
        """Go on to the pattern's next *found*; only wildcards of many characters are left out."""
        written = found["wildcard"]
        letter = written if written.startswith("$") else written.upper()
        for passed, (name, part) in enumerate(self._left, 1):
            if name == letter:
                del self._left[:passed]
                self._begun = self._begun or part.offset is not None
                return part
            if part.offset is not None:
                raise fault_at(
                    self._source,
                    found.start(),
                    f"{name}, as in the pattern, or groups such as {{1}}",
                )
        raise fault_at(self._source, found.start(), "no more of this wildcard than the pattern has")

    def _next_character(self) -> str | None:
        return next((name for name, part in self._left if part.offset is not None), None)

    def _expected(self) -> str:
        wildcards = ", wildcards of the pattern" if self._has_wildcards else ""
        return f"digits, signs{wildcards}, groups such as {{1}} or a text in double quotes"


def _slots(pattern: Wildcards) -> Iterator[tuple[str, Part]]:
    """What each wildcard of an output may stand for, in order."""
    for group, wildcard in enumerate(pattern.wildcards):
        if isinstance(wildcard, Run):
            yield from ((wildcard.letter, Part(group, at)) for at in range(wildcard.count))
        else:
            yield wildcard.letter, Part(group)
