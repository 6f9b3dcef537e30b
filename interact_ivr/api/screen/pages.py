"""The pages as they are sent: templates and the files beside them, read once, and what guards them.

Nothing is taken from elsewhere: the policy lets a page load its own style, script and icons only.
"""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec
from aiohttp import hdrs, web

from interact_ivr.api.screen.board import Board, clock, joined, span, time_of_day
from interact_ivr.api.templates import templates_of, texts_of

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
        "trusted-types board",
    )
)
"""The Content-Security-Policy; a page's only markup by script is the board that we render."""
GUARDED: Final = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",  # a form without any would come from "null"
    "X-Frame-Options": "DENY",
    hdrs.CACHE_CONTROL: "no-store",
}
FOLDER: Final = "-"
"""Under which the pages' files are: no segment of an extension's own."""
_ICONS: Final = {"none": "#5b6475", "ringing": "#c2410c", "talking": "#0b7554", "held": "#4f46c4"}
_KEPT: Final = "public, max-age=31536000, immutable"


class Asset(msgspec.Struct, frozen=True):
    """A file that a page loads; another content has another address."""

    name: str
    media: str
    body: bytes

    @property
    def address(self) -> str:
        """Where it is, from a page."""
        return f"{FOLDER}/{self.name}?{hashlib.sha256(self.body).hexdigest()[:12]}"

    def given(self) -> web.Response:
        """Answer with it."""
        return web.Response(
            body=self.body,
            content_type=self.media,
            charset="utf-8",
            headers={**GUARDED, hdrs.CACHE_CONTROL: _KEPT},
        )


class Pages:
    """Writes pages out of what is shown; all text is escaped."""

    def __init__(self) -> None:
        texts = texts_of("interact_ivr.api.screen")
        self.assets: Mapping[str, Asset] = {each.name: each for each in _assets(texts)}
        self._templates = templates_of(texts)
        self._templates.filters |= {
            "clock": clock,
            "span": span,
            "time_of_day": time_of_day,
            "joined": joined,
        }
        self._templates.globals["asset"] = lambda name: self.assets[name].address
        self._board = self._templates.get_template("board.html")
        self._page = self._templates.get_template("page.html")
        self._refused = self._templates.get_template("refused.html")

    def board(self, board: Board) -> bytes:
        """Write what changes of a page."""
        return self._board.render(_values(board)).encode()

    def page(self, board: Board, extension: str, address: str, query: str) -> web.Response:
        """Answer with the page of *extension*, which is at *address*, with its *query*."""
        return html(
            self._page.render(
                _values(board), extension=extension, address=address, query=query, root=""
            )
        )

    def refused(self, status: int, **said: Any) -> web.Response:
        """Answer that there is no such page, or for whom there would be."""
        return html(self._refused.render(said), status)


def html(text: str, status: int = 200) -> web.Response:
    """Answer with a page."""
    return web.Response(text=text, status=status, content_type="text/html", headers=GUARDED)


def _values(board: Board) -> dict[str, Any]:
    return {name: getattr(board, name) for name in Board.__struct_fields__}


def _assets(texts: Mapping[str, str]) -> Iterator[Asset]:
    yield Asset("screen.css", "text/css", texts["screen.css"].encode())
    yield Asset("screen.js", "text/javascript", texts["screen.js"].encode())
    for state, colour in _ICONS.items():
        drawn = texts["icon.svg"].replace("COLOUR", colour)
        yield Asset(f"icon-{state}.svg", "image/svg+xml", drawn.encode())
