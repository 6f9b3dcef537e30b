"""Which store it is, and opening it: the one place beside `app.py` that knows the stores.

What talks to PostgreSQL is imported when there is one, so that a command without one starts as
quickly as before.
"""

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

import msgspec

from interact_ivr.config_pbx import secret
from interact_ivr.config_store import StoreConfig
from interact_ivr.domain.cluster import Incarnation
from interact_ivr.domain.happening import Happening
from interact_ivr.ports import (
    AllocationStore,
    AuditStore,
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
    UseStore,
)
from interact_ivr.stores.audit import StoredAudit
from interact_ivr.stores.directory import StoredDirectory
from interact_ivr.stores.numbers import StoredNumbers
from interact_ivr.stores.pool_view import StoredPoolView
from interact_ivr.stores.sqlite.allocations import SqliteAllocations
from interact_ivr.stores.sqlite.clock import StoreClock, boot_id
from interact_ivr.stores.sqlite.cluster import LoneNode
from interact_ivr.stores.sqlite.journal import SqliteJournal
from interact_ivr.stores.sqlite.lock import FileLock
from interact_ivr.stores.sqlite.reader import Reader
from interact_ivr.stores.sqlite.schema import create_database, migrate, open_database
from interact_ivr.stores.sqlite.writer import Writer
from interact_ivr.stores.told import StoredTold
from interact_ivr.stores.traffic import StoredTraffic

_CALLS_AT_ONCE = 8
"""Connections of a node for what changes the store."""


class Time(Protocol):
    """The store's time, as services go by it."""

    @property
    def ahead(self) -> timedelta:
        """How far it is ahead of the wall clock, which was set back by so much."""

    def now(self) -> datetime:
        """Give it, aware, UTC."""

    def date(self) -> datetime | None:
        """Give a time that has surely come; None while that cannot be told."""


class Lending(AllocationStore, RingingStore, Protocol):
    """What lends numbers and hands them over."""


class Inventory(NumberStore, ImportStore, Protocol):
    """What takes numbers in."""


class Names(DirectoryStore, UseStore, Protocol):
    """Who and what there is, and what of it was used."""


class Record(JournalStore, Retention, Protocol):
    """What answers for the journal, and makes it smaller."""


class Store(msgspec.Struct, frozen=True):
    """An opened store."""

    allocations: Lending
    numbers: Inventory
    directory: Names
    record: Record
    audit: AuditStore
    pools: PoolView
    answers: ToldStore
    cluster: ClusterStore
    traffic: TrafficStore
    clock: Time


class Opening(msgspec.Struct, frozen=True):
    """For whom a store is opened."""

    who: str
    told: Callable[[Happening], None]
    clock_set: Callable[[timedelta, timedelta], None]
    rewrite_up_to: int | None = None
    incarnation: Incarnation = msgspec.field(
        default_factory=lambda: Incarnation(secrets.token_hex(8))
    )


@asynccontextmanager
async def opened_store(config: StoreConfig, opening: Opening) -> AsyncIterator[Store]:
    """Open the store that is configured, brought up to date; it is closed afterwards.

    Raises:
        StoreHeldError: SQLite's file is another process's.
        StoreUnavailable: PostgreSQL cannot be reached, or will not have us.
        SchemaError, sqlite3.Error, OSError: it cannot be opened.
    """
    kind = _shared if config.is_shared else _embedded
    async with kind(config, opening) as store:
        yield store


@asynccontextmanager
async def _embedded(config: StoreConfig, opening: Opening) -> AsyncIterator[Store]:
    """Open a SQLite file as its one writer."""
    path = config.path
    path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    with FileLock(path, opening.who):
        create_database(path)
        with closing(open_database(path)) as connection:
            migrate(connection)
            clock = StoreClock.of(connection, boot_id(), stepped=opening.clock_set)
        writer = Writer(path, clock, with_each=clock.keep, told=opening.told)
        try:
            writer.start()
            reader = Reader(path, clock)
            writer.let_go = reader.close
            yield Store(
                SqliteAllocations(writer, reader),
                StoredNumbers(writer, reader),
                StoredDirectory(writer, reader),
                SqliteJournal(writer, reader, opening.rewrite_up_to),
                StoredAudit(writer, reader),
                StoredPoolView(reader),
                StoredTold(reader),
                LoneNode(clock),
                StoredTraffic(reader),
                clock,
            )
        finally:
            writer.close()


@asynccontextmanager
async def _shared(config: StoreConfig, opening: Opening) -> AsyncIterator[Store]:
    """Open a PostgreSQL as one of its nodes."""
    import asyncio

    from interact_ivr.stores.postgres.allocations import PostgresAllocations
    from interact_ivr.stores.postgres.clock import ServerClock
    from interact_ivr.stores.postgres.cluster import PostgresCluster
    from interact_ivr.stores.postgres.connecting import Connecting
    from interact_ivr.stores.postgres.directory import PostgresDirectory
    from interact_ivr.stores.postgres.journal import PostgresJournal
    from interact_ivr.stores.postgres.numbers import PostgresNumbers
    from interact_ivr.stores.postgres.queries import postgres_queries
    from interact_ivr.stores.postgres.reader import Reader as PostgresReader
    from interact_ivr.stores.postgres.schema import prepare
    from interact_ivr.stores.postgres.sessions import LONGEST_SECONDS, Sessions
    from interact_ivr.stores.postgres.writer import Writer as PostgresWriter

    connecting = Connecting(config.url, lambda: _password(config), LONGEST_SECONDS)
    clock = ServerClock(await asyncio.to_thread(prepare, connecting))
    queries = postgres_queries()
    sessions = Sessions(connecting, _CALLS_AT_ONCE, "store-writer")
    writer = PostgresWriter(sessions, queries, told=opening.told, heard=clock.hear)
    reader = PostgresReader(connecting, queries)
    try:
        yield Store(
            PostgresAllocations(writer, reader, queries, clock),
            PostgresNumbers(writer, reader, opening.incarnation),
            PostgresDirectory(writer, reader),
            PostgresJournal(writer, reader),
            StoredAudit(writer, reader),
            StoredPoolView(reader),
            StoredTold(reader),
            PostgresCluster(writer, reader),
            StoredTraffic(reader),
            clock,
        )
    finally:
        sessions.close()
        reader.close()


def _password(config: StoreConfig) -> str | None:
    """Read it anew for each connection; None: libpq has its own ways, or needs none."""
    return secret(config.password) if config.password else None


def ani_key_file(config: StoreConfig) -> Path | None:
    """Give the file beside which the key of hashed calling numbers is; None: nodes are told it."""
    return None if config.is_shared else config.path
