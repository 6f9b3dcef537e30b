"""Reading a request's body or parameters once, within limits of size and time, into a value."""

import asyncio
import re
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

import msgspec
from aiohttp import web
from msgspec import inspect

from interact_ivr.api.faults import TooLarge, TooSlow
from interact_ivr.domain.errors import BadInput

T = TypeVar("T")

BODY_SECONDS = web.AppKey("body_seconds", float)
"""How long a body may take."""
_JSON = re.compile(r"(application|text)/([a-z0-9.!#$&^_-]+\+)?json")
_SHOWN = 80


async def read_body(request: web.Request) -> bytes:
    """Read all of the body, or raise `TooSlow`; aiohttp's own limit is on its size."""
    within = request.app[BODY_SECONDS]
    try:
        async with asyncio.timeout(within):
            return await request.read()
    except TimeoutError:
        raise TooSlow(within) from None


async def take_body(request: web.Request) -> bytes:
    """Read the same once and for all, at less than half the cost where all of it has come."""
    if not request.content.is_eof():
        return await read_body(request)
    body = request.content.read_nowait()
    if len(body) > request.client_max_size:
        raise TooLarge(request.client_max_size)
    return body


async def read_json(request: web.Request, kind: type[T]) -> T:
    """Read a JSON body as *kind*.

    Raises:
        BadInput: it is another type of content, no JSON, or not of this kind; the field is named.
    """
    given = request.headers.get("Content-Type", "")
    if given and not _JSON.fullmatch(request.content_type):
        raise BadInput("Content-Type", "application/json", f"{given[:_SHOWN]!a}")
    return json_of(await read_body(request), kind)


def json_of(body: bytes, kind: type[T]) -> T:
    """Take *body* as JSON of *kind*, or raise `BadInput`."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise _bad_field(str(error), kind) from None
    except UnicodeDecodeError:
        raise BadInput("body", "JSON in UTF-8", "other bytes") from None
    except (msgspec.DecodeError, RecursionError) as error:
        reason = "too many levels" if isinstance(error, RecursionError) else str(error)
        raise BadInput("body", "JSON in UTF-8", reason) from None


def read_parameters(request: web.Request, kind: type[T]) -> T:
    """Take the parameters of *request*'s address as *kind*, a struct; each may be there once.

    Raises:
        BadInput: one is twice, is unknown or not of its kind; it is named.
    """
    given = request.rel_url.query
    if doubled := next((name for name in given if len(given.getall(name)) > 1), None):
        raise BadInput(doubled[:_SHOWN], "once", f"{len(given.getall(doubled))} times")
    bare = _bare_fields(kind)
    values = {name: _bare(text) if name in bare else text for name, text in given.items()}
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        bad = _bad_field(str(error), kind)
        got = f"{given[bad.field][:_SHOWN]!a}" if bad.field in given else bad.got
        raise BadInput(bad.field, bad.expected.removesuffix(" or null"), got) from None


def _bare_fields(kind: Any) -> frozenset[str]:
    """Name the fields of *kind* that JSON has without quotes."""
    bare = (inspect.IntType, inspect.BoolType)
    return frozenset(
        name for name, types in _types(kind) if any(isinstance(t, bare) for t in types)
    )


def _choices(kind: Any, field: str) -> str:
    """Name the values that a *field* of *kind* may have, where these are few."""
    values = [
        str(value.value)
        for name, types in _types(kind)
        for each in types
        if name == field and isinstance(each, inspect.EnumType)
        for value in each.cls
    ]
    return f"one of {', '.join(values)}" if values else "another value"


def _types(kind: Any) -> Iterator[tuple[str, Sequence[inspect.Type]]]:
    """Give the fields of *kind*, a struct, each with the types it may have."""
    info = inspect.type_info(kind)
    if isinstance(info, inspect.StructType):
        for field in info.fields:
            yield field.encode_name, list(_of(field.type))


def _of(kind: inspect.Type) -> Iterator[inspect.Type]:
    match kind:
        case inspect.Metadata(type=within):
            yield from _of(within)
        case inspect.UnionType(types=types):
            for each in types:
                yield from _of(each)
        case _:
            yield kind


def _bare(text: str) -> Any:
    """Read a whole number, true or false; anything else stays the text it is."""
    if re.fullmatch(r"-?[0-9]{1,18}", text, re.ASCII):
        return int(text)
    return {"true": True, "false": False}.get(text, text)


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
_BOUNDS = (
    (re.compile(r" of length >= (\d+)"), r" of length \1 or more"),
    (re.compile(r" of length <= (\d+)"), r" of length \1 or less"),
    (re.compile(r" >= (-?\d+)"), r" of at least \1"),
    (re.compile(r" <= (-?\d+)"), r" of at most \1"),
    (re.compile(r" matching regex '(.*)'"), r" like \1"),
    (re.compile(r" with a timezone component"), ""),
)


def _bad_field(reason: str, kind: Any) -> BadInput:
    """Put what msgspec says (``Expected `str`, got `int` - at `$.id```) into people's words."""
    found = _AT_FIELD.fullmatch(reason)
    what, path = found.groups() if found else (reason, "")
    if missing := _MISSING.fullmatch(what):
        return BadInput(_within(path, missing[1]), "a value", "none", is_missing=True)
    if unknown := _UNKNOWN.fullmatch(what):
        return BadInput(_within(path, unknown[1][:_SHOWN]), "no such field", "one")
    if what.startswith("Invalid RFC3339"):
        return BadInput(path, _TYPES["datetime"], "something else")
    if wrong := re.fullmatch(r"Invalid enum value (.*)", what, re.DOTALL):
        return BadInput(path, _choices(kind, path), wrong[1][:_SHOWN])
    expected, _, got = what.removeprefix("Expected ").partition(", got ")
    return BadInput(path or "body", _in_words(expected), _in_words(got) or "something else")


def _within(path: str, field: str) -> str:
    return ".".join(filter(None, (path, field)))


def _in_words(said: str) -> str:
    types = re.compile(r"`([a-z |]+)`")
    words = types.sub(lambda found: _named(found[1].split(" | ")), said)
    for bound, ours in _BOUNDS:
        words = bound.sub(ours, words)
    return words.replace("`", "")


def _named(types: list[str]) -> str:
    return " or ".join(_TYPES.get(each, each) for each in types)
