"""What every store measures of a pool's traffic, and that a pool refuses as often as it should."""

from __future__ import annotations

import heapq
import random
from datetime import timedelta
from math import sqrt
from pathlib import Path

from interact_ivr.domain.erlang import blocking
from interact_ivr.domain.errors import Exhausted
from interact_ivr.domain.lifecycle import Policy
from interact_ivr.domain.names import Group
from interact_ivr.domain.traffic import HOUR, Hour, Waits, fewest_for
from tests.contract.stores import HOLD, START, Pool, SqliteStore

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
    for count in range(1, fewest_for() + 1):
        wait = timedelta(seconds=count * 7 % 600)
        longest = max(longest, wait)
        await pool.allocate(str(count))
        pool.pass_(wait)
        await pool.retrieve(ONE, call=str(count))
        if count >= fewest_for() - 1:
            enough = (await waits(pool)).enough
            assert enough == (longest if count == fewest_for() else None)
    await pool.allocate("never")
    pool.pass_(HOLD)
    assert await waits(pool) == Waits(fewest_for(), 1, longest)


async def test_a_pool_refuses_as_often_as_the_formula_says(tmp_path: Path) -> None:
    """On the real store, with arrivals by chance, each held for a time by chance.

    The error is that of a share counted, made wider as refusals come in bunches: five of them.
    """
    numbers, mean, arrivals, chance = 5, 60.0, 3000, random.Random(12)
    pool = Pool(SqliteStore(tmp_path))
    await pool.open()
    policy = Policy(hold_for=timedelta(days=1), rest_for=timedelta(0))
    await pool.add(*(f"+38097452020{each}" for each in range(numbers)))
    load, refused, at = 4.0, 0, 0.0
    ends: list[tuple[float, str]] = []
    for arrival in range(arrivals):
        at += chance.expovariate(load / mean)
        while ends and ends[0][0] <= at:
            end, number = heapq.heappop(ends)
            pool.clock.at = START + timedelta(seconds=end)
            await pool.free(number)
        pool.clock.at = START + timedelta(seconds=at)
        try:
            lent = await pool.allocate(str(arrival), policy=policy)
        except Exhausted:
            refused += 1
            continue
        heapq.heappush(ends, (at + chance.expovariate(1 / mean), lent.number))
    share = blocking(load, numbers)
    error = sqrt(share * (1 - share) / arrivals)
    assert abs(refused / arrivals - share) < 5 * error
    measured = await hours(pool)
    assert sum(hour.arrivals for hour in measured) == arrivals - refused
    pool.store.close()
