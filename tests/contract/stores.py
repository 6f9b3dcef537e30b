"""The stores that the suite runs over, and a pool in one of them as the tests speak of it.

Another store is one class as `Store` says, and one line in `STORES`.
"""

import secrets
import sqlite3
import weakref
from collections.abc import Callable, Collection
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from interact_ivr.domain.access import kept_key
from interact_ivr.domain.ani import PLAINLY
from interact_ivr.domain.caller import Caller, CallerRules
from interact_ivr.domain.cluster import Incarnation
from interact_ivr.domain.directory import AddApplication, AddEnvironment
from interact_ivr.domain.happening import Happening
from interact_ivr.domain.journal import Forgotten
from interact_ivr.domain.lifecycle import Policy, State
from interact_ivr.domain.names import (
    AllocationId,
    Ani,
    CallRef,
    EnvironmentId,
    EnvironmentName,
    Group,
    InteractionId,
    NumberKey,
    Scope,
)
from interact_ivr.domain.phone_calls import Told
from interact_ivr.domain.settings import PoolSettings
from interact_ivr.domain.values import (
    Allocation,
    FreeStatus,
    NewNumber,
    PoolNumber,
    Question,
    Retrieval,
    Sweep,
)
from interact_ivr.ports import (
    AllocationStore,
    Clock,
    ClusterStore,
    DirectoryStore,
    ImportStore,
    JournalStore,
    NumberStore,
    PoolView,
    Retention,
    RingingStore,
    ToldStore,
    TrafficStore,
)
from interact_ivr.stores.audit import StoredAudit
from interact_ivr.stores.directory import StoredDirectory
from interact_ivr.stores.numbers import StoredNumbers
from interact_ivr.stores.operations.times import from_micros
from interact_ivr.stores.pool_view import StoredPoolView
from interact_ivr.stores.postgres.allocations import PostgresAllocations
from interact_ivr.stores.postgres.clock import ServerClock
from interact_ivr.stores.postgres.cluster import PostgresCluster
from interact_ivr.stores.postgres.connecting import Connecting
from interact_ivr.stores.postgres.directory import PostgresDirectory
from interact_ivr.stores.postgres.journal import PostgresJournal
from interact_ivr.stores.postgres.numbers import PostgresNumbers
from interact_ivr.stores.postgres.queries import postgres_queries
from interact_ivr.stores.postgres.reader import Reader as PostgresReader
from interact_ivr.stores.postgres.sessions import Sessions
from interact_ivr.stores.postgres.writer import Writer as PostgresWriter
from interact_ivr.stores.sqlite.allocations import SqliteAllocations
from interact_ivr.stores.sqlite.cluster import LoneNode
from interact_ivr.stores.sqlite.journal import SqliteJournal
from interact_ivr.stores.sqlite.reader import Reader
from interact_ivr.stores.sqlite.schema import create_database, migrate, open_database
from interact_ivr.stores.sqlite.writer import Writer
from interact_ivr.stores.told import StoredTold
from interact_ivr.stores.traffic import StoredTraffic
from tests.contract.cluster import databases

FEW_ROWS = 7
"""Are looked at in a turn of whoever measures, so that there are several."""
START = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
TICK = timedelta(microseconds=1)
HOLD = timedelta(seconds=900)
REST = timedelta(seconds=300)
POLICY = Policy(hold_for=HOLD, rest_for=REST, strict_rest=False)
STRICT = Policy(hold_for=HOLD, rest_for=REST, strict_rest=True)


@dataclass
class SettableClock:
    """A clock that stands until it is set."""

    at: datetime = START

    def now(self) -> datetime:
        """Give the time it was set to."""
        return self.at


@dataclass(frozen=True)
class Entry:
    """A row of the journal."""

    event: str
    at: datetime
    number: str
    allocation: str
    interaction: str
    expires_at: datetime | None = None
    pbx: str | None = None
    uniqueid: str | None = None
    ani: str | None = None
    detail: str | None = None


class Inventory(NumberStore, ImportStore, Protocol):
    """What takes numbers in."""


class Lending(AllocationStore, RingingStore, Protocol):
    """What lends numbers and hands them over."""


