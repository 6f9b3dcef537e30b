"""One client's connection: what aiohttp makes of it, but for three things.

What is no HTTP is answered in our words and logged in a line, a request in flight is seen through
when the service stops, and a connection counts from the moment it was accepted.
"""

import asyncio
import secrets
from collections.abc import Callable
from typing import Any

import structlog
from aiohttp import hdrs, web
from aiohttp.http import RawRequestMessage
from aiohttp.http_exceptions import BadHttpMessage, HttpProcessingError, LineTooLong
from multidict import CIMultiDict, CIMultiDictProxy, istr

REFERENCE_HEADER = istr("X-Request-Id")
SERVER = "interact-ivr"
LINE, FIELDS = 8190, 64
"""Bytes of a request line or a header, and how many headers."""
_GO_ON = "100-continue"


class Connection(web.RequestHandler):
    """Speaks HTTP with one client."""

    def __init__(
        self, server: web.Server, idle_seconds: float, ended: Callable[["Connection"], None]
    ) -> None:
        """*ended* hears when the client is gone, and nothing is done for it any more."""
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=idle_seconds,
            access_log=None,  # type: ignore[arg-type]  # aiohttp's own way to say none
            logger=_Log(),  # type: ignore[arg-type]
            lingering_time=1.0,
            max_line_size=LINE,
            max_field_size=LINE,
            max_headers=FIELDS,
        )
        self.greeted = False
        """It is an HTTP connection; with TLS only once the handshake is done."""
        self.gone = asyncio.Event()
        """As *ended* hears it."""
        self._ended = ended
        self._ending = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self.greeted = True
        super().connection_made(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        """End, unless something is still done for it: then after that."""
        task = self._task_handler
        super().connection_lost(exc)
        if task is None:
            self._end()
        else:
            task.add_done_callback(self._end)

    def _end(self, _: object = None) -> None:
        self.gone.set()
        self._ended(self)

    def close(self) -> None:
        """Take no further request, but let one in flight come to its answer, its body included."""
        self._ending = True
        if not self._request_in_progress and not self._messages:
            self.force_close()

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send an answer; the last one says that it is."""
        if self._ending:
            resp.force_close()
        return await super().finish_response(request, resp, start_time)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002  it may hold what came
    ) -> web.StreamResponse:
        """Answer what did not become a request, or for what no answer could be made."""
        if isinstance(exc, ConnectionError) or request.writer.output_size > 0:
            raise ConnectionError from exc  # nobody is there, or half an answer is on its way
        response = web.Response(status=status)
        reference = _sign(response)
        if isinstance(exc, HttpProcessingError):
            reason = _reason(exc)
            _log().warning("not HTTP", reference=reference, source=request.remote, reason=reason)
            response.text = f"bad request: {reason}"
        else:
            _log().error("a request failed", reference=reference, exc_info=exc)
            response.text = f"Internal error, reference {reference}"
        response.force_close()
        return response


def _sign(response: web.StreamResponse) -> str:
    """Put a reference number, which is given back, on what our middleware has not seen."""
    reference = secrets.token_hex(8)
    response.headers[REFERENCE_HEADER] = reference
    response.headers[hdrs.SERVER] = SERVER
    return reference


def _reason(error: HttpProcessingError) -> str:
    """Say what is wrong, without what came: a credential may be in it."""
    if isinstance(error, LineTooLong):
        return f"expected a request line and headers of at most {LINE} bytes each"
    if error.message.startswith("Too many headers"):
        return f"expected at most {FIELDS} headers"
    if type(error) is BadHttpMessage:  # its first line is the parser's, the others show what came
        return error.message.partition("\n")[0].rstrip(":")
    return f"expected HTTP/1.1, got what is none ({type(error).__name__})"


def without_strange_expectation(
    made: Callable[..., web.BaseRequest], message: RawRequestMessage, *others: Any
) -> web.BaseRequest:
    """Pass over an Expect that nobody knows (RFC 9110, 10.1.1), as aiohttp's answer has no form."""
    if hdrs.EXPECT in message.headers and message.headers[hdrs.EXPECT].lower() != _GO_ON:
        headers = CIMultiDict(message.headers)
        del headers[hdrs.EXPECT]
        message = message._replace(headers=CIMultiDictProxy(headers))
    return made(message, *others)


class Refused(asyncio.Protocol):
    """A connection beyond the limit: closed before it has said anything."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Close it."""
        transport.close()


class _Log:
    """Takes what aiohttp would log by itself."""

    def debug(self, message: str, *_: Any, **__: Any) -> None:
        _log().debug("aiohttp", message=message)

    def exception(
        self, message: str, *_: Any, exc_info: BaseException | None = None, **__: Any
    ) -> None:
        if isinstance(exc_info, web.RequestPayloadError):  # answered; this is of the body's rest
            return
        _log().error("a connection failed", reason=message, exc_info=exc_info)


def _log() -> Any:
    return structlog.get_logger("http")
