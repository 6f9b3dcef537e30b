"""Reading a request's body once, within its limits of size and time, into a value."""

import asyncio
import re
from typing import TypeVar

import msgspec
from aiohttp import web

from interact_ivr.api.faults import TooSlow
from interact_ivr.domain.errors import BadInput

T = TypeVar("T")

BODY_SECONDS = web.AppKey("body_seconds", float)
"""How long a body may take."""
_JSON = re.compile(r"(application|text)/([a-z0-9.!#$&^_-]+\+)?json")
_SHOWN = 80
_AT_FIELD = re.compile(r"(.*) - at `\$\.?(.*)`")


async def read_body(request: web.Request) -> bytes:
    """Read all of the body, or raise `TooSlow`; aiohttp's own limit is on its size."""
    within = request.app[BODY_SECONDS]
    try:
        async with asyncio.timeout(within):
            return await request.read()
    except TimeoutError:
        raise TooSlow(within) from None


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
        raise _bad_field(str(error)) from None
    except UnicodeDecodeError:
        raise BadInput("body", "JSON in UTF-8", "other bytes") from None
    except (msgspec.DecodeError, RecursionError) as error:
        reason = "too many levels" if isinstance(error, RecursionError) else str(error)
        raise BadInput("body", "JSON in UTF-8", reason) from None


def _bad_field(reason: str) -> BadInput:
    """Put what msgspec says (``Expected `str`, got `int` - at `$.id```) into our words."""
    found = _AT_FIELD.fullmatch(reason)
    what, path = found.groups() if found else (reason, "")
    expected, _, got = what.partition(", got ")
    expected = expected.removeprefix("Expected ")
    if missing := re.fullmatch(r"Object missing required field `(.*)`", expected):
        path, expected, got = ".".join(filter(None, (path, missing[1]))), "a value", "none"
    elif unknown := re.fullmatch(r"Object contains unknown field `(.*)`", expected):
        path, expected, got = ".".join(filter(None, (path, unknown[1]))), "no such field", "one"
    return BadInput(path or "body", expected.replace("`", ""), (got or "another").replace("`", ""))
