"""The engine: one plan, and what it makes of any written number. It reads no file and no clock.

Answers depend on the plan, its directory and the release of `phonenumbers` only.
"""

from functools import lru_cache
from typing import Final

from dialplan.describing import describe
from dialplan.details import Details
from dialplan.directory import Directory, StaticDirectory
from dialplan.explain import Explanation, explain
from dialplan.plan import Plan
from dialplan.reader import Means, Reader
from dialplan.text import clean, split

_CACHED_DETAILS: Final = 10_000
_CACHED_NUMBERS: Final = 10_000
_CACHED_LOOKUPS: Final = 50_000
"""Some 15 MB: the numbers of a large pool are looked up again and again as they come and go."""
_LONGEST_CACHED: Final = 64
"""Characters. What is longer is no number anybody dials: keep it from the caches."""


class Engine:
    """Reads numbers by one plan. Safe to share between threads."""

    def __init__(self, plan: Plan, directory: Directory | None = None) -> None:
        """Read by *plan*, and remember what was read and looked up last.

        *directory* stands in the place of the plan's own.
        """
        known = StaticDirectory(plan.owners) if directory is None else directory
        self.plan: Final = plan
        self.reader: Final = Reader(plan, known)
        self._cached_details = lru_cache(_CACHED_DETAILS)(self._resolve)
        self._cached_numbers = lru_cache(_CACHED_NUMBERS)(self._normalize)
        self._cached_keys = lru_cache(_CACHED_LOOKUPS)(self._lookup_keys)

    def resolve(self, raw: str) -> Details:
        """What a screen and a PBX need to know of *raw*.

        Raises:
            NotANumber: nothing can be dialed, as `clean` says, or what a rule makes of it cannot.
        """
        return (self._cached_details if len(raw) <= _LONGEST_CACHED else self._resolve)(raw)

    def normalize(self, raw: str) -> str:
        """The normalized text of *raw*, the key under which it is stored; a key is its own key.

        It is an emergency number (`911`), a SIP address (`sip:bob@example.com`), an international
        number (`+18004562354`, with an extension `+18004562354/12`), an internal extension
        (`/6929`), or the cleaned text where the plan cannot tell.

        Raises:
            NotANumber: as `resolve` does.
        """
        return (self._cached_numbers if len(raw) <= _LONGEST_CACHED else self._normalize)(raw)

    def lookup_keys(self, raw: str) -> tuple[str, ...]:
        """The keys under which *raw* may be stored: as entered but clean, then normalized.

        The best is first: what somebody stored as it is dialed is found before any reading of it.
        The key of a number with an extension is followed by the number's own, an emergency number
        by the extension of the same digits.

        Raises:
            NotANumber: as `resolve` does.
        """
        return (self._cached_keys if len(raw) <= _LONGEST_CACHED else self._lookup_keys)(raw)

    def explain(self, raw: str) -> Explanation:
        """Why *raw* is what it is. Asks each rule: milliseconds for each hundred of them."""
        return explain(raw, self.reader)

    def _resolve(self, raw: str) -> Details:
        return describe(raw, self.reader.read(clean(raw)), self.plan, self.reader.directory)

    def _normalize(self, raw: str) -> str:
        return self.reader.read(clean(raw)).normalized

    def _lookup_keys(self, raw: str) -> tuple[str, ...]:
        reading = self.reader.read(clean(raw))
        key = reading.normalized
        last = f"/{key}" if reading.means is Means.EMERGENCY else split(key).base or key
        return tuple(dict.fromkeys((reading.entered, key, last)))
