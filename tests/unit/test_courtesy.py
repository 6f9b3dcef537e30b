"""Who has worked rests while there are calls, as long as that asks for."""

import asyncio
import math
import time
from collections.abc import Callable, Sequence

import pytest

from interact_ivr.service.courtesy import Courtesy

PATIENCE = 20.0


class Looked:
    """Calls that are there at some looks, and at no later one."""

    def __init__(self, looks: Sequence[int]) -> None:
        self.count = 0
        self._looks = looks

    def __call__(self) -> int:
        """Say how many are there."""
        self.count += 1
        return self._looks[self.count - 1] if self.count <= len(self._looks) else 0


@pytest.mark.parametrize(
    ("there", "looks"),
    [([], 1), ([1], 3), ([1, 1, 2, 1], 6), ([1, 0, 3], 5), ([1, 0, 1, 0, 1], 7)],
)
async def test_it_ends_when_two_looks_have_found_no_call(there: Sequence[int], looks: int) -> None:
    """One alone may have come between two calls; the first one of all is enough."""
    calls = Looked(there)
    async with asyncio.timeout(PATIENCE):
        await Courtesy(calls).rest(math.inf)
    assert calls.count == looks


@pytest.mark.parametrize("until", [lambda: 0.0, time.monotonic, lambda: time.monotonic() + 0.02])
async def test_calls_that_never_end_are_not_waited_for_longer(until: Callable[[], float]) -> None:
    """It goes on then."""
    by = until()
    async with asyncio.timeout(PATIENCE):
        await Courtesy(lambda: 1).rest(by)
    assert time.monotonic() >= by


def test_twenty_nine_times_as_long_as_it_has_worked(monkeypatch: pytest.MonkeyPatch) -> None:
    """So it has a thirtieth of the time."""
    monkeypatch.setattr(time, "monotonic", lambda: 100.5)
    assert Courtesy(lambda: 1).owed(100.0) == 115.0
