"""What holds for the whole suite: how hard hypothesis tries, and a browser for who wants one."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings
from playwright.sync_api import Browser

from testbed.browser import browsing
from testbed.chromium import Chromium, bring_chromium

settings.register_profile("usual", deadline=None)
settings.register_profile("long", deadline=None, max_examples=10_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "usual"))


@pytest.fixture(scope="session")
def chromium() -> Chromium:
    """Give the Chromium of this machine's cache, fetched once."""
    return bring_chromium()


@pytest.fixture
def browser(chromium: Chromium) -> Iterator[Browser]:
    """Give a running Chromium; each test has its own, whose loop would else be in others' way."""
    with browsing(chromium) as running:
        yield running


@pytest.fixture(scope="module")
def shared_browser(chromium: Chromium) -> Iterator[Browser]:
    """Give a running Chromium to all tests of a module none of which has a loop of its own."""
    with browsing(chromium) as running:
        yield running
