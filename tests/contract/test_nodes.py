"""Several nodes on one PostgreSQL: whatever they do at once, each number's life is whole."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from msgspec.structs import replace

from interact_ivr.domain.errors import Exhausted, QuotaReached
from interact_ivr.domain.lifecycle import Policy, Quotas
from interact_ivr.domain.values import Allocation, FreeStatus, Status
from tests.contract.stores import POLICY, Entry, Pool, PostgresStore

NUMBERS = [f"+3809745{count:05}" for count in range(40)]
ANI = "+441632960001"
QUOTA = 3
BEGINNINGS, ENDS = {"allocated", "lent early"}, {"retrieved", "freed", "expired", "replaced"}


async def node(store: PostgresStore) -> Pool:
    """Open one more node on a database, by the server's own clock."""
    pool = Pool(store)
    await pool.open()
    return pool


@pytest_asyncio.fixture
async def nodes(tmp_path: Path) -> AsyncIterator[tuple[Pool, Pool]]:
    """Give two nodes on one database."""
    first = PostgresStore(tmp_path, pinned=False)
    both = await node(first), await node(PostgresStore(tmp_path, beside=first, pinned=False))
    yield both
    for pool in both:
        pool.store.close()


def replayed(journal: list[Entry]) -> dict[str, str]:
    """Give who holds which number by the journal, in whose order no number is lent twice."""
    held: dict[str, str] = {}
    for entry in journal:
        if entry.event in BEGINNINGS:
            assert entry.number not in held, (entry, held[entry.number])
            held[entry.number] = entry.allocation
        elif entry.event in ENDS:
            assert held.pop(entry.number) == entry.allocation
    return held


async def asked_of(nodes: tuple[Pool, Pool], count: int) -> list[Allocation | BaseException]:
    """Let *count* interactions ask for a number, at one node or the other, all at once."""
    asked = (nodes[each % 2].allocate(f"interaction {each}") for each in range(count))
    return await asyncio.gather(*asked, return_exceptions=True)


@pytest.mark.parametrize("numbers", [40, 25])
async def test_no_number_is_lent_twice_and_none_is_left_over(
    nodes: tuple[Pool, Pool], numbers: int
) -> None:
    """However many ask at once, each number is lent; who gets none is told so."""
    await nodes[0].add(*NUMBERS[:numbers])
    got = await asked_of(nodes, 40)
    lent = [each.number for each in got if isinstance(each, Allocation)]
    assert sorted(lent) == NUMBERS[:numbers]
    refused = [each for each in got if not isinstance(each, Allocation)]
    assert all(isinstance(each, Exhausted) for each in refused), refused
    assert sorted(replayed(nodes[0].journal())) == NUMBERS[:numbers]


@pytest.mark.parametrize(
    "quota",
    [
        replace(POLICY, most_open=QUOTA),
        replace(POLICY, of_tenant=Quotas(most_open=QUOTA)),
        replace(POLICY, most_open=QUOTA, of_tenant=Quotas(most_open=QUOTA)),
    ],
    ids=["application", "tenant", "both"],
)
async def test_of_all_nodes_together_no_more_are_open_than_may_be(
    nodes: tuple[Pool, Pool], quota: Policy
) -> None:
    """At no time by the journal's order, while ends make room; and all that may be are."""
    await nodes[0].add(*NUMBERS)
    refused = 0

    async def come_and_go(client: int) -> None:
        nonlocal refused
        for turn in range(6):
            node = nodes[(client + turn) % 2]
            try:
                lent = await node.allocate(f"{client}.{turn}", policy=quota)
            except QuotaReached:
                refused += 1
            else:
                await nodes[client % 2].free(lent.number)

    await asyncio.gather(*(come_and_go(client) for client in range(12)))
    got = await asyncio.gather(
        *(nodes[each % 2].allocate(f"last {each}", policy=quota) for each in range(20)),
        return_exceptions=True,
    )
    assert sum(isinstance(each, Allocation) for each in got) == QUOTA
    assert refused, "it was never full, so nothing was tried"
    is_open = 0
    for entry in nodes[0].journal():
        is_open += (entry.event in BEGINNINGS) - (entry.event in ENDS)
        assert is_open <= QUOTA
    assert is_open == QUOTA


async def test_an_interaction_that_asks_everywhere_has_one_number(nodes: tuple[Pool, Pool]) -> None:
    """One of those who ask at once is lent it, the others renew it."""
    await nodes[0].add(*NUMBERS)
    got = await asyncio.gather(*(nodes[each % 2].allocate("a") for each in range(12)))
    assert len({each.id for each in got}) == 1
    assert Counter(each.renewed for each in got) == {False: 1, True: 11}
    assert Counter(nodes[0].events()) == {("allocated", "a"): 1, ("renewed", "a"): 11}


