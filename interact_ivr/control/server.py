"""The control socket's server: a JSON request a connection, a line each way for all there is.

The first line asks; an import's further lines bring its rows. The last line that comes back is the
answer or the refusal; lines with a ``part`` may stand before it.

Who may open the socket may do anything: it is created 0600, in the service's own directory.
"""

import asyncio
import errno
import os
import socket
import stat
import struct
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import structlog

from interact_ivr.control.actors import actor_of
from interact_ivr.control.operations import Conversation, Operations, refusal
from interact_ivr.domain.acts import CONTROL_SOCKET, Actor
from interact_ivr.domain.errors import BadInput, Refusal
from interact_ivr.secret_files import check_place

MAX_LINE = 8 * 1024 * 1024
_PEER = "3i"
"""The process, the user and the group of a socket's peer (unix(7), SO_PEERCRED)."""
_REQUEST_WITHIN = 30.0
_MOST_CONNECTIONS = 256
_FINISH_WITHIN = 2.0
"""How long a stop waits for what is being answered."""


class _Envelope(msgspec.Struct, forbid_unknown_fields=True):
    request: str
    arguments: dict[str, msgspec.Raw] = {}


class ControlServer:
    """Answers requests on a Unix socket until closed."""

    def __init__(
        self,
        operations: Operations,
        *,
        request_within: float = _REQUEST_WITHIN,
        max_line: int = MAX_LINE,
        most_connections: int = _MOST_CONNECTIONS,
    ) -> None:
        self._operations = operations
        self._request_within = request_within
        self._max_line = max_line
        self._most_connections = most_connections
        self._server: asyncio.Server | None = None
        self._path: Path | None = None
        self._answering: set[asyncio.Task[None] | None] = set()
        self._log = structlog.get_logger("control")

    async def start(self, path: Path) -> None:
        """Listen on *path*; a socket left there by a service that was killed is replaced."""
        self._server = await asyncio.start_unix_server(
            self._serve, sock=_bind(path), limit=self._max_line
        )
        self._path = path

    def stop_listening(self) -> None:
        """Take the socket away; what is being answered goes on."""
        if self._server is not None:
            self._server.close()
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    async def close(self) -> None:
        """Stop listening, let what is being answered finish, and hang up on the rest."""
        self.stop_listening()
        answering = [task for task in self._answering if task is not None]
        if answering:
            _, late = await asyncio.wait(answering, timeout=_FINISH_WITHIN)
            for task in late:
                task.cancel()
            await asyncio.gather(*late)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def read() -> bytes:
            async with asyncio.timeout(self._request_within):
                return await _line(reader)

        async def parts() -> AsyncIterator[Any]:
            while text := await read():
                yield _decoded(text)

        async def tell(part: object) -> None:
            await _send(writer, {"part": part})

        if len(self._answering) >= self._most_connections:
            writer.close()
            return
        self._answering.add(task := asyncio.current_task())
        try:
            conversation = Conversation(parts(), tell, peer_of(writer))
            answer = await self._answer(await read(), conversation)
            await _send(writer, answer)
            while await read():
                """What a refused import still sends is read away, so that it hears why."""
        except (TimeoutError, ConnectionError) as error:
            self._log.info("no request", reason=str(error))
        except asyncio.CancelledError:
            self._log.info("no answer", reason="the service stops")  # closed: see close()
        finally:
            self._answering.discard(task)
            writer.close()

    async def _answer(self, text: bytes, conversation: Conversation) -> dict[str, object]:
        try:
            envelope = _decoded(text, _Envelope)
            arguments = {name: _decoded(value) for name, value in envelope.arguments.items()}
            carried_out = self._operations.carry_out(envelope.request, arguments, conversation)
            return {"answer": await carried_out}
        except Refusal as error:
            return {"refused": refusal(error)}
        except (TimeoutError, ConnectionError):
            raise
        except Exception:  # noqa: BLE001  the connection's outermost edge
            self._log.exception("request failed")
            return {"refused": {"code": "internal", "faults": ["the service failed; see its log"]}}


def peer_of(writer: asyncio.StreamWriter) -> Actor:
    """Say whose process is at the other end, as the kernel knows it."""
    connected = writer.get_extra_info("socket")
    with socket.socket(fileno=os.dup(connected.fileno())) as asked:
        peer = asked.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize(_PEER))
    _, uid, _ = struct.unpack(_PEER, peer)
    return actor_of(uid, CONTROL_SOCKET)


def _bind(path: Path) -> socket.socket:
    path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    check_place(path)
    if path.exists() and stat.S_ISSOCK(path.stat().st_mode):
        if _answers(path):
            raise OSError(errno.EADDRINUSE, "another service listens on the control socket", path)
        path.unlink()
    listening = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    try:
        listening.bind(str(path))
    finally:
        os.umask(before)
    return listening


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            return False
    return True


def _decoded(text: bytes | msgspec.Raw, kind: Any = Any) -> Any:
    try:
        return msgspec.json.decode(text, type=kind)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadInput("request", "a JSON request", str(error)) from None


async def _line(reader: asyncio.StreamReader) -> bytes:
    """Read a line, or what stands before the end; nothing is the end."""
    try:
        return await reader.readline()
    except ValueError as error:
        raise ConnectionError(f"a line is too long: {error}") from None


async def _send(writer: asyncio.StreamWriter, line: object) -> None:
    writer.write(msgspec.json.encode(line) + b"\n")
    await writer.drain()
