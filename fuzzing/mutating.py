"""Changes an input by its lines and its words, where changing bytes would rarely make sense."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random
from typing import Final

_WORD: Final = re.compile(rb"[A-Za-z0-9_.+:/-]+")
_MOST_ROUNDS: Final = 4
_NUMBERS: Final = (b"0", b"-1", b"1e9", b"4294967296", b"9" * 40, b"\xd9\xa1", b"0x1f", b"1.5")
"""What numbers are tried with."""

Lines = list[bytes]


class Mutator:
    """Makes another input of an input; the same seed, the same one."""

    def __init__(self, tokens: Sequence[bytes]) -> None:
        self._tokens = (*tokens, *_NUMBERS)
        self._ways: Sequence[Callable[[Lines, Random], None]] = (
            *(self._repeat, self._drop, self._swap, self._word, self._word, self._word),
            *(self._exchange, self._insert, self._lengthen),
        )

    def mutated(self, data: bytes, most: int, seed: int) -> bytes:
        """Change some of *data*; *most* bytes are left of it."""
        random = Random(seed)
        lines = data.split(b"\n")
        for _ in range(random.randint(1, _MOST_ROUNDS)):
            random.choice(self._ways)(lines, random)
        return b"\n".join(lines)[:most]

    def _repeat(self, lines: Lines, random: Random) -> None:
        lines.insert(random.randint(0, len(lines)), random.choice(lines))

    def _drop(self, lines: Lines, random: Random) -> None:
        if len(lines) > 1:
            del lines[random.randrange(len(lines))]

    def _swap(self, lines: Lines, random: Random) -> None:
        one, other = random.randrange(len(lines)), random.randrange(len(lines))
        lines[one], lines[other] = lines[other], lines[one]

    def _word(self, lines: Lines, random: Random) -> None:
        """Put a token in the place of a word."""
        self._replace(lines, random, random.choice(self._tokens))

    def _exchange(self, lines: Lines, random: Random) -> None:
        """Put a word of another line in the place of a word."""
        if words := _WORD.findall(random.choice(lines)):
            self._replace(lines, random, random.choice(words))

    def _insert(self, lines: Lines, random: Random) -> None:
        at = random.randrange(len(lines))
        place = random.randint(0, len(lines[at]))
        lines[at] = lines[at][:place] + random.choice(self._tokens) + lines[at][place:]

    def _lengthen(self, lines: Lines, random: Random) -> None:
        """Repeat a part of a line many times."""
        at = random.randrange(len(lines))
        begin = random.randint(0, len(lines[at]))
        part = lines[at][begin : begin + random.randint(1, 8)]
        lines[at] = lines[at][:begin] + part * random.choice((2, 9, 65, 257)) + lines[at][begin:]

    def _replace(self, lines: Lines, random: Random, token: bytes) -> None:
        at = random.randrange(len(lines))
        if words := list(_WORD.finditer(lines[at])):
            word = random.choice(words)
            lines[at] = lines[at][: word.start()] + token + lines[at][word.end() :]
