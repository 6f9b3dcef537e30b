"""Who calls: what of a calling number is shown, put on record and compared."""

import re
from collections.abc import Callable, Collection

import msgspec

from interact_ivr.domain.ani import PLAINLY, AniKeeping
from interact_ivr.domain.names import Ani

_FEWEST_DIGITS = 7
"""A shorter number is an extension, or a trunk's: many callers have it."""
_WORDS = re.compile(r"[^0-9]*")


class Caller(msgspec.Struct, frozen=True):
    """A calling number's three faces."""

    shown: Ani | None = None
    """What the call itself may see: never a withheld number."""
    stored: Ani | None = None
    """What the journal says: as it is, as a keyed hash, or nothing; nothing if it is withheld."""
    known_by: Ani | None = None
    """What tells this caller from others, also later, and is never shown: a keyed hash.

    None where nothing is kept, and for a caller who could be anyone.
    """
    matches: bool = False
    """Whether the number is one caller's own."""

    def is_same(self, known_by: Ani | None) -> bool:
        """Say whether this is the caller who was *known_by* that."""
        return self.known_by is not None and self.known_by == known_by


NOBODY = Caller()
"""A caller of whom nothing is known."""


class CallerRules(msgspec.Struct, frozen=True):
    """How an environment takes calling numbers."""

    normalize: Callable[[str], str]
    """Its dial plan; ValueError for what is no number."""
    keeping: AniKeeping = PLAINLY
    """What is kept of one."""
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
        matches = digits >= _FEWEST_DIGITS and ani not in self.shared
        return Caller(
            shown=None if withheld else ani,
            stored=None if withheld else self.keeping.stored(ani),
            known_by=self.keeping.compared(ani) if matches else None,
            matches=matches,
        )
