"""Cleaning: from what somebody wrote to what a telephone can dial. It knows no plan and no country.

The rule is the one of PureConnect's dial plan: white space and formatting go, letters become
digits, and SIP addresses lose white space only. An extension written behind a number (`x123`,
`/123`, `;ext=123`) is not told apart: outside a `tel:` URI its marker is cleaned like any other
character.
"""

import reprlib
import unicodedata
from typing import Final

MAX_LENGTH: Final = 10_000
"""Characters that `clean` reads; a longer text is refused unread."""

_KEYPAD: Final = ("", "", "ABC", "DEF", "GHI", "JKL", "MNO", "PQRS", "TUV", "WXYZ")  # ITU-T E.161
_ASCII_KEYS: Final = {sign: sign for sign in "0123456789*#+/"} | {
    letter: str(digit)
    for digit, letters in enumerate(_KEYPAD)
    for letter in letters + letters.lower()
}
_TO_FULL_WIDTH: Final = ord("\uff01") - ord("!")
_KEYS: Final = _ASCII_KEYS | {
    chr(ord(sign) + _TO_FULL_WIDTH): key for sign, key in _ASCII_KEYS.items()
}
_ONLY_IN_FRONT: Final = str.maketrans("", "", "+/")


class NotANumber(ValueError):
    """A text that no telephone can dial: nothing is left of it, or it is a giant."""

    def __init__(self, expected: str, shown: str) -> None:
        """Keep the facts: what was *expected*, and the text's `repr`, already cut short."""
        super().__init__(expected, shown)
        self.expected = expected
        self.shown = shown

    def __str__(self) -> str:
        """One line for the person who wrote the text."""
        return f"expected {self.expected}, got {self.shown}"


def clean(raw: str) -> str:
    """*raw* without what is only there to be looked at.

    One of three shapes comes back, and cleaning it again changes nothing:

    - an address as it was written, `sip:` or `sips:` in any case, without its white space;
    - digits, `*` and `#` behind a `+`, which begins a country code;
    - the same behind a `/`, which begins an internal extension, or behind nothing.

    A `+` or `/` further in is formatting. Letters of the Latin alphabet, with or without accents,
    are the digits of their keys; other letters are formatting. A `tel:` URI is its number; its
    parameters are dropped.

    Raises:
        NotANumber: nothing is left, or *raw* has more than `MAX_LENGTH` characters.
    """
    if len(raw) > MAX_LENGTH:
        raise NotANumber(f"at most {MAX_LENGTH} characters", reprlib.repr(raw))
    text = "".join(filter(_is_seen, raw))
    scheme, colon, rest = text.partition(":")
    match scheme.lower() + colon:
        case "sip:" | "sips:" if rest:
            return text
        case "sip:" | "sips:":
            raise NotANumber("an address behind the scheme", reprlib.repr(raw))
        case "tel:":
            # RFC 3966 has no slashes; web pages that write `tel://` mean no internal extension.
            text = rest.partition(";")[0].lstrip("/")
    keys = "".join(map(_key, text))
    number = keys[:1] + keys[1:].translate(_ONLY_IN_FRONT)
    if number in {"", "+", "/"}:
        raise NotANumber("a digit, a letter, * or #", reprlib.repr(raw))
    return number


def _is_seen(char: str) -> bool:
    """Whether *char* leaves a mark on paper.

    White space does not, nor do controls, writing-direction and other invisible marks, and the
    surrogates that stand for undecodable bytes. None can be part of a SIP address, which is ASCII
    (RFC 3261).
    """
    return unicodedata.category(char)[0] not in "CZ"


def _key(char: str) -> str:
    """The key that *char* stands for; "" for formatting."""
    base = unicodedata.normalize("NFD", char)[0]  # one letter for é, in one character or in two
    digit = unicodedata.decimal(base, None)
    return _KEYS.get(base, "") if digit is None else str(digit)
