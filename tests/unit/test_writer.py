"""The writing thread: what it does together, what it keeps apart, and what it survives."""

import asyncio
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from interact_ivr.domain.errors import Exhausted, StoreUnavailable, TooBusy, TooLate
from interact_ivr.domain.happening import Happening
from interact_ivr.domain.names import EnvironmentId
from interact_ivr.stores.migrating import SchemaError
from interact_ivr.stores.sqlite.schema import (
    create_database,
    migrate,
    open_database,
)
from interact_ivr.stores.sqlite.transaction import SqliteTransaction
from interact_ivr.stores.sqlite.writer import Writer

Operation = Callable[[SqliteTransaction], Any]

PATIENCE = 10.0
KEPT_OF_WAL = 4 * 1024 * 1024


class _Clock:
    def now(self) -> datetime:
        return datetime.now(UTC)


def _sql(statement: str, *values: object) -> Operation:
    """Give an operation that is one statement, on the connection that the thread has now."""
    return lambda tx: tx._connection.execute(statement, values).fetchall()


def _add(name: str) -> Operation:
    return _sql("INSERT INTO environment (tenant, name) VALUES ('test', ?)", name)


def _twice(tx: SqliteTransaction) -> None:
    _add("b")(tx)
    _add("b")(tx)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give a migrated file, in a folder of its own."""
    path = tmp_path / "store" / "interact-ivr.db"
    path.parent.mkdir()
    create_database(path)
    with closing(open_database(path)) as connection:
        migrate(connection)
    return path


@pytest_asyncio.fixture
async def writer(path: Path) -> AsyncIterator[Writer]:
    """Give a writer that has begun to work, with room for eight operations."""
    writer = Writer(path, _Clock(), queue_limit=8)
    writer.start()
    yield writer
    writer.close()


def _there(path: Path) -> list[str]:
    """Read what is on disk."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT name FROM environment WHERE tenant = 'test' ORDER BY id")
        return [name for (name,) in rows]


@asynccontextmanager
async def _busy(writer: Writer, until: Callable[[], object] | None = None) -> AsyncIterator[None]:
    """Keep the thread busy with one operation, until the block ends and *until* has returned."""
    begun, over = threading.Event(), threading.Event()

    def hold(_: SqliteTransaction) -> None:
        begun.set()
        assert over.wait(PATIENCE)
        if until is not None:
            until()

    held = asyncio.ensure_future(writer.run(hold))
    assert await asyncio.to_thread(begun.wait, PATIENCE)
    try:
        yield
        await asyncio.sleep(0)  # what the block has started is in the queue now
    finally:
        over.set()
    await held


def _started(writer: Writer, *operations: Operation) -> list["asyncio.Task[Any]"]:
    return [asyncio.ensure_future(writer.run(operation)) for operation in operations]


async def test_what_waits_is_one_transaction(writer: Writer, path: Path) -> None:
    """Many operations share one commit, each has its own result, in the order they came."""
    said: list[str] = []
    await writer.run(lambda tx: tx._connection.set_trace_callback(said.append))
    async with _busy(writer):
        said.clear()
        asked = _started(writer, *(_add(name) for name in "abcdef"))
    await asyncio.gather(*asked)
    commits = [statement for statement in said if statement == "COMMIT"]
    assert len(commits) == 2, "one for what kept it busy, one for the rest"
    assert _there(path) == list("abcdef")


async def test_an_answer_is_on_disk_when_it_is_given(writer: Writer, path: Path) -> None:
    """Whoever is told has nothing to fear from a power cut."""
    for name in "abc":
        await writer.run(_add(name))
        assert _there(path)[-1] == name


async def test_what_is_refused_takes_nothing_else_with_it(writer: Writer, path: Path) -> None:
    """Nothing of it is there, all of the others, though they are one transaction."""

    def refused(tx: SqliteTransaction) -> None:
        _add("refused")(tx)
        raise Exhausted(None)

    async with _busy(writer):
        asked = _started(writer, _add("a"), refused, _add("b"))
    results = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(result) for result in results] == [list, Exhausted, list]
    assert _there(path) == ["a", "b"]