async def test_an_allocation_is_consumed_by_one_call(nodes: tuple[Pool, Pool]) -> None:
    """Whichever node it reaches; the others are told what they would be told a moment later."""
    await nodes[0].add(*NUMBERS)
    for turn in range(10):
        lent = await nodes[turn % 2].allocate(f"a{turn}")
        calls = (
            nodes[each % 2].retrieve(lent.number, call=f"{turn}.{each}", ani=None)
            for each in range(6)
        )
        told = await asyncio.gather(*calls)
        assert Counter(each.status for each in told) == {Status.FOUND: 1, Status.NOT_ALLOCATED: 5}


async def test_a_call_that_asks_both_nodes_is_told_the_same(nodes: tuple[Pool, Pool]) -> None:
    """It is one call, and consumes once."""
    await nodes[0].add(*NUMBERS)
    for turn in range(10):
        lent = await nodes[turn % 2].allocate(f"a{turn}")
        asked = (each.retrieve(lent.number, call=f"{turn}", ani=ANI) for each in nodes * 2)
        told = await asyncio.gather(*asked)
        assert {(each.status, each.allocation) for each in told} == {(Status.FOUND, lent.id)}
        assert Counter(each.repeated for each in told) == {False: 1, True: 3}
    assert Counter(event for event, _ in nodes[0].events())["retrieved"] == 10


async def test_a_number_with_a_call_on_it_is_not_lent(nodes: tuple[Pool, Pool]) -> None:
    """Also where the call comes in while the number is being looked for."""
    await nodes[0].add(NUMBERS[0])
    for turn in range(20):
        rings = nodes[0].ringing(NUMBERS[0], f"{turn}", timedelta(seconds=60))
        got, _ = await asyncio.gather(nodes[1].allocate("a"), rings, return_exceptions=True)
        told = await nodes[0].retrieve(NUMBERS[0], call=f"{turn}")
        assert told.status is (Status.NOT_ALLOCATED if isinstance(got, Exhausted) else Status.FOUND)


async def test_whatever_both_do_the_journal_replays(nodes: tuple[Pool, Pool]) -> None:
    """Allocations, calls, frees and sweeps, in any order: no number has two lives."""
    few = NUMBERS[:6]
    await nodes[0].add(*few)
    chance = random.Random(0)

    async def live(pool: Pool, name: str) -> None:
        for turn in range(40):
            number = chance.choice(few)
            match chance.randrange(4):
                case 0 | 1:
                    with suppress(Exhausted):
                        await pool.allocate(f"{chance.randrange(8)}")
                case 2:
                    await pool.retrieve(number, call=f"{name}.{turn}", ani=ANI)
                case _:
                    await pool.free(number)
            if turn % 10 == 9:
                await pool.sweep()

    await asyncio.gather(*(live(nodes[each % 2], f"{each}") for each in range(6)))
    held = replayed(nodes[0].journal())
    shown = {each.number for each in await nodes[0].shown() if each.interaction}
    assert {*held} == shown
    assert {FreeStatus.FREED} == {*[await nodes[1].free(number) for number in shown]} or not shown


async def test_who_follows_the_journal_misses_nothing(nodes: tuple[Pool, Pool]) -> None:
    """Though entries are committed in another order than their ids, by both nodes."""
    await nodes[0].add(*NUMBERS)
    seen: list[str] = []
    newest: str | None = None

    async def follow(pool: Pool) -> None:
        after = ""
        while after != newest:
            page = await pool.record.entries(pool.scope.environment, None, after, 7)
            seen.extend(entry.id for entry in page.entries)
            after = page.after
            if not page.entries:
                await pool.record.grown()

    async def live(pool: Pool, name: str) -> None:
        for turn in range(25):
            lent = await pool.allocate(f"{name}.{turn}", policy=POLICY)
            await pool.retrieve(lent.number, call=f"{name}.{turn}")

    following = asyncio.create_task(follow(nodes[0]))
    await asyncio.gather(*(live(nodes[each % 2], f"{each}") for each in range(8)))
    store = nodes[0].store
    assert isinstance(store, PostgresStore)
    written = [entry for (entry,) in store.rows("SELECT id FROM journal ORDER BY id")]
    newest = written[-1]
    async with asyncio.timeout(30):
        await following
    assert seen == written
    assert len(seen) == 8 * 25 * 2