class Record(JournalStore, Retention, Protocol):
    """What answers for the journal, and makes it smaller."""


class Store(Protocol):
    """A store under test; what is written outlives `close`."""

    def open(
        self, clock: Clock, told: Callable[[Happening], None]
    ) -> tuple[Lending, Inventory, DirectoryStore]:
        """Open it, made anew the first time; *told* hears what the journal is told."""

    def record(self) -> Record:
        """Give the open store's journal, as the service asks it."""

    def audit(self) -> StoredAudit:
        """Give the open store's audit trail."""

    def view(self) -> PoolView:
        """Give what looks at the open store's pools."""

    def answers(self) -> ToldStore:
        """Give what knows what calls were told."""

    def cluster(self) -> ClusterStore:
        """Give what the open store knows of its nodes."""

    def traffic(self) -> TrafficStore:
        """Give what measures the open store's traffic."""

    def close(self) -> None:
        """Close it as a service that stops does."""

    def disable(self, number: str) -> None:
        """Disable a number, past the service."""

    def set_dnid(self, dnid: str) -> None:
        """Give every number this DNID, past the service, as its earliest release would have."""

    def journal(self) -> list[Entry]:
        """Read the journal, past the service, in its own order."""

    scrubs: bool
    """Whether it can leave nothing of what was forgotten in its files."""

    def bytes(self) -> bytes:
        """Give all that it keeps, in its files where it scrubs those."""

    def allocations(self) -> dict[str, str]:
        """Give the allocations it knows, open and ended, each with its interaction."""


class SqliteStore:
    """The embedded store, read by a connection of the test's own."""

    scrubs = True

    def __init__(self, folder: Path) -> None:
        self.path = folder / "interact-ivr.db"
        self._writer: Writer | None = None

    def open(
        self, clock: Clock, told: Callable[[Happening], None]
    ) -> tuple[Lending, Inventory, DirectoryStore]:
        """Open the file."""
        self._clock = clock
        create_database(self.path)
        with closing(open_database(self.path)) as connection:
            migrate(connection)
        self._writer = Writer(self.path, clock, told=told)
        self._writer.start()
        reader = Reader(self.path, clock)
        return (
            SqliteAllocations(self._writer, reader),
            StoredNumbers(self._writer, reader),
            StoredDirectory(self._writer, reader),
        )

    def record(self) -> Record:
        """Give the journal of the open file."""
        assert self._writer is not None
        return SqliteJournal(self._writer, Reader(self.path, self._clock))

    def audit(self) -> StoredAudit:
        """Give the open file's."""
        assert self._writer is not None
        return StoredAudit(self._writer, Reader(self.path, self._clock))

    def view(self) -> PoolView:
        """Give what looks at the open file."""
        return StoredPoolView(Reader(self.path, self._clock))

    def answers(self) -> ToldStore:
        """Give what looks at the open file."""
        return StoredTold(Reader(self.path, self._clock))

    def cluster(self) -> ClusterStore:
        """Give the process that has the file."""
        return LoneNode(self._clock)

    def traffic(self) -> TrafficStore:
        """Give what measures the open file's traffic."""
        return StoredTraffic(Reader(self.path, self._clock), FEW_ROWS)

    def close(self) -> None:
        """Close the file."""
        if self._writer is not None:
            self._writer.close()

    def disable(self, number: str) -> None:
        """Disable a number by SQL."""
        with closing(sqlite3.connect(self.path)) as connection, connection:
            connection.execute("UPDATE number SET enabled = 0 WHERE number = ?", [number])

    def set_dnid(self, dnid: str) -> None:
        """Give every number this DNID by SQL."""
        with closing(sqlite3.connect(self.path)) as connection, connection:
            connection.execute("UPDATE number SET dnid = ?", [dnid])

    def journal(self) -> list[Entry]:
        """Read the table by SQL, in the order of its ids."""
        with closing(sqlite3.connect(self.path)) as connection:
            rows = connection.execute(_JOURNAL).fetchall()
        return [_entry(row) for row in rows]

    def bytes(self) -> bytes:
        """Read the file and those beside it."""
        return b"".join(file.read_bytes() for file in sorted(self.path.parent.iterdir()))

    def columns(self) -> list[tuple[str, str]]:
        """Give every column that there is, with its table."""
        query = "SELECT m.name, c.name FROM sqlite_schema AS m, pragma_table_info(m.name) AS c"
        with closing(sqlite3.connect(self.path)) as connection:
            return connection.execute(f"{query} WHERE m.type = 'table'").fetchall()

    def allocations(self) -> dict[str, str]:
        """Read the table by SQL."""
        with closing(sqlite3.connect(self.path)) as connection:
            return dict(connection.execute("SELECT id, interaction FROM allocation").fetchall())


