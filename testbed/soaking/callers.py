"""Who calls during a soak: most find their interaction; some dial in vain, or give up, or talk."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from interact_ivr.control.client import Refused
from testbed.sipp import Call, place_calls
from testbed.soaking.centre import Centre

BATCH_SECONDS: Final = 5.0
VAIN_SHARE = HASTY_SHARE = 0.1
"""Of the callers: who dial a number that nobody lends, and who hang up before they are told."""
AGENT_RATE: Final = 2.0
"""Calls a second that are put through to an agent; there are twenty agents."""
LINE_RATE: Final = 20.0
"""About so many calls a second that find their interaction come over one line: a SIPp."""
HASTE: Final = 1.25
"""How much faster a batch is dialed than batches come: their numbers are allocated in between."""
TALKS_SECONDS: Final = 3.0
SIPP_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Callers:
    """They call over SIP, a batch after the other."""

    centre: Centre
    rate: float
    """Calls a second, of all kinds."""
    lend: Callable[..., str]
    """Has a number allocated to an interaction of such a kind, and gives it as it is dialed."""
    random: random.Random

    def works(self) -> Iterator[tuple[float, Callable[[], object]]]:
        """Give who calls every how many seconds."""
        for _ in range(self._lines):
            yield BATCH_SECONDS, self._find
        yield BATCH_SECONDS, self._call_in_vain
        yield BATCH_SECONDS, self._give_up
        yield BATCH_SECONDS, self._talk

    @property
    def _found_rate(self) -> float:
        return (self.rate - AGENT_RATE) * (1 - VAIN_SHARE - HASTY_SHARE)

    @property
    def _lines(self) -> int:
        return max(1, round(self._found_rate / LINE_RATE))

    def _find(self) -> None:
        rate = self._found_rate / self._lines
        self._dial([self.lend("found") for _ in in_a_batch(rate)], rate)

    def _call_in_vain(self) -> None:
        rate = (self.rate - AGENT_RATE) * VAIN_SHARE
        quiet = [f"3809745290{self.random.randrange(100):02}" for _ in in_a_batch(rate)]
        self._dial(quiet, rate)

    def _give_up(self) -> None:
        rate = (self.rate - AGENT_RATE) * HASTY_SHARE
        numbers = [self.lend("early") for _ in in_a_batch(rate)]
        self._dial(numbers, rate, self.random.choice([0.0, 0.01, 0.03, 0.1]))

    def _talk(self) -> None:
        numbers = []
        for _ in in_a_batch(AGENT_RATE):
            with suppress(Refused):  # all of them are waited for or spoken with
                numbers.append(self.lend("agent", application="agents"))
        self._dial(numbers, AGENT_RATE, TALKS_SECONDS)

    def _dial(
        self, numbers: Sequence[str], rate: float, hang_up_after_seconds: float | None = None
    ) -> None:
        calls = [
            Call(each, f"1{self.random.randrange(10**9):09}", {}, hang_up_after_seconds)
            for each in numbers
        ]
        if calls:
            tools, pbx = self.centre.tools, self.centre.pbx
            place_calls(tools, pbx, calls, rate=rate * HASTE, timeout_seconds=SIPP_SECONDS)


def in_a_batch(rate: float) -> range:
    """Count the calls that come in a batch, at so many a second."""
    return range(round(rate * BATCH_SECONDS))


def forget_traces(centre: Centre) -> None:
    """Remove what SIPps of earlier calls have left; those of the last minutes stay."""
    for folder in centre.pbx.folder.glob("sipp-*"):
        with suppress(FileNotFoundError):
            if time.time() - folder.stat().st_mtime > 4 * SIPP_SECONDS:
                shutil.rmtree(folder)
