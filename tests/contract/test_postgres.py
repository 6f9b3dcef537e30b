"""What PostgreSQL alone can do to us: lost connections, lost answers, a full disk, releases."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
import pytest_asyncio

from interact_ivr.domain.acts import Outcome, Sought
from interact_ivr.domain.directory import AddTenant, KnownTenant
from interact_ivr.domain.errors import StoreUnavailable
from interact_ivr.domain.lifecycle import State
from interact_ivr.domain.names import first_ulid
from interact_ivr.domain.values import Allocation, FreeStatus, Retrieval, Status
from interact_ivr.stores.migrating import SchemaError
from interact_ivr.stores.postgres.connecting import Connecting
from interact_ivr.stores.postgres.schema import look, migrate, oldest_that_runs_with, prepare
from interact_ivr.stores.queries import load_migrations
from testbed.commit_relay import CommitRelay, What
from testbed.fetch import bring_postgres
from testbed.ports import PortBlock
from testbed.postgres import cluster
from tests.contract.cluster import databases
from tests.contract.stores import Pool, PostgresStore, SqliteStore
from tests.contract.test_audit import an_act, under_way

ONE, TWO, THREE = (f"+38097452020{digit}" for digit in range(3))
ANI = "+441632960001"
PATIENCE = 1.8
CLOSED_SECONDS = 5.0
BACK_SECONDS = 12.0
THREADS = 4
"""All of the store's that change something."""
WATCHED: set["asyncio.Future[Retrieval]"] = set()
OWN = {
    "clock": "SQLite's own",
    "schema_version": "PostgreSQL's own",
    "copied_from": "PostgreSQL's own",
}
"""Tables that only one of the stores has."""


@pytest_asyncio.fixture
async def pool(tmp_path: Path) -> AsyncIterator[Pool]:
    """Give a pool of three numbers, by the server's clock."""
    pool = Pool(PostgresStore(tmp_path, pinned=False))
    await pool.open()
    await pool.add(ONE, TWO, THREE)
    yield pool
    pool.store.close()


@pytest.fixture
def relay() -> Iterator[CommitRelay]:
    """Give a relay before the cluster."""
    with CommitRelay(databases().cluster.port) as relay:
        yield relay


def store_of(pool: Pool) -> PostgresStore:
    """Give the pool's store."""
    assert isinstance(pool.store, PostgresStore)
    return pool.store


async def through(pool: Pool, relay: CommitRelay) -> None:
    """Go by the relay from now on, over connections that are open."""
    pool.store.close()
    store_of(pool).by_port(relay.port)
    await pool.open()
    await pool.probe(time.monotonic() + PATIENCE)


async def within(pool: Pool, number: str, call: str) -> Status:
    """Let a call ask, and see that it has its answer in time."""
    deadline = time.monotonic() + PATIENCE
    asked = asyncio.ensure_future(pool.retrieve(number, call=call, deadline=deadline))
    done, _ = await asyncio.wait([asked], timeout=PATIENCE + 0.1)
    if not done:
        WATCHED.add(asked)  # as the service does, which sees it through
        asked.add_done_callback(_seen_through)
    elif asked.exception() is None:
        return asked.result().status
    else:
        assert isinstance(asked.exception(), StoreUnavailable)
    return Status.UNAVAILABLE


def _seen_through(asked: "asyncio.Future[Retrieval]") -> None:
    WATCHED.discard(asked)
    if not asked.cancelled():
        asked.exception()  # looked at


def test_both_stores_have_the_same_tables_and_columns(tmp_path: Path) -> None:
    """By name: what one store holds another can take in."""
    asyncio.run(_opened(sqlite := SqliteStore(tmp_path)))
    postgres = PostgresStore(tmp_path)
    columns = (
        "SELECT table_name, column_name FROM information_schema.columns"
        " WHERE table_schema = 'public' ORDER BY 1, 2"
    )
    theirs = [tuple(row) for row in postgres.rows(columns) if row[0] not in OWN]
    ours = [row for row in sqlite.columns() if row[0] not in OWN]
    assert theirs == sorted(ours)


