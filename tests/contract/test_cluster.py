"""The nodes of a store as it keeps them: who is there, who does what, and what was left undone."""

import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from msgspec.structs import replace

from interact_ivr.domain.cluster import Incarnation, Node, Presence
from interact_ivr.domain.directory import AddTenant, RemoveTenant
from interact_ivr.domain.errors import EntryExists, StoreUnavailable
from interact_ivr.domain.names import NumberKey
from interact_ivr.domain.values import NewNumber
from tests.contract.stores import START, TICK, Pool, PostgresStore

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
ALIVE_FOR = 10 * SECOND
ONE, TWO = (Presence(Incarnation(each), each, "1", "127.0.0.1:8018", "{}") for each in "ab")
NUMBERS = [NewNumber(NumberKey(f"+38097452020{digit}"), f"{digit}") for digit in range(3)]


@pytest_asyncio.fixture
async def nodes(tmp_path: Path) -> AsyncIterator[tuple[Pool, Pool]]:
    """Give two nodes on one database, whose clock stands."""
    first = PostgresStore(tmp_path)
    both = Pool(first), Pool(PostgresStore(tmp_path, beside=first))
    for pool in both:
        await pool.open()
    both[1].clock = both[0].clock
    await reopened(both[1])
    yield both
    for pool in both:
        pool.store.close()


async def reopened(pool: Pool) -> None:
    """Take the clock that the pool has now."""
    pool.store.close()
    await pool.open()


def seconds(node: Node) -> tuple[str, float, float]:
    """Give who it is, how long ago it was seen, and how long it may still be unseen."""
    return node.presence.name, node.age.total_seconds(), node.left.total_seconds()


async def test_a_node_is_there_from_its_first_beat_until_it_leaves(pool: Pool) -> None:
    """Since when, how long ago it was seen, and until when it is not missed, to the microsecond."""
    cluster = pool.store.cluster()
    assert not await cluster.nodes()
    await cluster.beat(ONE, ALIVE_FOR)
    pool.pass_(4 * SECOND)
    (node,) = await cluster.nodes()
    assert (node.presence, node.since, seconds(node)) == (ONE, START, ("a", 4, 6))
    told = replace(ONE, facts='{"calls": 2}')
    await cluster.beat(told, ALIVE_FOR)
    pool.pass_(ALIVE_FOR)
    (node,) = await cluster.nodes()
    assert (node.presence, node.since, seconds(node)) == (told, START, ("a", 10, 0))
    assert node.is_alive
    pool.pass_(TICK)
    (node,) = await cluster.nodes()
    assert not node.is_alive
    await cluster.leave(ONE.incarnation, time.monotonic() + 5)
    assert not await cluster.nodes()


async def test_who_has_a_duty_may_take_it_again(pool: Pool) -> None:
    """As often as it likes, before and after it has lapsed."""
    cluster = pool.store.cluster()
    for passed in (0, 1, 3, 9):
        pool.pass_(passed * SECOND)
        assert await cluster.take("sweep", ONE.incarnation, 3 * SECOND)


async def test_looking_changes_nothing(pool: Pool) -> None:
    """Nobody else has changed the directory, and no import was left."""
    cluster = pool.store.cluster()
    look = await cluster.look()
    assert not look.import_left
    assert await cluster.look() == look


async def test_a_silent_node_is_shown_for_a_day(nodes: tuple[Pool, Pool]) -> None:
    """Then another one's beat forgets it."""
    one, two = (pool.store.cluster() for pool in nodes)
    await one.beat(ONE, ALIVE_FOR)
    nodes[0].pass_(DAY)
    await two.beat(TWO, ALIVE_FOR)
    assert [*map(seconds, await one.nodes())] == [("a", 86400, 10 - 86400), ("b", 0, 10)]
    nodes[0].pass_(TICK)
    await two.beat(TWO, ALIVE_FOR)
    assert [node.presence for node in await two.nodes()] == [TWO]


async def test_two_processes_of_one_name_are_both_shown(nodes: tuple[Pool, Pool]) -> None:
    """As long as both are alive; a silent one gives way to the one that has come in its place."""
    one, two = (pool.store.cluster() for pool in nodes)
    other = replace(TWO, name=ONE.name)
    await one.beat(ONE, ALIVE_FOR)
    await two.beat(other, ALIVE_FOR)
    assert {node.presence for node in await one.nodes()} == {ONE, other}
    nodes[0].pass_(ALIVE_FOR + TICK)
    await two.beat(other, ALIVE_FOR)
    assert [node.presence for node in await one.nodes()] == [other]


