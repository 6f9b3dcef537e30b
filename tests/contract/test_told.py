"""What a call was told, as every store keeps it: the same as it was answered, by the call alone."""

from datetime import timedelta

from msgspec.structs import replace

from interact_ivr.domain.phone_calls import Told
from interact_ivr.domain.values import Retrieval, Status
from tests.contract.stores import HOLD, POLICY, START, Pool

ONE, TWO = "+380974520200", "+380974520201"
ANI, OTHER = "+15551234567", "+15557654321"
SECOND = timedelta(seconds=1)
KEEPING = replace(POLICY, redial_for=HOLD, late_for=HOLD)


def as_told(pool: Pool, retrieval: Retrieval, call: str) -> Told:
    """Put an answer into the values that a screen is told."""
    return Told.by(retrieval, pool.scope.environment, call, pool.clock.now())


async def test_what_a_call_was_told_is_known_afterwards(pool: Pool) -> None:
    """After a restart too; with all that it was told and with who called, and when."""
    await pool.add(ONE, group="vip")
    await pool.allocate("a")
    pool.pass_(30 * SECOND)
    answer = await pool.retrieve(ONE, call="1", ani=ANI)
    then = as_told(pool, answer, "1")
    assert (then.status, then.interaction, then.waited) == (Status.FOUND, "a", 30 * SECOND)
    assert (then.group, then.number, then.ani, then.at) == ("vip", ONE, ANI, START + 30 * SECOND)
    pool.pass_(HOLD)
    await pool.reopen()
    assert await pool.told("1") == then
    assert await pool.told("2") is None
    assert await pool.told("1", pbx="other") is None


async def test_of_a_redial_all_but_who_called_is_known(pool: Pool) -> None:
    """The journal says who retrieved it, who need not show it the second time."""
    await pool.add(ONE)
    await pool.allocate("a")
    await pool.retrieve(ONE, call="1", ani=ANI)
    answer = await pool.retrieve(ONE, call="2", ani=ANI, policy=KEEPING)
    assert answer.status is Status.REDIAL
    assert await pool.told("2") == replace(as_told(pool, answer, "2"), ani=None)


async def test_a_late_call_is_known_to_be_late(pool: Pool) -> None:
    """Whose it was is not: that is not this caller's."""
    await pool.add(ONE)
    await pool.allocate("a")
    pool.pass_(HOLD)
    answer = await pool.retrieve(ONE, call="1", ani=ANI, policy=KEEPING)
    assert answer.status is Status.LATE
    assert await pool.told("1") == replace(as_told(pool, answer, "1"), ani=None)


async def test_of_several_answers_an_interaction_s_counts_and_then_the_last(pool: Pool) -> None:
    """A call may ask of one number after the other."""
    await pool.add(ONE, TWO)
    await pool.allocate("a")
    await pool.allocate("b")
    await pool.retrieve(ONE, call="1")
    pool.pass_(SECOND)
    last = as_told(pool, await pool.retrieve(TWO, call="1"), "1")
    assert await pool.told("1") == last
    pool.pass_(HOLD)
    await pool.add("+380974520202")
    await pool.allocate("c")
    pool.pass_(HOLD)
    late = await pool.retrieve("+380974520202", call="1", policy=KEEPING)
    assert late.status is Status.LATE
    assert await pool.told("1") == last


async def test_what_was_told_of_nobody_is_not_kept(pool: Pool) -> None:
    """It is decided afresh when the call asks again."""
    await pool.add(ONE)
    await pool.retrieve(ONE, call="1")
    await pool.retrieve(TWO, call="2")
    assert await pool.told("1") is None
    assert await pool.told("2") is None


async def test_what_is_forgotten_was_told_to_nobody(pool: Pool) -> None:
    """Not even by its tombstone."""
    await pool.add(ONE)
    await pool.allocate("a")
    await pool.retrieve(ONE, call="1", ani=ANI)
    await pool.forget("a", "forgotten-1")
    assert await pool.told("1") is None