async def test_many_refused_halfway_leave_the_others_once(writer: Writer, path: Path) -> None:
    """Who is done anew is told of the last time alone, and is there once."""

    def halfway(tx: SqliteTransaction) -> None:
        _add("refused")(tx)
        raise Exhausted(None)

    def at_once(_: SqliteTransaction) -> None:
        raise Exhausted(None)

    async with _busy(writer):
        asked = _started(writer, _add("a"), at_once, halfway, _add("b"), halfway, halfway, _twice)
        asked += _started(writer, _add("c"))
    results = await asyncio.gather(*asked, return_exceptions=True)
    told = [type(result) for result in results]
    refused = [Exhausted, list, Exhausted, Exhausted, sqlite3.IntegrityError]
    assert told == [list, Exhausted, *refused, list]
    assert _there(path) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (lambda _: 1 // 0, ZeroDivisionError),
        (_twice, sqlite3.IntegrityError),
        (_sql("SELECT ?"), sqlite3.ProgrammingError),
        (_sql("SELECT ?", 1 << 64), OverflowError),
        (_sql("SELECT ?", "\udcff"), UnicodeEncodeError),
    ],
    ids=["arithmetic", "twice", "parameters", "number", "text"],
)
async def test_an_unexpected_error_is_told_to_the_one_who_asked(
    writer: Writer, path: Path, wrong: Operation, error: type[Exception]
) -> None:
    """The others of its group commit, and the thread goes on."""
    async with _busy(writer):
        asked = _started(writer, _add("a"), wrong, _add("b"))
    results = await asyncio.wait_for(asyncio.gather(*asked, return_exceptions=True), PATIENCE)
    assert [type(result) for result in results] == [list, error, list]
    await writer.run(_add("c"))
    assert _there(path) == ["a", "b", "c"]


async def test_whose_turn_comes_too_late_is_not_begun(writer: Writer, path: Path) -> None:
    """Its deadline passed while it waited."""
    deadline = time.monotonic() + 0.02

    def until_it_is_over() -> None:
        while time.monotonic() < deadline:
            pass

    async with _busy(writer, until_it_is_over):
        late = asyncio.ensure_future(writer.run(_add("late"), deadline=deadline))
        early = asyncio.ensure_future(writer.run(_add("early"), deadline=deadline + PATIENCE))
    await early
    with pytest.raises(TooLate):
        await late
    assert _there(path) == ["early"]


async def test_what_nobody_waits_for_is_not_begun(writer: Writer, path: Path) -> None:
    """A waiter that was cancelled before its turn leaves no trace."""
    async with _busy(writer):
        gone, stays = _started(writer, _add("gone"), _add("stays"))
        await asyncio.sleep(0)
        gone.cancel()
    await stays
    assert gone.cancelled()
    assert _there(path) == ["stays"]


async def test_a_full_queue_refuses_at_once(writer: Writer, path: Path) -> None:
    """What was taken is done; what was refused is not, and later there is room again."""
    async with _busy(writer):
        taken = _started(writer, *(_add(name) for name in "abcdefgh"))
        await asyncio.sleep(0)
        with pytest.raises(TooBusy, match="the store is unavailable: too much work"):
            await writer.run(_add("refused"))
    await asyncio.gather(*taken)
    await writer.run(_add("i"))
    assert _there(path) == list("abcdefghi")


async def _fails_as_one(writer: Writer, path: Path, why: str, *operations: Operation) -> None:
    async with _busy(writer):
        asked = _started(writer, _add("lost"), *operations)
    results = await asyncio.wait_for(asyncio.gather(*asked, return_exceptions=True), PATIENCE)
    assert {type(result) for result in results} == {StoreUnavailable}
    assert {str(result) for result in results} == {f"the store is unavailable: {why}"}
    assert _there(path) == []


async def test_a_full_disk_is_survived(writer: Writer, path: Path) -> None:
    """Nobody of the group is told that it is done; with room again the thread needs no restart."""
    ((pages,),) = await writer.run(_sql("PRAGMA page_count"))
    await writer.run(_sql(f"PRAGMA max_page_count = {pages:d}"))
    await _fails_as_one(writer, path, "its disk, or its file, is full", _add("x" * 100_000))
    await writer.run(_add("y" * 100_000))
    assert _there(path) == ["y" * 100_000]


async def test_a_file_that_cannot_be_written_is_survived(writer: Writer, path: Path) -> None:
    """As a full disk is."""
    read_only = _sql("PRAGMA query_only = ON")
    await _fails_as_one(writer, path, "it is read-only", read_only, _add("lost too"))
    await writer.run(_add("a"))
    assert _there(path) == ["a"]


