"""The composition root: the one place that knows every part, and puts them together."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import msgspec
import structlog

import agi_scripts
from dialplan import Engine, load_plan
from interact_ivr import __version__
from interact_ivr.agi.listener import Listener
from interact_ivr.agi.session import Session
from interact_ivr.config import Config, warnings
from interact_ivr.control.operations import Conversation, Operations
from interact_ivr.control.server import ControlServer
from interact_ivr.domain.errors import AmbiguousDnid, Refusal
from interact_ivr.domain.names import ALPHABETS
from interact_ivr.domain.values import Allocation, Expired
from interact_ivr.service.allocations import Allocations, Environment, Environments
from interact_ivr.service.expiry import Expiry
from interact_ivr.service.imports import Imports
from interact_ivr.service.numbers import Numbers
from interact_ivr.stores.sqlite.allocations import SqliteAllocations
from interact_ivr.stores.sqlite.lock import FileLock
from interact_ivr.stores.sqlite.numbers import SqliteNumbers
from interact_ivr.stores.sqlite.reader import Reader
from interact_ivr.stores.sqlite.schema import create_database, migrate, open_database
from interact_ivr.stores.sqlite.writer import Writer

_DEFAULT_ENVIRONMENT = "default"


class WallClock:
    """The machine's time of day."""

    def now(self) -> datetime:
        """Give the present time, aware, UTC."""
        return datetime.now(UTC)


@dataclass(slots=True)
class Ambiguities:
    """How often a DNID was dialed that fits several numbers."""

    count: int = 0

    def tell(self, error: AmbiguousDnid) -> None:
        """Count it, and name what it fits in the log."""
        self.count += 1
        structlog.get_logger("pool").warning(
            "dnid fits several numbers", dnis=error.dnid, candidates=list(error.candidates)
        )


@dataclass(frozen=True, slots=True)
class Parts:
    """The services over an opened store, without a socket."""

    allocations: Allocations
    numbers: Numbers
    imports: Imports
    expiry: Expiry
    ambiguities: Ambiguities


@asynccontextmanager
async def opened(config: Config, who: str) -> AsyncIterator[Parts]:
    """Open the store as its one writer, and build the services over it.

    Raises:
        StoreHeldError: another process has it.
        SchemaError, sqlite3.Error, OSError: it cannot be opened.
        dialplan.PlanError: the dial plan has faults.
    """
    engine = Engine(load_plan(config.dial_plan.plan))
    async with AsyncExitStack() as stack:
        config.store.path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        stack.enter_context(FileLock(config.store.path, who))
        create_database(config.store.path)
        with closing(open_database(config.store.path)) as connection:
            migrate(connection)
        clock = WallClock()
        writer = Writer(config.store.path, clock)
        stack.callback(writer.close)
        writer.start()
        store = SqliteAllocations(writer)
        inventory = SqliteNumbers(writer, Reader(config.store.path, clock))
        here = Environment(
            _DEFAULT_ENVIRONMENT,
            await inventory.scope(_DEFAULT_ENVIRONMENT),
            engine,
            config.pool.policy,
            ALPHABETS[config.interaction.alphabet],
        )
        environments = Environments({here.name: here}, here.name)
        ambiguities = Ambiguities()
        expiry = Expiry(store, clock, expired=_log_expired, failed=_log_sweep_failed)
        yield Parts(
            Allocations(store, environments, partial(_tell_allocated, expiry), ambiguities.tell),
            Numbers(inventory, store, environments),
            Imports(inventory, environments),
            expiry,
            ambiguities,
        )


async def create_store(config: Config) -> None:
    """Make the store's file where there is none, and bring its schema up to date."""
    async with opened(config, "interact-ivr init"):
        pass


async def serve(config: Config, config_file: Path) -> None:
    """Serve calls and the command line until SIGTERM or SIGINT, then stop gracefully."""
    log = structlog.get_logger("service")
    for warning in warnings(config):
        log.warning("configuration", warning=warning)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with opened(config, "interact-ivr serve") as parts:
        listener = Listener(_scripts(parts.allocations), most_sessions=config.agi.most_sessions)
        await listener.start(config.agi.host, config.agi.port)
        facts = partial(_facts, config, config_file, listener, parts.ambiguities, time.monotonic())
        control = ControlServer(Operations(parts.allocations, parts.numbers, parts.imports, facts))
        await control.start(Path(config.control.socket))
        sweeping = asyncio.create_task(parts.expiry.run())
        clearing = asyncio.create_task(_clear(parts.imports))
        log.info("ready", **facts())
        try:
            await stop.wait()
        finally:
            log.info("stopping", sessions=listener.sessions)
            await listener.close()
            await control.close()
            for task in (sweeping, clearing):
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task


async def carry_out(
    config: Config,
    request: str,
    arguments: Mapping[str, object],
    parts: Iterable[object],
    told: Callable[[object], None],
) -> object:
    """Carry a request out without a service, under the store's lock."""

    async def each() -> AsyncIterator[object]:
        for part in parts:
            yield part

    async def tell(part: object) -> None:
        told(msgspec.to_builtins(part))

    async with opened(config, f"interact-ivr {request}") as opened_parts:
        operations = Operations(
            opened_parts.allocations, opened_parts.numbers, opened_parts.imports, dict
        )
        return await operations.carry_out(request, arguments, Conversation(each(), tell))


async def _clear(imports: Imports) -> None:
    """Take away what an import of the last run left; an import that comes first does it too."""
    log = structlog.get_logger("pool")
    try:
        if gone := await imports.clear():
            log.info("unfinished import taken away", numbers=gone)
    except Refusal as error:
        log.warning("an unfinished import may be left", reason=str(error))


def _scripts(allocations: Allocations) -> dict[str, Callable[[Session], Awaitable[None]]]:
    scripts = (agi_scripts.retrieve_interaction, agi_scripts.free_number, agi_scripts.health)
    return {script.__name__: partial(script, allocations=allocations) for script in scripts}


def _facts(
    config: Config,
    config_file: Path,
    listener: Listener,
    ambiguities: Ambiguities,
    started: float,
) -> dict[str, object]:
    return {
        "version": __version__,
        "process": os.getpid(),
        "uptime_seconds": round(time.monotonic() - started, 1),
        "config": str(config_file),
        "store": str(config.store.path),
        "agi": f"{config.agi.host}:{listener.port}",
        "control": config.control.socket,
        "sessions": listener.sessions,
        "ambiguous_dnids": ambiguities.count,
    }


def _tell_allocated(expiry: Expiry, allocation: Allocation) -> None:
    expiry.allocated(allocation)
    structlog.get_logger("pool").info(
        "renewed" if allocation.renewed else "allocated",
        dnis=allocation.number,
        allocation=allocation.id,
        lent_early=allocation.lent_early,
        expires_at=allocation.expires_at.isoformat(),
    )


def _log_expired(expired: Expired) -> None:
    structlog.get_logger("pool").info(
        "expired", dnis=expired.number, allocation=expired.allocation, at=expired.at.isoformat()
    )


def _log_sweep_failed(error: Exception) -> None:
    structlog.get_logger("pool").error(
        "expiries are not on record", reason=str(error), cause=repr(error.__cause__ or error)
    )
