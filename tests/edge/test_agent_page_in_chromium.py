"""An agent's page in a real Chromium: it shows each change at once, and hurries to be of use."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from interact_ivr.domain.phone_calls import Party, PhoneState
from testbed.contrast import CONTRAST
from testbed.desk import Desk, customer, on_phone, until

ROOT = Path(__file__).parents[2]
PICTURE = ROOT / "docs/screen.png"
MOST_BYTES = 200_000
RECORD = '[screen]\ncustomer_url = "https://crm.example/i/{interaction}"\n'
HALF_A_SECOND = 500


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Give a desk without a call, whose customers have records."""
    with Desk(tmp_path, RECORD) as desk:
        yield desk


Opened = Callable[..., Page]


@pytest.fixture
def opened(browser: Browser, desk: Desk) -> Iterator[Opened]:
    """Give a maker of pages on which the agent of 6929 has signed in; none may have a fault."""
    faults: list[str] = []

    def open_page(**how: Any) -> Page:
        page = browser.new_context(**how).new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on(
            "console",
            lambda said: faults.append(said.text) if "Content Security" in said.text else None,
        )
        page.goto(f"{desk.url}/screen/6929")
        page.get_by_label("Your token").fill(desk.token("6929"))
        page.get_by_role("button", name="Sign in").click()
        return page

    yield open_page
    assert faults == []


@contextmanager
def away(desk: Desk) -> Iterator[None]:
    """Have the service gone for a while."""
    desk.go_away()
    yield
    desk.come_back()


def test_the_page_follows_a_call(desk: Desk, opened: Opened) -> None:
    """Ringing, talking, held and over, within half a second, in its title, too."""
    page = opened()
    call = page.locator("#call")
    expect(call).to_have_attribute("data-state", "none")
    expect(page.locator("#link-said")).to_have_text("live")
    desk.told()
    for state, word in (("ringing", "Ringing"), ("talking", "Talking"), ("held", "On hold")):
        desk.shows(on_phone(state=PhoneState(state)))
        expect(call).to_have_attribute("data-state", state, timeout=HALF_A_SECOND)
        expect(page.get_by_role("heading", level=1)).to_have_text("basket-4711")
        expect(page).to_have_title(re.compile(f"{word}.*basket-4711.*6929"))
        expect(page.get_by_role("status")).to_contain_text(word)
        expect(page.locator("#icon")).to_have_attribute("href", re.compile(f"icon-{state}.svg"))
    desk.over()
    expect(call).to_have_attribute("data-state", "none", timeout=HALF_A_SECOND)
    expect(page.locator(".last li").first).to_contain_text("basket-4711")
    expect(page).to_have_title("6929")


def test_the_clock_goes_on(desk: Desk, opened: Opened) -> None:
    """From how long the call had been so, by the service's clock."""
    desk.shows(on_phone(state=PhoneState.TALKING, ago=3598))
    page = opened()
    expect(page.locator("[data-clock]")).to_have_text(re.compile("1:00:0[0-9]"))


