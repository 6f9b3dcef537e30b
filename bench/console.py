"""What the console costs calls, and how quick it is: 100,000 numbers, 20 streams and a real page.

Rounds with those who look on and rounds without follow each other, so that a noisy machine is noisy
for both. The bare streams are read in this process; the page's browser is reported apart, and has
the two cores with all the rest.
"""

from __future__ import annotations

import itertools
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from playwright.sync_api import Page

from bench.row import Row
from interact_ivr.control.client import ask
from testbed.browser import browsing
from testbed.chromium import bring_chromium
from testbed.line import Line, control
from testbed.ports import LOOPBACK
from testbed.service import Service

NUMBERS: Final = 100_000
STREAMS: Final = 20
ROUNDS: Final = 9
CALLS: Final = 400
"""Of a round that measures how many there can be."""
CALLERS: Final = 4
RATE: Final = 50
STEADY_SECONDS: Final = 10
PAINTS: Final = 5
RATIO_BAR: Final = 1 / 0.9
PAINT_BAR_MS: Final = 1_000.0
PATIENCE_SECONDS: Final = 30.0
USER: Final = "ann"
PASSWORD: Final = "correct horse"
_PAINT: Final = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
_NEWEST: Final = "document.querySelector('#rows time').dateTime"
_COUNTED: Final = "Number(document.querySelector('[data-rate=retrieved]').textContent)"


class Calls:
    """Interactions that allocate, each with a call that finds it."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._ids = itertools.count()
        self._line = Line(service, "", "bench")
        self._pool = ThreadPoolExecutor(CALLERS)

    def many(self, count: int) -> float:
        """Give the microseconds that each of *count* takes, some at once."""
        begun = time.perf_counter()
        for _ in self._pool.map(self._one, range(count)):
            pass
        return (time.perf_counter() - begun) / count * 1e6

    def steadily(self, seconds: float, each: float) -> None:
        """Make one *each* so many seconds, whatever one takes."""
        begun = time.monotonic()
        done = []
        for at in itertools.count():
            due = begun + at * each
            if due > begun + seconds:
                break
            time.sleep(max(0.0, due - time.monotonic()))
            done.append(self._pool.submit(self._one, at))
        for one in done:
            one.result()

    def _one(self, _: int) -> None:
        name = f"bench-{next(self._ids)}"
        lent = control(self._service, "allocate", interaction=name)
        told = self._line.call(dnid=lent["number"].removeprefix("+"), uniqueid=name)
        if told.variables["INTERACT_ID"] != name:
            raise RuntimeError(f"{name} was told {told.variables}")


def measure() -> Sequence[Row]:
    """Measure a pool's page, its live page, and calls with and without those who look on."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        service = stack.enter_context(Service(folder))
        rows = [{"line": 1, "number": "3809700xxxxx"}]
        ask(service.control_socket, "number.import", {"rows": rows}, timeout=120)
        control(service, "user.add", tenant="default", user=USER, password=PASSWORD, role="admin")
        calls = Calls(service)
        calls.many(CALLS)
        page = stack.enter_context(browsing(bring_chromium())).new_page()
        painted = [*_paints(page, service)]
        return [*painted, *_compared(page, service, calls), *_kept_up(page, service, calls)]


def _paints(page: Page, service: Service) -> Iterator[Row]:
    page.goto(f"{service.http}/console")
    page.get_by_label("User").fill(USER)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    for name in ("pool", "live"):
        found = []
        for _ in range(PAINTS):
            page.goto(f"{service.http}/console/default/{name}")
            _wait(page, f"{_PAINT.removesuffix('.startTime')} !== undefined")
            found.append(float(page.evaluate(_PAINT)))
        yield Row.of(f"first paint of {name}, {NUMBERS:,} numbers", "ms", found, PAINT_BAR_MS)


