"""The control socket's server: one JSON request a connection, one JSON answer.

Who may open the socket may do anything: it is created 0600, in the service's own directory.
"""

import asyncio
import errno
import os
import socket
import stat
from pathlib import Path

import msgspec
import structlog

from interact_ivr.control.operations import Operations, refusal
from interact_ivr.domain.errors import BadInput, Refusal

MAX_REQUEST = 256 * 1024 * 1024
_REQUEST_WITHIN = 30.0


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
        max_request: int = MAX_REQUEST,
    ) -> None:
        self._operations = operations
        self._request_within = request_within
        self._max_request = max_request
        self._server: asyncio.Server | None = None
        self._path: Path | None = None
        self._requests: set[asyncio.Task[None]] = set()
        self._log = structlog.get_logger("control")

    async def start(self, path: Path) -> None:
        """Listen on *path*; a socket left there by a service that was killed is replaced."""
        self._server = await asyncio.start_unix_server(self._accept, sock=_bind(path))
        self._path = path

    async def close(self, within: float = 2.0) -> None:
        """Take the socket away, and let requests in flight finish for up to *within* seconds."""
        if self._server is not None:
            self._server.close()
        if self._path is not None:
            self._path.unlink(missing_ok=True)
        if self._requests:
            _, late = await asyncio.wait(self._requests, timeout=within)
            for task in late:
                task.cancel()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if task := asyncio.current_task():
            self._requests.add(task)
            task.add_done_callback(self._requests.discard)
        await self._serve(reader, writer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(self._request_within):
                text = await _until_end(reader, self._max_request)
            writer.write(msgspec.json.encode(await self._answer(text)))
            await writer.drain()
        except (TimeoutError, ConnectionError) as error:
            self._log.info("no request", reason=str(error))
        finally:
            writer.close()

    async def _answer(self, text: bytes) -> dict[str, object]:
        try:
            envelope = msgspec.json.decode(text, type=_Envelope)
            arguments = {
                name: msgspec.json.decode(value) for name, value in envelope.arguments.items()
            }
            return {"answer": await self._operations.carry_out(envelope.request, arguments)}
        except (msgspec.DecodeError, RecursionError) as error:
            return {"refused": refusal(BadInput("request", "a JSON request", str(error)))}
        except Refusal as error:
            return {"refused": refusal(error)}
        except Exception:  # noqa: BLE001  the connection's outermost edge
            self._log.exception("request failed")
            return {"refused": {"code": "internal", "faults": ["the service failed; see its log"]}}


def _bind(path: Path) -> socket.socket:
    path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
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


async def _until_end(reader: asyncio.StreamReader, limit: int) -> bytes:
    """Read until the client has shut its side down."""
    parts, size = [], 0
    while part := await reader.read(1 << 20):
        parts.append(part)
        size += len(part)
        if size > limit:
            raise ConnectionError(f"a request is longer than {limit} bytes")
    return b"".join(parts)