def test_the_record_opens_and_the_id_is_copied_by_a_key(desk: Desk, opened: Opened) -> None:
    """O opens it in a page of its own that knows nothing of ours; C puts the id away."""
    desk.told(interaction="a b/c")
    desk.shows(on_phone())
    page = opened(permissions=["clipboard-read", "clipboard-write"])
    expect(page.locator("#call")).to_have_attribute("data-state", "ringing")
    page.context.route("https://crm.example/**", lambda route: route.fulfill(body="the record"))
    with page.context.expect_page() as other:
        page.keyboard.press("o")
    other.value.wait_for_load_state()
    assert other.value.url == "https://crm.example/i/a%20b%2Fc"
    assert other.value.evaluate("window.opener") is None
    page.bring_to_front()
    page.keyboard.press("c")
    expect(page.get_by_role("status")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "a b/c"
    page.keyboard.press("Control+o")
    assert len(page.context.pages) == 2


def test_without_an_interaction_keys_do_nothing(desk: Desk, opened: Opened) -> None:
    """Nor without a call."""
    page = opened()
    for _ in range(2):
        page.keyboard.press("o")
        page.keyboard.press("c")
        expect(page.get_by_role("status")).not_to_have_text("Copied")
        desk.shows(on_phone())
        expect(page.locator("#call")).to_have_attribute("data-state", "ringing")
    assert len(page.context.pages) == 1


NOTED = """
window.noted = [];
window.Notification = class extends EventTarget {
  static permission = "granted";
  static async requestPermission() { return "granted"; }
  constructor(title, more) { super(); window.noted.push(`${title}|${more.body}`); }
  close() { window.noted.push("closed"); }
};
document.hasFocus = () => false;
"""


def test_a_notification_tells_of_a_call_that_rings(desk: Desk, opened: Opened) -> None:
    """Once somebody has wanted it, while the page is behind others; it goes when the call does."""
    page = opened()
    page.add_init_script(NOTED)
    page.reload()
    notify = page.get_by_role("button", name="Notify")
    desk.told()
    desk.shows(on_phone())
    expect(page.locator("#call")).to_have_attribute("data-state", "ringing")
    assert page.evaluate("noted") == []
    desk.over()
    expect(page.locator("#call")).to_have_attribute("data-state", "none")
    notify.click()
    expect(notify).to_have_attribute("aria-pressed", "true")
    desk.shows(on_phone(uniqueid="p2"))
    until(lambda: page.evaluate("noted.length") == 1)
    assert "basket-4711|Ringing" in page.evaluate("noted[0]")
    desk.shows(on_phone(uniqueid="p2", state=PhoneState.TALKING))
    until(lambda: page.evaluate("noted.length") == 2)
    assert page.evaluate("noted[1]") == "closed"


HEARD = """
window.heard = 0;
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...at) { window.heard += 1; start.apply(this, at); };
"""


def test_a_tone_sounds_while_a_call_rings(desk: Desk, opened: Opened) -> None:
    """Once somebody has wanted it, and remembered for the next time the page is opened."""
    page = opened()
    page.add_init_script(HEARD)
    page.reload()
    sound = page.get_by_role("button", name="Sound")
    sound.click()
    expect(sound).to_have_attribute("aria-pressed", "true")
    assert page.evaluate("heard") == 0
    desk.shows(on_phone())
    until(lambda: page.evaluate("heard") == 2)
    desk.over()
    expect(page.locator("#call")).to_have_attribute("data-state", "none")
    page.reload()
    expect(sound).to_have_attribute("aria-pressed", "true")


def test_without_a_script_the_page_is_looked_at_anew(desk: Desk, opened: Opened) -> None:
    """It says the same; nothing on it needs what is not there."""
    desk.told()
    desk.shows(on_phone())
    page = opened(java_script_enabled=False)
    expect(page.get_by_role("heading", level=1)).to_have_text("basket-4711")
    expect(page.get_by_role("button", name="Notify")).to_be_hidden()
    expect(page.get_by_role("button", name="Copy id")).to_be_hidden()
    desk.over()
    expect(page.locator("#call")).to_have_attribute("data-state", "none", timeout=8000)


def test_the_page_finds_the_service_again(desk: Desk, opened: Opened) -> None:
    """It says so while it is away, and shows what there is then, without being signed in anew."""
    page = opened()
    expect(page.locator("#link-said")).to_have_text("live")
    with away(desk):
        expect(page.locator("#link-said")).to_have_text("reconnecting")
        desk.told()
        desk.shows(on_phone())
    expect(page.locator("#call")).to_have_attribute("data-state", "ringing", timeout=15_000)
    expect(page.locator("#link-said")).to_have_text("live")


def test_a_token_that_is_taken_back_closes_the_page(desk: Desk, opened: Opened) -> None:
    """The door is there again, and nothing of the call."""
    desk.told()
    desk.shows(on_phone())
    page = opened()
    expect(page.get_by_role("heading", level=1)).to_have_text("basket-4711")
    (token,) = [each["value"] for each in page.context.cookies()]
    desk.take_back(str(token))
    expect(page.get_by_label("Your token")).to_be_visible(timeout=15_000)
    assert "basket-4711" not in page.content()


def test_signing_out_forgets_the_token(desk: Desk, opened: Opened) -> None:
    """By the button; the browser has no cookie of ours left."""
    page = opened()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Your token")).to_be_visible()
    assert page.context.cookies() == []


def test_no_markup_comes_from_others(desk: Desk, opened: Opened) -> None:
    """What a caller is called is text, as it comes by the stream as well."""
    page = opened()
    evil = "<img src=x onerror=document.title='taken'>"
    desk.told(interaction=evil)
    desk.shows(on_phone(customer(name=evil)))
    expect(page.get_by_role("heading", level=1)).to_have_text(evil)
    assert page.locator("#board img").count() == 0
    assert "taken" not in page.title().split(evil)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 380, 1100])
def test_it_can_be_read_everywhere(desk: Desk, opened: Opened, scheme: str, width: int) -> None:
    """Nothing is cut off, and every text has a contrast of 4.5 to 1 (WCAG 2.2, 1.4.3)."""
    colleague = Party("p2", extension="6930", number="6930", name="Carl")
    desk.told(interaction="claim/2026/" + "x" * 80)
    page = opened(
        color_scheme=scheme, viewport={"width": width, "height": 800}, reduced_motion="reduce"
    )
    for state in PhoneState:
        desk.shows(on_phone(customer(), colleague, state=state))
        expect(page.locator("#call")).to_have_attribute("data-state", state)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(CONTRAST) == []


def test_the_picture_of_it(desk: Desk, opened: Opened, tmp_path: Path) -> None:
    """The documentation has one, small enough; `PICTURE=yes` takes it anew."""
    desk.told()
    for count, (interaction, state, ago) in enumerate(PAST):
        desk.told(f"c-{count}", interaction)
        there = customer(f"c-{count}", name="")
        desk.shows(on_phone(there, uniqueid=f"p-{count}", state=state, ago=ago))
        desk.over(f"p-{count}")
    desk.shows(on_phone(state=PhoneState.RINGING, ago=4))
    page = opened(viewport={"width": 900, "height": 720}, locale="en-GB", reduced_motion="reduce")
    expect(page.locator("#call")).to_have_attribute("data-state", "ringing")
    expect(page.locator("#link-said")).to_have_text("live")
    taken = page.screenshot(path=tmp_path / "screen.png")
    assert len(taken) < MOST_BYTES
    if os.environ.get("PICTURE"):
        PICTURE.write_bytes(taken)
    assert PICTURE.stat().st_size < MOST_BYTES
    assert PICTURE.read_bytes()[16:24] == taken[16:24], "it has another size"


PAST = (
    ("basket-4702", PhoneState.TALKING, 151.0),
    (None, PhoneState.RINGING, 22.0),
    ("basket-4709", PhoneState.TALKING, 48.0),
)
