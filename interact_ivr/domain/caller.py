"""Who calls: what of a calling number is shown, compared and kept."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

from interact_ivr.domain.names import Ani

_FEWEST_DIGITS = 7
"""A shorter number is an extension, or a trunk's: many callers have it."""
_WORDS = re.compile(r"[^0-9]*")


@dataclass(frozen=True, slots=True)
class Caller:
    """A calling number's three faces."""

    shown: Ani | None = None
    """What the call itself may see: never a withheld number."""
    stored: Ani | None = None
    """What the store keeps and compares: as it is, as a keyed hash, or nothing."""
    matches: bool = False
    """Whether *stored* tells this caller from others."""

    @property
    def known_by(self) -> Ani | None:
        """What tells this caller from others, also later: *stored*, where it matches."""
        return self.stored if self.matches else None

    def is_same(self, stored: Ani | None) -> bool:
        """Say whether this is the caller kept as *stored*."""
        return self.known_by is not None and self.known_by == stored


NOBODY = Caller()
"""A caller of whom nothing is known."""


@dataclass(frozen=True, slots=True)
class CallerRules:
    """How an environment takes calling numbers."""

    normalize: Callable[[str], str]
    """Its dial plan; ValueError for what is no number."""
    store: Callable[[Ani], Ani | None] = lambda ani: ani
    """What is kept of a number."""
    shared: Collection[str] = ()
    """Normalized numbers that many people call from: a switchboard's, a relay's."""

    def caller(self, number: str, *, withheld: bool = False) -> Caller:
        """Read a calling number as it came.

        It never matches when it is empty, a word (``anonymous``, ``unknown``, ``restricted``), no
        number, under seven digits, or shared. A withheld number matches, and is never shown.
        """
        if _WORDS.fullmatch(number):
            return NOBODY
        try:
            ani = Ani(self.normalize(number))
        except ValueError:
            return NOBODY
        digits = sum(letter.isdigit() for letter in ani)
        return Caller(
            shown=None if withheld else ani,
            stored=self.store(ani),
            matches=digits >= _FEWEST_DIGITS and ani not in self.shared,
        )
