"""The names of the channel variables that tell what a number is, behind a prefix of the caller's.

``asterisk-config`` empties the same list.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from dialplan import Details
from interact_ivr.domain.errors import BadInput

PREFIX: Final = "NUMBER"
"""Unless another one is given."""
_PREFIXES: Final = re.compile(r"(?!INTERACT(_|$))[A-Za-z0-9][A-Za-z0-9_]{0,31}")
_INHERITED: Final = "__"
_LONGEST: Final = 128
"""Bytes. Whoever calls chooses what they call themselves; all of it must fit one command."""


class DetailStatus(StrEnum):
    """How a look-up of a number's details ended."""

    RESOLVED = "RESOLVED"
    NOT_A_NUMBER = "NOT_A_NUMBER"
    WITHHELD = "WITHHELD"
    UNAVAILABLE = "UNAVAILABLE"


class Detail(StrEnum):
    """What is set of a number, in the order it is set: the status last."""

    RAW = "RAW"
    NORMALIZED = "NORMALIZED"
    DISPLAY = "DISPLAY"
    EDIT_BASE = "EDIT_BASE"
    EXTENSION = "EXTENSION"
    CLASS = "CLASS"
    CLASSES = "CLASSES"
    INTERNAL = "INTERNAL"
    QUEUE_TYPE = "QUEUE_TYPE"
    QUEUE_NAME = "QUEUE_NAME"
    VOICEMAIL = "VOICEMAIL"
    DIALABLE = "DIALABLE"
    AUTO_DIAL = "AUTO_DIAL"
    STATUS = "STATUS"

    @property
    def meaning(self) -> str:
        """Say what the variable holds."""
        return _MEANINGS[self]


_MEANINGS: Final = {
    Detail.RAW: "the number as it was asked for",
    Detail.NORMALIZED: "the form under which it is stored and compared",
    Detail.DISPLAY: "for a person to read",
    Detail.EDIT_BASE: "for a person to change, without its extension",
    Detail.EXTENSION: "its extension's digits; of an internal number all of it",
    Detail.CLASS: "what it is: the plan's words, such as `Toll Free`",
    Detail.CLASSES: "all that it is, with commas between, the one of `_CLASS` first",
    Detail.INTERNAL: "1 or 0: it is an extension of our own",
    Detail.QUEUE_TYPE: "`User`, `Station`, `Workgroup`, `Orbit` or `Line`, else `None`",
    Detail.QUEUE_NAME: "the queue of whose extension it is",
    Detail.VOICEMAIL: "1 or 0: one may leave a message there",
    Detail.DIALABLE: "1 or 0: it may be dialed",
    Detail.AUTO_DIAL: "1 or 0: its extension is dialed, too",
    Detail.STATUS: "`RESOLVED`, `NOT_A_NUMBER`, `WITHHELD` (the calling number is not to be shown) "
    "or `UNAVAILABLE`; set last",
}


def checked_prefix(text: str) -> str:
    """Take *text* as the variables' prefix; none is `PREFIX`.

    Raises:
        BadInput: it can be none, or begins as the call scripts' other variables do.
    """
    if not _PREFIXES.fullmatch(text or PREFIX):
        expected = "up to 32 letters, digits and _, a letter or digit first, not INTERACT(_...)"
        raise BadInput("prefix", expected, f"{text[:_LONGEST]!a}")
    return text or PREFIX


def of_details(prefix: str, details: Details) -> dict[str, str]:
    """Give every channel variable of a number that is known."""
    return _named(
        prefix,
        {
            Detail.RAW: details.raw_text,
            Detail.NORMALIZED: details.normalized_text,
            Detail.DISPLAY: details.display_text,
            Detail.EDIT_BASE: details.edit_base,
            Detail.EXTENSION: details.extension,
            Detail.CLASS: details.default_classification,
            Detail.CLASSES: ",".join(details.classifications),
            Detail.INTERNAL: _flag(details.internal),
            Detail.QUEUE_TYPE: details.queue_type.name.title().replace("_", ""),
            Detail.QUEUE_NAME: details.queue_name,
            Detail.VOICEMAIL: _flag(details.voicemail_capable),
            Detail.DIALABLE: _flag(details.dial_capable),
            Detail.AUTO_DIAL: _flag(details.auto_dial_extension),
            Detail.STATUS: DetailStatus.RESOLVED,
        },
    )


def of_no_details(prefix: str, status: DetailStatus) -> dict[str, str]:
    """Give the same where nothing is known: all are empty but the status."""
    return _named(prefix, {Detail.STATUS: status})


def _named(prefix: str, known: Mapping[Detail, str]) -> dict[str, str]:
    return {f"{_INHERITED}{prefix}_{name}": _fitting(known.get(name, "")) for name in Detail}


def _fitting(value: str) -> str:
    """Give *value*, or nothing in the place of a giant, or of what would begin another command."""
    return value if value.isprintable() and len(value.encode()) <= _LONGEST else ""


def _flag(value: bool) -> str:
    return str(int(value))
