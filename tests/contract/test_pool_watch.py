"""What is told of a pool over a real store: its size by what was lent, and when it runs dry."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import structlog
from msgspec.structs import replace

from dialplan import Engine, load_plan
from interact_ivr.domain.directory import RemoveApplication
from interact_ivr.domain.erlang import blocking, load_borne
from interact_ivr.domain.errors import StoreUnavailable
from interact_ivr.domain.lifecycle import Policy
from interact_ivr.domain.names import SAFE, EnvironmentName, NumberKey
from interact_ivr.domain.sizing import Outlook, SizeQuestion
from interact_ivr.domain.traffic import HOUR
from interact_ivr.metrics import Metrics
from interact_ivr.observing import Observing
from interact_ivr.service.environments import Defaults, Environments
from interact_ivr.service.pool_watch import PoolWatch, Standing
from interact_ivr.service.sizing import PoolSizing
from tests.contract.stores import HOLD, POLICY, REST, START, Pool, SqliteStore

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
ONE = "+380974520299"
NUMBERS = [f"+3809745202{at:02}" for at in range(20)]


async def environments_of(pool: Pool, policy: Policy = POLICY) -> Environments:
    plan = Engine(load_plan("e164"))
    defaults = Defaults(EnvironmentName("default/default"), plan, policy, SAFE)
    environments = Environments(pool.directory, defaults, lambda _: plan)
    await environments.reload()
    return environments


def sizing_of(pool: Pool, environments: Environments) -> PoolSizing:
    return PoolSizing(pool.store.traffic(), pool.view, environments, pool.clock)


class Watched:
    """A watch, and what it told last."""

    def __init__(self, pool: Pool, environments: Environments) -> None:
        self.environments = environments
        self.told: list[Standing] = []
        self.failed: list[Exception] = []
        self.watch = PoolWatch(
            *((pool.store.traffic(), pool.inventory), environments, pool.clock),
            told=self._hear,
            failed=self.failed.append,
        )

    def _hear(self, told: list[Standing]) -> None:
        self.told = told

    async def look(self) -> Standing:
        """Look once, and give how the one pool stands."""
        await self.watch.turn()
        (standing,) = self.told
        return standing


@pytest_asyncio.fixture
async def watched(pool: Pool) -> Watched:
    """Give a watch over the default pool, of twenty numbers."""
    await pool.add(*NUMBERS)
    return Watched(pool, await environments_of(pool))


async def test_a_pool_that_empties_is_told_of_in_time(pool: Pool, watched: Watched) -> None:
    """Two a minute: from twenty numbers nine minutes are left after the first, less than its hold.

    Where what was lent comes back it is over.
    """
    assert (await watched.look()).dry_in_seconds is None
    pool.pass_(MINUTE)
    lent = [await pool.allocate(str(at)) for at in range(2)]
    standing = await watched.look()
    assert standing.dry_in_seconds == pytest.approx(9 * 60)
    assert standing.runs_dry
    for each in lent:
        await pool.free(each.number)
    pool.pass_(MINUTE)
    standing = await watched.look()
    assert (standing.dry_in_seconds, standing.runs_dry) == (None, False)


async def test_a_slow_fall_is_no_warning(pool: Pool, watched: Watched) -> None:
    """What takes longer than a hold has come back by then."""
    await watched.look()
    pool.pass_(MINUTE)
    await pool.allocate("a")
    standing = await watched.look()
    assert standing.dry_in_seconds == pytest.approx(19 * 60)
    assert not standing.runs_dry


async def test_numbers_that_are_drained_are_not_running_out(pool: Pool, watched: Watched) -> None:
    """Half of the free ones are taken away: nobody took them, and the others last."""
    await pool.allocate("a")
    await watched.look()
    pool.pass_(MINUTE)
    drained = [NumberKey(each) for each in NUMBERS[5:15]]
    await pool.inventory.set_enabled(pool.scope, drained, enabled=False)
    assert (await watched.look()).dry_in_seconds is None
    pool.pass_(MINUTE)
    await pool.allocate("b")
    standing = await watched.look()
    assert standing.dry_in_seconds == pytest.approx(8 * 2 * 60)


async def test_a_clock_that_stands_still_is_no_rush(pool: Pool, watched: Watched) -> None:
    """One that was set back on another machine is waited for: no rate is made of no time."""
    await watched.look()
    await pool.allocate("a")
    standing = await watched.look()
    assert (standing.dry_in_seconds, standing.runs_dry) == (None, False)


async def test_resting_numbers_are_taken_where_resting_is_strict(pool: Pool) -> None:
    """Else they may be lent; and of a pool with one number, one call is all there is."""
    await pool.add(ONE)
    for strict in (False, True):
        policy = replace(POLICY, strict_rest=strict)
        watched = Watched(pool, await environments_of(pool, policy))
        await watched.look()
        pool.pass_(MINUTE)
        lent = await pool.allocate(f"a{strict}", policy=policy)
        assert (await watched.look()).dry_in_seconds == 0.0
        await pool.free(lent.number)
        pool.pass_(MINUTE)
        assert (await watched.look()).dry_in_seconds == (0.0 if strict else None)
        pool.pass_(2 * REST)


async def test_blocking_is_that_of_the_last_hour(pool: Pool, watched: Watched) -> None:
    """By the formula, of how long numbers were held; nothing is refused where nothing is lent."""
    assert (await watched.look()).blocking == 0.0
    for at in range(100):
        lent = await pool.allocate(str(at))
        pool.pass_(MINUTE / 10)
        await pool.free(lent.number)
    watched.watch.target = 1e-3
    standing = await watched.look()
    assert standing.blocking == pytest.approx(blocking(100 * (6 / 3600), 20))
    assert not standing.is_small
    watched.watch.target = standing.blocking / 2
    assert (await watched.look()).is_small
    pool.pass_(2 * HOUR)
    assert (await watched.look()).blocking == 0.0


async def test_a_pool_without_numbers_is_not_said_to_run_dry(pool: Pool) -> None:
    """It never had any; and one that is gone is not told of, nor does it end the others' look."""
    environments = await environments_of(pool)
    watched = Watched(pool, environments)
    standing = await watched.look()
    assert (standing.dry_in_seconds, standing.is_small) == (None, False)
    await pool.another()
    await environments.reload()
    await watched.watch.turn()
    assert {each.application for each in watched.told} == {"default", "another"}
    await pool.directory.change(RemoveApplication(EnvironmentName("default/default"), "another"))
    await environments.reload()
    assert (await watched.look()).application == "default"


