"""The identifiers everything else is keyed by, and how new ones are made."""

import re
from datetime import UTC, datetime, timedelta
from typing import NewType

import msgspec

from interact_ivr.domain.errors import BadInput

EnvironmentName = NewType("EnvironmentName", str)
"""``tenant/environment``."""
EnvironmentId = NewType("EnvironmentId", int)
ApplicationId = NewType("ApplicationId", int)
NumberKey = NewType("NumberKey", str)
"""A number as stored: normalized by its environment's dial plan, e.g. ``+380974520200``."""
InteractionId = NewType("InteractionId", str)
Group = NewType("Group", str)
AllocationId = NewType("AllocationId", str)
"""A ULID: 26 characters that sort by the time the allocation was made."""
Ani = NewType("Ani", str)
"""A calling number, normalized by the environment's dial plan."""

_ULID_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ULID_PAIRS = [a + b for a in _ULID_LETTERS for b in _ULID_LETTERS]
_DIGITS_OF_ULID = str.maketrans(_ULID_LETTERS, "0123456789ABCDEFGHIJKLMNOPQRSTUV")
_NAME_LENGTH = 128
_SAFE = re.compile(r"[A-Za-z0-9 \-_.:/@+=#~{}]*")
_PRINTABLE = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]*")


class Scope(msgspec.Struct, frozen=True):
    """Where an operation happens: one environment, and in it one DNIS application's pool."""

    environment: EnvironmentId
    application: ApplicationId


class CallRef(msgspec.Struct, frozen=True):
    """One call of one PBX. Asterisk's uniqueid alone repeats across PBXes."""

    pbx: str
    uniqueid: str


class Alphabet(msgspec.Struct, frozen=True):
    """The characters an interaction id or a group may consist of.

    ``SAFE`` is harmless in every place an Asterisk dialplan can put it, also inside ``$[]`` and
    ``${}``. ``PRINTABLE`` is the widest setting: all of Unicode but control characters, line
    separators, and U+FFFE and U+FFFF, which no XML can hold; what an administrator's own
    expressions make of it is theirs to know.
    """

    name: str
    expected: str
    allowed: re.Pattern[str]

    def interaction(self, text: str) -> InteractionId:
        """Take *text* as an interaction's id; `BadInput` names the first bad character."""
        return InteractionId(self._checked("interaction", text))

    def group(self, text: str) -> Group:
        """Take *text* as a group's name; `BadInput` names the first bad character."""
        return Group(self._checked("group", text))

    def _checked(self, field: str, text: str) -> str:
        if not 1 <= len(text) <= _NAME_LENGTH:
            raise BadInput(field, f"1 to {_NAME_LENGTH} characters", f"{len(text)} characters")
        end = self.allowed.match(text)
        if end is None or end.end() < len(text):
            bad = end.end() if end else 0
            raise BadInput(field, self.expected, f"{text[bad]!a} at position {bad + 1}")
        if text[0] == " " or text[-1] == " ":
            raise BadInput(field, "no space at the start or the end", f"{text!a}")
        return text


SAFE = Alphabet("safe", "ASCII letters, digits, space and - _ . : / @ + = # ~ { }", _SAFE)
PRINTABLE = Alphabet("printable", "printable characters", _PRINTABLE)
ALPHABETS = {alphabet.name: alphabet for alphabet in (SAFE, PRINTABLE)}


def without_nul(field: str, text: str) -> str:
    """Give *text* back; `BadInput` where it has a NUL, which nothing that is stored has.

    SQLite would find nothing by it, and PostgreSQL cannot even be asked.
    """
    if "\0" in text:
        raise BadInput(field, "text without a NUL", f"one at position {text.index(chr(0)) + 1}")
    return text


def new_ulid(now: datetime, entropy: bytes, after: str = "") -> str:
    """Make a ULID from *now* and ten random bytes; it sorts behind *after*, one made before.

    Of the 80 random bits the first ten hold the microseconds within the millisecond, so that ids
    of one store sort in the order they were made.
    """
    random = int.from_bytes(entropy[:10], "big") & ((1 << 70) - 1)
    return _ulid(max(_first_value(now) | random, _value(after) + 1))


def random_end(entropy: bytes) -> str:
    """Give the fourteen letters by which a ULID ends, of ten random bytes.

    The twelve before them say when it was made.
    """
    return _ulid(int.from_bytes(entropy[:10], "big") & ((1 << 70) - 1))[-14:]


def first_ulid(at: datetime) -> str:
    """Give the least ULID of *at*: every one made earlier sorts before it, the others do not."""
    return _ulid(max(_first_value(at), 0))


def ulid_time(ulid: str) -> datetime:
    """Give the time *ulid* was made, to the microsecond, as `new_ulid` keeps it."""
    millis, rest = divmod(_value(ulid) >> 70, 1 << 10)
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=millis, microseconds=rest)


def _first_value(at: datetime) -> int:
    millis, rest = divmod(int(at.timestamp()) * 1_000_000 + at.microsecond, 1000)
    return (millis << 80) | (rest << 70)


def _ulid(value: int) -> str:
    return "".join([_ULID_PAIRS[(value >> shift) & 1023] for shift in range(120, -1, -10)])


def _value(ulid: str) -> int:
    return int(ulid.translate(_DIGITS_OF_ULID) or "0", 32)
