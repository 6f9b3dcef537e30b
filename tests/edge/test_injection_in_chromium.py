"""The console and the agents' page in a real Chromium, full of what would be markup elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

from interact_ivr.domain.access import Role
from interact_ivr.domain.errors import BadInput
from interact_ivr.domain.names import PRINTABLE
from testbed.desk import ACME, Desk, customer, on_phone
from testbed.hostile import TAKEN, TEXTS
from testbed.visitor import PASSWORD, stock

SETTINGS = '[environment]\ndefault = "acme/live"\n[interaction]\nalphabet = "printable"\n'
MARKED = "HTML", "XML", "templates", "JSON", "characters", "terminals"


def shown_ones() -> Iterator[str]:
    """Give the texts that an id may be, of the kinds that a page is about."""
    for name, text in TEXTS.items():
        try:
            if name.startswith(MARKED) and PRINTABLE.interaction(text):
                yield text
        except BadInput:
            continue


EVIL = [*dict.fromkeys(shown_ones())][:90]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Give a desk with each text as an interaction and a group."""
    with Desk(tmp_path_factory.mktemp("desk"), SETTINGS) as desk:
        desk.wait(desk.parts.administration.add_user("acme", "admin", PASSWORD, Role.ADMIN))
        for at, text in enumerate(EVIL):
            stock(desk, f"+1202555{at:04}", group=text)
            desk.wait(desk.parts.allocations.allocate(ACME, text, text))
        yield desk


def note_faults(page: Page, faults: list[str]) -> None:
    """Note each script that fails, each policy that is broken, and what is asked for elsewhere."""

    def note(what: str, *, is_fault: bool) -> None:
        if is_fault:
            faults.append(what)

    page.on("pageerror", lambda error: note(str(error), is_fault=True))
    page.on("dialog", lambda dialog: note(dialog.message, is_fault=True))
    page.on("console", lambda said: note(said.text, is_fault="Security" in said.text))
    page.on("request", lambda to: note(to.url, is_fault=not to.url.startswith("http://127.0.0.1:")))


@pytest.fixture
def page(shared_browser: Browser, desk: Desk) -> Iterator[Page]:
    """Give a page that is signed in, of which no script failed and no policy was broken."""
    faults: list[str] = []
    with shared_browser.new_context() as context:
        page = context.new_page()
        note_faults(page, faults)
        page.goto(f"{desk.url}/console")
        page.get_by_label("User").fill("admin")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        yield page
    assert faults == []


def cells(page: Page) -> set[str]:
    """Give what stands in the page's cells, and in its fields, as text."""
    script = (
        "[...document.querySelectorAll('td, input, option')].map(e => e.value || e.textContent)"
    )
    assert TAKEN not in page.title()
    assert page.locator("main :is(img, svg.x, iframe, script, base, x, b b, style)").count() == 0
    return {*page.evaluate(script)}


def test_each_page_shows_texts_as_they_are(desk: Desk, page: Page) -> None:
    """In rows, filters and links; nothing of them is an element, and nothing else is asked for."""
    seen: set[str] = set()
    for name in ("pool", f"pool?after=%2B1202555{48:04}", "journal", "live", "import", "service"):
        page.goto(f"{desk.url}/console/live/{name}")
        seen |= cells(page)
    assert {*EVIL} - seen == set()


def test_what_is_searched_for_is_shown_as_it_is(desk: Desk, page: Page) -> None:
    """A search finds its own text and says it again; a link leads to what it names."""
    wrong = {}
    for text in EVIL[:5]:
        page.goto(f"{desk.url}/console/live/pool?text={quote(text[:80])}")
        if text[:80] not in cells(page):
            wrong[text] = page.content()[:200]
    assert wrong == {}


def test_an_agent_s_page_shows_a_caller_as_they_are(desk: Desk, shared_browser: Browser) -> None:
    """Their name and number, and whose it is, as the PBX told it."""
    faults: list[str] = []
    with shared_browser.new_context() as context:
        page = context.new_page()
        note_faults(page, faults)
        page.goto(f"{desk.url}/screen/6929")
        page.get_by_label("Your token").fill(desk.token("6929"))
        page.keyboard.press("Enter")
        for at, text in enumerate(EVIL[:6]):
            desk.told(f"c{at}", interaction=text)
            desk.shows(on_phone(customer(f"c{at}", name=text, number=text), uniqueid=f"p{at}"))
            expect(page.locator("body")).to_contain_text(text, timeout=20_000)
            assert TAKEN not in page.title()
            assert page.locator("main :is(img, iframe, base, style)").count() == 0
            desk.over(f"p{at}")
    assert faults == []
