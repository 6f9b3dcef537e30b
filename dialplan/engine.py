"""The engine: one plan, and the keys under which numbers are stored. It reads no file and no clock.

Answers depend on the plan and the release of `phonenumbers` only. A key is no dial string:
emergency numbers are not set apart, and where extensions have three digits, 911 is `/911`.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat

from dialplan.plan import Plan
from dialplan.text import clean

_CACHED_NUMBERS: Final = 10_000
_CACHED_LOOKUPS: Final = 50_000
"""Some 15 MB: the numbers of a large pool are looked up again and again as they come and go."""
_LONGEST_CACHED: Final = 64
"""Characters. What is longer is no number anybody dials: keep it from the cache."""

# The 15 digits of E.164 fit with any prefixes. What is longer is no number: keep it from the cache.
_DIGITS: Final = re.compile(r"\+?[0-9]{1,32}")


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

        Raises:
            NotANumber: nothing can be dialed, as `clean` says.
        """
        return (self._cached_keys if len(raw) <= _LONGEST_CACHED else self._lookup_keys)(raw)

    def _lookup_keys(self, raw: str) -> tuple[str, ...]:
        text = clean(raw)
        return tuple(dict.fromkeys((text, self._key(text))))

    def _key(self, text: str) -> str:
        scheme, colon, address = text.partition(":")
        if colon:
            return f"{scheme.lower()}:{address}"  # RFC 3261: schemes are compared without case
        if not _DIGITS.fullmatch(text):  # `/6929` too, which is a key already
            return text
        # Before the metadata, which would make +16929 of 6929.
        if text.isdecimal() and len(text) in self.plan.extension_lengths:
            return f"/{text}"
        return self._number_key(text)

    def _read_number(self, text: str) -> str:
        """Try the readings of *text*, the likelier first.

        The home country comes before the missing plus: its trunks send national numbers all day,
        some of which look like another country's (2032232532 of Connecticut like +20 of Egypt),
        and who means the other country can write the plus. Only a *valid* home reading counts, for
        nearly any digits can be put behind a country code: 380974520200 is no number of +1, so it
        is Ukraine's.
        """
        if text.startswith("+"):
            return _e164(text, None, phonenumbers.is_possible_number) or text
        home = self.plan.home_country
        return (
            (home and _e164(text, home, phonenumbers.is_valid_number))
            or _e164(f"+{text}", None, phonenumbers.is_valid_number)
            or text
        )


def _e164(text: str, region: str | None, accepts: Callable[[PhoneNumber], bool]) -> str | None:
    """*text* as written in *region* (None: anywhere), in E.164; None where that is no number.

    A number that its own E.164 form does not give back is none, or a key would have another key:
    trunk prefixes are taken from impossible numbers one by one (+4400..., +440..., +44...).
    """
    try:
        number = phonenumbers.parse(text, region)
        written = phonenumbers.format_number(number, PhoneNumberFormat.E164)
        stable = written == text or phonenumbers.parse(written, None) == number
    except NumberParseException:
        return None
    return written if stable and accepts(number) else None
