"""All that is measured on an administrator's machine, one part after the other, as plain values."""

import asyncio
import os
import platform
import sqlite3
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from interact_ivr import __version__
from interact_ivr.config_keys import Config
from interact_ivr.control.client import NotRunning, ask
from interact_ivr.measuring.calls import round_trips, temporary_service
from interact_ivr.measuring.disk import file_system, fsync_milliseconds, refuse_memory
from interact_ivr.measuring.store import temporary_pool
from interact_ivr.measuring.times import percentile

_FSYNCS: Final = 500
_CALLERS: Final = (1, 32)
_CHANNELS: Final = (1, 20)


async def measured(config: Config, seconds: float) -> dict[str, Any]:
    """Measure the store's disk, a store on it, and calls, each part for about *seconds*.

    What is written is in a folder beside the store, and gone afterwards; a store of others' is not
    touched. Of PostgreSQL, calls alone are measured, with the service that runs.

    Raises:
        InMemoryError: the store's folder is in memory.
        NotRunning: the store is PostgreSQL, and no service runs.
        OSError: the folder cannot be written, or a service does not answer.
    """
    facts: dict[str, Any] = {**_machine(), "store": config.store.name}
    if config.store.is_shared:
        return facts | await _calls(config, None, seconds)
    beside = config.store.path.parent
    refuse_memory(beside)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=beside) as name:
        folder = Path(name)
        times = await asyncio.to_thread(fsync_milliseconds, folder, _FSYNCS)
        facts["disk"] = {
            "folder": str(beside),
            "file_system": file_system(beside),
            "fsync_p50_ms": round(percentile(times, 50), 3),
            "fsync_p99_ms": round(percentile(times, 99), 3),
        }
        async with temporary_pool(folder) as pool:
            facts["pairs"] = [(await pool.pairs(each, seconds)).summary() for each in _CALLERS]
        return facts | await _calls(config, folder, seconds)


async def _calls(config: Config, folder: Path | None, seconds: float) -> dict[str, Any]:
    async with _service(config, folder) as (which, address):
        calls = [(await round_trips(address, each, seconds)).summary() for each in _CHANNELS]
    return {"service": which, "calls": calls}


@asynccontextmanager
async def _service(config: Config, folder: Path | None) -> AsyncIterator[tuple[str, str]]:
    """Give the running service and where it listens; where none runs, a temporary one."""
    try:
        status = await asyncio.to_thread(ask, Path(config.control.socket), "status", {})
    except NotRunning:
        if folder is None:
            raise
        own = folder / "service"
        own.mkdir()
        async with temporary_service(own) as address:
            yield "temporary", address
    else:
        yield "running", status["agi"]


def _machine() -> dict[str, Any]:
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
        "kernel": platform.release(),
        "interact_ivr": __version__,
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
    }
