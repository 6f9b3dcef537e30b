"""The stream of what happens: everybody is told, nobody waits, and who is slow is told of it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from interact_ivr.domain.happening import EXPIRED, Gap, Happening
from interact_ivr.domain.names import EnvironmentId
from interact_ivr.service.stream import Reading, Stream

HERE, THERE = EnvironmentId(1), EnvironmentId(2)
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def happening(second: int, environment: EnvironmentId = HERE) -> Happening:
    """Make one, known by its second."""
    return Happening(environment, EXPIRED, NOON.replace(second=second))


async def read(reading: Reading, count: int) -> list[Happening | Gap]:
    """Read so many, which are there."""
    async with asyncio.timeout(5):
        return [await anext(reading) for _ in range(count)]


async def test_each_reader_is_told_all_in_its_own_time() -> None:
    """From when it began to read, in the order in which it happened."""
    stream = Stream()
    stream.tell(happening(0))
    with stream.reading() as one, stream.reading() as other:
        for second in (1, 2):
            stream.tell(happening(second))
        assert await read(one, 2) == [happening(1), happening(2)]
        stream.tell(happening(3))
        assert await read(other, 3) == [happening(1), happening(2), happening(3)]
        assert await read(one, 1) == [happening(3)]


async def test_a_reader_of_one_environment_is_told_of_that_only() -> None:
    """Nothing of another tenant's gets there, not even as a gap."""
    stream = Stream()
    with stream.reading(HERE, kept=1) as reading:
        stream.tell(happening(1))
        for second in range(2, 9):
            stream.tell(happening(second, THERE))
        assert await read(reading, 1) == [happening(1)]


@pytest.mark.parametrize("lost", [1, 7])
async def test_a_slow_reader_is_told_how_much_it_has_lost(lost: int) -> None:
    """The oldest goes; what is kept is bounded, and the others lose nothing."""
    stream = Stream()
    with stream.reading(kept=3) as slow, stream.reading() as quick:
        for second in range(3 + lost):
            stream.tell(happening(second))
        kept = [happening(second) for second in range(lost, 3 + lost)]
        assert await read(slow, 4) == [Gap(lost), *kept]
        assert len(await read(quick, 3 + lost)) == 3 + lost
        stream.tell(happening(30))
        assert await read(slow, 1) == [happening(30)]


async def test_a_reader_waits_for_what_has_not_happened() -> None:
    """And is woken by it."""
    stream = Stream()
    with stream.reading() as reading:
        waiting = asyncio.ensure_future(read(reading, 1))
        await asyncio.sleep(0)
        assert not waiting.done()
        stream.tell(happening(1))
        assert await waiting == [happening(1)]


async def test_who_has_stopped_reading_is_forgotten() -> None:
    """Nothing is kept for it any more."""
    stream = Stream()
    with stream.reading(kept=1) as reading:
        pass
    for second in range(9):
        stream.tell(happening(second))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await anext(reading)


def test_listeners_are_told_at_once() -> None:
    """Before the readers, and in the course of what happens."""
    heard: list[Happening] = []
    Stream(heard.append).tell(happening(1))
    assert heard == [happening(1)]


async def test_what_waits_is_taken_at_once() -> None:
    """As much as was asked for, in order; the rest waits on, and nothing is told twice."""
    stream = Stream()
    with stream.reading() as reading:
        assert reading.waiting(5) == []
        for second in range(4):
            stream.tell(happening(second))
        assert await read(reading, 1) == [happening(0)]
        assert reading.waiting(2) == [happening(1), happening(2)]
        assert await read(reading, 1) == [happening(3)]
        assert reading.waiting(5) == []
        stream.tell(happening(4))
        assert await read(reading, 1) == [happening(4)]
