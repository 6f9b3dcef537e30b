"""Imports at two nodes of one PostgreSQL: one after the other, and none takes away another's."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack

import msgspec
import psycopg
import pytest
import pytest_asyncio

from interact_ivr.app import Parts, opened
from interact_ivr.config_keys import Config
from interact_ivr.domain.errors import BadRows, StoreUnavailable
from interact_ivr.domain.lifecycle import State
from interact_ivr.observing import Observing
from interact_ivr.service.checking import STEP, Chunk, NumberRow
from tests.contract.cluster import databases

PATIENCE = 30.0
MANY, OTHERS, FEW = "380974520000-380974524999", "380974530000-380974534999", "380974540000"
"""5,000 numbers, which is several steps, as many others; and one."""
HIDDEN = "SELECT count(*) FROM number WHERE free_from < (SELECT floor FROM inventory)"


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Give the address of an empty database."""
    monkeypatch.setenv("INTERACT_IVR_ANI_KEY", "the same for all nodes")
    shared = databases()
    name = shared.take()
    yield shared.cluster.url(name)
    shared.give_back(name)


@pytest_asyncio.fixture
async def nodes(url: str) -> AsyncIterator[tuple[Parts, Parts]]:
    """Give two nodes that have begun, as services do."""
    async with AsyncExitStack() as stack:
        both = []
        for name in ("one", "two"):
            config = msgspec.convert({"store": {"url": url}, "node": {"name": name}}, Config)
            parts = await stack.enter_async_context(opened(config, "a test", Observing()))
            await parts.imports.clear()
            await parts.cluster.begin("", lambda: "{}")
            both.append(parts)
        yield both[0], both[1]


class Held:
    """Hears of an import's steps, and holds it up after the first until it may go on."""

    def __init__(self) -> None:
        self.begun, self.may_go_on = asyncio.Event(), asyncio.Event()

    async def __call__(self, _written: int, _of: int) -> None:
        """Hear of a step."""
        self.begun.set()
        await self.may_go_on.wait()


class Rows:
    """An import's only chunk."""

    faults = ()

    def __init__(self, number: str) -> None:
        self.rows = [NumberRow(1, number)]


async def _unheard(_written: int, _of: int) -> None: ...


async def _chunks(number: str) -> AsyncIterator[Chunk]:
    yield Rows(number)


async def take_in(
    node: Parts, number: str, told: Callable[[int, int], Awaitable[None]] = _unheard
) -> int:
    """Take a range in, and say how many numbers are new."""
    async with asyncio.timeout(PATIENCE):
        return (await node.imports.take_in("", _chunks(number), told)).new


async def count(node: Parts) -> int:
    """Count the numbers that are there to be lent."""
    return (await node.numbers.counts(""))[State.IDLE]


async def held(node: Parts) -> tuple[Held, "asyncio.Task[int]"]:
    """Begin an import that has hidden its first numbers, and goes no further yet."""
    watched = Held()
    importing = asyncio.create_task(take_in(node, MANY, watched))
    async with asyncio.timeout(PATIENCE):
        await watched.begun.wait()
    return watched, importing


async def test_a_node_that_starts_leaves_another_s_import_alone(nodes: tuple[Parts, Parts]) -> None:
    """What it would take away waits; a few numbers do not; all that was imported is there."""
    one, two = nodes
    watched, importing = await held(one)
    two.imports.left.set()  # as at a start
    clearing = asyncio.create_task(two.imports.clear())
    assert await take_in(two, FEW) == 1
    assert not clearing.done()
    watched.may_go_on.set()
    assert await importing == 5_000
    assert await clearing == 0
    assert await count(two) == 5_001


@pytest.mark.parametrize("other", [OTHERS, pytest.param(MANY, marks=pytest.mark.long)])
async def test_imports_at_two_nodes_come_one_after_the_other(
    nodes: tuple[Parts, Parts], url: str, other: str
) -> None:
    """The second waits for the first; what that has taken in, the second is refused for."""
    one, two = nodes
    with psycopg.connect(url, autocommit=True) as database:
        database.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        watched, importing = await held(one)
        asked = asked_for_a_turn(database)
        second = asyncio.create_task(take_in(two, other))
        async with asyncio.timeout(PATIENCE):
            while await asyncio.to_thread(asked_for_a_turn, database) < asked + 2:
                pass
        assert database.execute(HIDDEN).fetchone() == (STEP,)
        database.execute("DROP EXTENSION pg_stat_statements")
    watched.may_go_on.set()
    assert await importing == 5_000
    if other == MANY:
        with pytest.raises(BadRows, match="is in the environment already"):
            await second
    else:
        assert await second == 5_000
    assert await count(one) == (5_000 if other == MANY else 10_000)


def asked_for_a_turn(database: psycopg.Connection[tuple[int, ...]]) -> int:
    """Say how often a node has asked whether it may hide, by the server's own count."""
    ((count,),) = database.execute(
        "SELECT coalesce(sum(calls), 0) FROM pg_stat_statements"
        " WHERE query LIKE '%FROM duty%incarnation <>%'"
        " AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())"
    ).fetchall()
    return int(count)


async def test_what_a_silent_node_has_left_another_takes_away(
    nodes: tuple[Parts, Parts], url: str
) -> None:
    """As soon as it looks; if the silent one comes back, its import is refused as a whole."""
    one, two = nodes
    watched, importing = await held(one)
    with psycopg.connect(url, autocommit=True) as database:
        assert database.execute(HIDDEN).fetchone() == (STEP,)
        following = asyncio.create_task(two.cluster.run())
        assert not two.imports.left.is_set()
        database.execute("UPDATE duty SET until = 0 WHERE name = 'import'")  # ten seconds pass
        async with asyncio.timeout(PATIENCE):
            await two.imports.left.wait()
        assert await two.imports.clear() == STEP
        following.cancel()
        watched.may_go_on.set()
        with pytest.raises(StoreUnavailable, match="silent in the midst of an import"):
            await importing
        assert database.execute(HIDDEN).fetchone() == (0,)
    assert await count(two) == 0
    assert await take_in(two, MANY) == 5_000
