"""A running Chromium without a display, driven by Playwright."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, sync_playwright

from testbed.chromium import Chromium

SWITCHES: Final = ("--no-sandbox", "--headless", "--disable-gpu")
"""The sandbox wants root's help or a kernel's setting; the pages are our own."""


@contextmanager
def browsing(chromium: Chromium) -> Iterator[Browser]:
    """Run Chromium, and end it; no asyncio loop may run in this thread meanwhile."""
    with tempfile.TemporaryDirectory(prefix="ivr-chromium-") as home, sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=chromium.binary,
            args=list(SWITCHES),
            env=chromium.environment(Path(home)),
        )
        try:
            yield browser
        finally:
            browser.close()
