"""The composition root: the one place that knows every part, and puts them together."""

import asyncio
import os
import signal
import time
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import AsyncExitStack, asynccontextmanager, closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path

import msgspec
import structlog

import agi_scripts
from dialplan import Engine, load_plan
from interact_ivr import __version__
from interact_ivr.agi.listener import Listener
from interact_ivr.agi.session import Script
from interact_ivr.ani_key import ani_key
from interact_ivr.config import ConfigError, warnings
from interact_ivr.config_keys import Config
from interact_ivr.control.operations import Conversation, Operations
from interact_ivr.control.server import ControlServer
from interact_ivr.domain.ani import AniKeeping, AniSetting
from interact_ivr.domain.errors import AmbiguousDnid, ContradictingSettings, Refusal
from interact_ivr.domain.names import ALPHABETS, EnvironmentName
from interact_ivr.domain.values import Allocation, Expired
from interact_ivr.log import configure_logging
from interact_ivr.reload import Reload
from interact_ivr.service.administration import Administration
from interact_ivr.service.allocations import Allocations
from interact_ivr.service.environments import Defaults, Environments
from interact_ivr.service.expiry import Expiry
from interact_ivr.service.imports import Imports
from interact_ivr.service.journal import Journal
from interact_ivr.service.numbers import Numbers
from interact_ivr.service.purge import Purge, Purged
from interact_ivr.stores.sqlite.allocations import SqliteAllocations
from interact_ivr.stores.sqlite.clock import StoreClock, boot_id
from interact_ivr.stores.sqlite.directory import SqliteDirectory
from interact_ivr.stores.sqlite.journal import SqliteJournal
from interact_ivr.stores.sqlite.lock import FileLock
from interact_ivr.stores.sqlite.numbers import SqliteNumbers
from interact_ivr.stores.sqlite.reader import Reader
from interact_ivr.stores.sqlite.schema import create_database, migrate, open_database
from interact_ivr.stores.sqlite.writer import Writer
from interact_ivr.systemd import Systemd

_REWRITE_UP_TO = 32 * 1024 * 1024
"""Bytes of a store that is rewritten while calls wait: a part of a second."""


_DNIDS_SHOWN = 10


@dataclass(slots=True)
class Ambiguities:
    """How often a DNID was dialed that fits several numbers, and the last such DNIDs."""

    count: int = 0
    last: dict[str, Sequence[str]] = field(default_factory=dict)
    """What each fits, the latest last: a few, whatever is dialed."""

    def tell(self, error: AmbiguousDnid) -> None:
        """Count it, and name what it fits in the log."""
        self.count += 1
        self.last.pop(error.dnid, None)
        self.last[error.dnid] = error.candidates
        if len(self.last) > _DNIDS_SHOWN:
            del self.last[next(iter(self.last))]
        structlog.get_logger("pool").warning(
            "dnid fits several numbers", dnis=error.dnid, candidates=list(error.candidates)
        )


@dataclass(frozen=True, slots=True)
class Parts:
    """The services over an opened store, without a socket."""

    allocations: Allocations
    numbers: Numbers
    imports: Imports
    administration: Administration
    journal: Journal
    expiry: Expiry
    purge: Purge
    clock: StoreClock
    ambiguities: Ambiguities
    adopt: Callable[[Config], Awaitable[None]]
    """Make effective what of another configuration can be while running; any error changes none."""


