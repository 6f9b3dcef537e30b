"""How the console refuses: a page for everything, which says no more than it should."""

from __future__ import annotations

import html
from urllib.parse import urljoin

import pytest

from interact_ivr.api.console.dialect import OURS, ConsoleDialect
from interact_ivr.api.console.entrance import NoRole, WrongUser
from interact_ivr.api.console.frames import root_of
from interact_ivr.api.console.pages import ConsolePages
from interact_ivr.api.faults import Broken, FromElsewhere, NoSuchPath, TooLarge
from interact_ivr.domain.errors import (
    BadInput,
    BadRows,
    EntryInUse,
    NotPermitted,
    Refusal,
    StoreUnavailable,
    TooManyAttempts,
    Unauthenticated,
)

PAGES = ConsolePages()
REFERENCE = "0123456789ab-00000001"


@pytest.mark.parametrize(
    ("refusal", "status", "said", "asks"),
    [
        (Unauthenticated(), 401, "Sign in", True),
        (WrongUser(), 401, "The name or the password is wrong", True),
        (TooManyAttempts(7), 429, "too many attempts; again in 7 s", True),
        (NoRole(), 403, "no role in the console", True),
        (NotPermitted(), 403, "Your role does not allow it", False),
        (FromElsewhere(), 403, "Nothing was done", False),
        (NoSuchPath(), 404, "There is nothing here", False),
        (BadInput("role", "viewer", "'<b>'"), 400, "role: expected viewer, got '<b>'", False),
        (BadRows([f"line {n}: no" for n in range(30)]), 400, "and 10 more", False),
        (EntryInUse("user", "ann", "it is you"), 409, "it is you", False),
        (TooLarge(9), 413, "at most 9 bytes", False),
        (StoreUnavailable("disk: secret"), 503, "the store cannot do it now", False),
        (Broken(REFERENCE), 500, REFERENCE, False),
    ],
)
def test_each_refusal_has_its_page(refusal: Refusal, status: int, said: str, asks: bool) -> None:
    """With its status; a form where signing in would help; a reference where it was our fault."""
    answer = ConsoleDialect(PAGES, "../").refused(refusal, REFERENCE)
    text = answer.text or ""
    assert answer.status == status
    assert said in html.unescape(text)
    assert ('action="../sign-in"' in text) is asks
    assert (REFERENCE in text) is (status >= 500)
    assert "secret" not in text
    assert "<b>" not in text
    assert ("Retry-After" in answer.headers) is isinstance(refusal, TooManyAttempts)


@pytest.mark.parametrize(
    ("path", "root"),
    [
        ("/console", "console/"),
        ("/console/", ""),
        ("/console/a/b", "../"),
        ("/console/a/b/c/d", "../../../"),
        ("/console" + "/a" * 200, "../" * 199),
        ("/console%2Flive/pool", "../console/"),
        ("/%63on%73ole/live/pool", "../../console/"),
        ("/CONSOLE/live", "../console/"),
    ],
)
def test_a_refused_page_knows_its_way_to_the_root(path: str, root: str) -> None:
    """However deep the path is that was asked for, and however it is written."""
    assert OURS.match(path)
    assert root_of(path) == root
    reached = urljoin(f"http://ivr.example/proxied{path}", root)
    assert reached == "http://ivr.example/proxied/console/"


@pytest.mark.parametrize("path", ["/consoles", "/x/console", "/console.css", "/console%2", "/"])
def test_no_other_path_is_the_console_s(path: str) -> None:
    """One that begins alike is another's."""
    assert not OURS.match(path)
