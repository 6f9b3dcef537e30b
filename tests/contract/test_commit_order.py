"""What a reader of the shared journal is given while entries are committed in another order."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest
import pytest_asyncio

from interact_ivr.stores.postgres.connecting import Connection
from interact_ivr.stores.postgres.journal import PostgresJournal
from interact_ivr.stores.postgres.queries import postgres_queries
from interact_ivr.stores.postgres.reader import Reader
from interact_ivr.stores.transaction import Transaction
from tests.contract.stores import Pool, PostgresStore

T = TypeVar("T")

NUMBERS = [f"+3809745202{count:02}" for count in range(3)]
_SLOW = """
    INSERT INTO journal (id, at, event, environment_id, number, allocation_id, interaction)
    SELECT ulid_front(store_now()) || repeat('0', 14), store_now(), 'freed', id, '', '', 'slow'
    FROM environment
"""


class Interrupted(Reader):
    """A reader to which something happens between its look at who writes and its reading."""

    def __init__(self, store: PostgresStore) -> None:
        super().__init__(store.connecting, postgres_queries())
        self.then: Callable[[], Awaitable[None]] | None = None

    async def run(self, operation: Callable[[Transaction], T]) -> T:
        """Look, and let it happen, once."""
        looked = await super().run(operation)
        then, self.then = self.then, None
        if then is not None:
            await then()
        return looked


@pytest_asyncio.fixture
async def pool(tmp_path: Path) -> AsyncIterator[Pool]:
    """Give a pool by the server's clock."""
    pool = Pool(PostgresStore(tmp_path, pinned=False))
    await pool.open()
    await pool.add(*NUMBERS)
    yield pool
    pool.store.close()


def store_of(pool: Pool) -> PostgresStore:
    """Give the pool's store."""
    assert isinstance(pool.store, PostgresStore)
    return pool.store


@pytest.fixture
def slow(pool: Pool) -> Iterator[Connection]:
    """Give the connection of a writer that is long in committing."""
    with closing(store_of(pool).connecting.open()) as connection:
        yield connection


@pytest.fixture
def reader(pool: Pool) -> Iterator[Interrupted]:
    """Give the reader of whoever follows."""
    reader = Interrupted(store_of(pool))
    yield reader
    reader.close()


@pytest.mark.parametrize("earlier", [[], ["earlier"]], ids=["empty", "begun"])
@pytest.mark.parametrize("before", [0, 1, 2])
async def test_nothing_is_given_that_an_earlier_entry_may_come_before(
    pool: Pool, slow: Connection, reader: Interrupted, earlier: list[str], before: int
) -> None:
    """An entry is made, one behind it is committed, then it; of which some is *before* the look."""

    async def begin() -> None:
        slow.execute("BEGIN")
        slow.execute(_SLOW)

    async def overtake() -> None:
        await pool.allocate("quick")

    async def happen(steps: Sequence[Callable[[], Awaitable[None]]]) -> None:
        for step in steps:
            await step()

    steps = [begin, overtake]
    for interaction in earlier:
        await pool.allocate(interaction)
    await happen(steps[:before])
    reader.then = partial(happen, steps[before:])
    given, after = await followed(pool, reader, "")
    assert given == earlier
    slow.execute("COMMIT")
    given, _ = await followed(pool, reader, after)
    assert given == ["slow", "quick"]


async def followed(pool: Pool, reader: Reader, after: str) -> tuple[list[str], str]:
    """Give the interactions that a page behind *after* tells of, and where the next one begins."""
    record = PostgresJournal(store_of(pool).writer, reader)
    page = await record.entries(pool.scope.environment, None, after, 10)
    return [entry.interaction for entry in page.entries], page.after
