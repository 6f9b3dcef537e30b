"""ICWS's paths: read in any case, and what is said of those that are not served.

The vendor's own page has both `/icws` and `/ICWS`. Only this API's paths are read so.
"""

import re
from collections.abc import Callable
from typing import Any, Final

from aiohttp import web
from aiohttp.http import RawRequestMessage
from yarl import URL

from interact_ivr.api.faults import NoSuchPath
from interact_ivr.api.icws.faults import Gone, NoSessionId
from interact_ivr.api.icws.settings import Settings
from interact_ivr.domain.errors import Refusal

BASE: Final = "/icws"
OF_SESSION: Final = BASE + "/{sessionId:[^/]*}"
OURS: Final = re.compile(r"/icws(/|$)", re.IGNORECASE)
"""How a path of this API begins."""
_PLAIN: Final = "/icws/"
_TARGET: Final = re.compile(
    r"(https?://[^/?#]*)?(/(?:i|%[46]9)(?:c|%[46]3)(?:w|%[57]7)(?:s|%[57]3))(?=[/?#]|$)",
    re.IGNORECASE,
)
"""How a request for one begins: a proxy may be asked by the whole address (RFC 9112, 3.2.2)."""
_UNRESERVED: Final = re.compile("%([46][1-9A-F]|[57][0-9A]|3[0-9]|2[DE]|5F|7E)", re.IGNORECASE)
"""A letter, a digit or one of `-._~`, which mean the same as they are (RFC 3986, 6.2.2.2)."""
MESSAGES, DETAILS = "messaging/messages", "phone-numbers/query-details"
"""The resources that a session has beside its connection."""
SPELLED: Final = web.RequestKey("spelled", str)
"""How who asks has written `/icws`."""


def in_lower_case(
    made: Callable[..., web.BaseRequest], message: RawRequestMessage, *others: Any
) -> web.BaseRequest:
    """Make a request whose path, if it is one of ICWS, is in lower case; parameters stay."""
    target = message.path
    if target.startswith(_PLAIN) and target.islower() and "%" not in target:
        return made(message, *others)
    found = _TARGET.match(target)
    if found is None:
        return made(message, *others)
    spelled = found[2]
    path, mark, query = target.partition("?")
    read = _UNRESERVED.sub(_unquoted, path).lower() + mark + query
    request = made(message._replace(path=read, url=URL(read, encoded=True)), *others)
    if spelled != BASE:
        request[SPELLED] = spelled
    return request


def _unquoted(found: re.Match[str]) -> str:
    return chr(int(found[1], 16))


def removed(settings: Settings, path: str) -> bool:
    """Say whether what is at *path*, or what it is part of, is declared removed."""
    if not settings.removed:
        return False
    first, *others = path.removeprefix(BASE).removeprefix("/").split("/")
    resource = "/".join([*([] if first.isdecimal() else [first]), *others])
    return any(resource == each or resource.startswith(f"{each}/") for each in settings.removed)


def absent(settings: Settings, path: str, prefix: str, otherwise: Refusal) -> Refusal:
    """Say why nothing is served at *path* so; *prefix* is what a proxy has put before it."""
    if not settings.enabled:
        return NoSuchPath()
    if removed(settings, path):
        return Gone()
    without_session = path.removeprefix(f"{BASE}/").removeprefix("/")
    return NoSessionId(prefix) if without_session in (MESSAGES, DETAILS) else otherwise