@asynccontextmanager
async def opened(
    config: Config,
    who: str,
    *,
    rewrite_up_to: int | None = None,
    warned: Callable[[str], None] = lambda _: None,
) -> AsyncIterator[Parts]:
    """Open the store as its one writer, and build the services over it.

    Up to how many bytes its file may be rewritten, while whoever asks waits, is for *who* to say;
    *warned* hears what was set so that one would rather not, beside who set it.

    Raises:
        StoreHeldError: another process has it.
        SchemaError, sqlite3.Error, OSError: it cannot be opened.
        dialplan.PlanError: the dial plan has faults.
    """
    async with AsyncExitStack() as stack:
        config.store.path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        stack.enter_context(FileLock(config.store.path, who))
        defaults = _defaults(config)
        create_database(config.store.path)
        with closing(open_database(config.store.path)) as connection:
            migrate(connection)
            clock = StoreClock.of(connection, boot_id(), stepped=_log_clock_set)
        writer = Writer(config.store.path, clock, with_each=clock.keep)
        stack.callback(writer.close)
        writer.start()
        store = SqliteAllocations(writer)
        reader = Reader(config.store.path, clock)
        directory = SqliteDirectory(writer, reader)
        record = SqliteJournal(writer, reader, rewrite_up_to)
        environments = Environments(directory, defaults, _dial_plan)
        await environments.reload()
        purge = Purge(
            record,
            clock.date,
            config.journal.keep_for,
            purged=_log_purged,
            failed=_log_purge_failed,
        )

        administration = Administration(directory, environments, clock, warned)

        async def adopt(other: Config) -> None:
            await administration.adopt(_defaults(other))
            purge.keep_for = other.journal.keep_for

        ambiguities = Ambiguities()
        inventory = SqliteNumbers(writer, reader)
        expiry = Expiry(store, clock, expired=_log_expired, failed=_log_sweep_failed)
        yield Parts(
            Allocations(store, environments, partial(_tell_allocated, expiry), ambiguities.tell),
            Numbers(inventory, environments),
            Imports(inventory, environments),
            administration,
            Journal(record, record, store, environments),
            expiry,
            purge,
            clock,
            ambiguities,
            adopt,
        )


async def create_store(config: Config) -> None:
    """Make the store's file where there is none, and bring its schema up to date."""
    async with opened(config, "interact-ivr init"):
        pass


async def serve(config: Config, config_file: Path) -> None:
    """Serve calls and the command line until SIGTERM or SIGINT, then stop gracefully."""
    log = structlog.get_logger("service")
    for warning in warnings(config):
        _log_warning(warning)
    stop = _stop_signals()
    systemd = Systemd.of(os.environ, os.getpid())
    async with opened(
        config, "interact-ivr serve", rewrite_up_to=_REWRITE_UP_TO, warned=_log_warning
    ) as parts:
        _check_applications(parts.administration, config_file)
        if not parts.administration.has_default:
            missing = f"environment.default: there is no {parts.administration.default!r} yet"
            _log_warning(missing)

        async def adopt(other: Config) -> Sequence[str]:
            await parts.adopt(other)
            configure_logging(other.log.level)
            return [*warnings(other), *parts.administration.warnings()]

        reload = Reload(config, config_file, adopt, systemd)
        scripts = _scripts(parts.allocations, config.agi.dnis_from)
        listener = Listener(scripts, most_sessions=config.agi.most_sessions)
        with _telling("agi.host, agi.port"):
            await listener.start(config.agi.host, config.agi.port)
        facts = partial(_facts, config, config_file, listener, parts, time.monotonic())
        control = ControlServer(_operations(parts, facts))
        with _telling("control.socket"):
            await control.start(Path(config.control.socket))
        work = (
            parts.expiry.run(),
            parts.purge.run(),
            _clear(parts.imports),
            reload.run(),
            systemd.watch(parts.allocations.probe),
        )
        tasks = [asyncio.create_task(each) for each in work]
        log.info("ready", **facts())
        systemd.tell("READY=1", f"STATUS=answering calls on {config.agi.host}:{listener.port}")
        try:
            await stop.wait()
        finally:
            log.info("stopping", sessions=listener.sessions)
            systemd.tell("STOPPING=1", "STATUS=letting calls in flight finish")
            control.stop_listening()
            parts.journal.wait_no_longer()
            await asyncio.gather(listener.close(), control.close())
            await _cancelled(tasks)


def _check_applications(administration: Administration, config_file: Path) -> None:
    """Refuse a configuration that the applications' own settings contradict; log what is doubtful.

    Only who serves refuses: commands can be used to set the applications right.
    """
    try:
        administration.check()
    except ContradictingSettings as error:
        raise ConfigError(config_file, error.faults) from error
    for warning in administration.warnings():
        _log_warning(warning)