async def test_a_store_that_fails_is_told_and_the_task_goes_on(tmp_path: Path) -> None:
    """What it told last stands."""
    pool = Pool(SqliteStore(tmp_path))
    await pool.open()
    watched = Watched(pool, await environments_of(pool))
    standing = await watched.look()
    pool.store.close()
    for file in tmp_path.iterdir():
        file.unlink()
    fresh = Watched(pool, watched.environments)
    await fresh.watch.turn()
    assert [type(each) for each in fresh.failed] == [StoreUnavailable]
    assert fresh.told == []
    assert watched.told == [standing]


def _standing(**changes: Any) -> Standing:
    return replace(Standing("default/default", "default", 0.0, None, False, False), **changes)


def test_the_log_says_once_what_has_changed() -> None:
    """A pool runs dry, is too small, and recovers: a line each, however often it is looked at."""
    metrics = Metrics("0")
    observing = Observing(metrics)
    strained = _standing(dry_in_seconds=60.0, runs_dry=True, blocking=0.25, is_small=True)
    with structlog.testing.capture_logs() as log:
        for standing in (_standing(), strained, strained, _standing(), _standing()):
            observing.pools_stand([standing])
    assert [(each["log_level"], each["event"]) for each in log] == [
        ("warning", "the pool refuses more than its target"),
        ("warning", "the pool runs dry within its hold"),
        ("info", "no more: the pool refuses more than its target"),
        ("info", "no more: the pool runs dry within its hold"),
    ]
    observing.pools_stand([strained])
    of = 'application="default",environment="default/default"'
    text = metrics.text().decode()
    assert f"interact_ivr_blocking_ratio{{{of}}} 0.25" in text
    assert f"interact_ivr_pool_dry_seconds{{{of}}} 60.0" in text
    observing.pools_stand([])
    assert "interact_ivr_blocking_ratio{" not in metrics.text().decode()