async def _opened(store: SqliteStore) -> None:
    pool = Pool(store)
    await pool.open()
    store.close()


def test_an_id_that_a_statement_makes_says_its_time_as_ours_do(tmp_path: Path) -> None:
    """To the microsecond."""
    store = PostgresStore(tmp_path)
    for micros in (0, 1, 999, 1_000, 1_777_896_000_123_456, 281_474_976_710_655_999):
        ((front,),) = store.rows(f"SELECT ulid_front({micros})")
        at = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=min(micros, 2**57))
        if micros < 2**57:
            assert first_ulid(at) == front + "0" * 14


async def test_a_found_call_is_one_statement(pool: Pool) -> None:
    """So it is one round trip, in which all of it happens or nothing.

    Also where the caller has retrieved from the number before, and may redial no more.
    """
    statements = await _statements(pool, [("", ANI, Status.FOUND)] * 8)
    assert statements == [1] * 8


async def test_it_is_one_however_the_number_is_dialed(pool: Pool) -> None:
    """Without a plus it is the second that it may be read as."""
    assert await _statements(pool, [("4520200", ANI, Status.FOUND)]) == [1]


async def test_what_is_not_plain_is_a_transaction(pool: Pool) -> None:
    """A redial, a repeat, a late call: first it is seen that it is none, then all is looked at."""
    statements = await _statements(pool, [("", ANI, Status.FOUND)])
    assert statements == [1]
    assert (await pool.retrieve(ONE, call="0", ani=ANI)).repeated
    assert (await pool.retrieve(ONE, call="again", ani=ANI)).status is Status.NOT_ALLOCATED


