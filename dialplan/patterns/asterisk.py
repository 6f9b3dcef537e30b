"""Asterisk's extension patterns: `_NXX[1-5].`. Their Z is 1 to 9; no parser is shared.

From Asterisk's pattern matching: behind an underscore X is 0 to 9, Z 1 to 9, N 2 to 9, in either
case of letters, `[1-5*]` one of a set, `.` at least one more character and `!` any number of them.
Without the underscore the text is meant exactly. Hyphens outside of sets are decoration; a
backslash takes its meaning from the character behind it.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Final

from dialplan.patterns.elements import Element, Rest, Run, Text, Wildcards
from dialplan.patterns.fault import check_length, fault_at

_LETTERS: Final[Mapping[str, frozenset[str]]] = {
    "X": frozenset("0123456789"),
    "Z": frozenset("123456789"),
    "N": frozenset("23456789"),
}
_SET: Final = re.compile(r"\[((?:\\.|[^\]\\])*)\]", re.DOTALL)
_SPAN: Final = re.compile(r"(?P<first>\\?.)(?:-(?P<last>\\?.))?", re.DOTALL)
_LEAST: Final = {".": 1, "!": 0}


def parse(source: str) -> Wildcards:
    """Read *source*.

    Raises:
        PatternError: it is no pattern of this language.
    """
    check_length(source)
    if not source.startswith("_"):
        elements: tuple[Element, ...] = (Text(source.replace("-", "")),)
    else:
        elements = tuple(_joined(_elements(source)))
    if elements in ((), (Text(""),)):
        raise fault_at(source, len(source), "a character that counts")
    return Wildcards(source, "asterisk", elements)


def _elements(source: str) -> Iterator[Element]:
    """Read character by character; runs are in pieces yet."""
    at = 1
    while at < len(source):
        char = source[at]
        if char.upper() in _LETTERS:
            yield Run(char.upper(), _LETTERS[char.upper()], 1)
        elif char in _LEAST:
            if source[at + 1 :].strip("-"):
                raise fault_at(source, at + 1, f"nothing behind {char}")
            yield Rest(char, _LEAST[char])
        elif char == "[":
            found = _SET.match(source, at)
            if found is None:
                raise fault_at(source, at, "a set that is closed by ]")
            yield Run(found[0], _chars(found), 1)
            at = found.end() - 1
        elif char == "\\":
            at += 1
            if at == len(source):
                raise fault_at(source, at, "a character behind the backslash")
            yield Text(source[at])
        elif char != "-":
            yield Text(char)
        at += 1


def _chars(found: re.Match[str]) -> frozenset[str]:
    """The characters of the set *found*."""
    chars: set[str] = set()
    for span in _SPAN.finditer(found[1]):
        first, last = span["first"][-1], (span["last"] or span["first"])[-1]
        if last < first:
            raise fault_at(found.string, found.start(1) + span.start(), "a range that goes upwards")
        chars.update(map(chr, range(ord(first), ord(last) + 1)))
    if not chars:
        raise fault_at(found.string, found.start(1), "a character in the set")
    return frozenset(chars)


def _joined(elements: Iterator[Element]) -> Iterator[Element]:
    """Join texts, and letters of the same kind, that follow each other. A set stays by itself."""
    for kind, same in groupby(elements, key=lambda element: getattr(element, "letter", "")):
        pieces = tuple(same)
        match pieces[0]:
            case Text():
                yield Text("".join(piece.text for piece in pieces if isinstance(piece, Text)))
            case Run(_, chars, _) if kind in _LETTERS:
                yield Run(kind, chars, len(pieces))
            case _:
                yield from pieces
