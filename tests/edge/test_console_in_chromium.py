"""The console in a real Chromium: each role, each page, with and without scripts, for every eye."""

from __future__ import annotations

import os
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from interact_ivr.api.console.frames import may_see
from interact_ivr.api.console.importing import Rows
from interact_ivr.domain.access import Role
from interact_ivr.domain.names import CallRef
from interact_ivr.service.allocations import Asking
from interact_ivr.service.checking import NumberRow
from interact_ivr.service.pool_watch import Standing
from testbed.contrast import CONTRAST
from testbed.desk import ACME, Desk
from testbed.visitor import PASSWORD, stock

DOCS = Path(__file__).parents[2] / "docs"
MOST_BYTES = 200_000
SETTINGS = '[environment]\ndefault = "acme/live"\n[interaction]\nalphabet = "printable"\n'
ROLES = (Role.ADMIN, Role.VIEWER, Role.AGENT)
SIZED = "sizing?arrivals_per_hour=600&hold_seconds=60&numbers=15&target=0.01"
READING = (
    "pool",
    "sizing",
    SIZED,
    "live",
    "journal",
    "explain?number=911",
    "plan",
    "applications",
    "service",
)
EVERY = (
    *READING,
    "people",
    "audit",
    "import",
    "matching?group=sales",
    "journal?number=%2B13178720001&at=2020-01-01T00:00",
)
NEWEST = (
    *("live/sizing", f"live/{SIZED}", "live/audit", "live/audit?who=nobody", "own/plan"),
    *("live/pool?text=039", "live/matching?group=sales", "live/matching?enabled=true"),
)
EVIL = "<img src=x onerror=document.title='taken'>"
SOON = 20_000
"""Milliseconds: what is to be seen is seen by then on any machine."""


