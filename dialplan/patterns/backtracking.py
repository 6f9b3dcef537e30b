"""In how many ways a regular expression might try a text: a bound on the time that it takes.

What Python's engine does on a text that just fails is to try every way in which the repetitions and
alternatives before could have gone. Their number is counted from the source, never from a text: a
repetition of what is fixed has as many ways as lengths, of what is not, each way again for each
time; what follows multiplies, and an alternative adds. A group may be empty and still take its
time, so each of its times counts.
"""

import re
from typing import Final

from dialplan.patterns.fault import fault_at

LONGEST_TEXT: Final = 256
"""Characters that an expression looks at; SIP addresses are shorter."""
MOST_WAYS: Final = 2**22
"""Two repetitions without end and some optional parts; about a tenth of a second."""

_DEEPEST: Final = 20
_OPENING: Final = re.compile(r"\((?:\?(?:[:>=!]|<[=!]|P<\w+>))?", re.ASCII)
_CLASS: Final = re.compile(r"\[\^?\]?(?P<body>(?:\\.|[^\]\\])*)\]", re.DOTALL)
_UNSURE: Final = re.compile(r"^\[|--|&&|~~|\|\|")
_TIMES: Final = re.compile(r"(?:\*|\+|\?|\{(?P<least>\d*)(?P<comma>,?)(?P<most>\d*)(?<!\{)\})[?+]?")


def check_ways(source: str) -> None:
    """Refuse an expression with more than `MOST_WAYS`, and kinds of groups that are not counted.

    What Python will not read either is passed over.

    Raises:
        PatternError: it is refused; the position is where the bound is passed.
    """
    _Counter(source).alternatives(0)


class _Counter:
    """Reads the source once, from the left."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0

    def alternatives(self, depth: int) -> int:
        """Count up to the end of the group or of the source."""
        ways = self._sequence(depth)
        while self._next() == "|":
            self._at += 1
            ways = self._bounded(ways + self._sequence(depth), self._at)
        return ways

    def _sequence(self, depth: int) -> int:
        ways = 1
        while self._next() not in ("", "|", ")"):
            begin = self._at
            is_group = self._next() == "("
            ways = self._bounded(ways * self._repeated(self._atom(depth), is_group), begin)
        return ways

    def _atom(self, depth: int) -> int:
        """Count one group, class or character, without what repeats it."""
        if self._next() == "(":
            return self._group(depth + 1)
        if self._next() == "[":
            found = _CLASS.match(self._source, self._at)
            if found is None:
                raise fault_at(self._source, self._at, "a set that is closed by ]")
            if unsure := _UNSURE.search(found["body"]):
                raise fault_at(
                    self._source,
                    found.start("body") + unsure.start(),
                    "a backslash before what a later Python may read as an operation on sets",
                )
            self._at = found.end()
        else:
            self._at += 2 if self._next() == "\\" else 1
        return 1

    def _group(self, depth: int) -> int:
        found = _OPENING.match(self._source, self._at)
        opening = self._at
        self._at = found.end() if found else self._at
        if self._next() == "?" or depth > _DEEPEST:
            raise fault_at(
                self._source,
                opening,
                f"a group of the kinds (, (?:, (?P<name>, (?=, (?!, (?<=, (?<! or (?>, "
                f"at most {_DEEPEST} deep",
            )
        ways = self.alternatives(depth)
        self._at += 1
        return ways

    def _repeated(self, ways: int, is_group: bool) -> int:
        """Count what has *ways* as often as what stands behind says."""
        found = _TIMES.match(self._source, self._at)
        if found is None:
            return ways
        least, most = _times(found)
        times = most + 1 if is_group else max(most - least, 0) + 1
        if ways > 1 and most > MOST_WAYS.bit_length():  # two ways each time are too many already
            times = MOST_WAYS
        elif ways > 1:
            times *= ways ** (most - 1) if most else 1
        ways = self._bounded(ways * times, self._at)
        self._at = found.end()
        return ways

    def _bounded(self, ways: int, at: int) -> int:
        if ways > MOST_WAYS:
            raise fault_at(
                self._source,
                min(at, len(self._source) - 1),
                f"an expression that tries at most {MOST_WAYS:,} ways, "
                "with fewer repetitions, none of them of another",
            )
        return ways

    def _next(self) -> str:
        return self._source[self._at : self._at + 1]


def _times(found: re.Match[str]) -> tuple[int, int]:
    """The fewest and the most times that the repetition *found* says."""
    match found[0][0]:
        case "?":
            return 0, 1
        case "*" | "+":
            return 0, LONGEST_TEXT
    least = int(found["least"] or 0)
    most = int(found["most"] or LONGEST_TEXT) if found["comma"] else least
    if max(least, most) > LONGEST_TEXT:
        expected = f"at most {LONGEST_TEXT} times, as a text has no more characters"
        raise fault_at(found.string, found.start(), expected)
    return least, most