@pytest.mark.parametrize("strict", [False, True])
async def test_a_pool_is_sized_by_its_busiest_hour(pool: Pool, strict: bool) -> None:
    """Where resting is strict, the rest takes numbers, too; what grows gets too small some day."""
    environments = await environments_of(pool, replace(POLICY, strict_rest=strict))
    await pool.add(*NUMBERS[:3])
    for day in range(8):
        pool.clock.at = START + day * DAY
        for at in range(day + 1):
            lent = await pool.allocate(f"{day}-{at}")
            pool.pass_(MINUTE)
            await pool.free(lent.number)
    pool.clock.at = START + 8 * DAY
    answer = await sizing_of(pool, environments).answer("", SizeQuestion(target=0.001))
    assert answer.size is not None
    assert answer.measured is not None
    taken = MINUTE + (REST if strict else timedelta(0))
    assert answer.size.arrivals_per_hour == 8
    assert answer.size.taken_seconds == taken.total_seconds()
    assert answer.size.erlangs == pytest.approx(8 * (taken / HOUR))
    assert answer.size.blocking == pytest.approx(blocking(answer.size.erlangs, 3))
    assert answer.measured.busiest_hour == START + 7 * DAY
    forecast = answer.measured.forecast
    left = (load_borne(3, 0.001) - answer.size.erlangs) / (taken / HOUR)
    assert forecast.outlook is (Outlook.GROWING if left > 0 else Outlook.EXCEEDED)
    assert forecast.days == pytest.approx(max(left, 0.0))
    assert answer.measured.hold.hold_seconds == HOLD.total_seconds()


async def test_a_forecast_goes_by_whole_days_and_passes_over_those_without_traffic(
    pool: Pool,
) -> None:
    """The service was down for two days, and today has only begun: neither makes the load fall."""
    environments = await environments_of(pool)
    await pool.add(*NUMBERS)
    for day in (*range(5), *range(7, 11)):
        for at in range(day + 2 if day < 10 else 1):  # the last one is today
            pool.clock.at = START + day * DAY + at * MINUTE
            lent = await pool.allocate(f"{day}-{at}")
            pool.pass_(MINUTE)
            await pool.free(lent.number)
    answer = await sizing_of(pool, environments).answer("", SizeQuestion(days=10))
    assert answer.measured is not None
    assert answer.measured.since == START.replace(hour=0)
    assert len(answer.measured.days) == 9
    forecast = answer.measured.forecast
    assert forecast.outlook is Outlook.GROWING
    assert forecast.erlangs_a_day == pytest.approx(MINUTE / HOUR)
    week = (await sizing_of(pool, environments).answer("", SizeQuestion(days=7))).measured
    assert week is not None
    assert week.forecast.outlook is Outlook.UNKNOWN  # six of its days had traffic, with today


async def test_a_group_is_sized_by_all_that_was_lent_of_it(pool: Pool) -> None:
    """Also to who asked for no group, as these numbers are taken, too; one without has nothing."""
    environments = await environments_of(pool)
    await pool.add(*NUMBERS[:3], group="g")
    await pool.allocate("asked", "g")
    await pool.allocate("any")
    sizing = sizing_of(pool, environments)
    for group, numbers, arrivals in ((None, 3, 2), ("g", 3, 2), ("other", 0, None)):
        answer = await sizing.answer("", SizeQuestion(group=group))
        size = answer.size
        assert (size.numbers if size else 0, size.arrivals_per_hour if size else None) == (
            numbers,
            arrivals,
        )


async def test_more_than_can_be_calculated_is_calculated_as_the_most(pool: Pool) -> None:
    """An hour's rush of numbers that are held for a year is no refusal of who asks."""
    policy = replace(POLICY, hold_for=timedelta(days=36_500_000))
    environments = await environments_of(pool, policy)
    await pool.add(ONE, NUMBERS[0])
    for each in ("a", "b"):
        await pool.allocate(each)
    answer = await sizing_of(pool, environments).answer("", SizeQuestion())
    assert answer.size is not None
    assert answer.size.erlangs == pytest.approx(1e6)
    assert answer.size.blocking == pytest.approx(1.0, abs=1e-5)
