"""The keys of a plan's file: what each expects, and how it is read."""

import re
from collections.abc import Mapping
from typing import Final

import phonenumbers
from msgspec.structs import fields

from dialplan.plan import Classes, QueueNames
from dialplan.reading import Key, filled, flag, keypad, list_of, one_line, text

_FURTHER: Final = ("local", "long_distance", "international")
"""Classes that a plan may do without."""
_LONGEST_EXTENSION: Final = 15
"""Digits of the longest number of E.164: more would make extensions of all that there are."""
_PLACEHOLDER: Final = re.compile(r"\{id\}|\{extension\}")


def _table(value: object) -> object:
    if not isinstance(value, dict):
        raise ValueError
    return value


def _country(value: object) -> str:
    country = text(value)
    if country and country not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError
    return country


def _lengths(value: object) -> range:
    match value:
        case []:
            return range(0)
        case [bool(), _] | [_, bool()]:  # which Python counts among the whole numbers
            raise ValueError
        case [int(shortest), int(longest)] if 1 <= shortest <= longest <= _LONGEST_EXTENSION:
            return range(shortest, longest + 1)
        case _:
            raise ValueError


def _queue_name(value: object) -> str:
    if re.search(r"[{}]", _PLACEHOLDER.sub("", filled(value))):
        raise ValueError
    return filled(value)


def _classifications(value: object) -> tuple[str, ...]:
    classes = (filled(value),) if isinstance(value, str) else list_of(filled)(value)
    if not classes:
        raise ValueError
    return classes


_DIALED: Final = list_of(keypad)
_TEXT: Final = Key("a text", text)
_LINE: Final = Key("a text", one_line)
_TABLE: Final = Key("a table", _table)
_TABLES: Final = Key("tables under [[...]]", lambda value: value)
"""Read, and refused, by themselves."""
_FLAG: Final = Key("true or false", flag)
_PREFIXES: Final = Key('a list of what is dialed, such as ["9"]', _DIALED)
_NUMBERS: Final = Key('a list of numbers as they are dialed, such as ["933"]', _DIALED)
_PATTERNS: Final = {name: Key("a pattern", filled) for name in ("pattern", "asterisk", "regex")}

PLAN: Final[Mapping[str, Key]] = {
    "name": Key("a text that is not empty", filled, required=True),
    "description": _TEXT,
    "extends": Key("a shipped plan, or the path of a file", filled),
    "home_country": Key('a country of ISO 3166 such as "US", or "" for none', _country),
    "area_codes": Key('a list of area codes, such as ["317"]', _DIALED),
    "outside_line": _PREFIXES,
    "international_prefixes": Key('a list of what is dialed, such as ["00"]', _DIALED),
    "extension_lengths": Key(
        f"[shortest, longest] from 1 to {_LONGEST_EXTENSION} digits, or [] for none", _lengths
    ),
    "allow_short_national": _FLAG,
    "directory": Key("the path of a TOML or CSV file, seen from this one", filled),
    "emergency": _TABLE,
    "classes": _TABLE,
    "queues": _TABLE,
    "lists": _TABLE,
    "conversion": _TABLES,
    "rule": _TABLES,
}

EMERGENCY: Final[Mapping[str, Key]] = {"extra": _NUMBERS, "allow_shadow": _NUMBERS}

CLASSES: Final[Mapping[str, Key]] = {
    field.name: _LINE if field.name in _FURTHER else Key("a text that is not empty", filled)
    for field in fields(Classes)
}

QUEUES: Final[Mapping[str, Key]] = {
    field.name: Key("a text, in which {id} and {extension} may stand", _queue_name)
    for field in fields(QueueNames)
}

CONVERSION: Final[Mapping[str, Key]] = {
    "name": _LINE,
    **_PATTERNS,
    "standardized": Key("what the number becomes", filled, required=True),
    "emergency": _FLAG,
}

RULE: Final[Mapping[str, Key]] = {
    "name": _LINE,
    **_PATTERNS,
    "standardized": Key("what the number becomes", filled),
    "display": Key("what is shown", filled),
    "dial_string": Key("what is dialed", filled),
    "classifications": Key("a class, or a list of them with the default first", _classifications),
    "dialable": _FLAG,
    "emergency": _FLAG,
    "description": _TEXT,
}