async def _statements(pool: Pool, calls: list[tuple[str, str, Status]]) -> list[int]:
    """Count the statements that each call took, by the server's own count."""
    store = store_of(pool)
    count = (
        "SELECT coalesce(sum(calls), 0) FROM pg_stat_statements"
        " WHERE query NOT LIKE '%pg_stat%' AND query NOT LIKE 'SET %' AND dbid ="
        " (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    store.rows("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
    counted = []
    for at, (dialed, ani, status) in enumerate(calls):
        lent = await pool.allocate(f"a{at}")
        ((before,),) = store.rows(count)
        told = await pool.retrieve(
            dialed or lent.number, call=str(at), ani=ani, read_as=[lent.number]
        )
        ((after,),) = store.rows(count)
        assert told.status is status
        counted.append(int(after - before))
    store.rows("DROP EXTENSION pg_stat_statements")
    return counted


async def test_a_server_that_ends_sessions_costs_nothing(pool: Pool) -> None:
    """As one that is being restarted does (57P01): what was lost is done again on a new one."""
    await pool.allocate("a")
    for turn in range(3):
        store_of(pool).rows(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert await pool.free(TWO) is FreeStatus.NOT_ALLOCATED, turn
        assert await pool.holder(ONE) == "a"
    assert await within(pool, ONE, "1") is Status.FOUND


async def test_a_probe_asks_the_server(pool: Pool, relay: CommitRelay) -> None:
    """An open connection is no sign of life, nor is a server that may not be written to."""
    await through(pool, relay)
    relay.freeze()
    with pytest.raises(StoreUnavailable):
        await pool.probe(time.monotonic() + 0.2)
    relay.thaw()
    await pool.probe(time.monotonic() + PATIENCE)


async def test_an_answer_that_was_lost_is_found_out(pool: Pool, relay: CommitRelay) -> None:
    """Whatever it was that was committed is said as if nothing had been lost; and nothing twice."""
    await through(pool, relay)
    relay.lose("answer")
    lent = await pool.allocate("a")
    assert (lent.renewed, relay.lost) == (False, 1)
    relay.lose("answer")
    assert await pool.free(lent.number) is FreeStatus.FREED
    relay.lose("answer")
    lent = await pool.allocate("b")
    assert await within(pool, lent.number, "1") is Status.FOUND
    assert relay.lost == 3
    assert pool.events() == [
        *(("allocated", "a"), ("freed", "a"), ("allocated", "b"), ("retrieved", "b")),
    ]


async def test_a_commit_that_was_lost_is_done_again(pool: Pool, relay: CommitRelay) -> None:
    """It never came to the server, which has undone what had not been committed."""
    await through(pool, relay)
    relay.lose("commit")
    lent = await pool.allocate("a")
    assert (lent.renewed, relay.lost) == (False, 1)
    relay.lose("commit")
    assert await pool.free(lent.number) is FreeStatus.FREED
    assert pool.events() == [("allocated", "a"), ("freed", "a")]


@pytest.mark.parametrize("what", ["answer", "commit", "late"])
async def test_an_act_whose_commit_was_lost_is_on_record_once(
    pool: Pool, relay: CommitRelay, what: What
) -> None:
    """As done: it is not done again and refused then, nor is an entry of its own there twice."""
    await through(pool, relay)
    relay.lose(what)
    with under_way(an_act("tenant.add")) as act:
        await pool.directory.change(AddTenant("acme"))
    assert act.is_recorded
    relay.lose(what)
    await pool.store.audit().add(an_act("reload").told())
    assert relay.lost == 2
    await asyncio.to_thread(relay.pass_on)
    assert KnownTenant("acme") in (await pool.directory.read()).tenants
    entries = await pool.store.audit().entries(Sought(), "", 10)
    told = [(entry.told.action, entry.told.outcome) for entry in entries]
    assert told == [("reload", Outcome.DONE), ("tenant.add", Outcome.DONE)]


async def test_a_found_that_was_lost_is_told_again(pool: Pool, relay: CommitRelay) -> None:
    """The call's answer is on record: it is the same, and the interaction is consumed once."""
    await through(pool, relay)
    lent = await pool.allocate("a")
    relay.lose("plain")
    told = await pool.retrieve(lent.number, call="1", deadline=time.monotonic() + PATIENCE)
    assert (told.status, told.interaction, relay.lost) == (Status.FOUND, "a", 1)
    assert pool.events() == [("allocated", "a"), ("retrieved", "a")]


async def test_a_commit_that_comes_late_does_nothing(pool: Pool, relay: CommitRelay) -> None:
    """The session that it was sent over is ended before anything is said or done again."""
    await through(pool, relay)
    first = await pool.allocate("a")
    assert await within(pool, first.number, "1") is Status.FOUND
    await pool.free(first.number)
    relay.lose("late")
    lent = await pool.allocate("b")
    relay.lose("late")
    assert await pool.free(lent.number) is FreeStatus.FREED
    assert relay.lost == 2
    before = pool.events()
    await asyncio.to_thread(relay.pass_on)
    assert pool.events() == before
    assert before[2:] == [("allocated", "b"), ("freed", "b")]


@pytest.mark.parametrize("code", ["53100", "57014"])
async def test_what_is_in_doubt_is_found_out_whatever_fails(
    pool: Pool, relay: CommitRelay, code: str
) -> None:
    """A full disk, or a wait that was too long, is no answer: the call may have taken it."""
    await through(pool, relay)
    lent = await pool.allocate("a")
    relay.lose("plain", for_good=True)
    deadline = time.monotonic() + BACK_SECONDS
    asked = asyncio.ensure_future(pool.retrieve(lent.number, call="1", deadline=deadline))
    async with asyncio.timeout(BACK_SECONDS):
        while not relay.lost:  # noqa: ASYNC110  a thread's
            await asyncio.sleep(0)
    _fail(pool, code, times=2)
    relay.lets_in = True
    assert (await asked).status is Status.FOUND


async def test_a_silent_server_costs_a_call_its_look_up_and_not_its_time(
    pool: Pool, relay: CommitRelay
) -> None:
    """Half-open connections answer nothing: each attempt is ended, and afterwards all goes on."""
    await through(pool, relay)
    lent = await pool.allocate("a")
    relay.freeze()
    assert await within(pool, lent.number, "1") is Status.UNAVAILABLE
    relay.thaw()
    relay.cut()
    assert await within(pool, lent.number, "2") is Status.FOUND


async def test_a_silent_server_holds_no_end_up(pool: Pool, relay: CommitRelay) -> None:
    """What is under way when the service ends is ended soon, whatever it would have waited for."""
    await through(pool, relay)
    relay.freeze()
    asked = asyncio.ensure_future(pool.allocate("a"))
    assert await within(pool, ONE, "1") is Status.UNAVAILABLE
    begun = time.monotonic()
    pool.store.close()
    assert time.monotonic() - begun < CLOSED_SECONDS
    with pytest.raises(StoreUnavailable):
        await asked


async def test_who_does_not_wait_any_more_leaves_no_thread_behind(
    pool: Pool, relay: CommitRelay
) -> None:
    """A server is silent for good, and another answers: no attempt is left to the silent one."""
    await through(pool, relay)
    one, other = await pool.allocate("a"), await pool.allocate("b")
    with closing(store_of(pool).connecting.open()) as holding:
        holding.execute("BEGIN")
        holding.execute("SELECT 1 FROM number WHERE number = %s FOR UPDATE", [one.number])
        ends = time.monotonic() + BACK_SECONDS / 2
        asked = [
            asyncio.ensure_future(pool.retrieve(one.number, call=str(each), deadline=ends))
            for each in range(THREADS)
        ]
        await _waiting_for_a_lock(pool, THREADS)
        relay.silence()
        for each in asked:
            each.cancel()
        await asyncio.gather(*asked, return_exceptions=True)
        async with asyncio.timeout(BACK_SECONDS):
            ends = time.monotonic() + BACK_SECONDS
            told = await pool.retrieve(other.number, call="next", deadline=ends)
        assert told.status is Status.FOUND


async def _waiting_for_a_lock(pool: Pool, sessions: int) -> None:
    """Come back once so many sessions wait for a lock."""
    waiting = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    async with asyncio.timeout(BACK_SECONDS / 2):
        # PostgreSQL has no event for it.
        while store_of(pool).rows(waiting) != [(sessions,)]:  # noqa: ASYNC110
            await asyncio.sleep(0)


async def test_with_every_connection_busy_calls_are_told_in_time(pool: Pool) -> None:
    """Somebody holds the numbers' rows for as long as it pleases them; then all goes on."""
    lent = await pool.allocate("a")
    begun = time.monotonic()
    with closing(store_of(pool).connecting.open()) as other:
        other.execute("BEGIN")
        other.execute("SELECT 1 FROM number FOR UPDATE")
        asked = (within(pool, lent.number, str(each)) for each in range(12))
        assert {*await asyncio.gather(*asked)} == {Status.UNAVAILABLE}
        other.execute("ROLLBACK")
    assert time.monotonic() - begun < 2 * PATIENCE
    assert await within(pool, lent.number, "next") is Status.FOUND


@pytest.mark.parametrize(
    ("code", "says"),
    [("53100", "its disk is full"), ("42501", "its user may not do that"), ("XX000", "it failed")],
)
async def test_a_failure_that_stays_is_told_in_the_administrator_s_words(
    pool: Pool, code: str, says: str
) -> None:
    """Not in the driver's; and when it is mended, nothing has to be restarted."""
    _fail(pool, code, times=10_000)
    with pytest.raises(StoreUnavailable, match=says):
        await pool.allocate("a")
    assert await within(pool, ONE, "1") is Status.UNAVAILABLE
    store_of(pool).rows("DROP SEQUENCE failures CASCADE; " + _store_now())
    assert isinstance(await pool.allocate("a"), Allocation)
    assert pool.events() == [("allocated", "a")]


@pytest.mark.parametrize("code", ["40001", "40P01", "55P03"])
async def test_what_another_one_came_between_is_done_again(pool: Pool, code: str) -> None:
    """Within the call's deadline, and it is there once."""
    lent = await pool.allocate("a")
    _fail(pool, code, times=3)
    assert await within(pool, lent.number, "1") is Status.FOUND
    _fail(pool, code, times=3)
    await pool.allocate("b")
    assert pool.events() == [("allocated", "a"), ("retrieved", "a"), ("allocated", "b")]


def _fail(pool: Pool, code: str, times: int) -> None:
    """Let the server fail with *code* so many times, each time the clock is read."""
    store = store_of(pool)
    store.spoil()
    store.rows(
        f"DROP SEQUENCE IF EXISTS failures CASCADE; CREATE SEQUENCE failures;"
        f"CREATE OR REPLACE FUNCTION store_now() RETURNS BIGINT LANGUAGE plpgsql AS $$ BEGIN"
        f" IF nextval('failures') <= {times} THEN"
        f" RAISE 'injected' USING ERRCODE = '{code}'; END IF;"
        f" RETURN (extract(epoch FROM clock_timestamp()) * 1000000)::BIGINT; END $$"
    )


def _store_now() -> str:
    (script,) = [script for _, script in load_migrations("postgres") if "store_now" in script]
    begin = script.index("CREATE FUNCTION store_now")
    return script[begin : script.index("$$;", begin)].replace("CREATE", "CREATE OR REPLACE") + "$$"


@pytest.mark.timeout(180)
async def test_a_server_that_crashes_has_kept_what_was_acknowledged(tmp_path: Path) -> None:
    """Calls are told in time meanwhile; it comes back, and nothing has to be restarted."""
    with PortBlock() as ports, cluster(bring_postgres(), port=ports.first) as server:
        connecting = Connecting(server.url("postgres"), lambda: None, longest=10)
        prepare(connecting)
        store = PostgresStore(tmp_path, pinned=False, connecting=connecting)
        pool = Pool(store)
        await pool.open()
        await pool.add(ONE, TWO)
        lent = await pool.allocate("a")
        server.kill()
        assert await within(pool, lent.number, "1") is Status.UNAVAILABLE
        with pytest.raises(StoreUnavailable, match=r"it cannot be reached|being shut down"):
            await pool.allocate("b")
        server.start()
        assert await within(pool, lent.number, "2") is Status.FOUND
        assert (await pool.states())[TWO] is State.IDLE
        pool.store.close()


def test_nodes_that_start_at_once_make_one_schema() -> None:
    """Each waits for the one that makes it."""
    name = "made_at_once"
    with closing(databases().connect("postgres")) as admin:
        admin.execute(f"CREATE DATABASE {name}")
    made: list[object] = []

    def start() -> None:
        try:
            made.append(prepare(databases().connecting(name)).tzinfo)
        except Exception as error:  # noqa: BLE001  shown by the test
            made.append(error)

    threads = [threading.Thread(target=start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [UTC] * 6


def test_a_later_release_s_schema_is_served_as_long_as_it_says_so() -> None:
    """So nodes can be upgraded one after the other."""
    ours = load_migrations("postgres")
    later = [*ours, (len(ours) + 1, f"-- runs with: {len(ours)}\nCREATE TABLE later (id BIGINT)")]
    latest = [*later, (len(ours) + 2, f"-- runs with: {len(ours) + 1}\nDROP TABLE later")]
    with closing(databases().connect("postgres")) as admin:
        admin.execute("CREATE DATABASE upgraded")
    assert look(databases().connecting("upgraded")) == (0, 0, len(ours))
    with closing(databases().connect("upgraded")) as connection:
        assert migrate(connection) == migrate(connection) == len(ours)
        assert migrate(connection, later) == len(ours) + 1
        assert migrate(connection) == len(ours) + 1
        migrate(connection, latest)
        with pytest.raises(SchemaError, match=f"has schema {len(ours) + 2}, this release knows"):
            migrate(connection)
    seen = look(databases().connecting("upgraded"))
    assert seen == (len(ours) + 2, len(ours) + 1, len(ours))


def test_every_migration_says_whom_it_runs_with() -> None:
    """At least its own release's schema, and no later one."""
    for number, script in load_migrations("postgres"):
        assert 1 <= oldest_that_runs_with(script) <= number


def test_no_password_is_shown_where_the_server_will_not_have_us() -> None:
    """Neither in the refusal nor in what it came from."""
    url = databases().cluster.url("nowhere")
    with pytest.raises(
        StoreUnavailable, match=r"there is no such database|cannot be reached"
    ) as told:
        prepare(Connecting(url, lambda: "a secret", longest=10))
    assert isinstance(told.value.__cause__, psycopg.Error)
    assert "a secret" not in f"{told.value} {told.value.__cause__}"
