"""The engine: one plan, and the keys under which numbers are stored. It reads no file and no clock.

Answers depend on the plan and the release of `phonenumbers` only. A key is no dial string:
emergency numbers are not set apart, and where extensions have three digits, 911 is `/911`.
"""

from functools import lru_cache
from typing import Final

from dialplan.metadata import is_digits, read
from dialplan.plan import Plan
from dialplan.text import Written, clean, split

_CACHED_NUMBERS: Final = 10_000
_CACHED_LOOKUPS: Final = 50_000
"""Some 15 MB: the numbers of a large pool are looked up again and again as they come and go."""
_LONGEST_CACHED: Final = 64
"""Characters. What is longer is no number anybody dials: keep it from the cache."""


class Engine:
    """Reads numbers by one plan. Safe to share between threads."""

    def __init__(self, plan: Plan) -> None:
        """Read by *plan*, and remember what was read and looked up last."""
        self.plan = plan
        self._number_key = lru_cache(_CACHED_NUMBERS)(self._read_number)
        self._cached_keys = lru_cache(_CACHED_LOOKUPS)(self._lookup_keys)

    def normalize(self, raw: str) -> str:
        """The key under which *raw* is stored; a key is its own key.

        It is a SIP address (`sip:bob@example.com`), an international number (`+18004562354`), an
        internal extension (`/6929`), or the cleaned text where the plan cannot tell.

        Raises:
            NotANumber: nothing can be dialed, as `clean` says.
        """
        return self._key(clean(raw))

    def lookup_keys(self, raw: str) -> tuple[str, ...]:
        """The keys under which *raw* may be stored: as entered but clean, then normalized.

        The best is first: what somebody stored as it is dialed is found before any reading of it.
        The key of a number with an extension is followed by the number's own.

        Raises:
            NotANumber: nothing can be dialed, as `clean` says.
        """
        return (self._cached_keys if len(raw) <= _LONGEST_CACHED else self._lookup_keys)(raw)

    def _lookup_keys(self, raw: str) -> tuple[str, ...]:
        text = clean(raw)
        key = self._key(text)
        return tuple(dict.fromkeys((text, key, split(key).base or key)))

    def _key(self, text: str) -> str:
        scheme, colon, address = text.partition(":")
        if colon:
            return f"{scheme.lower()}:{address}"  # RFC 3261: schemes are compared without case
        written = split(text)
        if written.base and written.extension:
            base = self._key(written.base)
            return Written(base, written.separator, written.extension).text
        if not is_digits(text):  # `/6929` too, which is a key already; and giants, not to be cached
            return text
        # Before the metadata, which would make +16929 of 6929.
        if text.isdecimal() and len(text) in self.plan.extension_lengths:
            return f"/{text}"
        return self._number_key(text)

    def _read_number(self, text: str) -> str:
        known = read(text, self.plan.home_country)
        return known.e164 if known else text
