"""The running service: it listens, answers calls and requests until it is told to stop.

What it is made of comes from `interact_ivr.app`; what it listens on is put together here.
"""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import structlog

import agi_scripts
from interact_ivr import __version__
from interact_ivr.agi.listener import Listener
from interact_ivr.agi.session import Script
from interact_ivr.api.health import Check
from interact_ivr.app import Parts, opened, operations_of
from interact_ivr.config import ConfigError, warnings
from interact_ivr.config_keys import Config
from interact_ivr.config_pbx import pbx_warnings
from interact_ivr.console import limits_of
from interact_ivr.control.server import ControlServer
from interact_ivr.directories import PbxDirectories
from interact_ivr.domain.errors import ContradictingSettings, Refusal
from interact_ivr.domain.networks import networks
from interact_ivr.house import House
from interact_ivr.log import configure_logging
from interact_ivr.metrics import Metrics
from interact_ivr.observing import Observing
from interact_ivr.observing_disk import measure
from interact_ivr.reload import RELOAD, RELOADING, Reload
from interact_ivr.secret_files import faults
from interact_ivr.service.administration import Administration
from interact_ivr.service.imports import Imports
from interact_ivr.systemd import Systemd
from interact_ivr.watching import Watching

if TYPE_CHECKING:
    from interact_ivr.doctor.finding import Finding

_REWRITE_UP_TO = 32 * 1024 * 1024
"""Bytes of a store that is rewritten while calls wait: a part of a second."""
_CLEAR_AGAIN_SECONDS = 1.0


