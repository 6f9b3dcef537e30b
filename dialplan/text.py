"""Cleaning: from what somebody wrote to what a telephone can dial. It knows no plan and no country.

The rule is the one of PureConnect's dial plan: white space and formatting go, letters become
digits, and SIP addresses lose white space only. An extension is kept, behind PureConnect's own
signs: `/` before one that is dialed automatically, `^` before one that is only to be known.
"""

import re
import reprlib
import string
import unicodedata
from typing import Final
from urllib.parse import unquote

import msgspec

MAX_LENGTH: Final = 10_000
"""Characters that `clean` reads; a longer text is refused unread."""

_MARKERS: Final = frozenset({"x", "ext", "extn", "extension"})
_BEARING: Final = 7
"""Digits of the shortest number that an extension can be written behind, country code apart."""

_KEYPAD: Final = ("", "", "abc", "def", "ghi", "jkl", "mno", "pqrs", "tuv", "wxyz")  # ITU-T E.161
_KEYS: Final = str.maketrans(
    {letter: str(digit) for digit, letters in enumerate(_KEYPAD) for letter in letters}
    | {"^": "", " ": ""}
)
_ONLY_IN_FRONT: Final = str.maketrans("", "", "+/")
_SLASHES: Final = {"\u2044": "/", "\u2215": "/"}
_TO_FULL_WIDTH: Final = ord("\uff01") - ord("!")
_LATIN: Final = string.digits + string.ascii_letters + "*#+/^"
_SAME: Final = (
    {sign: sign.lower() for sign in _LATIN}
    | {chr(ord(sign) + _TO_FULL_WIDTH): sign.lower() for sign in _LATIN}
    | _SLASHES
)


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


class Written(msgspec.Struct, frozen=True):
    """A clean text in its parts."""

    base: str
    """A SIP address, or a number; "" where the text is an internal extension."""
    separator: str = ""
    """`/` before an extension that is dialed automatically, `^` before another; "" before none."""
    extension: str = ""

    @property
    def text(self) -> str:
        """The clean text of these parts: without the extension where the base cannot bear it.

        So whatever base a plan gives to a number, this is clean, and `split` gives it back.
        """
        if not self.separator:
            return self.base
        bearing = not self.base or _bears(self.base, self.separator)
        return f"{self.base}{self.separator}{self.extension}" if bearing else self.base


def clean(raw: str) -> str:
    """*raw* without what is only there to be looked at.

    One of four shapes comes back, and cleaning it again changes nothing:

    - an address as it was written, `sip:` or `sips:` in any case, without its white space;
    - digits, `*` and `#` behind a `+`, which begins a country code, or behind nothing;
    - the same and an extension, which are digits behind `/` or `^`;
    - digits, `*` and `#` behind a `/`: an internal extension.

    Letters of the Latin alphabet, with or without accents, are the digits of their keys; other
    letters are formatting, and so is a `+` or `/` further in. `x`, `ext`, `extn` and `extension`,
    as a word before the last digits, mark an extension as `/` does. Where fewer than seven digits
    are before it (eight behind a `+`) the word is letters and the `/` is formatting, for
    1-800-FOXTROT has no extension, nor have 02/5012 3456 and +49 33051/60123: `^` needs one digit.

    A `tel:` URI (RFC 3966) is its number, behind a `phone-context` that begins with a `+`, and with
    its `ext`; other parameters are dropped.

    Raises:
        NotANumber: nothing is left, or *raw* has more than `MAX_LENGTH` characters.
    """
    if len(raw) > MAX_LENGTH:
        raise NotANumber(f"at most {MAX_LENGTH} characters", reprlib.repr(raw))
    front, colon, rest = raw.partition(":")
    scheme = _visible(front) if colon else ""
    match scheme.lower():
        case "sip" | "sips":
            if not (address := _visible(rest)):
                raise NotANumber("an address behind the scheme", reprlib.repr(raw))
            return f"{scheme}:{address}"
        case "tel":
            number = _of_tel(rest)
        case _:
            number = _of_signs(raw.translate(_SIGNS))
    if number in {"", "+", "/"}:
        raise NotANumber("a digit, a letter, * or #", reprlib.repr(raw))
    return number


def split(text: str) -> Written:
    """The parts of *text*, which is clean."""
    if ":" not in text:
        for separator in "/^":
            base, found, extension = text.partition(separator)
            if found:
                return Written(base, separator, extension)
    return Written(text)


def _of_tel(rest: str) -> str:
    """What is behind `tel:`, clean."""
    number, *parameters = rest.split(";")
    given = {
        _visible(name).lower(): value for name, _, value in (p.partition("=") for p in parameters)
    }
    # RFC 3966 has no slashes; web pages that write `tel://` mean no internal extension.
    signs = unquote(number).translate(_SIGNS).lstrip("/ ")
    context = given.get("phone-context", "").translate(_SIGNS).strip()
    # Behind a country code *67 would be no service of that country.
    if re.fullmatch(r"\+[0-9 ]+", context) and not re.search(r"^\+|[*#]", signs):
        signs = context + signs
    extension = given.get("ext", "").translate(_SIGNS).replace(" ", "")
    if extension.isdecimal():
        return Written(_keys(signs), "/", extension).text
    return _of_signs(signs)


def _of_signs(signs: str) -> str:
    """*signs*, as `_SIGNS` gives them, clean. Nothing is searched twice, however long they are."""
    front = signs.rstrip(string.digits + " ")
    extension = signs[len(front) :].replace(" ", "")
    word = front[len(front.rstrip(string.ascii_lowercase)) :]
    marker = word or front[-1:]
    separator = "/" if marker in _MARKERS else marker
    if extension and separator in {"/", "^"}:
        base = _keys(front.removesuffix(marker))
        if _bears(base, separator):
            return f"{base}{separator}{extension}"
    return _keys(signs)


def _bears(base: str, separator: str) -> bool:
    """Whether an extension can stand behind *base*, which is clean but may be empty."""
    digits = sum(map(str.isdecimal, base))
    return not base.startswith("/") and digits >= (
        1 if separator == "^" else _BEARING + base.startswith("+")
    )


def _keys(signs: str) -> str:
    keys = signs.translate(_KEYS)
    return keys[:1] + keys[1:].translate(_ONLY_IN_FRONT)


def _visible(text: str) -> str:
    """*text* without white space, controls, writing-direction and other marks that leave no ink.

    Surrogates, which stand for undecodable bytes, go too. None of these can be part of a URI,
    which is ASCII (RFC 3986).
    """
    return "".join(char for char in text if unicodedata.category(char)[0] not in "CZ")


def _sign(char: str) -> str:
    """What *char* is in a number: one of `0-9 a-z * # + / ^`, a space for formatting, or nothing.

    Nothing is what parts no word: accents in characters of their own, controls, directions.
    """
    base = unicodedata.normalize("NFD", char)[0]  # one letter for é, in one character or in two
    digit = unicodedata.decimal(base, None)
    if digit is not None:
        return str(digit)
    parts = char.isspace() or unicodedata.category(char)[0] not in "CM"
    return _SAME.get(base, " " if parts else "")


class _Signs(dict[int, str]):
    """`_sign` for `str.translate`."""

    def __missing__(self, code: int) -> str:
        """Ask for the rare ones each time: kept, all of Unicode would come to 100 MB."""
        return _sign(chr(code))


_SIGNS: Final = _Signs({code: _sign(chr(code)) for code in range(0x100)})