def _compared(page: Page, service: Service, calls: Calls) -> Iterator[Row]:
    """Compare calls that nobody watches with such as 20 streams, and a page beside, are told of."""
    alone, streamed, watched, page_seconds = [], [], [], []
    for _ in range(ROUNDS):
        page.goto("about:blank")
        alone.append(calls.many(CALLS))
        with _streams(service):
            streamed.append(calls.many(CALLS))
            page.goto(f"{service.http}/console/default/live")
            page.wait_for_selector("#link.on")
            with _working(page) as worked:
                watched.append(calls.many(CALLS))
                page_seconds.append(worked())
    yield Row.of("a call, nobody looks on", "us", alone)
    yield Row.of(f"a call, {STREAMS} streams look on", "us", streamed)
    yield Row.of("the same: ratio", "x", _ratios(streamed, alone), RATIO_BAR)
    yield Row.of("a call, a page on this machine, too", "us", watched)
    yield Row.of("the same: ratio, with its browser", "x", _ratios(watched, alone))
    took = (each * CALLS / 1e6 for each in watched)
    shares = [100 * spent / all_ for spent, all_ in zip(page_seconds, took, strict=True)]
    yield Row.of("the page's own thread, of a core", "%", shares)


def _ratios(some: Sequence[float], none: Sequence[float]) -> list[float]:
    return [one / other for one, other in zip(some, none, strict=True)]


def _kept_up(page: Page, service: Service, calls: Calls) -> Iterator[Row]:
    """See by how much the page is behind, and that it counts every call, at 50 a second."""
    page.goto(f"{service.http}/console/default/live")
    page.wait_for_selector("#link.on")
    late = []
    calling = threading.Thread(target=calls.steadily, args=(STEADY_SECONDS, 1 / RATE))
    with _streams(service):
        calling.start()
        page.wait_for_timeout(1_000)
        while calling.is_alive():
            newest = datetime.fromisoformat(page.evaluate(_NEWEST)).timestamp()
            late.append((time.time() - newest) * 1000)
            page.wait_for_timeout(250)
        calling.join()
    _wait(page, f"{_COUNTED} >= {RATE * STEADY_SECONDS}")
    yield Row.of(f"the page's newest row at {RATE} calls/s, age", "ms", late, PAINT_BAR_MS)


def _wait(page: Page, holds: str) -> None:
    """Wait for a condition; what Playwright waits with is no script that the policy lets run."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not page.evaluate(holds):
        if time.monotonic() > deadline:
            raise RuntimeError(f"it never was: {holds}")
        page.wait_for_timeout(20)


@contextmanager
def _working(page: Page) -> Iterator[Callable[[], float]]:
    """Give what says for how many seconds the page's thread has worked since."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")

    def total() -> float:
        told = session.send("Performance.getMetrics")["metrics"]
        return next(float(each["value"]) for each in told if each["name"] == "TaskDuration")

    begun = total()
    yield lambda: total() - begun
    session.detach()


@contextmanager
def _streams(service: Service) -> Iterator[None]:
    """Have clients of one session read what happens, and do nothing with it."""
    cookie = cookie_of(service)
    with ExitStack() as stack:
        for _ in range(STREAMS):
            stack.enter_context(_stream(service, cookie))
        yield


@contextmanager
def _stream(service: Service, cookie: str) -> Iterator[None]:
    connection = HTTPConnection(LOOPBACK, service.http_port, timeout=30)
    connection.request("GET", "/console/default/happenings", headers={"Cookie": cookie})
    opened = connection.sock
    with connection.getresponse() as answer:
        if answer.status != 200:
            raise RuntimeError("a stream was refused")
        reading = threading.Thread(target=_read, args=(opened,))
        reading.start()
        try:
            yield
        finally:
            opened.shutdown(socket.SHUT_RDWR)
            reading.join()


def _read(connection: socket.socket) -> None:
    while connection.recv(65_536):
        pass


def cookie_of(service: Service) -> str:
    """Sign in, and give what the browser would keep."""
    connection = HTTPConnection(LOOPBACK, service.http_port, timeout=30)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    body = urlencode({"user": USER, "password": PASSWORD})
    connection.request("POST", "/console/sign-in", body, form)
    shown = connection.getresponse().headers["Set-Cookie"]
    connection.close()
    return str(shown).partition(";")[0]