@pytest.fixture(scope="module", autouse=True)
def patience() -> Iterator[None]:
    """Wait for what a page is to show as long as a busy machine may take."""
    expect.set_options(timeout=SOON)
    yield
    expect.set_options(timeout=5_000)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Give a desk with users of every role, and numbers in every state."""
    with Desk(tmp_path, SETTINGS) as desk:
        for role in ROLES:
            desk.wait(desk.parts.administration.add_user("acme", role, PASSWORD, role))
        desk.wait(filled(desk))
        yield desk


async def filled(desk: Desk) -> None:
    """Have some hundred numbers, of which some are lent, rest or are drained."""
    parts = desk.parts
    rows = [
        NumberRow(
            at, f"(317) 872-{at:04}", "sales" if at % 3 == 0 else None, f"{at:04}", at % 9 < 8
        )
        for at in range(400)
    ]

    async def chunks() -> AsyncIterator[Rows]:
        yield Rows(rows, ())

    async def unheard(_: int, __: int) -> None:
        """Nobody waits."""

    await parts.imports.take_in(ACME, chunks(), unheard)
    for at in range(90):
        lent = await parts.allocations.allocate(ACME, f"basket-{4000 + at}", None)
        if at % 3 == 0:
            await parts.allocations.free_known(ACME, lent.number, None)


Opened = Callable[..., Page]


@pytest.fixture
def opened(shared_browser: Browser, desk: Desk) -> Iterator[Opened]:
    """Give a maker of pages on which a user has signed in; none may have a fault."""
    faults: list[str] = []

    def open_page(role: Role = Role.ADMIN, **how: Any) -> Page:
        page = contexts.enter_context(shared_browser.new_context(**how)).new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on(
            "console",
            lambda said: faults.append(said.text) if "Security" in said.text else None,
        )
        page.goto(f"{desk.url}/console")
        page.get_by_label("User").fill(str(role))
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        return page

    with ExitStack() as contexts:
        yield open_page
    assert faults == []


def see(page: Page, desk: Desk, name: str) -> None:
    """Go to a page of the console."""
    answer = page.goto(f"{desk.url}/console/live/{name}")
    assert answer is not None
    assert answer.status == 200, name


def test_each_role_goes_through_its_pages(desk: Desk, opened: Opened) -> None:
    """By the navigation alone; each says where one is; then they sign out, and are outside."""
    for role in ROLES:
        page = opened(role)
        for entry in may_see(role):
            page.get_by_role("link", name=entry.title, exact=True).click()
            here = page.get_by_role("navigation").locator("[aria-current=page]")
            expect(here).to_have_text(entry.title)
            expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.get_by_role("navigation").get_by_role("link")).to_have_count(len(may_see(role)))
        for each in page.context.cookies():
            assert (each["httpOnly"], each["sameSite"]) == (True, "Strict")
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
        page.go_back()
        page.reload()
        expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_can_be_read_everywhere(desk: Desk, opened: Opened, scheme: str) -> None:
    """No page is wider than its window, and each text has a contrast of 4.5 to 1 (WCAG 1.4.3).

    Every control has a name, and no two things have the same id.
    """
    page = opened(color_scheme=scheme, reduced_motion="reduce")
    for name in EVERY:
        see(page, desk, name)
        page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
        for width in (320, 400, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (name, width)
        assert page.evaluate(CONTRAST) == [], name
        assert page.evaluate(UNNAMED) == [], name


UNNAMED = """
() => {
  const ids = [...document.querySelectorAll("[id]")].map((each) => each.id);
  const controls = "input:not([type=hidden]), select, textarea, button";
  const unnamed = [...document.querySelectorAll(controls)]
    .filter((each) => each.checkVisibility())
    .filter((each) => !(each.labels && each.labels.length) && !each.ariaLabel &&
      !(each.tagName === "BUTTON" && each.textContent.trim()))
    .map((each) => each.outerHTML);
  return [...unnamed, ...ids.filter((id, at) => ids.indexOf(id) !== at)];
}
"""


def test_without_scripts_pages_read_and_forms_work(desk: Desk, opened: Opened) -> None:
    """All that is there is in what was sent; a number is found, drained and lent again."""
    page = opened(java_script_enabled=False)
    for name in READING:
        see(page, desk, name)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
    see(page, desk, "live")
    expect(page.locator("#rows tr")).to_have_count(100)
    see(page, desk, "pool")
    page.get_by_label("Number, DNID or interaction").fill("0399")
    page.get_by_role("button", name="Show").click()
    row = page.locator("tbody tr")
    expect(row).to_have_count(1)
    for button, look in (("Drain", "drained"), ("Lend again", "idle")):
        row.get_by_role("checkbox").check()
        page.get_by_role("button", name=button).click()
        expect(page.get_by_role("status")).to_contain_text("1 number")
        expect(row.locator(".state")).to_have_text(look)
    page.locator(".tile").first.click()
    expect(page.locator(".tile").first).to_contain_text("0")
    assert "prefix=" in page.url


def test_all_that_fit_are_drained_without_scripts(desk: Desk, opened: Opened) -> None:
    """From the pool as it is filtered, by a page that says how many, and back to the same pool."""
    page = opened(java_script_enabled=False)
    see(page, desk, "pool?group=sales&prefix=%2B13178720")
    page.get_by_role("link", name="drain them", exact=True).click()
    counted = page.locator("#count").inner_text()
    page.get_by_role("button", name=f"Drain {counted}").click()
    expect(page.get_by_role("status")).to_contain_text(f"{counted} numbers were drained")
    expect(page.get_by_label("Group")).to_have_value("sales")
    assert "prefix=%2B13178720" in page.url


def test_a_plan_is_let_count_without_scripts(desk: Desk, opened: Opened, tmp_path: Path) -> None:
    """Tried first, with what would change beside it; then it counts, and the former comes back."""
    file = own_plan(desk, tmp_path)
    page = opened(java_script_enabled=False)
    page.goto(f"{desk.url}/console/own/plan")
    page.get_by_label("The new plan's file").fill(plan_of("765"))
    expect(page.get_by_role("button", name="Let it count")).to_have_count(0)
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_role("heading", name="0 of 0 numbers change")).to_be_visible()
    page.get_by_role("button", name="Let it count").click()
    said, areas = page.get_by_role("status"), page.get_by_role("definition")
    expect(said).to_contain_text("This plan counts from now on, for own")
    expect(areas.filter(has_text=re.compile("^765$"))).to_be_visible()
    assert file.read_text() == plan_of("765")
    page.get_by_role("button", name="Go back to the former plan").click()
    expect(said).to_contain_text("The former one is kept")
    expect(areas.filter(has_text=re.compile("^317$"))).to_be_visible()
    assert file.read_text() == plan_of("317")


def own_plan(desk: Desk, folder: Path) -> Path:
    """Give an environment a plan of its own, in this file."""
    file = folder / "ours.toml"
    file.write_text(plan_of("317"))
    desk.wait(desk.parts.administration.add_environment("acme/own", str(file)))
    return file


def plan_of(area: str) -> str:
    """Give a plan by which seven digits are in that area."""
    return f'name = "ours"\nextends = "nanp"\narea_codes = ["{area}"]\n'


def test_the_pool_keeps_itself_fresh(desk: Desk, opened: Opened) -> None:
    """What is counted and drawn follows within seconds; what one has begun to write stays."""
    page = opened()
    page.clock.install()
    see(page, desk, "pool")
    allocated = page.locator(".figure.allocated b")
    expect(allocated).to_have_text("60")
    page.get_by_label("Number, DNID or interaction").fill("begun")
    desk.wait(calls(desk, "gone", 1))
    desk.wait(desk.parts.allocations.allocate(ACME, "another", None))
    page.clock.fast_forward(6_000)
    expect(allocated).to_have_text("61")
    expect(page.locator(".tile").first).to_have_attribute("aria-label", re.compile("allocated"))
    expect(page.get_by_label("Number, DNID or interaction")).to_have_value("begun")


def test_a_pool_is_sized_with_and_without_scripts(desk: Desk, opened: Opened) -> None:
    """By figures that are typed in; what cannot be is said at its field; the picture is seen."""
    for how in ({}, {"java_script_enabled": False}):
        page = opened(Role.VIEWER, **how)
        see(page, desk, "sizing")
        form = page.get_by_role("form", name="By figures")
        form.get_by_label("Interactions an hour").fill("600")
        form.get_by_label("Seconds each takes one").fill("soon")
        form.get_by_label("Numbers that there are").fill("15")
        form.get_by_role("button", name="Calculate").click()
        wrong = form.get_by_label("Seconds each takes one")
        expect(wrong).to_have_value("soon")
        expect(wrong).to_have_attribute("aria-invalid", "true")
        expect(page.get_by_role("alert")).to_contain_text("hold_seconds: expected seconds")
        wrong.fill("60")
        form.get_by_label("Share that may be refused").fill("0.01")
        form.get_by_role("button", name="Calculate").click()
        expect(page.get_by_role("heading", name="It is too small")).to_be_visible()
        expect(page.locator("[data-name=needed]")).to_have_text("18 numbers")
        expect(form.get_by_label("Interactions an hour")).to_have_value("600")
        picture = page.get_by_role("img", name="10.00 erlangs need 18 numbers")
        expect(picture).to_be_visible()
        assert picture.bounding_box()["height"] > 100  # type: ignore[index]  # it is visible
        expect(page.get_by_role("table", name="Numbers needed")).to_contain_text("0.01 %")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_picture_is_light_or_dark_as_its_reader(desk: Desk, opened: Opened, scheme: str) -> None:
    """Its own style is let in, which asks what the reader likes."""
    page = opened(Role.VIEWER, color_scheme=scheme)
    see(page, desk, SIZED)
    picture = page.get_by_role("img", name="10.00 erlangs need")
    address = picture.get_attribute("src")
    page.goto(f"{desk.url}/console/live/{address}")
    ground = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert ground == {"light": "rgb(255, 255, 255)", "dark": "rgb(13, 17, 23)"}[scheme]


def test_a_warning_comes_and_goes_while_one_looks(desk: Desk, opened: Opened) -> None:
    """On the pool's page, on the live one and on that of its size, without loading them anew."""
    pages = []
    for name in ("pool", "live", "sizing"):
        page = opened(Role.VIEWER)
        page.clock.install()
        see(page, desk, name)
        pages.append(page)
    for is_strained in (True, False):
        standing = Standing("acme/live", "default", 0.5, 90.0, is_strained, is_strained)
        desk.do(desk.parts.pool_watch.tell, [standing])
        for page in pages:
            page.clock.fast_forward(6_000)
            warned = page.locator("#strained .note")
            expect(warned).to_have_count(1 if is_strained else 0)
            if is_strained:
                expect(warned).to_contain_text("nothing is free in 1.5 min")
                expect(warned).to_contain_text("50 %")