@contextmanager
def _telling(keys: str) -> Iterator[None]:
    """Name the configuration's *keys* when what they say cannot be listened on."""
    try:
        yield
    except OSError as error:
        raise OSError(f"{keys}: cannot be listened on: {error}") from error


def _stop_signals() -> asyncio.Event:
    """Give what SIGTERM or SIGINT sets; a second one of them ends the process at once."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    numbers = (signal.SIGTERM, signal.SIGINT)

    def stop_once() -> None:
        stop.set()
        for number in numbers:
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)

    for number in numbers:
        loop.add_signal_handler(number, stop_once)
    return stop


async def _cancelled(tasks: Sequence["asyncio.Task[None]"]) -> None:
    for task in tasks:
        task.cancel()
    for task in tasks:
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

    who = f"interact-ivr {request.replace('.', ' ')}"
    async with opened(config, who) as opened_parts:
        operations = _operations(opened_parts, dict)
        return await operations.carry_out(request, arguments, Conversation(each(), tell))


async def _clear(imports: Imports) -> None:
    """Take away what an import of the last run left; an import that comes first does it too."""
    log = structlog.get_logger("pool")
    try:
        if gone := await imports.clear():
            log.info("unfinished import taken away", numbers=gone)
    except Refusal as error:
        log.warning("an unfinished import may be left", reason=str(error))


def _defaults(config: Config) -> Defaults:
    return Defaults(
        environment=EnvironmentName(config.environment.default),
        dial_plan=_dial_plan(config.dial_plan.plan),
        policy=config.pool.policy,
        alphabet=ALPHABETS[config.interaction.alphabet],
        shared_callers=config.pool.shared_callers,
        ani=_ani_keeping(config),
        journal_kept_for=config.journal.keep_for,
    )


def _dial_plan(name: str) -> Engine:
    return Engine(load_plan(name))


def _operations(parts: Parts, facts: Callable[[], Mapping[str, object]]) -> Operations:
    return Operations(
        parts.allocations, parts.numbers, parts.imports, parts.administration, parts.journal, facts
    )


def _scripts(allocations: Allocations, dnis_from: Sequence[str]) -> dict[str, Script]:
    retrieve = partial(
        agi_scripts.retrieve_interaction, allocations=allocations, dnis_from=dnis_from
    )
    return {
        "retrieve_interaction": retrieve,
        "free_number": partial(agi_scripts.free_number, allocations=allocations),
        "health": partial(agi_scripts.health, allocations=allocations),
    }


def _ani_keeping(config: Config) -> AniKeeping:
    setting = AniSetting(config.journal.ani)
    return AniKeeping(setting, b"" if setting is AniSetting.NONE else ani_key(config.store.path))


def _facts(
    config: Config, config_file: Path, listener: Listener, parts: Parts, started: float
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
        "ambiguous_dnids": parts.ambiguities.count,
        "last_ambiguous_dnids": dict(parts.ambiguities.last),
        "store_ahead_seconds": round(parts.clock.ahead.total_seconds(), 1),
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


def _log_warning(warning: str) -> None:
    structlog.get_logger("service").warning("configuration", warning=warning)


def _log_clock_set(by: timedelta, ahead: timedelta) -> None:
    structlog.get_logger("service").warning(
        "the clock was set",
        by_seconds=round(by.total_seconds(), 1),
        store_ahead_seconds=round(ahead.total_seconds(), 1),
    )


def _log_expired(expired: Expired) -> None:
    structlog.get_logger("pool").info(
        "expired", dnis=expired.number, allocation=expired.allocation, at=expired.at.isoformat()
    )


def _log_sweep_failed(error: Exception) -> None:
    structlog.get_logger("pool").error(
        "expiries are not on record", reason=str(error), cause=repr(error.__cause__ or error)
    )


def _log_purged(purged: Purged) -> None:
    structlog.get_logger("journal").info(
        "purged",
        before=purged.before.isoformat(),
        entries=purged.entries,
        allocations=purged.allocations,
        answers=purged.answers,
    )


def _log_purge_failed(error: Exception) -> None:
    structlog.get_logger("journal").error(
        "what is old was not purged", reason=str(error), cause=repr(error.__cause__ or error)
    )
