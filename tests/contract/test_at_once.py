"""Many who free numbers, or ask whose they are, at the same time: each as if they came alone."""

import asyncio
from datetime import timedelta

import pytest

from interact_ivr.domain.errors import NoSuchNumber
from interact_ivr.domain.values import FreeStatus
from tests.contract.stores import POLICY, Pool

ONE, TWO, THREE = (f"+38097452020{digit}" for digit in range(3))
NOBODY = "+380999999999"
HOLD = POLICY.hold_for
FREED, NOT_ALLOCATED = FreeStatus.FREED, FreeStatus.NOT_ALLOCATED


async def test_of_many_who_free_a_number_one_does(pool: Pool) -> None:
    """Each is told of its own number, and the journal has each end once."""
    await pool.add(ONE, TWO, THREE)
    a, b = [await pool.allocate(each) for each in "ab"]
    told = await asyncio.gather(
        pool.free(a.number),
        pool.free(a.number),
        pool.free(NOBODY),
        pool.free(THREE),
        pool.free(b.number, allocation=a.id),
        pool.free(b.number, allocation=b.id),
        pool.free(b.number),
    )
    assert sorted(told[:2]) == [FREED, NOT_ALLOCATED]
    assert told[2:5] == [FreeStatus.UNKNOWN, NOT_ALLOCATED, NOT_ALLOCATED]
    assert sorted(told[5:]) == [FREED, NOT_ALLOCATED]
    assert sorted(pool.events()[2:]) == [("freed", "a"), ("freed", "b")]
    assert await asyncio.gather(*(pool.holder(each) for each in (ONE, TWO, THREE))) == [None] * 3


async def test_the_best_key_is_the_one_that_is_freed(pool: Pool) -> None:
    """Though another reading of what was dialed is a number, too."""
    await pool.add(ONE, TWO, THREE)
    lent = {str((await pool.allocate(each)).number): each for each in "abc"}
    await asyncio.gather(pool.free(ONE, TWO), pool.free(NOBODY, THREE))
    holders = await asyncio.gather(*(pool.holder(each) for each in (ONE, TWO, THREE)))
    assert holders == [None, lent[TWO], None]


async def test_each_is_told_whose_its_own_number_is(pool: Pool) -> None:
    """And who asks for one that is none of ours is refused, and nobody else."""
    await pool.add(ONE, TWO, THREE)
    lent = {str((await pool.allocate(each)).number): each for each in "ab"}
    asked = (TWO, NOBODY, THREE, ONE)
    told = await asyncio.gather(*map(pool.holder, asked), return_exceptions=True)
    refused = told.pop(1)
    assert isinstance(refused, NoSuchNumber)
    assert told == [lent.get(TWO), lent.get(THREE), lent.get(ONE)]


@pytest.mark.parametrize("in_time", [True, False])
async def test_a_number_that_ran_out_is_nobody_s_unless_a_call_holds_it_open(
    pool: Pool, in_time: bool
) -> None:
    """One that was there in time does; who frees it then ends it, and else it has expired."""
    await pool.add(ONE)
    await pool.allocate("a")
    if in_time:
        await pool.ringing(ONE, "1", 2 * HOLD)
    pool.pass_(HOLD + timedelta(seconds=1))
    if not in_time:
        await pool.ringing(ONE, "1", HOLD)
    assert await pool.holder(ONE) == ("a" if in_time else None)
    told = await asyncio.gather(pool.free(ONE), pool.free(ONE))
    assert sorted(told) == ([FREED, NOT_ALLOCATED] if in_time else [NOT_ALLOCATED] * 2)
    assert pool.events()[1] == ("freed" if in_time else "expired", "a")
