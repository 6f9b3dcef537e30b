"""Forms of our own pages: they are read, and taken from our own pages only."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from aiohttp import hdrs, web

from interact_ivr.api.bodies import read_body
from interact_ivr.api.faults import FromElsewhere
from interact_ivr.api.sources import Sources
from interact_ivr.domain.errors import BadInput

FORM: Final = "application/x-www-form-urlencoded"
_SITE: Final = "Sec-Fetch-Site"
_MOST_FIELDS: Final = 2_000


def check_ours(request: web.Request, sources: Sources) -> None:
    """Raise `FromElsewhere` where a browser says that another site's page has sent the form."""
    site, origin = request.headers.get(_SITE), request.headers.get(hdrs.ORIGIN)
    if site is not None:  # told over TLS and on this machine only
        is_ours = site == "same-origin"
    else:
        bases = filter(None, (sources.base(request), sources.public_url))
        is_ours = origin is None or _host(origin) in {*map(_host, bases)} - {""}
    if not is_ours:
        raise FromElsewhere


async def read_form(request: web.Request) -> Sequence[tuple[str, str]]:
    """Read the fields of a form in their order; what is not UTF-8 shows a sign in its place.

    Raises:
        BadInput: it is no form, or has too many fields.
    """
    if request.content_type != FORM:
        raise BadInput("Content-Type", FORM, "another")
    body = await read_body(request)
    try:
        return parse_qsl(
            body.decode("latin-1"), keep_blank_values=True, max_num_fields=_MOST_FIELDS
        )
    except ValueError:
        raise BadInput("body", f"at most {_MOST_FIELDS} fields", "more") from None


def _host(url: str) -> str:
    """Give the host and the port of *url*; a proxy may have changed the scheme."""
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:  # it is none: ``http://[``
        return ""
