"""A dial plan is replaced while calls are under way: each is read by one plan, or by the other."""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self

import pytest

from interact_ivr.control.client import ask
from testbed.line import Line
from testbed.service import Service

AREAS = ("317", "765")
CALLERS = 2
BETWEEN = 10
"""Calls, at least, by each plan."""
SWITCHES = 2
PATIENCE_SECONDS = 60.0


def plan_of(area: str) -> str:
    """Give a plan by which a number of seven digits is one of that area."""
    return f'name = "ours"\nextends = "nanp"\narea_codes = ["{area}"]\n'


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """Give a service whose dial plan is a file."""
    (tmp_path / "ours.toml").write_text(plan_of(AREAS[0]))
    with Service(tmp_path, f'[dial_plan]\nplan = "{tmp_path}/ours.toml"\n') as service:
        yield service


class Town:
    """The same seven digits in both areas; who dials them is found, in one area or the other."""

    def __init__(self, service: Service, digits: str, told: threading.Condition) -> None:
        self._digits = digits
        self._lines = {
            area: Line.taken_into(service, number=f"+1{area}{digits}", group=f"{digits} {area}")
            for area in AREAS
        }
        self._told = told
        self.calls: Counter[str] = Counter()
        """How many were read by each plan."""

    def calls_until(self, ended: Callable[[], bool]) -> None:
        """Call without a pause."""
        waiting = dict.fromkeys(AREAS, "")
        for at in itertools.count():
            for area, line in self._lines.items():
                name = waiting[area] = waiting[area] or f"{area}-{self._digits}-{at}"
                line.allocate(name)
            area = self._call(f"555{at % 10_000:04}", waiting)
            waiting[area] = ""
            with self._told:
                self.calls[area] += 1
                self._told.notify_all()
            if ended():
                return

    def _call(self, caller: str, waiting: Mapping[str, str]) -> str:
        """Dial the digits from others of seven; give the area in which both were."""
        line = self._lines[AREAS[0]]
        told = line.call(dnid=self._digits, callerid=caller).variables
        assert told["INTERACT_STATUS"] == "FOUND", told
        area = told["INTERACT_ID"].partition("-")[0]
        assert told["INTERACT_ID"] == waiting[area]
        assert told["INTERACT_GROUP"] == f"{self._digits} {area}"
        assert told["INTERACT_DNIS"] == f"+1{area}{self._digits}"
        assert told["INTERACT_ANI"] == f"+1{area}{caller}", "a mixture of two plans"
        return area


class Calling:
    """All towns' calls, until it is left."""

    def __init__(self, service: Service) -> None:
        self._told = threading.Condition()
        self.towns = [Town(service, f"872300{at}", self._told) for at in range(CALLERS)]
        self._ended = threading.Event()

    def __enter__(self) -> Self:
        """Begin."""
        self._pool = ThreadPoolExecutor(CALLERS)
        until = self._ended.is_set
        self._calling = [self._pool.submit(town.calls_until, until) for town in self.towns]
        for each in self._calling:
            each.add_done_callback(self._wake)
        return self

    def _wake(self, _: object) -> None:
        with self._told:
            self._told.notify_all()

    def __exit__(self, *_: object) -> None:
        """End, and fail as any of them has."""
        self._ended.set()
        self._pool.shutdown()
        for each in self._calling:
            each.result()

    def read_by(self, area: str) -> None:
        """Wait until everybody had some calls more that were read by the plan of *area*."""
        wanted = {town: town.calls[area] + BETWEEN for town in self.towns}

        def there() -> bool:
            failed = any(each.done() for each in self._calling)
            return failed or all(town.calls[area] >= count for town, count in wanted.items())

        with self._told:
            assert self._told.wait_for(there, PATIENCE_SECONDS)


def test_each_call_is_read_by_one_plan(service: Service) -> None:
    """All are found, whichever plan counts when they ask; after the answer it is the new one."""

    def do(request: str, **arguments: str) -> Any:
        return ask(service.control_socket, request, arguments, timeout=PATIENCE_SECONDS)

    old, new = AREAS
    with Calling(service) as calling:
        calling.read_by(old)
        text = plan_of(new)
        do("plan.activate", text=text, seal=do("plan.try", text=text)["seal"])
        assert_read_by(calling, new, old)
        for _ in range(SWITCHES):
            do("plan.back")
            old, new = new, old
            assert_read_by(calling, new, old)


def assert_read_by(calling: Calling, new: str, old: str) -> None:
    """Check that calls are read by the *new* plan, none but those under way by the *old* one."""
    before = [town.calls[old] for town in calling.towns]
    calling.read_by(new)
    for town, count in zip(calling.towns, before, strict=True):
        assert town.calls[old] <= count + 1, "more than the one that was under way"
