"""What `phonenumbers` knows of a number, seen from a home country. No plan decides anything here.

Answers depend on the release of `phonenumbers` only, which has the numbering plan of every country.
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import Final

import phonenumbers
from phonenumbers import (
    NumberParseException,
    PhoneMetadata,
    PhoneNumber,
    PhoneNumberType,
)

_NANPA: Final = 1
"""The calling code that is dialed at home, too."""

_TERRITORIES: Final = {
    "AU": ("CC", "CX"),
    "FI": ("AX",),
    "MA": ("EH",),
    "NO": ("SJ",),
    "US": ("AS", "GU", "MP", "PR", "VI"),
}
"""Regions of ISO 3166 that share a country's calling code and its tariffs at home."""

# The 15 digits of E.164 fit with any prefixes. What is longer is no number.
_DIGITS: Final = re.compile(r"\+?[0-9]{1,32}")
_NOT_DIALED: Final = re.compile(r"[^0-9+*#]+")
"""Of a number as it is shown, all of which is ASCII."""


class Kind(StrEnum):
    """What a number is for. The values are fit for a plan's file."""

    FIXED_LINE = "fixed_line"
    MOBILE = "mobile"
    FIXED_LINE_OR_MOBILE = "fixed_line_or_mobile"
    """One of both: in North America, for one, the number does not tell."""
    TOLL_FREE = "toll_free"
    PREMIUM_RATE = "premium_rate"
    SHARED_COST = "shared_cost"
    VOIP = "voip"
    PERSONAL_NUMBER = "personal_number"
    PAGER = "pager"
    UAN = "uan"
    VOICEMAIL = "voicemail"
    UNKNOWN = "unknown"
    """It has the length of a number, and is none."""


_KINDS: Final = {getattr(PhoneNumberType, kind.name): kind for kind in Kind}


@dataclass(frozen=True)  # without slots: the edit base is kept once it is asked for
class Known:
    """A number of some country's numbering plan, as `read` found it.

    What is a field was needed to find it. The rest is worked out when it is asked for.
    """

    e164: str
    """`+` and at most 15 digits; reading it gives the same number."""
    kind: Kind
    home_country: str
    """From where it is seen: ISO 3166, or "" for nowhere."""
    number: PhoneNumber = field(repr=False, compare=False)

    @property
    def valid(self) -> bool:
        """Whether it is in its numbering plan, and not only as long as those that are."""
        return self.kind is not Kind.UNKNOWN

    @property
    def region(self) -> str:
        """Whose it is: ISO 3166, `001` for no country's (+800), "" where it is not valid."""
        return phonenumbers.region_code_for_number(self.number) or ""

    @cached_property
    def edit_base(self) -> str:
        """It as it is dialed from the home country, to be read: `1 (800) 456-2354`.

        With a `+` where the country has several international prefixes, and from nowhere.
        """
        return phonenumbers.format_out_of_country_calling_number(self.number, self.home_country)

    @property
    def display(self) -> str:
        """It as people write it: `(800) 456-2354` at home, `+380 97 452 0200` elsewhere.

        At home is where the calling code is the home country's own, and so is not dialed.
        """
        # All but the prefix is in the edit base already: formatting is what costs the time here.
        code = self.number.country_code
        if code == calling_code(self.home_country):
            return self.edit_base.removeprefix("1 ") if code == _NANPA else self.edit_base
        if self.edit_base.startswith("+"):
            return self.edit_base
        return f"+{self.edit_base.partition(' ')[2]}"

    @property
    def dial_string(self) -> str:
        """It as it is dialed from the home country: the keys of the edit base, `18004562354`."""
        return _NOT_DIALED.sub("", self.edit_base)

    @property
    def domestic(self) -> bool:
        """Whether its calling code is the home country's own."""
        return self.number.country_code == calling_code(self.home_country)

    @property
    def abroad(self) -> bool:
        """Whether it is another country's, be it behind the home country's own calling code.

        Jamaica is, seen from the United States, and Kazakhstan from Russia; a territory of the
        home country is not, nor what countries share, as +1 800.
        """
        if not self.domestic:
            return True
        if self.number.country_code == _NANPA:
            return _is_area_abroad(self.e164[2:5], self.home_country)
        return _is_abroad(self.number, self.home_country)

    @property
    def national(self) -> str:
        """Its digits behind the calling code, area code and all."""
        return phonenumbers.national_significant_number(self.number)


