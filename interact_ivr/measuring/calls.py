"""FastAGI round trips to a service: whole sessions of ``health``, which take nothing of anybody.

Whoever asks plays Asterisk: it connects, says its environment, and acknowledges what it is told. A
session goes the whole way to the store and back, as a look-up does; Asterisk's part is not in it.
"""

import asyncio
import os
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from interact_ivr.control.client import ask
from interact_ivr.measuring.times import Times

_WITHIN: Final = 5.0
_READY_WITHIN: Final = 10.0
_OPENING: Final = b"agi_network: yes\nagi_network_script: health\nagi_uniqueid: bench\n\n"
_READY: Final = b"INTERACT_HEALTH=READY"


async def round_trips(address: str, callers: int, seconds: float) -> Times:
    """Have *callers* ask the service at *address*, as ``127.0.0.1:4573``, one time after the other.

    Raises:
        OSError: nobody answers there, or something else than a service that is ready.
    """
    host, _, port = address.rpartition(":")
    times: list[float] = []
    begun = time.perf_counter()

    async def call() -> None:
        while (at := time.perf_counter()) < begun + seconds:
            async with asyncio.timeout(_WITHIN):
                await _ask(host, int(port))
            times.append((time.perf_counter() - at) * 1000)

    await asyncio.gather(*(call() for _ in range(callers)))
    return Times(callers, times, time.perf_counter() - begun)


async def _ask(host: str, port: int) -> None:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(_OPENING)
        told = b""
        while line := await reader.readline():
            told += line
            writer.write(b"200 result=1\n")
    finally:
        writer.close()
    if _READY not in told:
        raise ConnectionError(f"{host}:{port} is not ready, it said {told[:80]!r}")


@asynccontextmanager
async def temporary_service(folder: Path) -> AsyncIterator[str]:
    """Start a service over a store in *folder*, and give where it listens for calls.

    Raises:
        OSError: it does not come up.
    """
    with (
        tempfile.TemporaryDirectory(prefix="ivr-") as run,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told,
    ):
        told.bind(f"{run}/notify")
        told.setblocking(False)
        config = folder / "interact-ivr.toml"
        config.write_text(_config(folder / "interact-ivr.db", f"{run}/control"), "utf-8")
        with (folder / "log").open("wb") as log:
            child = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "interact_ivr", "serve", "--config", str(config)),
                env={**os.environ, "NOTIFY_SOCKET": f"{run}/notify"},
                stdout=log,
                stderr=log,
            )
        try:
            await _wait_ready(told, child)
            yield (await asyncio.to_thread(ask, Path(run) / "control", "status", {}))["agi"]
        finally:
            if child.returncode is None:
                child.terminate()
            await child.wait()


async def _wait_ready(told: socket.socket, child: asyncio.subprocess.Process) -> None:
    """Wait until the service says so, as it says it to systemd."""
    ready = asyncio.create_task(asyncio.get_running_loop().sock_recv(told, 4096))
    ended = asyncio.create_task(child.wait())
    try:
        first = asyncio.FIRST_COMPLETED
        await asyncio.wait((ready, ended), timeout=_READY_WITHIN, return_when=first)
        if not ready.done():
            raise ConnectionError("the temporary service did not come up")
    finally:
        ready.cancel()
        ended.cancel()


def _config(database: Path, control: str) -> str:
    return (
        f'[store]\nurl = "sqlite:///{database}"\n[agi]\nport = 0\n'
        f'[http]\nport = 0\n[control]\nsocket = "{control}"\n[log]\nlevel = "error"\n'
    )
