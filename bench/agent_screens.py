"""How late an agent's screen shows what a phone has done: by the stream, and on the page.

Real calls on a real Asterisk, and a real Chromium; each step is dated by the trace of the phone's
own SIPp, each showing by who shows it, on one machine's clock.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page

from bench.row import Row
from testbed.browser import browsing
from testbed.chromium import bring_chromium
from testbed.fetch import bring
from testbed.phone_stories import (
    ALICE,
    BOB,
    CAROL,
    Story,
    attended_transfer,
    blind_transfer,
    hold,
    optimised_member,
    pick_up,
    queue,
)
from testbed.screen_stream import ScreenStream
from testbed.watched_centre import WatchedCentre

ROUNDS: Final = 7
BAR_MS: Final = 500.0
STORIES: Final = (queue, optimised_member, hold, blind_transfer, attended_transfer, pick_up)
WATCHED: Final = (ALICE, BOB, CAROL)
KEEP: Final = """
window.kept = [];
const keep = () => {
  const call = document.getElementById("call");
  if (call) window.kept.push([Date.now() / 1000, call.dataset.state, call.dataset.interaction]);
};
addEventListener("DOMContentLoaded", () => {
  keep();
  new MutationObserver(keep).observe(document.body, {subtree: true, childList: true});
});
"""
"""Has a page keep what it showed when."""


def measure() -> Sequence[Row]:
    """Give how late each kind of step is shown."""
    late: dict[str, list[float]] = defaultdict(list)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="interact-ivr-")))
        house = stack.enter_context(WatchedCentre(bring(), folder))
        browser = stack.enter_context(browsing(bring_chromium()))
        api = house.agent()
        streams = {each: stack.enter_context(house.watch(api, each)) for each in WATCHED}
        pages = {each: opened(house, browser, each) for each in WATCHED}
        for index in range(ROUNDS):
            for story in STORIES:
                one(house, story, f"{story.name}-{index}", streams, pages, late)
    return [Row.of(name, "ms", values, BAR_MS) for name, values in late.items()]


def one(
    house: WatchedCentre,
    story: Story,
    interaction: str,
    streams: Mapping[str, ScreenStream],
    pages: Mapping[str, Page],
    late: dict[str, list[float]],
) -> None:
    """Follow a story, and note for each step how late it was shown."""
    house.expect(story, interaction)
    before: Mapping[str, str] = {}
    since: dict[str, float] = defaultdict(float)
    since_on_page: dict[str, float] = defaultdict(float)
    for scene in story.play(house.centre):
        for agent, state in scene.screens.items():
            if before.get(agent) == state:
                continue
            shown = streams[agent].wait(state, interaction, since[agent])
            on_page = kept(pages[agent], since_on_page[agent], state, interaction)
            since[agent], since_on_page[agent] = shown.at, on_page
            late[f"{story.name}, {scene.step}: stream"].append(1000 * (shown.at - scene.at))
            late[f"{story.name}, {scene.step}: page"].append(1000 * (on_page - scene.at))
        before = scene.screens
    for stream in streams.values():
        stream.wait(None, None)


def opened(house: WatchedCentre, browser: Browser, agent: str) -> Page:
    """Give the page of *agent*, signed in."""
    page = browser.new_context().new_page()
    page.add_init_script(KEEP)
    page.goto(f"{house.service.http}/screen/{agent}")
    page.fill("#token", house.agent(agent).token)
    page.click("button.first")
    page.wait_for_selector("#call[data-state=none]")
    return page


def kept(page: Page, since: float, state: str, interaction: str) -> float:
    """Give when the page showed it first, since an instant."""
    page.wait_for_selector(f'#call[data-state="{state}"][data-interaction="{interaction}"]')
    shown: list[tuple[float, str, str]] = page.evaluate("window.kept")
    return next(at for at, *what in shown if at >= since and what == [state, interaction])
