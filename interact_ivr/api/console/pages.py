"""The console's pages as they are sent: templates and files, read once, and what guards them.

Nothing is taken from elsewhere, no script makes markup, and no text is written without escaping.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from aiohttp import hdrs, web

from interact_ivr.api.screen.pages import GUARDED as GUARDED_SCREEN
from interact_ivr.api.screen.pages import Asset
from interact_ivr.api.templates import templates_of, texts_of
from interact_ivr.sizing_words import lasting, percent

POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
"""The Content-Security-Policy."""
GUARDED: Final = {**GUARDED_SCREEN, "Content-Security-Policy": POLICY}
_MEDIA: Final = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}


class ConsolePages:
    """Writes pages; all text is escaped."""

    def __init__(self) -> None:
        texts = texts_of("interact_ivr.api.console")
        self.assets: Mapping[str, Asset] = {each.name: each for each in _assets(texts)}
        self._templates = templates_of(texts)
        self._templates.filters |= {
            **{"moment": moment, "count": count, "share": share},
            **{"percent": percent, "lasting": lasting},
        }
        self._templates.globals["asset"] = lambda name: self.assets[name].address

    def page(self, template: str, status: int = 200, /, **shown: Any) -> web.Response:
        """Answer with a page."""
        text = self._templates.get_template(template).render(shown)
        return web.Response(text=text, status=status, content_type="text/html", headers=GUARDED)


def see(address: str, cookie: str = "") -> web.Response:
    """Send the browser to *address*, with what it is to keep."""
    response = web.Response(status=303, headers={**GUARDED, hdrs.LOCATION: address})
    if cookie:
        response.headers[hdrs.SET_COOKIE] = cookie
    return response


def moment(at: datetime | None) -> str:
    """Write an instant to people: of one time zone on every page, which is said beside it."""
    return "" if at is None else at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def count(number: int) -> str:
    """Write a number to people."""
    return f"{number:,}"


def share(part: int, whole: int) -> str:
    """Write a share as a percentage: 0 % is nothing at all, and 100 % everything."""
    if part in (0, whole):
        return "100 %" if part else "0 %"
    return f"{min(99, max(1, round(100 * part / whole)))} %"


def _assets(texts: Mapping[str, str]) -> Iterator[Asset]:
    for name, text in texts.items():
        if media := _MEDIA.get(name.rpartition(".")[2]):
            yield Asset(name, media, text.encode())
