"""Chromium from Debian's packages: a page is rendered and runs its script."""

from __future__ import annotations

import struct

from playwright.sync_api import Browser

PAGE = """<!doctype html><title>now</title><style>p { font: 20px sans-serif }</style>
<p id="who">nobody</p><script>document.getElementById("who").textContent = "Оля Müller"</script>
"""
PNG = b"\x89PNG\r\n\x1a\n"


def test_a_page_is_rendered_and_taken_a_picture_of(browser: Browser) -> None:
    """Its script has run, its letters have a font, and the picture has the window's size."""
    page = browser.new_page(viewport={"width": 400, "height": 200})
    page.set_content(PAGE)
    words = page.locator("#who")
    assert words.inner_text() == "Оля Müller"
    box = words.bounding_box()
    assert box is not None
    assert box["height"] >= 20
    picture = page.screenshot()
    assert picture.startswith(PNG)
    assert struct.unpack(">II", picture[16:24]) == (400, 200)