async def serve(config: Config, config_file: Path) -> None:
    """Serve calls, programs and the command line until SIGTERM or SIGINT; then stop gracefully."""
    log = structlog.get_logger("service")
    _check_files(config, config_file)
    for warning in warnings(config):
        _log_warning(warning)
    stop = _stop_signals()
    systemd = Systemd.of(os.environ, os.getpid())
    metrics = Metrics(__version__)
    observing = Observing(metrics)
    directories = PbxDirectories(config.pbx, metrics)
    async with AsyncExitStack() as stack:
        parts = await stack.enter_async_context(
            opened(
                config,
                "interact-ivr serve",
                observing,
                rewrite_up_to=_REWRITE_UP_TO,
                warned=_log_warning,
                extensions=directories.of,
                sites=directories.sites(),
            )
        )
        _check_applications(parts.administration, config_file)
        if not parts.administration.has_default:
            missing = f"environment.default: there is no {parts.administration.default!r} yet"
            _log_warning(missing)
        watching = Watching(config, parts.ringing, parts.agents, metrics)
        scripts = _scripts(parts, config)
        listener = Listener(
            scripts,
            most_sessions=config.agi.most_sessions,
            only_pbx=_only_pbx(config),
            observer=metrics,
            allow=networks(config.agi.allow),
        )
        with _telling("http.tls_certificate, http.tls_key", "cannot be used"):
            house = await stack.enter_async_context(
                House.of(
                    config,
                    parts,
                    metrics,
                    lambda: listener.sessions,
                    required=_checks(watching, directories, required=True),
                    degrading=_checks(watching, directories, required=False),
                )
            )

        async def adopt(other: Config) -> Sequence[str]:
            certificate = house.read_certificate()
            await parts.adopt(other)
            house.use_certificate(certificate)
            house.icws.adopt(other.icws)
            house.screen.customer_url = other.screen.customer_url
            house.console.sessions.limits = limits_of(other.console)
            configure_logging(other.log.level)
            return [*warnings(other), *parts.administration.warnings()]

        acting = partial(parts.acts.act, RELOADING, RELOAD)
        reload = Reload(config, config_file, adopt, systemd, acting)
        with _telling("agi.host, agi.port"):
            await listener.start(config.agi.host, config.agi.port)
        with _telling("http.host, http.port"):
            await house.server.start(config.http.host, config.http.port)
        facts = partial(
            _facts,
            config,
            config_file,
            listener,
            house,
            parts,
            observing,
            watching,
            directories,
            time.monotonic(),
        )
        house.console.service.facts = facts
        house.console.service.examinations.examine = lambda: _examined(config_file, reload)
        await parts.cluster.begin(
            config.http.public_url or f"{config.http.host}:{house.server.port}",
            lambda: msgspec.json.encode(facts()).decode(),
        )
        metrics.gauge("agi_sessions", "Calls being answered now", lambda: listener.sessions)
        metrics.gauge("tasks", "Tasks of the event loop", lambda: len(asyncio.all_tasks()))
        measure(config, metrics)
        control = ControlServer(operations_of(parts, facts))
        with _telling("control.socket"):
            await control.start(Path(config.control.socket))
        work = (
            parts.expiry.run(),
            parts.purge.run(),
            parts.used.run(),
            parts.cluster.run(),
            parts.pool_watch.run(),
            watching.run(),
            parts.agents.run(),
            directories.run(),
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
            house.health.stopping = True
            control.stop_listening()
            parts.journal.wait_no_longer()
            house.streams.close()
            await asyncio.gather(listener.close(), house.server.close(), control.close())
            await _cancelled(tasks)
            await parts.cluster.leave()


def _check_files(config: Config, config_file: Path) -> None:
    """Refuse to serve a store, or go by a password for one, that others may read."""
    if found := [*faults(config.store.files)]:
        raise ConfigError(config_file, found)


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


def _log_warning(warning: str) -> None:
    structlog.get_logger("service").warning("configuration", warning=warning)


@contextmanager
def _telling(keys: str, what: str = "cannot be listened on") -> Iterator[None]:
    """Name the configuration's *keys* when what they say fails."""
    try:
        yield
    except OSError as error:
        raise OSError(f"{keys}: {what}: {error}") from error


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


async def _clear(imports: Imports) -> None:
    """Take away what an import left that broke off, in the last run or in this one."""
    log = structlog.get_logger("pool")
    while True:
        await imports.left.wait()
        try:
            if gone := await imports.clear():
                log.info("unfinished import taken away", numbers=gone)
        except Refusal as error:
            log.warning("an unfinished import may be left", reason=str(error))
            await asyncio.sleep(_CLEAR_AGAIN_SECONDS)


def _scripts(parts: Parts, config: Config) -> dict[str, Script]:
    allocations = parts.allocations
    retrieve = partial(
        agi_scripts.retrieve_interaction,
        allocations=allocations,
        dnis_from=config.agi.dnis_from,
        only_pbx=_only_pbx(config),
    )
    return {
        "retrieve_interaction": retrieve,
        "free_number": partial(agi_scripts.free_number, allocations=allocations),
        "number_details": partial(agi_scripts.number_details, numbers=parts.numbers),
        "health": partial(agi_scripts.health, allocations=allocations),
    }


async def _examined(config_file: Path, reload: Reload) -> Sequence["Finding"]:
    """Examine the service and its PBXes, as ``interact-ivr doctor`` does."""
    examination = await asyncio.to_thread(_examination)
    return await examination(config_file, reload.config)


def _examination() -> "Callable[[Path, Config], Awaitable[Sequence[Finding]]]":
    """Load what only an examination needs: it would be a part of every start."""
    from interact_ivr.doctor.examining import examination

    return examination


def _only_pbx(config: Config) -> str:
    """Name the PBX whose calls all are, where there is one alone."""
    return config.pbx[0].name if len(config.pbx) == 1 else ""


def _checks(
    watching: Watching, directories: PbxDirectories, *, required: bool
) -> Mapping[str, Check]:
    return {**watching.checks(required=required), **directories.checks(required=required)}


def _facts(
    config: Config,
    config_file: Path,
    listener: Listener,
    house: House,
    parts: Parts,
    observing: Observing,
    watching: Watching,
    directories: PbxDirectories,
    started: float,
) -> dict[str, object]:
    return {
        "version": __version__,
        "node": config.node.called,
        "process": os.getpid(),
        "uptime_seconds": round(time.monotonic() - started, 1),
        "config": str(config_file),
        "store": config.store.name,
        "agi": f"{config.agi.host}:{listener.port}",
        "http": f"{config.http.host}:{house.server.port}",
        "control": config.control.socket,
        "sessions": listener.sessions,
        "ambiguous_dnids": observing.ambiguous_dnids,
        "last_ambiguous_dnids": dict(observing.last_ambiguous),
        "store_ahead_seconds": round(parts.clock.ahead.total_seconds(), 1),
        "warnings": [*pbx_warnings(config.pbx), *parts.cluster.warnings()],
        "pbx": watching.facts(),
        "directories": directories.facts(),
    }
