"""The fields of what a request may say: which there are, and in people's words what is wrong."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from msgspec import inspect

from interact_ivr.domain.errors import BadInput

SHOWN = 80
"""Characters that are repeated of what came."""


def names(kind: Any) -> Iterable[str]:
    """Name the fields of *kind*, a struct."""
    return _types(kind).keys()


def bare_fields(kind: Any) -> frozenset[str]:
    """Name the fields of *kind* that JSON has without quotes."""
    bare = (inspect.IntType, inspect.FloatType, inspect.BoolType)
    return frozenset(
        name for name, types in _types(kind).items() if any(isinstance(t, bare) for t in types)
    )


def _choices(kind: Any, field: str) -> str:
    """Name the values that a *field* of *kind* may have, where these are few."""
    values = [
        str(value.value)
        for each in _types(kind).get(field, ())
        if isinstance(each, inspect.EnumType)
        for value in each.cls
    ]
    return f"one of {', '.join(values)}" if values else "another value"


@cache
def _types(kind: Any) -> Mapping[str, Sequence[inspect.Type]]:
    """Give the fields of *kind*, a struct, each with the types it may have."""
    info = inspect.type_info(kind)
    fields = info.fields if isinstance(info, inspect.StructType) else ()
    return {field.encode_name: list(_of(field.type)) for field in fields}


def _of(kind: inspect.Type) -> Iterator[inspect.Type]:
    match kind:
        case inspect.Metadata(type=within):
            yield from _of(within)
        case inspect.UnionType(types=types):
            for each in types:
                yield from _of(each)
        case _:
            yield kind


_AT_FIELD = re.compile(r"(.*) - at `\$\.?(.*)`", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(.*)`", re.DOTALL)
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_TYPES = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "null": "null",
    "object": "an object",
    "array": "a list",
    "datetime": "a time (2026-05-04T12:00:00Z)",
}
"""What people call the types of JSON."""
_INSPECTED = {"none": "null", "enum": "str", "list": "array", "dict": "object", "struct": "object"}
"""What JSON calls those types that Python calls otherwise."""
_BOUNDS = (
    (re.compile(r" of length >= (\d+)"), r" of length \1 or more"),
    (re.compile(r" of length <= (\d+)"), r" of length \1 or less"),
    (re.compile(r" >= (-?\d+)"), r" of at least \1"),
    (re.compile(r" <= (-?\d+)"), r" of at most \1"),
    (re.compile(r" matching regex '(.*)'"), r" like \1"),
    (re.compile(r" with a timezone component"), ""),
)


def bad_field(reason: str, kind: Any) -> BadInput:
    """Put what msgspec says (``Expected `str`, got `int` - at `$.id```) into people's words."""
    found = _AT_FIELD.fullmatch(reason)
    what, path = found.groups() if found else (reason, "")
    if missing := _MISSING.fullmatch(what):
        return BadInput(place_in(path, missing[1]), "a value", "none", is_missing=True)
    if unknown := _UNKNOWN.fullmatch(what):
        return BadInput(place_in(path, unknown[1][:SHOWN]), "no such field", "one")
    if what.startswith("Invalid RFC3339"):
        return BadInput(path, _TYPES["datetime"], "something else")
    if what.endswith("out of range"):
        return BadInput(path, _expected(kind, path), "a number that is out of range")
    if wrong := re.fullmatch(r"Invalid enum value (.*)", what, re.DOTALL):
        return BadInput(path, _choices(kind, path), wrong[1][:SHOWN])
    expected, _, got = what.removeprefix("Expected ").partition(", got ")
    return BadInput(path or "body", _in_words(expected), _in_words(got) or "something else")


def _expected(kind: Any, path: str) -> str:
    """Say of which types the field at *path*, or each of its elements (``numbers[0]``), may be."""
    field, bracket, _ = path.partition("[")
    types = _types(kind).get(field, ())
    if bracket:
        lists = [each for each in types if isinstance(each, inspect.ListType)]
        types = [each for found in lists for each in _of(found.item_type)]
    known = [type(each).__name__.removesuffix("Type").lower() for each in types]
    return _named([_INSPECTED.get(name, name) for name in known]) or "something else"


def place_in(path: str, field: str) -> str:
    """Give the place of a *field* of what stands at *path*."""
    return ".".join(filter(None, (path, field)))


def _in_words(said: str) -> str:
    types = re.compile(r"`([a-z |]+)`")
    words = types.sub(lambda found: _named(found[1].split(" | ")), said)
    for bound, ours in _BOUNDS:
        words = bound.sub(ours, words)
    return words.replace("`", "")


def _named(types: list[str]) -> str:
    return " or ".join(_TYPES.get(each, each) for each in types)
