"""Many clients at once who mean no good, in a process of their own, until standard input ends.

``python -m testbed.flood PORT slow COUNT`` holds connections on which requests trickle, and ``...
logins COUNT CONNECTIONS PROGRAM`` shows wrong passwords, PROGRAM being a `Program` as JSON; ``...
half-open COUNT``, PORT being FastAGI's, holds so many sessions that never say whose call they are.
A line ``begun`` comes when all is under way, and a JSON line with the statuses that were told, when
the logins are through.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import selectors
import socket
import subprocess
import sys
from asyncio import StreamReader, StreamWriter
from collections import Counter
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any

from testbed.children import argv
from testbed.ports import LOOPBACK
from testbed.wire import Program, request

TRICKLE_SECONDS = 0.5
NICENESS = 10
"""Strangers have machines of their own: what they spend is not taken from the service."""
PATH = "/interact/version/2/dnis"
HALVES = (
    request("GET", f"{PATH}/allocate/get/1")[:-2] + b"X-Trickle: ",
    request("POST", f"{PATH}/soap", {"Content-Length": "60000"}),
)


HALF_AN_ENVIRONMENT = b"agi_network: yes\nagi_network_script: retrieve_interaction\nagi_ch"


@contextmanager
def flooded(port: int, *arguments: str) -> Iterator[IO[str]]:
    """Have a flood come over *port* for as long as the block lasts, and give what it tells."""
    child = subprocess.Popen(
        argv([sys.executable, "-m", "testbed.flood", str(port)], *arguments),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        assert child.stdout.readline() == "begun\n"
        yield child.stdout
    finally:
        child.stdin.close()
        assert child.wait(30) == 0
        child.stdout.close()


class Flood:
    """All of it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.told: Counter[str] = Counter()
        self._left = 0

    async def slow(self, count: int) -> None:
        """Hold *count* connections, half of them in their headers, half in their body."""
        writers = [await self._opened(HALVES[at % 2]) for at in range(count)]
        _say("begun")
        while True:
            for at, writer in enumerate(writers):
                if writer.is_closing():
                    self.told["closed"] += 1
                    writers[at] = await self._opened(HALVES[at % 2])
                else:
                    writer.write(b"a")
            await asyncio.sleep(TRICKLE_SECONDS)

    def half_open(self, count: int) -> None:
        """Hold *count* sessions of FastAGI that have not come to their environment's end.

        Until standard input ends; what is closed is opened anew at once.
        """
        with selectors.DefaultSelector() as held:
            held.register(sys.stdin, selectors.EVENT_READ)
            for _ in range(count):
                self._hold(held)
            _say("begun")
            while True:
                for key, events in held.select():
                    if not isinstance(key.fileobj, socket.socket):
                        return
                    if events & selectors.EVENT_WRITE:
                        held.modify(key.fileobj, selectors.EVENT_READ)
                        with suppress(OSError):  # closed already: that is read next
                            key.fileobj.send(HALF_AN_ENVIRONMENT)
                    else:
                        held.unregister(key.fileobj)
                        key.fileobj.close()
                        self._hold(held)

    def _hold(self, held: selectors.BaseSelector) -> None:
        connection = socket.socket()
        connection.setblocking(False)
        connection.connect_ex((LOOPBACK, self.port))
        held.register(connection, selectors.EVENT_WRITE)

    async def logins(self, count: int, connections: int, program: Program) -> None:
        """Show *count* wrong passwords: of one user and of many, over so many connections."""
        self._left = count
        clients = [asyncio.create_task(self._guess(at, program)) for at in range(connections)]
        _say("begun")
        while self._left > 0:
            await asyncio.wait(clients, timeout=0.05)
        _say(json.dumps(self.told))
        await asyncio.wait(clients)  # the last ones wait for their turn

    async def _guess(self, client: int, program: Program) -> None:
        reader, writer = await asyncio.open_connection(LOOPBACK, self.port)
        while self._left > 0:
            at = self._left
            user = program.user if client % 2 else f"nobody {at}"
            shown = program.by_user(user, f"guess {at}")
            writer.write(request("POST", f"{PATH}/allocate/free/1", shown))
            self.told[await _status(reader)] += 1
            self._left -= 1

    async def _opened(self, beginning: bytes) -> StreamWriter:
        reader, writer = await asyncio.open_connection(LOOPBACK, self.port)
        writer.write(beginning)
        asyncio.get_running_loop().create_task(_drain(reader, writer))
        return writer


async def _drain(reader: StreamReader, writer: StreamWriter) -> None:
    with suppress(ConnectionError):
        await reader.read()
    writer.close()


async def _status(reader: StreamReader) -> str:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = head.lower().partition("content-length: ")[2].partition("\r\n")[0]
        await reader.readexactly(int(length))
    except (asyncio.IncompleteReadError, ConnectionError):
        return "closed"
    return head.split(" ", 2)[1]


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def _until_told(work: Coroutine[Any, Any, None]) -> None:
    task = asyncio.create_task(work)
    await asyncio.to_thread(sys.stdin.read)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def main() -> None:
    """Run one flood."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    os.nice(NICENESS)
    port, kind, count, *rest = sys.argv[1:]
    flood = Flood(int(port))
    if kind == "slow":
        asyncio.run(_until_told(flood.slow(int(count))))
    elif kind == "half-open":
        flood.half_open(int(count))
    else:
        program = Program(**json.loads(rest[1]))
        asyncio.run(_until_told(flood.logins(int(count), int(rest[0]), program)))


if __name__ == "__main__":
    main()
