"""One client's connection: what aiohttp makes of it, but for three things.

What is no HTTP is answered in our words, in the form of the API that it was for where that can be
told, and logged in a line; a request in flight is seen through when the service stops; and a
connection counts from the moment it was accepted.
"""

import asyncio
import re
import secrets
from collections.abc import Callable
from typing import Any

import structlog
from aiohttp import EMPTY_PAYLOAD, StreamReader, hdrs, web
from aiohttp.http import RawRequestMessage
from aiohttp.http_exceptions import (
    BadHttpMessage,
    BadHttpMethod,
    ContentEncodingError,
    HttpProcessingError,
    LineTooLong,
)
from multidict import CIMultiDict, CIMultiDictProxy, istr

from interact_ivr.api.bodies import CODINGS
from interact_ivr.api.faults import Broken, NotHttp
from interact_ivr.domain.errors import BadInput, Refusal

REFERENCE_HEADER = istr("X-Request-Id")
SERVER = "interact-ivr"
LINE, FIELDS = 8190, 64
"""Bytes of a request line or a header, and how many headers."""
_GO_ON = "100-continue"
_REQUEST_LINE = re.compile(rb"[^\s:]{1,64} (/[^\s?]*)")
"""As far as its path."""

Refuse = Callable[[str, Refusal, str], web.Response]
"""Says a refusal under a reference, as the API does that a path belongs to."""


class Connection(web.RequestHandler):
    """Speaks HTTP with one client."""

    def __init__(
        self,
        server: web.Server,
        refuse: Refuse,
        idle_seconds: float,
        ended: Callable[["Connection"], None],
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
        self._refuse = refuse
        self._ended = ended
        self._ending = False
        self._body: StreamReader = EMPTY_PAYLOAD
        """That of the last request that could be read."""
        self._listens_no_more = False
        self._is_unread = False
        """Something came that could not be read."""
        self._unread_path: str | None = None
        """What the request was for that could not be read, if that much of it could."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self.greeted = True
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Take what came, as far as it can be read.

        For aiohttp each piece behind that would be another fault, kept until it is its turn.
        """
        if self._is_unread or self._listens_no_more:
            return
        super().data_received(data)
        if not self._messages:
            return
        message, body = self._messages[-1]
        if isinstance(message, RawRequestMessage):
            self._body = body
            return
        self._is_unread = True
        message.exc.__traceback__ = None  # it would hold what came
        found = _REQUEST_LINE.match(data)
        self._unread_path = found[1].decode("latin-1") if found else None
        if not self._body.is_eof():  # who reads it would wait for its end
            self._body.set_exception(web.RequestPayloadError())

    def listen_no_more(self) -> None:
        """Pass over what may still come: the answer that goes on is the last one."""
        self._listens_no_more = True

    def connection_lost(self, exc: BaseException | None) -> None:
        """End, unless something is still done for it: then after that."""
        task = self._task_handler
        super().connection_lost(exc)
        if task is None:
            self._end()
        else:
            task.add_done_callback(self._end)

    def _end(self, _: object = None) -> None:
        self._body = EMPTY_PAYLOAD  # it knows us: the two would stay until the next full collection
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
        reference = secrets.token_hex(8)
        if isinstance(exc, HttpProcessingError):
            refusal, path = _unread(exc), self._unread_path
            _log().warning(
                "not HTTP", reference=reference, source=request.remote, reason=str(refusal)
            )
        else:
            refusal, path = Broken(reference), request.path
            _log().error("a request failed", reference=reference, exc_info=exc)
        if path is None:
            response = web.Response(status=status, text=str(refusal))
        else:
            response = self._refuse(path, refusal, reference)
        response.headers[REFERENCE_HEADER] = reference
        response.headers[hdrs.SERVER] = SERVER
        response.force_close()
        return response


def _unread(error: HttpProcessingError) -> Refusal:
    """Say what is wrong, without what came: a credential may be in it."""
    match error:
        case ContentEncodingError():
            return BadInput("Content-Encoding", CODINGS, "another")
        case BadHttpMethod():
            return NotHttp("expected a method of HTTP, got none")
        case LineTooLong():
            return NotHttp(f"expected a request line and headers of at most {LINE} bytes each")
    if error.message.startswith("Too many headers"):
        return NotHttp(f"expected at most {FIELDS} headers")
    if type(error) is BadHttpMessage:  # its first line is the parser's, the others show what came
        return NotHttp(error.message.partition("\n")[0].rstrip(":"))
    return NotHttp(f"expected HTTP/1.1, got what is none ({type(error).__name__})")


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
