"""Reading a request's body or parameters once, within limits of size and time, into a value."""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any, TypeVar

import msgspec
from aiohttp import hdrs, web

from interact_ivr.api.faults import TooLarge, TooSlow
from interact_ivr.api.fields import SHOWN, bad_field, bare_fields, names, place_in
from interact_ivr.domain.errors import BadInput
from interact_ivr.domain.names import without_nul

T = TypeVar("T")

BODY_SECONDS = web.AppKey("body_seconds", float)
"""How long a body may take."""
_JSON = re.compile(r"(application|text)/([a-z0-9.!#$&^_-]+\+)?json")
CODINGS = "gzip, deflate or none"
"""What a body may be compressed by."""
_CODINGS = ("", "identity", "gzip", "deflate")


async def read_body(request: web.Request) -> bytes:
    """Read all of the body, uncompressed; aiohttp's own limit is on its size then.

    Raises:
        BadInput: it is compressed by what we do not read.
        TooSlow: it did not come in time.
    """
    _check_coding(request)
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
    _check_coding(request)
    body = request.content.read_nowait()
    if len(body) > request.client_max_size:
        raise TooLarge(request.client_max_size)
    return body


def _check_coding(request: web.Request) -> None:
    coding = request.headers.get(hdrs.CONTENT_ENCODING, "")
    if coding.lower() not in _CODINGS:  # aiohttp would take it for what it says
        raise BadInput("Content-Encoding", CODINGS, f"{coding[:SHOWN]!a}")


async def read_json(request: web.Request, kind: type[T]) -> T:
    """Read a JSON body as *kind*.

    Raises:
        BadInput: it is another type of content, no JSON, or not of this kind; the field is named.
    """
    given = request.headers.get("Content-Type", "")
    if given and not _JSON.fullmatch(request.content_type):
        raise BadInput("Content-Type", "application/json", f"{given[:SHOWN]!a}")
    return json_of(await read_body(request), kind)


def json_of(body: bytes, kind: type[T]) -> T:
    """Take *body* as JSON of *kind*, a struct; each of its fields may be there once.

    Raises:
        BadInput: it is no JSON, or not of this kind; the field is named.
    """
    try:
        value = msgspec.json.decode(body, type=kind)
        _check_once(body, kind)
    except msgspec.ValidationError as error:
        raise bad_field(str(error), kind) from None
    except UnicodeDecodeError:
        raise BadInput("body", "JSON in UTF-8", "other bytes") from None
    except RecursionError:
        raise BadInput("body", "JSON in UTF-8", "too many levels") from None
    except (msgspec.DecodeError, json.JSONDecodeError) as error:
        if (field := _half_character(body)) is not None:
            raise BadInput(field, "text of whole characters", "half of a surrogate pair") from None
        raise BadInput("body", "JSON in UTF-8", str(error)) from None
    return value


def _check_once(body: bytes, kind: Any) -> None:
    """Refuse a field of *kind* that is there twice: nobody knows which one was meant.

    What is passed over may be there as often as it likes. A name stands in the body as it is, or
    with a backslash in it; where neither is there twice, nothing needs to be counted.
    """
    if b"\\" not in body and all(body.count(name) < 2 for name in _written(kind)):
        return
    counted = Counter(name for name, _ in _pairs(body))
    for name in names(kind):
        if counted[name] > 1:
            raise BadInput(name, "once", f"{counted[name]} times")


@cache
def _written(kind: Any) -> tuple[bytes, ...]:
    return tuple(name.encode() for name in names(kind))


def _half_character(body: bytes) -> str | None:
    r"""Find the first text with half of a surrogate pair (``\ud800``), which is no character."""
    try:
        texts = _texts("", _pairs(body))
        place = next((place for place, text in texts if not _is_whole(text)), None)
    except (ValueError, RecursionError):  # it is no JSON, either
        return None
    if place is None:
        return None
    return place[:SHOWN] if place.isprintable() else "body"


def _pairs(body: bytes) -> Any:
    """Read JSON with each object as a tuple of its pairs; a number stays text, however long."""
    return json.loads(
        body, object_pairs_hook=tuple, parse_int=str, parse_float=str, parse_constant=str
    )


def _texts(place: str, value: Any) -> Iterator[tuple[str, str]]:
    """Give every text in *value*, as `_pairs` gives it, with its place."""
    match value:
        case str():
            yield place or "body", value
        case tuple():
            for name, each in value:
                yield place or "body", name
                yield from _texts(place_in(place, name), each)
        case list():
            for at, each in enumerate(value):
                yield from _texts(f"{place}[{at}]", each)


def _is_whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def read_parameters(request: web.Request, kind: type[T]) -> T:
    """Take the parameters of *request*'s address as *kind*, a struct; each may be there once.

    Raises:
        BadInput: one is twice, is unknown, not of its kind or has a NUL; it is named.
    """
    given = request.rel_url.query
    if doubled := next((name for name in given if len(given.getall(name)) > 1), None):
        raise BadInput(doubled[:SHOWN], "once", f"{len(given.getall(doubled))} times")
    bare = bare_fields(kind)
    for name, text in given.items():
        without_nul(name[:SHOWN], text)
    values = {name: _bare(text) if name in bare else text for name, text in given.items()}
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        bad = bad_field(str(error), kind)
        got = f"{given[bad.field][:SHOWN]!a}" if bad.field in given else bad.got
        raise BadInput(bad.field, bad.expected.removesuffix(" or null"), got) from None


def _bare(text: str) -> Any:
    """Read a number as JSON has it, true or false; anything else stays the text it is."""
    if re.fullmatch(r"-?[0-9]{1,18}", text, re.ASCII):
        return int(text)
    if re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?", text, re.ASCII):
        return float(text)
    return {"true": True, "false": False}.get(text, text)