def test_the_keyboard_suffices(desk: Desk, opened: Opened) -> None:
    """The first step skips to the content; what is focused is seen; a page's rows are chosen."""
    page = opened()
    see(page, desk, "pool?text=039")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="To the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.get_by_label("All on this page").focus()
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert page.evaluate(outline) == "solid"
    page.keyboard.press("Space")
    expect(page.locator("tbody input:checked")).to_have_count(page.locator("tbody tr").count())
    page.get_by_role("button", name="Drain").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("numbers are drained")


CONTROLS = """
() => {
  const which = "a[href], button, input:not([type=hidden]), select, textarea, summary";
  const all = [...document.querySelectorAll(which)]
    .filter((each) => each.checkVisibility() && !each.disabled);
  all.forEach((each, at) => { each.dataset.place = at; });
  return all.length;
}
"""
FOCUSED = """
() => {
  const each = document.activeElement, looks = getComputedStyle(each);
  const box = each.getBoundingClientRect();
  const seen = box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth;
  return [each.dataset.place ?? null, looks.outlineStyle, parseFloat(looks.outlineWidth), seen];
}
"""


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.long)])
def test_every_control_of_the_newest_pages_is_reached(
    desk: Desk, opened: Opened, scheme: str, tmp_path: Path
) -> None:
    """By Tab alone, in the order in which they are read; what is focused is seen and outlined."""
    own_plan(desk, tmp_path)
    page = opened(color_scheme=scheme, reduced_motion="reduce")
    for name in NEWEST:
        page.goto(f"{desk.url}/console/{name}")
        if name.endswith("/plan"):
            page.get_by_label("The new plan's file").fill(plan_of("765"))
            page.get_by_role("button", name="Try it").click()
            expect(page.get_by_role("button", name="Let it count")).to_be_visible()
        assert page.evaluate(CONTRAST) == [], name
        assert page.evaluate(UNNAMED) == [], name
        count = page.evaluate(CONTROLS)
        page.evaluate("document.activeElement.blur()")
        reached = list[int]()
        while len(reached) <= count:
            page.keyboard.press("Tab")
            place, style, width, is_seen = page.evaluate(FOCUSED)
            if place is None and style == "none":
                break  # past the last one
            assert (style, width >= 2, is_seen) == ("solid", True, True), (name, place)
            reached += [] if place is None else [int(place)]
        assert reached == [*range(count)], name