class PostgresStore:
    """The shared store, in a database that was never used as far as it can tell."""

    scrubs = False

    def __init__(
        self,
        _: Path,
        *,
        beside: "PostgresStore | None" = None,
        pinned: bool = True,
        connecting: Connecting | None = None,
    ) -> None:
        """*beside* another node it has its database; not *pinned*, it has the server's time.

        *connecting* to a server of the test's own, it has what is there.
        """
        self._databases = databases()
        self._pinned = pinned
        self.name: str = beside.name if beside else self._databases.take()
        if beside is None:
            self._given_back = weakref.finalize(self, self._databases.give_back, self.name)
        self.incarnation = Incarnation(secrets.token_hex(8))
        """The same over restarts, as nothing here waits for the one before to be forgotten."""
        self.connecting = connecting or self._databases.connecting(self.name)
        self._queries = postgres_queries()
        self._parts: tuple[Sessions, PostgresWriter, PostgresReader] | None = None

    def open(
        self, clock: Clock, told: Callable[[Happening], None]
    ) -> tuple[Lending, Inventory, DirectoryStore]:
        """Open it for a node."""
        pinned = clock if self._pinned else None
        sessions = Sessions(self.connecting, 4, "store-writer")
        self.writer = PostgresWriter(sessions, self._queries, told=told, pinned=pinned)
        reader = PostgresReader(self.connecting, self._queries, pinned)
        self._parts = sessions, self.writer, reader
        return (
            PostgresAllocations(
                self.writer, reader, self._queries, pinned or ServerClock(datetime.now(UTC))
            ),
            PostgresNumbers(self.writer, reader, self.incarnation),
            PostgresDirectory(self.writer, reader),
        )

    def record(self) -> Record:
        """Give the journal."""
        assert self._parts is not None
        _, writer, reader = self._parts
        return PostgresJournal(writer, reader)

    def audit(self) -> StoredAudit:
        """Give its audit trail."""
        assert self._parts is not None
        return StoredAudit(*self._parts[1:])

    def view(self) -> PoolView:
        """Give what looks at it."""
        assert self._parts is not None
        return StoredPoolView(self._parts[2])

    def answers(self) -> ToldStore:
        """Give what knows what calls were told."""
        assert self._parts is not None
        return StoredTold(self._parts[2])

    def cluster(self) -> ClusterStore:
        """Give what it knows of its nodes."""
        assert self._parts is not None
        return PostgresCluster(*self._parts[1:])

    def traffic(self) -> TrafficStore:
        """Give what measures its traffic."""
        assert self._parts is not None
        return StoredTraffic(self._parts[2], FEW_ROWS)

    def close(self) -> None:
        """Let the connections go."""
        if self._parts is not None:
            sessions, _, reader = self._parts
            sessions.close()
            reader.close()
            self._parts = None

    def spoil(self) -> None:
        """Let nobody have the database after this test, which changes more than its rows."""
        self._given_back.detach()

    def by_port(self, port: int) -> None:
        """Go by another port from the next opening on."""
        self.connecting = Connecting(
            self._databases.cluster.url(self.name, port), lambda: None, longest=10
        )

    def rows(self, statement: str) -> list[Any]:
        """Give what SQL gives, past the service."""
        cursor = self._databases.own(self.name).execute(statement)
        return cursor.fetchall() if cursor.description else []

    def disable(self, number: str) -> None:
        """Disable a number by SQL."""
        self.rows(f"UPDATE number SET enabled = 0 WHERE number = '{number}'")

    def set_dnid(self, dnid: str) -> None:
        """Give every number this DNID by SQL."""
        self.rows(f"UPDATE number SET dnid = '{dnid}'")

    def journal(self) -> list[Entry]:
        """Read the table by SQL, in the order of its ids."""
        return [_entry(row) for row in self.rows(_JOURNAL)]

    def bytes(self) -> bytes:
        """Read every row."""
        tables = [name for (name,) in self.rows(_TABLES_OF_POSTGRES)]
        return repr([self.rows(f"SELECT * FROM {name}") for name in tables]).encode()

    def allocations(self) -> dict[str, str]:
        """Read the table by SQL."""
        return dict(self.rows("SELECT id, interaction FROM allocation"))