@lru_cache(1_000)
def _is_area_abroad(area: str, home_country: str) -> bool:
    """Whether a North American area code is, which tells the country; those in use are few."""
    return _is_abroad(phonenumbers.parse(f"+{_NANPA}{area}2345678"), home_country)


def _is_abroad(number: PhoneNumber, home_country: str) -> bool:
    """Whether *number*, of the home country's calling code, is another country's."""
    if len(phonenumbers.region_codes_for_country_code(calling_code(home_country))) == 1:
        return False
    region = phonenumbers.region_code_for_number(number)
    if region in (None, home_country) or region in _TERRITORIES.get(home_country, ()):
        return False
    return not phonenumbers.is_valid_number_for_region(number, home_country)


@lru_cache
def calling_code(country: str) -> int:
    """The calling code of *country*; 0 of none."""
    return phonenumbers.country_code_for_region(country)


def is_digits(text: str) -> bool:
    """Whether *text* is digits, with a `+` or without, and few enough to be a number."""
    return _DIGITS.fullmatch(text) is not None


def read(text: str, home_country: str) -> Known | None:
    """The number that *text* is, the likelier reading first; None where it is none.

    *text* is digits, or a `+` and digits; any other text is no number. *home_country* is in
    capitals, "" for none.

    The home country comes before the missing plus: its trunks send national numbers all day,
    some of which look like another country's (2032232532 of Connecticut like +20 of Egypt),
    and who means the other country can write the plus. Only a *valid* home reading counts, for
    nearly any digits can be put behind a country code: 380974520200 is no number of +1, so it
    is Ukraine's. With its plus, a number that is only possible is one, too.
    """
    if not is_digits(text):
        return None
    if text.startswith("+"):
        return _read(text, None, home_country)
    at_home = _read(text, home_country, home_country) if home_country else None
    if at_home and at_home.valid:
        return at_home
    anywhere = _read(f"+{text}", None, home_country)
    return anywhere if anywhere and anywhere.valid else None


def _read(text: str, region: str | None, home_country: str) -> Known | None:
    """*text* as written in *region* (None: anywhere); None where that cannot be a number.

    A number that its own E.164 form does not give back is none, or a key would have another key:
    trunk prefixes are taken from impossible numbers one by one (+4400..., +440..., +44...).
    """
    try:
        number = phonenumbers.parse(text, region)
    except NumberParseException:
        return None
    kind = _KINDS[phonenumbers.number_type(number)]
    if kind is Kind.UNKNOWN and not phonenumbers.is_possible_number(number):
        return None
    national = phonenumbers.national_significant_number(number)
    e164 = f"+{number.country_code}{national}"
    if e164 != text and not _is_given_back(number, national, e164):
        return None
    return Known(e164, kind, home_country, number)


def _is_given_back(number: PhoneNumber, national: str, e164: str) -> bool:
    """Whether reading *e164* gives *number*; nearly always told without reading it.

    Only a trunk prefix behind the country code could be taken from it.
    """
    code = number.country_code or 0
    metadata = PhoneMetadata.metadata_for_region_or_calling_code(
        code, phonenumbers.region_code_for_country_code(code)
    )
    prefix = metadata and metadata.national_prefix_for_parsing
    found = prefix and re.match(prefix, national)
    if not (found and found[0]):
        return True
    try:
        return phonenumbers.parse(e164, None) == number
    except NumberParseException:
        return False
