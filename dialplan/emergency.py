"""Emergency numbers: what each country's own are, each written out. It knows no plan.

They are among the short numbers of `phonenumbers`. More digits make another number: 9110 is none,
though the networks of some countries would put it through.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from phonenumbers import PhoneMetadata

_PARTS: Final = re.compile(r"\(\?:|[)|?]|\[[\d-]+\]|\\d|\d")
_DIGITS: Final = "0123456789"


@lru_cache
def emergency_numbers(country: str) -> frozenset[str]:
    """The emergency numbers of *country* (ISO 3166, in capitals) as they are dialed there, digits.

    Empty for "" and where none is known: five countries, Guinea and Tokelau among them.

    Raises:
        ValueError: this release of `phonenumbers` writes them in a way that is not read here.
    """
    metadata = PhoneMetadata.short_metadata_for_region(country)
    pattern = metadata and metadata.emergency and metadata.emergency.national_number_pattern
    return _written_out(pattern) if pattern else frozenset()


def _written_out(pattern: str) -> frozenset[str]:
    """Whatever the regular expression *pattern* matches, which is a few numbers in this trade."""
    parts = _PARTS.findall(pattern)
    if "".join(parts) != pattern:
        raise ValueError(f"expected digits, sets, groups and ?, got {pattern!r}")
    return frozenset(_alternatives(iter(parts)))


def _alternatives(parts: Iterator[str]) -> set[str]:
    """What *parts* match up to the end of the group that they are in."""
    done: set[str] = set()
    front, last = {""}, {""}
    for part in parts:
        match part:
            case ")":
                break
            case "|":
                done |= _joined(front, last)
                front, last = {""}, {""}
            case "?":
                last = last | {""}
            case _:
                front = _joined(front, last)
                last = _alternatives(parts) if part == "(?:" else _digits(part)
    return done | _joined(front, last)


def _digits(part: str) -> set[str]:
    return {digit for digit in _DIGITS if re.fullmatch(part, digit)}


def _joined(fronts: set[str], backs: set[str]) -> set[str]:
    return {front + back for front in fronts for back in backs}