def test_the_newest_pages_need_no_mouse(desk: Desk, opened: Opened, tmp_path: Path) -> None:
    """All that fit are drained, a pool is sized, the record searched and a plan let count."""
    own_plan(desk, tmp_path)
    page = opened()

    def press(role: Any, name: str) -> None:
        page.get_by_role(role, name=name).focus()
        page.keyboard.press("Enter")

    see(page, desk, "pool?group=sales")
    press("link", "drain them")
    expect(page.get_by_role("heading", level=1)).to_have_text("Drain all")
    counted = page.locator("#count").inner_text()
    press("button", f"Drain {counted}")
    expect(page.get_by_role("status")).to_contain_text(f"{counted} numbers were drained")

    see(page, desk, "audit")
    page.get_by_label("Action").focus()
    page.keyboard.type("number")
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody tr")).to_contain_text(f"asked={counted} changed={counted}")

    see(page, desk, "sizing")
    page.get_by_role("form", name="By figures").get_by_label("Interactions an hour").focus()
    for figure in ("600", "60", "15", "0.01"):
        page.keyboard.press("Control+A")
        page.keyboard.type(figure)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("[data-name=needed]")).to_have_text("18 numbers")

    page.goto(f"{desk.url}/console/own/plan")
    page.get_by_label("The new plan's file").focus()
    page.keyboard.type(plan_of("765"))
    press("button", "Try it")
    press("button", "Let it count")
    expect(page.get_by_role("status")).to_contain_text("This plan counts from now on")
    press("button", "Go back to the former plan")
    expect(page.get_by_role("definition").filter(has_text=re.compile("^317$"))).to_be_visible()


def test_what_happens_is_shown_as_it_happens(desk: Desk, opened: Opened) -> None:
    """At once, also by fifties, in a bounded number of rows; a call is a link to its journal."""
    page = opened(Role.VIEWER)
    see(page, desk, "live")
    expect(page.locator("#link.on")).to_be_visible()
    desk.wait(calls(desk, "first", 1))
    top = page.locator("#rows tr").first
    expect(top).to_contain_text("retrieved")
    expect(top.get_by_role("link", name="first-0", exact=True)).to_have_attribute(
        "href", "journal?interaction=first-0"
    )
    expect(page.locator("[data-rate=retrieved]")).to_have_text("1")
    for name in ("many", "more", "most"):
        desk.wait(calls(desk, name, 50))
    expect(top).to_contain_text("most-49")
    expect(page.locator("#rows tr")).to_have_count(200)
    expect(page.locator("[data-rate=allocated]")).to_have_text("151")
    expect(page.locator("[data-rate=retrieved]")).to_have_text("151")
    page.get_by_label("allocated").uncheck()
    expect(page.locator("#rows tr:visible")).not_to_have_count(200)
    page.get_by_role("button", name="Pause").click()
    desk.wait(calls(desk, "unseen", 1))
    expect(page.locator("[data-rate=retrieved]")).to_have_text("152")
    expect(page.locator("#rows")).not_to_contain_text("unseen")
    page.get_by_role("button", name="Go on").click()
    expect(top).to_contain_text("unseen")
    top.get_by_role("link", name="c-unseen-0").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Journal")
    expect(page.locator("tbody tr")).to_have_count(1)


