"""Customers who press "Call us" and dial the number that they are given, whatever fails meanwhile.

A stranger dials each number at the same moment, and some customers never call.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

from interact_ivr.control.client import NotRunning, Refused
from testbed.line import control
from testbed.report import Seen
from testbed.sipp import Call, SippError, place_calls
from testbed.tools import Tools
from testbed.watched import Watched

SETTINGS: Final = "[pool]\nhold_for_seconds = 2\nrest_for_seconds = 0\nredial_for_seconds = 0\n"
NUMBERS: Final = tuple(f"380974520{kind}0{index}" for kind in "234" for index in range(3))
"""Those whose calls ask at once, later (`testbed.watched.SLOW`), and never."""
AT_A_TIME: Final = 3
CALL_SECONDS: Final = 2.0
"""How long a caller stays whom nobody hangs up on."""
SIPP_SECONDS: Final = 4.0
POLL_SECONDS: Final = 0.02


class Customers:
    """Some at a time, each for an interaction of their own, until the end of ``with``."""

    def __init__(self, tools: Tools, watched: Watched) -> None:
        self._tools = tools
        self._watched = watched
        self._names = itertools.count(1)
        self._over = threading.Event()
        self._threads = ThreadPoolExecutor(AT_A_TIME)
        self._working: list[Future[None]] = []

    def __enter__(self) -> Self:
        """Begin."""
        self._working = [self._threads.submit(self._come) for _ in range(AT_A_TIME)]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let nobody come any more, and wait until all have hung up."""
        self._over.set()
        self._threads.shutdown()
        if error is None:
            for each in self._working:
                each.result()

    def wait_until_found(self, more: int = 3, timeout_seconds: float = 15.0) -> None:
        """Wait until so many *more* calls have found their interaction."""
        before, deadline = self._found(), time.monotonic() + timeout_seconds
        while self._found() < before + more:
            if time.monotonic() > deadline:
                raise TimeoutError(f"no {more} more calls were FOUND\n{self._watched.tail()}")
            time.sleep(POLL_SECONDS)

    def _found(self) -> int:
        return len(found(self._watched.pbx.seen("ivr")))

    def _come(self) -> None:
        while not self._over.is_set():
            name = next(self._names)
            number = self._allocated(f"order-{name}")
            if number is None:
                time.sleep(POLL_SECONDS)
            elif name % 4:
                self._dial(number, name)

    def _allocated(self, interaction: str) -> str | None:
        try:
            answer = control(self._watched.service, "allocate", interaction=interaction)
        except (NotRunning, Refused, ConnectionError):
            return None  # the service is away, or has no number left
        return str(answer["number"]).removeprefix("+")

    def _dial(self, number: str, name: int) -> None:
        """Call, as the customer and as a stranger at once; Asterisk may be away, or go."""
        anis = (f"1{name:05}", f"2{name:05}")
        calls = [Call(number, ani, hang_up_after_seconds=CALL_SECONDS) for ani in anis]
        with suppress(SippError):
            place_calls(
                self._tools, self._watched.pbx, calls, at_once=True, timeout_seconds=SIPP_SECONDS
            )


def found(seen: Iterable[Seen]) -> list[Seen]:
    """Give the reports of calls that were told whose they are."""
    return [each for each in seen if each.values["INTERACT_STATUS"] == "FOUND"]
