"""What every store measures of a pool's traffic, and that a pool refuses as often as it should."""

from __future__ import annotations

import heapq
import random
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from itertools import count
from math import sqrt
from pathlib import Path
from statistics import mean, stdev
from typing import Any, TypeVar

import pytest

from interact_ivr.domain.erlang import blocking
from interact_ivr.domain.errors import Exhausted
from interact_ivr.domain.lifecycle import Policy
from interact_ivr.domain.names import EnvironmentId, Group
from interact_ivr.domain.traffic import HOUR, Hour, Waits, fewest_for
from interact_ivr.stores.sqlite.reader import Reader
from interact_ivr.stores.traffic import StoredTraffic
from tests.contract.stores import HOLD, START, Pool, SqliteStore

T = TypeVar("T")
MINUTE = timedelta(minutes=1)
ONE, TWO = "+380974520201", "+380974520202"


async def hours(pool: Pool, group: str | None = None) -> list[Hour]:
    kind = None if group is None else Group(group)
    return list(await pool.store.traffic().hours(pool.scope, kind, START))


async def waits(pool: Pool) -> Waits:
    return await pool.store.traffic().waits(pool.scope, None, START)


async def test_arrivals_and_holding_times_are_summed_by_the_hour_they_began_in(pool: Pool) -> None:
    """What is held still is an arrival, and no holding time yet; a group's are counted apart."""
    assert await hours(pool) == []
    await pool.add(ONE)
    await pool.add(TWO, group="g")
    await pool.allocate("a")
    pool.pass_(MINUTE)
    await pool.free(ONE)
    await pool.allocate("b", "g")
    assert await hours(pool) == [Hour(START, 2, 1, MINUTE)]
    pool.pass_(HOUR)
    await pool.allocate("c", "g")
    assert await hours(pool) == [
        Hour(START, 2, 2, MINUTE + HOLD),
        Hour(START + HOUR, 1, 0, 0 * HOLD),
    ]
    assert [hour.arrivals for hour in await hours(pool, "g")] == [1, 1]
    assert await hours(pool, "other") == []


async def test_what_was_lent_before_or_elsewhere_is_not_measured(pool: Pool) -> None:
    """Neither what is older than asked for, nor another pool's."""
    await pool.add(ONE)
    await pool.allocate("a")
    traffic = pool.store.traffic()
    assert len(await traffic.hours(pool.scope, None, START)) == 1
    assert await traffic.hours(pool.scope, None, START + MINUTE) == []
    assert await traffic.hours(await pool.another(), None, START) == []


async def test_waits_are_counted_by_how_they_ended(pool: Pool) -> None:
    """Retrieved and run out, on record or not; what was freed or is held still is neither."""
    await pool.add(ONE)
    for interaction in ("a", "b"):
        await pool.allocate(interaction)
        pool.pass_(MINUTE)
        await pool.retrieve(ONE, call=interaction)
    await pool.allocate("c")
    await pool.free(ONE)
    await pool.allocate("d")
    assert await waits(pool) == Waits(2, 0)
    pool.pass_(HOLD)
    assert await waits(pool) == Waits(2, 1)
    await pool.sweep()
    assert await waits(pool) == Waits(2, 1)


async def test_enough_are_measured_before_a_hold_is_told(pool: Pool) -> None:
    """Of the fewest that do, the longest wait is the one; with one less there is none."""
    await pool.add(ONE)
    longest = timedelta(0)
    for at in range(1, fewest_for() + 1):
        wait = timedelta(seconds=at * 7 % 600)
        longest = max(longest, wait)
        await pool.allocate(str(at))
        pool.pass_(wait)
        await pool.retrieve(ONE, call=str(at))
        if at >= fewest_for() - 1:
            enough = (await waits(pool)).enough
            assert enough == (longest if at == fewest_for() else None)
    await pool.allocate("never")
    pool.pass_(HOLD)
    assert await waits(pool) == Waits(fewest_for(), 1, longest)