async def test_a_duty_is_one_node_s_until_it_lapses(nodes: tuple[Pool, Pool]) -> None:
    """Other duties are not touched by it; who leaves lets all of its own lapse at once."""
    one, two = (pool.store.cluster() for pool in nodes)
    assert await one.take("sweep", ONE.incarnation, 3 * SECOND)
    assert not await two.take("sweep", TWO.incarnation, 3 * SECOND)
    assert await two.take("purge", TWO.incarnation, 3 * SECOND)
    nodes[0].pass_(3 * SECOND)
    assert not await two.take("sweep", TWO.incarnation, 3 * SECOND)
    nodes[0].pass_(TICK)
    assert await two.take("sweep", TWO.incarnation, 3 * SECOND)
    assert not await one.take("sweep", ONE.incarnation, 3 * SECOND)
    await two.leave(TWO.incarnation, time.monotonic() + 5)
    assert await one.take("sweep", ONE.incarnation, 3 * SECOND)


async def test_who_may_not_have_a_duty_writes_nothing(nodes: tuple[Pool, Pool]) -> None:
    """Not even a lock, however often it asks: it would cost the server a write each time."""
    store = nodes[0].store
    assert isinstance(store, PostgresStore)
    assert await store.cluster().take("sweep", ONE.incarnation, 3 * SECOND)
    row = "SELECT xmin::TEXT, xmax::TEXT FROM duty WHERE name = 'sweep'"
    before = store.rows(row)
    assert not await nodes[1].store.cluster().take("sweep", TWO.incarnation, 3 * SECOND)
    assert store.rows(row) == before
    assert await store.cluster().take("sweep", ONE.incarnation, 3 * SECOND)
    assert store.rows(row) != before


async def test_a_change_of_the_directory_is_seen_by_who_looks(nodes: tuple[Pool, Pool]) -> None:
    """Each one changes the revision; one that is refused does not."""
    here, there = nodes
    cluster = there.store.cluster()
    seen = [await cluster.look()]
    for change in (AddTenant("acme"), RemoveTenant("acme")):
        await here.directory.change(change)
        seen.append(await cluster.look())
    assert len(set(seen)) == 3
    with pytest.raises(EntryExists):
        await here.directory.change(AddTenant("default"))
    assert await cluster.look() == seen[-1]


async def test_what_is_hidden_is_one_node_s(nodes: tuple[Pool, Pool]) -> None:
    """Another one does nothing to it, until the import is over."""
    here, there = nodes
    await here.inventory.write_hidden(here.scope, NUMBERS[:1])
    assert not await there.inventory.begin_hiding()
    for step in (
        there.inventory.write_hidden(there.scope, NUMBERS[1:]),
        there.inventory.show_hidden(there.scope),
        there.inventory.discard_hidden(10),
    ):
        with pytest.raises(StoreUnavailable, match="silent in the midst of an import"):
            await step
    assert await here.known(NUMBERS[0].number) == []
    await here.inventory.show_hidden(here.scope)
    await here.inventory.end_hiding()
    assert await there.inventory.begin_hiding()
    assert await there.known(*(new.number for new in NUMBERS)) == [NUMBERS[0].number]


async def test_each_step_of_an_import_goes_on_with_it(nodes: tuple[Pool, Pool]) -> None:
    """Ten seconds from the last one; then it is seen that it was left, and another may clear it."""
    here, there = nodes
    cluster = there.store.cluster()
    for new in NUMBERS[:2]:
        here.pass_(10 * SECOND)
        assert not await there.inventory.begin_hiding()
        await here.inventory.write_hidden(here.scope, [new])
    here.pass_(10 * SECOND)
    assert not (await cluster.look()).import_left
    here.pass_(TICK)
    assert (await cluster.look()).import_left
    assert await there.inventory.begin_hiding()
    assert not (await cluster.look()).import_left
    assert await there.inventory.discard_hidden(10) == 2
    with pytest.raises(StoreUnavailable):
        await here.inventory.write_hidden(here.scope, NUMBERS[2:])


async def test_who_leaves_in_an_import_has_left_it(nodes: tuple[Pool, Pool]) -> None:
    """Others see that at once; of an import that is over nothing is left."""
    here, there = nodes
    assert isinstance(here.store, PostgresStore)
    cluster = there.store.cluster()
    await here.inventory.write_hidden(here.scope, NUMBERS)
    await here.store.cluster().leave(here.store.incarnation, time.monotonic() + 5)
    assert (await cluster.look()).import_left
    await there.inventory.begin_hiding()
    await there.inventory.end_hiding()
    assert not (await cluster.look()).import_left
