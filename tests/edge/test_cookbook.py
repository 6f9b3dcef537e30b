"""The cookbook's programs, run as they stand there against the service's own streams."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from testbed.children import argv, stop
from testbed.cookbook import blocks
from testbed.desk import Desk, customer, on_phone
from testbed.ports import LOOPBACK

ADDRESS = "http://127.0.0.1:8018"
PATIENCE = 10.0


class Page(BaseHTTPRequestHandler):
    """The CRM's own page."""

    def do_GET(self) -> None:
        """Give it."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<title>CRM</title>")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def crm() -> Iterator[str]:
    """Give the origin of the CRM's pages."""
    with HTTPServer((LOOPBACK, 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def desk(crm: str, tmp_path: Path) -> Iterator[Desk]:
    """Give a desk that lets the CRM's pages ask."""
    with Desk(tmp_path, f'[http]\ncors_origins = ["{crm}"]\n') as desk:
        yield desk


def until(holds: Callable[[], bool]) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_the_record_opens_by_python(desk: Desk, tmp_path: Path) -> None:
    """Once a call, also where the service was away; in twenty lines."""
    (program,) = blocks("The record on the agent's machine, in Python")
    assert len(program.splitlines()) <= 20
    opened = tmp_path / "opened"
    opened.touch()
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" >> "{opened}"\n')
    browser.chmod(0o755)
    file = tmp_path / "pop.py"
    file.write_text(program.replace(ADDRESS, desk.url))
    child = subprocess.Popen(
        argv((sys.executable, str(file))),
        env={**os.environ, "BROWSER": str(browser), "TOKEN": desk.token("6929")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    try:
        until(lambda: desk.do(len, desk.house.streams) == 1)
        desk.told(interaction="a b/c")
        desk.shows(on_phone())
        until(lambda: opened.read_text() == "https://crm.example/interactions/a%20b%2Fc\n")
        desk.go_away()
        desk.come_back()
        until(lambda: desk.do(len, desk.house.streams) == 1)
        desk.told("c2", "basket-2")
        desk.shows(on_phone(customer("c2"), uniqueid="p2"))
        desk.over("p1")
        until(
            lambda: opened.read_text().endswith(
                "/a%20b%2Fc\nhttps://crm.example/interactions/basket-2\n"
            )
        )
    finally:
        stop(child, 2.0)


def test_the_record_is_shown_by_javascript(desk: Desk, crm: str, browser: Browser) -> None:
    """In a page of another origin, with the agent's token; it ends when that is taken back."""
    (program,) = blocks("The record within the CRM, in JavaScript")
    assert len(program.splitlines()) <= 20
    token = desk.token("6929")
    page = browser.new_context().new_page()
    page.goto(crm)
    page.add_script_tag(content=program.replace(ADDRESS, desk.url))
    page.evaluate(
        """(token) => {
          window.seen = [];
          follow("6929", token, (call) => seen.push(call && call.interaction))
            .then(() => seen.push("over"));
        }""",
        token,
    )
    page.wait_for_function("seen.length == 1")
    desk.told()
    desk.shows(on_phone())
    page.wait_for_function("seen.length == 2")
    desk.over()
    page.wait_for_function("seen.length == 3")
    assert page.evaluate("seen") == [None, "basket-4711", None]
    desk.take_back(token)
    page.wait_for_function("seen.at(-1) == 'over'")
