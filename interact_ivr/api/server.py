"""The HTTP server: one address, a limit on everything that comes, TLS that can be renewed."""

import asyncio
import ssl
from pathlib import Path
from typing import Any

import structlog
from aiohttp import web

_BACKLOG = 1024
_IDLE_SECONDS = 30.0
"""For a request's headers to come, and between two requests of a connection."""
_LINE, _FIELD, _FIELDS = 8190, 8190, 64


class Certificate:
    """A certificate and its key, from files that may be replaced while we serve."""

    def __init__(self, certificate: Path, key: Path | None) -> None:
        """Read them; OSError or `ssl.SSLError` where they cannot be used."""
        self._files = (certificate, key)
        self.context = self._fresh()

    def check(self) -> None:
        """See that the files can be used; OSError (`ssl.SSLError` is one) where they cannot."""
        self._fresh()

    def reload(self) -> None:
        """Use what the files hold now for new connections."""
        self.context.load_cert_chain(*self._files)

    def _fresh(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(*self._files)
        return context


class HttpServer:
    """Serves one aiohttp application on one address."""

    def __init__(
        self,
        application: web.Application,
        certificate: Certificate | None = None,
        *,
        most_connections: int = 1000,
    ) -> None:
        self._runner = web.AppRunner(
            application,
            access_log=None,
            logger=_HttpLog(),
            keepalive_timeout=_IDLE_SECONDS,
            lingering_time=1.0,
            max_line_size=_LINE,
            max_field_size=_FIELD,
            max_headers=_FIELDS,
            handler_cancellation=False,
        )
        self._certificate = certificate
        self._most_connections = most_connections
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The port that is listened on."""
        if self._server is None:
            raise RuntimeError("the server is not started")
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def start(self, host: str, port: int) -> None:
        """Begin to listen; port 0 takes a free one."""
        await self._runner.setup()
        context = None if self._certificate is None else self._certificate.context
        self._server = await asyncio.get_running_loop().create_server(
            self._connection, host, port, ssl=context, backlog=_BACKLOG
        )

    async def close(self, within: float = 2.0) -> None:
        """Take no new requests, let those in flight finish for up to *within* seconds."""
        if self._server is not None:
            self._server.close()
        if self._runner.server is not None:
            self._runner.server.pre_shutdown()
            await self._runner.server.shutdown(within)
        await self._runner.cleanup()

    def _connection(self) -> asyncio.BaseProtocol:
        server = self._runner.server
        if server is None or len(server.connections) >= self._most_connections:
            structlog.get_logger("http").warning("connection refused", most=self._most_connections)
            return _Refused()
        return server()


class _Refused(asyncio.Protocol):
    """A connection beyond the limit: closed before it has said anything."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()


class _HttpLog:
    """Takes what aiohttp logs of connections that do not speak HTTP: a line each, no stack."""

    def debug(self, *_: Any, **__: Any) -> None:
        """Pass over what is of no interest."""

    def exception(self, message: str, *_: Any, exc_info: BaseException | None = None) -> None:
        """Log what came instead of a request."""
        reason = type(exc_info).__name__ if exc_info else message
        structlog.get_logger("http").warning("not HTTP", reason=reason)
