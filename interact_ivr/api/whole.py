"""An answer that is sent in one piece: its head is made here, and goes out with its body.

aiohttp sends any answer as if it might be compressed, chunked or streamed, and each of a dozen
coroutines costs a request. This is for what is answered often and never is. Whatever is out of the
ordinary, HTTP/1.0, HEAD, a connection that is to close or no 200, is left to aiohttp.
"""

from aiohttp import HttpVersion11, hdrs, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.helpers import rfc822_formatted_time


class Whole(web.Response):
    """A response with all of its body, as bytes. Its headers are ours, none of who asks."""

    _asked: web.BaseRequest | None = None
    """What it answers, where it is sent in one piece."""

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Find out how it is sent."""
        if (
            self.status != 200
            or self.keep_alive is False
            or not request.keep_alive
            or request.version != HttpVersion11
            or request.method == hdrs.METH_HEAD
        ):
            return await super().prepare(request)
        self._asked = request
        return None

    @property
    def keep_alive(self) -> bool | None:
        """Whether the connection goes on behind it."""
        return super().keep_alive if self._asked is None else True

    async def write_eof(self, data: bytes = b"") -> None:
        """Send it; who reads nothing is waited for before the next one.

        Raises:
            ConnectionError: nobody is there.
        """
        if self._asked is None:
            await super().write_eof(data)
            return
        transport = self._asked.transport
        if transport is None or transport.is_closing():
            raise ConnectionResetError
        transport.write(self._written())
        await self._asked.writer.drain()

    def _written(self) -> bytes:
        body = self.body
        if not isinstance(body, bytes):
            raise TypeError("a body of bytes is expected")
        headers = "".join([f"{name}: {value}\r\n" for name, value in self.headers.items()])
        last = f"Content-Length: {len(body)}\r\nDate: {rfc822_formatted_time()}\r\n\r\n"
        return f"HTTP/1.1 200 OK\r\n{headers}{last}".encode() + body
