"""The HTTP server: one address, a limit on everything that comes, TLS that can be renewed."""

import asyncio
import ssl
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import structlog
from aiohttp import web

from interact_ivr.api.connections import Connection, Refuse, Refused, without_strange_expectation
from interact_ivr.secret_files import opened

_BACKLOG = 128
"""So many connections are accepted in one turn of the event loop; the others come after calls."""
_HANDSHAKE_SECONDS = 5.0
_CANCEL_SECONDS = 0.05
"""For those who had their time; aiohttp takes it three times, and 0 for no limit."""


class Certificate:
    """A certificate and its key, from files that may be replaced while we serve."""

    def __init__(self, certificate: Path, key: Path | None) -> None:
        """Read them; OSError (`ssl.SSLError` is one) where they cannot be used."""
        self._files = (certificate, key)
        self._current = self.context = self.read()
        self.context.sni_callback = self._show_current

    def use(self, renewed: ssl.SSLContext) -> None:
        """Show what `read` gave to new connections."""
        self._current = renewed

    def read(self) -> ssl.SSLContext:
        """Read the files as they are now; OSError where they cannot be used."""
        certificate, key = self._files
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        # a key under a password is refused; without one given, OpenSSL asks the terminal
        with opened(key or certificate) as checked:
            again = f"/proc/self/fd/{checked.fileno()}"  # OpenSSL takes a name: of what is open
            chain, its_key = (certificate, again) if key else (again, None)
            context.load_cert_chain(chain, its_key, password="")
        return context

    def _show_current(
        self, connection: ssl.SSLObject, _name: str | None, _listening: ssl.SSLContext
    ) -> None:
        """Give *connection* the newest certificate alone; a context keeps one of each key type."""
        connection.context = self._current


class HttpServer:
    """Serves one aiohttp application on one address."""

    def __init__(
        self,
        application: web.Application,
        refuse: Refuse,
        certificate: Certificate | None = None,
        *,
        reading: Callable[..., web.BaseRequest] | None = None,
        most_connections: int = 1000,
        idle_seconds: float = 30.0,
    ) -> None:
        """*refuse* speaks where *application* is not reached.

        *idle_seconds* are for a request's headers to come, and between two requests. *reading*
        makes a request, by what aiohttp would make it by and of what came.
        """
        self._reading = reading
        self._runner = web.AppRunner(application, access_log=None, handler_cancellation=False)
        self._refuse = refuse
        self._certificate = certificate
        self._most_connections = most_connections
        self._idle_seconds = idle_seconds
        self._connections: set[Connection] = set()
        """All there are, those too that have not greeted yet."""
        self._server: asyncio.Server | None = None
        self.port = 0
        """What is listened on, and was; 0 until then."""

    @property
    def connections(self) -> int:
        """How many there are."""
        return len(self._connections)

    async def start(self, host: str, port: int) -> None:
        """Begin to listen; port 0 takes a free one."""
        await self._runner.setup()
        if self._runner.server is not None:
            made = self._runner.server.request_factory
            if self._reading is not None:
                made = partial(self._reading, made)
            self._runner.server.request_factory = partial(without_strange_expectation, made)
        context = None if self._certificate is None else self._certificate.context
        self._server = await asyncio.get_running_loop().create_server(
            self._connection,
            host,
            port,
            ssl=context,
            ssl_handshake_timeout=_HANDSHAKE_SECONDS if context else None,
            backlog=_BACKLOG,
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self, within: float = 2.0) -> None:
        """Take no new requests, let those in flight finish for up to *within* seconds."""
        if self._server is not None:
            self._server.close()
        connected = [connection for connection in self._connections if connection.connected]
        for connection in connected:
            connection.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                for connection in connected:
                    await connection.gone.wait()
        if self._runner.server is not None:
            await self._runner.server.shutdown(_CANCEL_SECONDS)
        await self._runner.cleanup()

    def _connection(self) -> asyncio.BaseProtocol:
        server = self._runner.server
        if server is None or len(self._connections) >= self._most_connections:
            structlog.get_logger("http").warning("connection refused", most=self._most_connections)
            return Refused()
        ended = self._connections.discard
        connection = Connection(server, self._refuse, self._idle_seconds, ended)
        self._connections.add(connection)
        if self._certificate is not None:  # nobody tells of a handshake that fails
            asyncio.get_running_loop().call_later(
                2 * _HANDSHAKE_SECONDS, self._forget_unless_greeted, connection
            )
        return connection

    def _forget_unless_greeted(self, connection: Connection) -> None:
        if not connection.greeted:
            self._connections.discard(connection)
