"""The page that an agent leaves open, in a real Chromium, while real calls are on the phone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from testbed.phone_stories import (
    ALICE,
    BOB,
    Story,
    attended_transfer,
    blind_transfer,
    conference,
    hold,
    pick_up,
    queue,
)
from testbed.tools import Tools
from testbed.watched_centre import WatchedCentre
from tests.system.screens import MERCY_SECONDS

STORIES = (queue, hold, blind_transfer, attended_transfer, pick_up, conference)
SETTINGS = '[screen]\ncustomer_url = "https://crm.example/interactions/{interaction}"\n'


@pytest.fixture(scope="module")
def centre(tools: Tools, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WatchedCentre]:
    """Give a running contact centre."""
    with WatchedCentre(tools, tmp_path_factory.mktemp("centre"), SETTINGS) as house:
        yield house


@pytest.fixture
def house(centre: WatchedCentre) -> Iterator[WatchedCentre]:
    """Give the contact centre, where nobody calls; a story that breaks off leaves nothing."""
    yield centre
    centre.clear()


def signed_in(house: WatchedCentre, browser: Browser, agent: str) -> Page:
    """Give the page of *agent*, who has signed in with a token of their own."""
    page = browser.new_context(viewport={"width": 900, "height": 900}).new_page()
    page.goto(f"{house.service.http}/screen/{agent}")
    page.fill("#token", house.agent(agent).token)
    page.click("button.first")
    page.wait_for_selector("#call[data-state=none]")
    return page


def wait_to_show(page: Page, state: str, interaction: str) -> None:
    """Wait until the page shows it."""
    page.wait_for_selector(
        f'#call[data-state="{state}"][data-interaction="{interaction}"]',
        timeout=MERCY_SECONDS * 1000,
    )


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_each_scene_is_on_the_pages(house: WatchedCentre, browser: Browser, story: Story) -> None:
    """Of who has the customer; the other one's page shows nothing of the interaction."""
    interaction = f"page-{story.name}"
    house.expect(story, interaction)
    pages = {agent: signed_in(house, browser, agent) for agent in (ALICE, BOB)}
    for scene in story.play(house.centre):
        for agent, page in pages.items():
            if agent in scene.screens:
                wait_to_show(page, scene.screens[agent], interaction)
                assert page.inner_text("#interaction") == interaction
            elif agent not in scene.either:
                page.wait_for_selector(f'#call:not([data-interaction="{interaction}"])')
    for page in pages.values():
        wait_to_show(page, "none", "")


def test_the_page_of_an_agent_has_it_all_and_is_kept_over_a_restart(
    house: WatchedCentre, browser: Browser, tmp_path: Path
) -> None:
    """Caller, dialed number and the record's address; a picture is kept of it."""
    house.expect(queue, "page / all # more")
    page = signed_in(house, browser, ALICE)
    scenes = queue.play(house.centre)
    for state in ("ringing", "talking"):
        next(scenes)
        wait_to_show(page, state, "page / all # more")
    text = page.inner_text("#board")
    for part in ("67 111 2233", "97 452 0500"):
        assert part in text.replace("-", " ").replace("\u00a0", " "), text
    address = page.get_attribute("#open", "href")
    assert address == "https://crm.example/interactions/page%20%2F%20all%20%23%20more"
    assert page.screenshot(path=tmp_path / "talking.png")
    house.service.kill()
    page.wait_for_selector("#link.lost", timeout=MERCY_SECONDS * 1000)
    house.service.start()
    page.wait_for_selector("#link:not(.lost)", timeout=3 * MERCY_SECONDS * 1000)
    wait_to_show(page, "talking", "page / all # more")
    list(scenes)
    wait_to_show(page, "none", "")