MEAN, LOAD, LINES = 60.0, 5.0, 5
BATCHES, ARRIVALS = 21, 80
STUDENT = 3.883
"""Of 19 degrees of freedom, two-sided, 0.999: a right formula fails for one seed in a thousand."""
HOLDS: dict[str, Callable[[random.Random], float]] = {
    "exponential": lambda chance: chance.expovariate(1 / MEAN),
    "constant": lambda _: MEAN,
    "two kinds": lambda chance: chance.choice((MEAN / 6, MEAN * 11 / 6)),
}
"""How long a number is held: of the same mean, by very different chances."""


@pytest.mark.parametrize(
    "hold", ["exponential", "constant", pytest.param("two kinds", marks=pytest.mark.long)]
)
async def test_a_pool_refuses_as_often_as_the_formula_says(tmp_path: Path, hold: str) -> None:
    """On the real store, with arrivals by chance, whatever distribution the holding times have.

    Refusals come in bunches, so the error is that of the means of batches, which are several times
    as long as a bunch; the first one, which begins with an empty pool, does not count.
    """
    chance, pool = random.Random(12), Pool(SqliteStore(tmp_path))
    await pool.open()
    await pool.add(*(f"+38097452020{each}" for each in range(LINES)))
    source = simulated(pool, chance, HOLDS[hold])
    batches = [
        sum([await anext(source) for _ in range(ARRIVALS)]) / ARRIVALS for _ in range(BATCHES)
    ]
    counted = batches[1:]
    share, error = blocking(LOAD, LINES), stdev(counted) / sqrt(len(counted))
    assert abs(mean(counted) - share) < STUDENT * error
    assert STUDENT * error < share / 3, "it would not tell another formula from this one"
    measured = await hours(pool)
    assert sum(hour.arrivals for hour in measured) == round(
        BATCHES * ARRIVALS - sum(batches) * ARRIVALS
    )
    pool.store.close()


async def simulated(
    pool: Pool, chance: random.Random, hold: Callable[[random.Random], float]
) -> AsyncIterator[bool]:
    """Have interactions arrive one after the other; say of each whether it is refused."""
    policy = Policy(hold_for=timedelta(days=1), rest_for=timedelta(0))
    at, ends = 0.0, list[tuple[float, str]]()
    for arrival in count():
        at += chance.expovariate(LOAD / MEAN)
        while ends and ends[0][0] <= at:
            end, number = heapq.heappop(ends)
            pool.clock.at = START + timedelta(seconds=end)
            await pool.free(number)
        pool.clock.at = START + timedelta(seconds=at)
        try:
            lent = await pool.allocate(str(arrival), policy=policy)
        except Exhausted:
            yield True
            continue
        heapq.heappush(ends, (at + hold(chance), lent.number))
        yield False


async def test_a_turn_looks_at_so_many_rows_and_all_turns_at_all(tmp_path: Path) -> None:
    """Whoever else asks has a turn between; what is found does not depend on how many there are."""
    pool = Pool(SqliteStore(tmp_path))
    await pool.open()
    await pool.add(ONE)
    for at in range(20):
        await pool.allocate(str(at))
        pool.pass_(MINUTE * (at + 1) / 2)
        await pool.retrieve(ONE, call=str(at))
    reader = CountingReader(Reader(pool.store.path, pool.clock))  # type: ignore[attr-defined]  # it is SQLite's
    for rows, turns in ((1, 21), (6, 4), (20, 2), (21, 1)):
        traffic = StoredTraffic(reader, rows)
        reader.turns = 0
        measured = await traffic.hours(pool.scope, None, START)
        assert (sum(hour.arrivals for hour in measured), reader.turns) == (20, turns)
        assert measured == await StoredTraffic(reader).hours(pool.scope, None, START)
        assert await traffic.waits(pool.scope, None, START) == Waits(20, 0)
    pool.store.close()


class CountingReader:
    """A reader that counts the turns of whoever looks at many rows."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.turns = 0

    async def run(self, operation: Callable[[Any], T]) -> T:
        """Read."""
        return await self._reader.run(operation)

    async def run_long(self, environment: EnvironmentId | None, operation: Callable[[Any], T]) -> T:
        """Count, and read."""
        self.turns += 1
        return await self._reader.run_long(environment, operation)
