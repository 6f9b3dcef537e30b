"""Expiries as they happen, over the store and the clock that the service has."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from interact_ivr.app import Parts, opened
from interact_ivr.config_keys import Config
from interact_ivr.domain.errors import Exhausted
from interact_ivr.domain.happening import Happening
from interact_ivr.domain.names import CallRef
from interact_ivr.domain.values import Status
from interact_ivr.observing import Observing
from interact_ivr.service.allocations import Asking
from interact_ivr.service.stream import Reading

AT_ONCE = timedelta(seconds=0.2)
CALL = CallRef("main", "1.1")
ONE = "+380974520200"


@asynccontextmanager
async def serving(folder: Path, **pool: Any) -> AsyncIterator[Parts]:
    """Open a store with a pool of these settings, and sweep as the service does."""
    tables = {"store": {"url": f"sqlite:///{folder}/interact-ivr.db"}, "pool": pool}
    config = msgspec.convert(tables, Config)
    async with opened(config, "a test", Observing()) as parts:
        sweeping = asyncio.create_task(parts.expiry.run())
        yield parts
        sweeping.cancel()
        with suppress(asyncio.CancelledError):
            await sweeping


async def take_in(parts: Parts, *numbers: str) -> None:
    """Take numbers into the pool."""
    for number in numbers:
        await parts.numbers.create("", "", number, None, None, enabled=True)


async def next_of(reading: Reading, what: str) -> tuple[Happening, datetime]:
    """Wait for something to happen, and give it with when it was told."""
    async with asyncio.timeout(10):
        async for each in reading:
            if isinstance(each, Happening) and each.what == what:
                return each, datetime.now(UTC)
    raise AssertionError("the stream has ended")


async def lateness(parts: Parts, seconds: float = 0) -> timedelta:
    """Say how late a timer of the loop and an empty transaction behind it are on this machine."""
    begun = time.monotonic()
    await asyncio.sleep(seconds)
    await parts.allocations.probe(time.monotonic() + 10)
    return timedelta(seconds=time.monotonic() - begun - seconds)


async def test_every_expiry_is_told_at_its_deadline(tmp_path: Path) -> None:
    """Many at nearly the same time, each within a fifth of a second, dated at its instant."""
    numbers = [f"+3809745202{index:02}" for index in range(50)]
    async with serving(tmp_path, hold_for_seconds=0.5) as parts:
        await take_in(parts, *numbers)
        with parts.stream.reading() as reading:
            lent = [await parts.allocations.allocate("", f"o{at}", None) for at in range(50)]
            late = asyncio.create_task(lateness(parts, 0.5))
            told = [await next_of(reading, "expired") for _ in lent]
            most = AT_ONCE + await late
    assert [each.at for each, _ in told] == [each.expires_at for each in lent]
    assert max(at - each.at for each, at in told) < most


async def test_an_expiry_that_somebody_else_puts_on_record_is_told_too(tmp_path: Path) -> None:
    """Whoever touches the number first: the sweep is not what makes it true."""
    async with serving(tmp_path, hold_for_seconds=0.2) as parts:
        await take_in(parts, ONE)
        with parts.stream.reading() as reading:
            lent = await parts.allocations.allocate("", "order-1", None)
            while datetime.now(UTC) < lent.expires_at:
                await parts.allocations.free("", ONE, "01ARZ3NDEKTSV4RRFFQ69G5FAV")
            await parts.allocations.free("", ONE)
            expired, _ = await next_of(reading, "expired")
    assert (expired.allocation, expired.at) == (lent.id, lent.expires_at)


async def test_the_hang_up_of_the_call_that_held_it_open_tells_the_expiry(tmp_path: Path) -> None:
    """At once, though the timer slept for something far away."""
    async with serving(tmp_path, hold_for_seconds=0.3) as parts:
        await take_in(parts, ONE)
        with parts.stream.reading() as reading:
            lent = await parts.allocations.allocate("", "order-1", None)
            assert await parts.ringing.rings("", ONE, CALL)
            while datetime.now(UTC) < lent.expires_at + timedelta(seconds=0.2):
                await parts.allocations.free("", "+380999999999")
            begun = datetime.now(UTC)
            late = asyncio.create_task(lateness(parts))
            await parts.ringing.stopped(CALL)
            expired, told = await next_of(reading, "expired")
            most = AT_ONCE + await late
    assert expired.at == lent.expires_at
    assert told - begun < most


async def test_a_call_that_has_had_its_time_keeps_no_number(tmp_path: Path) -> None:
    """The expiry is told when its time is over, and the number lent again."""
    async with serving(
        tmp_path, hold_for_seconds=0.3, ringing_for_seconds=1, rest_for_seconds=0
    ) as parts:
        await take_in(parts, ONE)
        with parts.stream.reading() as reading:
            await parts.allocations.allocate("", "order-1", None)
            begun = datetime.now(UTC)
            assert await parts.ringing.rings("", ONE, CALL)
            noted = datetime.now(UTC)
            late = asyncio.create_task(lateness(parts, 1))
            _, told = await next_of(reading, "expired")
            most = timedelta(seconds=1) + AT_ONCE + await late
        assert timedelta(seconds=1) <= told - begun
        assert told - noted < most
        assert (await parts.allocations.allocate("", "order-2", None)).number == ONE


async def test_a_call_whose_event_comes_after_its_answer_never_rings(tmp_path: Path) -> None:
    """AGI may be quicker than ARI: the number is anybody's from the answer on."""
    async with serving(tmp_path) as parts:
        await take_in(parts, ONE)
        answered = await parts.allocations.retrieve("", Asking([ONE], CALL), soon())
        assert answered.status is Status.NOT_ALLOCATED
        assert not await parts.ringing.rings("", ONE, CALL)
        await parts.allocations.allocate("", "order-1", None)


async def test_exhaustion_is_told(tmp_path: Path) -> None:
    """With the environment, to whoever reads that."""
    async with serving(tmp_path, hold_for_seconds=60) as parts:
        here = parts.environments.named().id
        with parts.stream.reading(here) as reading:
            with pytest.raises(Exhausted):
                await parts.allocations.allocate("", "order-1", None)
            told, _ = await next_of(reading, "exhausted")
    assert (told.environment, told.number) == (here, None)


async def test_what_ends_and_what_is_missing_has_a_line_in_the_log(tmp_path: Path) -> None:
    """For whoever is on call: whatever asked for it; exhaustion once, though programs insist."""
    with capture_logs() as lines:
        async with serving(tmp_path, hold_for_seconds=1) as parts:
            await take_in(parts, ONE)
            lent = await parts.allocations.allocate("", "order-1", None)
            for _ in range(3):
                with pytest.raises(Exhausted):
                    await parts.allocations.allocate("", "order-2", None)
            await parts.allocations.free("", ONE)
            with parts.stream.reading() as reading:
                again = await parts.allocations.allocate("", "order-2", None)
                expired, _ = await next_of(reading, "expired")
            here = parts.environments.named().id
    told = [line for line in lines if line["event"] in ("freed", "expired", "exhausted")]
    assert [(line["event"], line.get("allocation")) for line in told] == [
        ("exhausted", None),
        ("freed", lent.id),
        ("expired", again.id),
    ]
    assert told[0]["environment"] == here
    assert told[2]["at"] == expired.at.isoformat()


def soon() -> float:
    """Give a deadline that does not pass within the test."""
    return asyncio.get_running_loop().time() + 5