async def test_a_file_that_another_has_locked_is_survived(writer: Writer, path: Path) -> None:
    """Refused soon, not after minutes; when the other lets go it works again."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        begun = time.monotonic()
        for name in ("lost", "lost again"):
            with pytest.raises(StoreUnavailable, match="another program holds its file"):
                await writer.run(_add(name))
        assert _there(path) == []
        assert time.monotonic() - begun < 5
        other.execute("ROLLBACK")
    await writer.run(_add("a"))
    assert _there(path) == ["a"]


async def test_a_folder_that_is_away_is_survived(writer: Writer, path: Path) -> None:
    """Nothing is written to what is only open, and would go with the process; until it is back."""
    away = path.parent.with_name("away")
    path.parent.rename(away)
    for name in ("lost", "lost again"):
        with pytest.raises(StoreUnavailable):
            await asyncio.wait_for(writer.run(_add(name)), PATIENCE)
    away.rename(path.parent)
    await writer.run(_add("a"))
    assert _there(path) == ["a"]


async def test_a_file_that_is_gone_is_not_made_anew(writer: Writer, path: Path) -> None:
    """Who lost a store must not go on with an empty one, and a restart must not take it for new."""
    path.unlink()
    for name in ("lost", "lost again"):
        with pytest.raises(StoreUnavailable):
            await asyncio.wait_for(writer.run(_add(name)), PATIENCE)
    assert not path.exists()


async def _lets_go(writer: Writer) -> None:
    """Have the thread close its file: it opens it anew for whoever asks next."""
    await writer.run(_sql("PRAGMA query_only = ON"))
    with pytest.raises(StoreUnavailable, match="read-only"):
        await writer.run(_add("lost"))


@pytest.mark.parametrize(
    ("version", "why"),
    [(0, "another program"), (1, "has schema 1, and needs"), (999, "a later release")],
)
async def test_a_file_that_may_not_be_served_is_survived(
    writer: Writer, path: Path, version: int, why: str
) -> None:
    """Its header says that it is not ours, or of another release; put right, all works again."""
    ((right,),) = await writer.run(_sql("PRAGMA user_version"))
    await _lets_go(writer)
    with closing(sqlite3.connect(path)) as other:
        other.execute(f"PRAGMA user_version = {version:d}")
    for name in ("lost", "lost again"):
        with pytest.raises(StoreUnavailable, match=why):
            await asyncio.wait_for(writer.run(_add(name)), PATIENCE)
    with closing(sqlite3.connect(path)) as other:
        other.execute(f"PRAGMA user_version = {right:d}")
    await asyncio.wait_for(writer.run(_add("a")), PATIENCE)
    assert _there(path) == ["a"]


async def test_another_program_s_database_at_its_place_is_survived(
    writer: Writer, path: Path
) -> None:
    """Nothing is written into it; the right one put back, all works again."""
    await _lets_go(writer)
    away = path.with_name("away.db")
    path.rename(away)
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE x (a)")
    before = path.read_bytes()
    with pytest.raises(StoreUnavailable, match="the file is a database of another program"):
        await asyncio.wait_for(writer.run(_add("lost")), PATIENCE)
    assert path.read_bytes() == before
    away.replace(path)
    await asyncio.wait_for(writer.run(_add("a")), PATIENCE)
    assert _there(path) == ["a"]


async def test_who_cannot_say_whether_it_is_wanted_is_told(writer: Writer, path: Path) -> None:
    """It alone: the others of its group commit, and the thread goes on."""
    async with _busy(writer):
        before = asyncio.ensure_future(writer.run(_add("a")))
        broken = asyncio.ensure_future(writer.run(_add("lost"), wanted=lambda: bool(1 // 0)))
        behind = asyncio.ensure_future(writer.run(_add("b")))
    asked = asyncio.gather(before, broken, behind, return_exceptions=True)
    results = await asyncio.wait_for(asked, PATIENCE)
    assert [type(result) for result in results] == [list, ZeroDivisionError, list]
    await asyncio.wait_for(writer.run(_add("c")), PATIENCE)
    assert _there(path) == ["a", "b", "c"]


async def test_what_is_done_with_each_group_may_fail(path: Path) -> None:
    """Whatever it raises, the group is told so and nothing of it is there; the next one is done."""
    fails = [True]

    def with_each(_: sqlite3.Connection) -> None:
        if fails:
            raise ZeroDivisionError

    writer = Writer(path, _Clock(), with_each=with_each)
    writer.start()
    with pytest.raises(StoreUnavailable, match="see the log") as failed:
        await asyncio.wait_for(writer.run(_add("lost")), PATIENCE)
    assert isinstance(failed.value.__cause__, ZeroDivisionError)
    fails.clear()
    await asyncio.wait_for(writer.run(_add("a")), PATIENCE)
    writer.close()
    assert _there(path) == ["a"]


async def test_closing_finishes_what_waits_and_refuses_what_comes(
    writer: Writer, path: Path
) -> None:
    """The thread is gone then; closing again does nothing."""
    async with _busy(writer):
        asked = _started(writer, *(_add(name) for name in "abcdef"))
    writer.close()
    await asyncio.gather(*asked)
    assert _there(path) == list("abcdef")
    with pytest.raises(StoreUnavailable, match="being closed"):
        await writer.run(_add("late"))
    writer.close()
    assert "store-writer" not in {thread.name for thread in threading.enumerate()}


def test_a_loop_that_is_gone_stops_nobody_else(path: Path) -> None:
    """What it had asked for is done or not; others are answered."""
    writer = Writer(path, _Clock())
    writer.start()
    over = threading.Event()

    async def leave() -> None:
        asked = asyncio.ensure_future(writer.run(lambda _: over.wait(PATIENCE)))
        await asyncio.sleep(0)
        asked.cancel()

    async def stay() -> None:
        asked = asyncio.ensure_future(writer.run(_add("a")))
        await asyncio.sleep(0)
        over.set()
        await asyncio.wait_for(asked, PATIENCE)

    asyncio.run(leave())
    asyncio.run(stay())
    writer.close()
    assert _there(path) == ["a"]


async def test_a_file_that_cannot_be_opened_is_told_at_the_start(tmp_path: Path) -> None:
    """Before anybody could ask: it is no database, or none of ours."""
    path = tmp_path / "interact-ivr.db"
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(sqlite3.DatabaseError):
        Writer(path, _Clock()).start()
    path.unlink()
    with pytest.raises(sqlite3.OperationalError, match="unable to open"):
        Writer(path, _Clock()).start()
    create_database(path)
    with pytest.raises(SchemaError, match="has schema 0"):
        Writer(path, _Clock()).start()


async def test_the_log_is_short_again_once_nobody_reads_what_was(
    writer: Writer, path: Path
) -> None:
    """SQLite cannot begin it anew while somebody reads; after that it would stay as long."""
    wal = path.with_name(f"{path.name}-wal")
    await writer.run(_sql("CREATE TABLE much (at INTEGER PRIMARY KEY, said BLOB)"))
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM much").fetchall()
        for at in range(12):
            await writer.run(_sql("INSERT INTO much VALUES (?, zeroblob(1000000))", at))
        assert wal.stat().st_size > 12_000_000
    for at in range(2):  # the first one's end is when the log begins anew
        await writer.run(_sql("INSERT INTO much VALUES (?, 'little')", 100 + at))
    assert wal.stat().st_size <= KEPT_OF_WAL


async def test_what_runs_alone_is_in_no_transaction(writer: Writer) -> None:
    """As VACUUM and a checkpoint want it; what the same group wrote is committed before."""
    adding = asyncio.ensure_future(writer.run(_add("a")))
    assert not await writer.run_alone(lambda connection: connection.in_transaction)
    await adding
    assert _there(writer.database) == ["a"]


async def test_what_fails_alone_fails_for_nobody_else(writer: Writer) -> None:
    """Its group is on disk already and is told so."""
    adding = asyncio.ensure_future(writer.run(_add("a")))
    with pytest.raises(StoreUnavailable):
        await writer.run_alone(lambda connection: connection.execute("no SQL"))
    with pytest.raises(ZeroDivisionError):
        await asyncio.wait_for(writer.run_alone(lambda _: 1 // 0), PATIENCE)
    await adding
    await asyncio.wait_for(writer.run(_add("b")), PATIENCE)
    assert _there(writer.database) == ["a", "b"]


async def test_of_who_leaves_before_it_is_done_anew_nothing_is_told(path: Path) -> None:
    """What was undone with the group has not happened."""
    told: list[Happening] = []
    gone, loop = threading.Event(), asyncio.get_running_loop()

    def tells(tx: SqliteTransaction) -> None:
        _add("a")(tx)
        tx.happened.append(Happening(EnvironmentId(1), "expired", tx.now))

    def refused_when_it_has_left(tx: SqliteTransaction) -> None:
        _add("b")(tx)
        loop.call_soon_threadsafe(asked[0].cancel)
        assert gone.wait(PATIENCE)
        raise Exhausted(None)

    writer = Writer(path, _Clock(), told=told.append)
    writer.start()
    try:
        async with _busy(writer):
            asked = _started(writer, tells, refused_when_it_has_left)
            asked[0].add_done_callback(lambda _: gone.set())
        await asyncio.wait_for(asyncio.gather(*asked, return_exceptions=True), PATIENCE)
        await writer.run(lambda _: None)  # what was told of the group has been told by now
    finally:
        writer.close()
    assert told == []
    assert _there(path) == []


async def test_whoever_asked_is_answered_though_a_listener_fails(path: Path) -> None:
    """What is on disk is acknowledged, a log that cannot be written or not; the failure is told."""
    failed = asyncio.Event()
    asyncio.get_running_loop().set_exception_handler(lambda _, _context: failed.set())

    def told(_: Happening) -> None:
        raise BrokenPipeError

    def tells(tx: SqliteTransaction) -> str:
        tx.happened.append(Happening(EnvironmentId(1), "expired", tx.now))
        return "done"

    writer = Writer(path, _Clock(), told=told)
    writer.start()
    try:
        both = asyncio.gather(*(writer.run(tells) for _ in range(2)))
        assert await asyncio.wait_for(both, PATIENCE) == ["done", "done"]
        await asyncio.wait_for(failed.wait(), PATIENCE)
    finally:
        writer.close()