async def calls(desk: Desk, name: str, count: int) -> None:
    """Have so many interactions allocate, each with a call that finds it."""
    for at in range(count):
        allocations = desk.parts.allocations
        lent = await allocations.allocate(ACME, f"{name}-{at}", None)
        asking = Asking((lent.number,), CallRef("main", f"c-{name}-{at}"))
        await allocations.retrieve(ACME, asking, time.monotonic() + 10)


def test_a_stream_ends_with_the_session(desk: Desk, opened: Opened) -> None:
    """Who is let in no more sees the door."""
    page = opened(Role.VIEWER)
    see(page, desk, "live")
    expect(page.locator("#link.on")).to_be_visible()
    desk.wait(desk.parts.administration.set_user("acme", "viewer", "agent"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_what_happens_without_a_stream_is_shown_once(desk: Desk, opened: Opened) -> None:
    """While the page was on its way to the browser, and while its stream was broken off."""
    page = opened(Role.VIEWER)
    names = ["early", "away"]

    def stream(route: Route) -> None:
        name = names.pop(0)
        desk.wait(calls(desk, name, 2))
        if name == "early":
            route.fulfill(content_type="text/event-stream", body="retry: 10\n\n")
        else:
            route.continue_()

    page.route("**/happenings", stream, times=len(names))
    see(page, desk, "live")
    top = page.locator("#rows tr").first
    expect(top).to_contain_text("away-1")
    desk.wait(calls(desk, "late", 1))
    expect(top).to_contain_text("late-0")
    for name in ("early-0", "early-1", "away-0", "away-1", "late-0"):
        link = page.locator("#rows").get_by_role("link", name=name, exact=True)
        expect(link).to_have_count(2)  # it was allocated, and retrieved
    expect(page.locator("[data-rate=retrieved]")).to_have_text("1")
    rows = page.locator("#rows tr").all_inner_texts()
    assert len(rows) > 100, "what the page came with is there, too"
    assert len({*rows}) == len(rows)


def test_no_markup_comes_from_others(desk: Desk, opened: Opened) -> None:
    """What an interaction is called is text on every page, as it comes by the stream as well."""
    stock(desk, "+12025550100", group=EVIL)
    page = opened()
    see(page, desk, "live")
    expect(page.locator("#link.on")).to_be_visible()
    lent = desk.wait(desk.parts.allocations.allocate(ACME, EVIL, EVIL))
    expect(page.locator("#rows tr").first).to_contain_text(EVIL)
    page.locator("#rows tr").first.get_by_role("link", name=EVIL).click()
    expect(page.locator("tbody tr")).to_contain_text(EVIL)
    for name in ("live", "pool?text=2025550100", f"journal?number=%2B{lent.number[1:]}"):
        see(page, desk, name)
        expect(page.locator("main")).to_contain_text(EVIL)
        assert page.locator("main img").count() == 0
        assert "taken" not in page.title()


@pytest.mark.parametrize("name", ["pool", "live", "sizing"])
def test_the_pictures_of_it(desk: Desk, opened: Opened, name: str) -> None:
    """docs/ has them, small enough; `PICTURE=yes` takes them anew."""
    page = opened(viewport={"width": 1100, "height": 760}, locale="en-GB", reduced_motion="reduce")
    see(page, desk, SIZED if name == "sizing" else name)
    if name == "live":
        expect(page.locator("#link.on")).to_be_visible()
        for count in (9, 4, 7):
            desk.wait(calls(desk, f"basket-{count}", count))
            desk.wait(desk.parts.allocations.allocate(ACME, f"basket-{count}", None))
            rate = page.locator("[data-rate=retrieved]")
            expect(rate).not_to_have_text(rate.inner_text())
    taken = page.screenshot()
    file = DOCS / f"console-{name}.png"
    if os.environ.get("PICTURE"):
        file.write_bytes(taken)
    assert file.stat().st_size < MOST_BYTES
    assert file.read_bytes()[16:24] == taken[16:24], "it has another size"
    assert re.fullmatch(rb"\x89PNG.*", taken[:4])
