"""What work at the console costs calls: an import that is tried, and the journal searched.

One person does it, without a pause, while calls come as fast as they can; rounds with and without
follow each other. Nobody works so: it is the most that one person can do.
"""

from __future__ import annotations

import re
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from bench.console import CALLS, NUMBERS, PASSWORD, RATIO_BAR, USER, Calls, cookie_of
from bench.row import Row
from interact_ivr.control.client import ask
from testbed.line import control
from testbed.ports import LOOPBACK
from testbed.service import Service

ROUNDS: Final = 7
LENT_BEFORE: Final = 5
"""So many times `CALLS` interactions were before, which the journal tells of."""
HERE: Final = "/console/default"
FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}
_TOKEN: Final = re.compile(r'name="form_token" value="([^"]+)"')

Work = Callable[[], None]


def measure() -> Sequence[Row]:
    """Measure calls beside each kind of work, and alone."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        service = stack.enter_context(Service(folder))
        rows = [{"line": 1, "number": "3809700xxxxx"}]
        ask(service.control_socket, "number.import", {"rows": rows}, timeout=120)
        control(service, "user.add", tenant="default", user=USER, password=PASSWORD, role="admin")
        calls = Calls(service)
        calls.many(CALLS * LENT_BEFORE)
        person = Person(service)
        return [*_compared(calls, person)]


class Person:
    """Somebody at the console."""

    def __init__(self, service: Service) -> None:
        self._port = service.http_port
        self._cookie = {"Cookie": cookie_of(service)}
        page = self._ask("GET", f"{HERE}/import")
        found = _TOKEN.search(page)
        if found is None:
            raise RuntimeError("the page has no form")
        self._token = found[1]

    def tries_an_import(self) -> None:
        """Have 100,000 numbers tried."""
        fields = {"form_token": self._token, "dry_run": "true", "csv": "number\n3809701xxxxx\n"}
        told = self._ask("POST", f"{HERE}/import", urlencode(fields), FORM)
        if f"{NUMBERS:,}" not in told:
            raise RuntimeError("it was not tried")

    def searches_the_journal(self) -> None:
        """Look for a caller who never called, of whom there is no index."""
        self._ask("GET", f"{HERE}/journal?caller=%2B14085551234")

    def _ask(
        self, method: str, path: str, body: str | None = None, more: dict[str, str] | None = None
    ) -> str:
        connection = HTTPConnection(LOOPBACK, self._port, timeout=120)
        connection.request(method, path, body, {**self._cookie, **(more or {})})
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status}")
        return text


def _compared(calls: Calls, person: Person) -> Iterator[Row]:
    kinds: dict[str, Work] = {
        "an import of 100,000 is tried": person.tries_an_import,
        "the journal is searched": person.searches_the_journal,
    }
    alone: list[float] = []
    beside: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in range(ROUNDS):
        alone.append(calls.many(CALLS))
        for name, work in kinds.items():
            with _over_and_over(work):
                beside[name].append(calls.many(CALLS))
    yield Row.of("a call, nobody works", "us", alone)
    for name, some in beside.items():
        yield Row.of(f"a call, {name}", "us", some)
        ratios = [one / other for one, other in zip(some, alone, strict=True)]
        yield Row.of(f"{name}: ratio", "x", ratios, RATIO_BAR)


@contextmanager
def _over_and_over(work: Work) -> Iterator[None]:
    """Have *work* done without a pause; what fails of it fails the measurement."""
    ended, failures = threading.Event(), list[Exception]()

    def go_on() -> None:
        try:
            while not ended.is_set():
                work()
        except (RuntimeError, OSError) as error:
            failures.append(error)

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
    if failures:
        raise failures[0]
