"""Reading beside the writer: who looks at many rows makes nobody wait but those who do as well."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from interact_ivr.domain.names import EnvironmentId
from interact_ivr.stores.sqlite.reader import Reader
from interact_ivr.stores.sqlite.schema import create_database, migrate, open_database
from interact_ivr.stores.sqlite.transaction import SqliteTransaction

PATIENCE = 5.0
HERE, THERE = EnvironmentId(1), EnvironmentId(2)


class StandingClock:
    """A clock that nobody looks at."""

    def now(self) -> datetime:
        """Give some time."""
        return datetime(2026, 5, 4, tzinfo=UTC)


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    """Give a reader of an empty store."""
    path = tmp_path / "interact-ivr.db"
    create_database(path)
    with closing(open_database(path)) as connection:
        migrate(connection)
    reader = Reader(path, StandingClock())
    yield reader
    reader.close()


def _schema(tx: SqliteTransaction) -> int:
    return len(tx.all("known_numbers", environment=1, application=1, keys="[]"))


async def test_a_look_up_waits_for_nobody_who_counts(reader: Reader) -> None:
    """However many count, in however many environments: they have a thread of their own."""
    loop, begun, released = asyncio.get_running_loop(), asyncio.Event(), threading.Event()

    def count(_: SqliteTransaction) -> bool:
        loop.call_soon_threadsafe(begun.set)
        return released.wait(PATIENCE)

    counting = [asyncio.create_task(reader.run_long(EnvironmentId(at), count)) for at in range(100)]
    try:
        async with asyncio.timeout(PATIENCE / 2):
            await begun.wait()
            assert await reader.run(_schema) == 0
        assert not any(task.done() for task in counting)
    finally:
        released.set()
    assert await asyncio.gather(*counting) == [True] * 100


async def test_environments_that_count_take_turns(reader: Reader) -> None:
    """Who asks for much waits for themselves: the other one's question is the second."""
    answered: list[EnvironmentId] = []
    asked = [HERE, HERE, HERE, THERE]
    questions = (
        reader.run_long(each, lambda _, each=each: answered.append(each))  # type: ignore[misc]
        for each in asked
    )
    await asyncio.gather(*questions)
    assert answered == [HERE, THERE, HERE, HERE]


async def test_who_was_refused_gives_their_turn_on(reader: Reader) -> None:
    """An operation that fails holds up none behind it."""

    def fail(_: SqliteTransaction) -> None:
        raise LookupError

    failing = [asyncio.create_task(reader.run_long(HERE, fail)) for _ in range(2)]
    assert await reader.run_long(HERE, _schema) == 0
    for task in failing:
        with pytest.raises(LookupError):
            await task