_JOURNAL = (
    "SELECT event, at, number, allocation_id, interaction, expires_at, pbx, uniqueid, ani, detail"
    " FROM journal ORDER BY id"
)
_TABLES_OF_POSTGRES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"


def _entry(row: Any) -> Entry:
    event, at, number, allocation, interaction, expires_at, *call = row
    expiry = None if expires_at is None else from_micros(expires_at)
    return Entry(event, from_micros(at), number, allocation, interaction, expiry, *call)


STORES: dict[str, Callable[[Path], Store]] = {"sqlite": SqliteStore, "postgres": PostgresStore}


def caller(ani: str | None, shared: Collection[str] = ()) -> Caller:
    """Read who calls."""
    return CallerRules(normalize=str, shared=shared).caller(ani or "")


class Pool:
    """The default environment's pool in a store, its calls and its time."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.clock = SettableClock()
        self.happened: list[Happening] = []
        """What whoever watches was told."""
        self.scope: Scope
        self.directory: DirectoryStore
        self.record: Record
        self.view: PoolView
        self._allocations: Lending
        self._numbers: Inventory

    async def open(self) -> None:
        """Open the store, also again after `close`; what is hidden is its own, if nobody else's."""
        self._allocations, self._numbers, self.directory = self.store.open(
            self.clock, self.happened.append
        )
        await self._numbers.begin_hiding()
        self.record = self.store.record()
        self.view = self.store.view()
        directory = await self.directory.read()
        self.scope = Scope(directory.environments[0].id, directory.applications[0].id)

    @property
    def inventory(self) -> Inventory:
        """The store of its numbers."""
        return self._numbers

    async def another(self) -> Scope:
        """Make another application in the same environment, and give its pool."""
        (here,) = (await self.directory.read()).environments
        name, key = "another", kept_key("another-application-s-key")
        await self.directory.change(AddApplication(here.name, name, None, PoolSettings(), key))
        applications = (await self.directory.read()).applications
        (made,) = [each.id for each in applications if each.name == name]
        return Scope(here.id, made)

    async def elsewhere(self) -> Scope:
        """Make another environment, and give its pool."""
        name = EnvironmentName("default/elsewhere")
        await self.directory.change(AddEnvironment(name, None))
        directory = await self.directory.read()
        (environment,) = [each.id for each in directory.environments if each.name == name]
        (made,) = [each.id for each in directory.applications if each.environment == name]
        return Scope(environment, made)

    async def reopen(self) -> None:
        """Restart."""
        self.store.close()
        await self.open()

    def pass_(self, time: timedelta) -> None:
        """Let *time* go by."""
        self.clock.at += time

    async def add(
        self,
        *numbers: str,
        group: str | None = None,
        dnid: str | None = None,
        enabled: bool = True,
    ) -> None:
        """Take numbers in."""
        kind = None if group is None else Group(group)
        await self._numbers.add(
            self.scope,
            [NewNumber(NumberKey(key), key.lstrip("+"), kind, dnid, enabled) for key in numbers],
        )

    async def known(self, *numbers: str) -> list[str]:
        """Give those of *numbers* that the environment has."""
        keys = [NumberKey(key) for key in numbers]
        return [known.new.number for known in await self._numbers.known(self.scope, keys)]

    async def shown(self, policy: Policy = POLICY) -> list[PoolNumber]:
        """Give every number."""
        return list(await self._numbers.list(self.scope, policy))

    async def states(self, policy: Policy = POLICY) -> dict[str, State]:
        """Give every number's state."""
        return {number.number: number.state for number in await self.shown(policy)}

    async def counts(self, policy: Policy = POLICY) -> dict[State, int]:
        """Count numbers by state."""
        return await self._numbers.counts(self.scope, policy)

    async def allocate(
        self,
        interaction: str,
        group: str | None = None,
        policy: Policy = POLICY,
        *,
        caller: str | None = None,
        scope: Scope | None = None,
    ) -> Allocation:
        """Let an app ask for a number."""
        return await self._allocations.allocate(
            scope or self.scope,
            InteractionId(interaction),
            None if group is None else Group(group),
            None if caller is None else PLAINLY.compared(Ani(caller)),
            policy,
        )

    async def retrieve(
        self,
        *numbers: str,
        call: str,
        pbx: str = "main",
        ani: str | None = None,
        deadline: float | None = None,
        environment: int | None = None,
        policy: Policy = POLICY,
        age: timedelta | None = None,
        named: str | None = None,
        shared: Collection[str] = (),
        read_as: Collection[str] = (),
    ) -> Retrieval:
        """Let a call ask whose number it dialed; *shared* are numbers many people call from.

        What else the first one may be read as is *read_as*.
        """
        keys = [[NumberKey(number)] for number in numbers]
        for key in read_as:
            keys[0].append(NumberKey(key))
        question = Question(
            dialed=keys,
            call=CallRef(pbx, call),
            caller=caller(ani, shared),
            age=age,
            named=None if named is None else InteractionId(named),
        )
        return await self._allocations.retrieve(
            self.scope.environment if environment is None else EnvironmentId(environment),
            question,
            {self.scope.application: policy},
            deadline,
        )

    async def ringing(
        self,
        number: str,
        call: str,
        at_most: timedelta,
        pbx: str = "main",
        age: timedelta | None = None,
    ) -> bool:
        """Let a call be on a number; one that is *age* old, for *at_most* since it came."""
        return await self._allocations.ringing(
            *(self.scope.environment, [NumberKey(number)], CallRef(pbx, call), at_most),
            None if age is None else self.clock.now() - age,
        )

    async def ringing_calls(self, pbx: str = "main") -> frozenset[str]:
        """Give the calls that are on a number."""
        return await self._allocations.ringing_calls(pbx)

    async def stopped_ringing(self, call: str, pbx: str = "main") -> None:
        """Let a call be over."""
        await self._allocations.stopped_ringing(CallRef(pbx, call))

    async def told(self, call: str, pbx: str = "main") -> Told | None:
        """Ask what a call was told."""
        return await self.store.answers().told(CallRef(pbx, call))

    async def free(
        self, *numbers: str, allocation: str | None = None, deadline: float | None = None
    ) -> FreeStatus:
        """Free a number by hand."""
        return await self._allocations.free(
            self.scope.environment,
            [NumberKey(number) for number in numbers],
            None if allocation is None else AllocationId(allocation),
            deadline,
        )

    async def holder(self, *numbers: str) -> str | None:
        """Ask whose a number is."""
        return await self._allocations.holder(self.scope, [NumberKey(each) for each in numbers])

    async def mark_undelivered(self, retrieval: Retrieval, call: str) -> None:
        """Tell that *call* may not have learned its answer."""
        await self._allocations.mark_undelivered(
            self.scope.environment, retrieval, CallRef("main", call)
        )

    async def probe(self, deadline: float) -> None:
        """Ask whether a call would be answered."""
        await self._allocations.probe(deadline)

    async def sweep(self, limit: int = 100) -> Sweep:
        """Let the timer look."""
        return await self._allocations.sweep(limit)

    async def forget(
        self, interaction: str, tombstone: str, *, limit: int = 100, scope: Scope | None = None
    ) -> Forgotten:
        """Take one step of forgetting."""
        environment = (scope or self.scope).environment
        return await self.record.forget(
            environment, InteractionId(interaction), InteractionId(tombstone), limit
        )

    def journal(self) -> list[Entry]:
        """Read the journal."""
        return self.store.journal()

    def events(self) -> list[tuple[str, str]]:
        """Read what the journal says of which interaction, in order."""
        return [(entry.event, entry.interaction) for entry in self.journal()]
