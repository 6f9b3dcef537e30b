"""Server-sent events: answers that go on, each told at once and none waited for.

A stream ends when the service stops, when its reader may read no longer, and when too much waits
that its reader has not read; a reader who comes again begins with what there is then. Where there
are as many as may be, who has most gives way to who has few.
"""

import asyncio
import re
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Final

from aiohttp import hdrs, web

from interact_ivr.api.answering import marked
from interact_ivr.api.connections import Connection
from interact_ivr.api.faults import TooManyStreams
from interact_ivr.api.routes import ANSWERED, Who
from interact_ivr.domain.directory import tenant_of
from interact_ivr.domain.errors import Refusal

MEDIA: Final = "text/event-stream"
HEARTBEAT_SECONDS: Final = 15.0
_LOOK_SECONDS: Final = 1.0
"""So often is looked whether who reads is there, and may read."""
_BUFFER: Final = 16 * 1024
_MOST_UNREAD: Final = 32 * 1024
"""Bytes that wait in the service for one reader, beside the kernel's."""
_VANISHED_MS: Final = 30_000
"""For so long a reader's machine may leave what was sent unacknowledged."""
_BEGIN: Final = b"retry: 2000\n\n"
_HEARTBEAT: Final = b":\n\n"
_LINE_END: Final = re.compile(b"\r\n|\r|\n")


def event(name: str, data: bytes) -> bytes:
    """Write an event; *data* may have several lines."""
    lines = b"".join(b"data: %s\n" % line for line in _LINE_END.split(data))
    return b"event: %s\n%s\n" % (name.encode(), lines)


class EventStreams:
    """All streams that are open: *most* at once, of all tenants."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._open: dict[asyncio.Timeout, Who] = {}
        """The oldest first, with whose each is."""
        self._closed = False

    def __len__(self) -> int:
        """Count them."""
        return len(self._open)

    def close(self) -> None:
        """End all of them, and begin no more."""
        self._closed = True
        for stream in self._open:
            stream.reschedule(0)

    async def answer(
        self,
        request: web.Request,
        events: AsyncIterator[bytes],
        who: Who,
        alive: bytes = _HEARTBEAT,
    ) -> web.StreamResponse:
        """Answer *request* with *events*, for as long as *who* asks is there, and may read.

        *alive* is sent where there is nothing else for a while. An iteration that waits is broken
        off and begun again; it may lose nothing by that.

        Raises:
            TooManyStreams: there are as many as may be, and nobody has more than who asks; or the
                service stops.
        """
        if self._closed:
            raise TooManyStreams
        if len(self._open) >= self._most and request.method != hdrs.METH_HEAD:
            self._make_room(who)
        response = marked(request, web.StreamResponse(headers=_HEADERS))
        response.force_close()
        if request.method == hdrs.METH_HEAD:
            return response
        stream = asyncio.timeout(None)
        self._open[stream] = who
        try:
            async with stream:
                await response.prepare(request)
                request[ANSWERED] = time.perf_counter()
                await _tell(_Reader(request, response), events, who.still, alive)
        except (TimeoutError, Refusal):  # it was closed; or what is told of has gone
            pass
        finally:
            self._open.pop(stream, None)
        return response

    def _make_room(self, who: Who) -> None:
        """End the oldest stream of the tenant that has most, and of whoever there has most.

        Raises:
            TooManyStreams: with one more, *who* asks would have as many as those.
        """
        tenants = Counter(_tenant(each) for each in self._open.values())
        tenant = _first_above(tenants, _tenant(who)) or _tenant(who)
        people = Counter(each.user for each in self._open.values() if _tenant(each) == tenant)
        person = _first_above(people, who.user if tenant == _tenant(who) else None)
        if person is None:
            raise TooManyStreams
        oldest = next(
            stream
            for stream, each in self._open.items()
            if (_tenant(each), each.user) == (tenant, person)
        )
        oldest.reschedule(0)
        del self._open[oldest]


def _tenant(who: Who) -> str:
    return tenant_of(who.environment)


def _first_above(counts: Mapping[str, int], mine: str | None) -> str | None:
    """Name who has most; None where *mine* with one more is as much, as they would take turns."""
    if not counts:
        return None
    most = max(counts, key=lambda each: counts[each])
    return most if mine is None or counts[most] > counts.get(mine, 0) + 1 else None


_HEADERS: Final = {
    hdrs.CONTENT_TYPE: MEDIA,
    hdrs.CACHE_CONTROL: "no-store",
    "X-Accel-Buffering": "no",  # a proxy would keep events until it has many
}


class _Reader:
    """Who reads one stream."""

    def __init__(self, request: web.Request, response: web.StreamResponse) -> None:
        self._request, self._response = request, response
        if isinstance(request.protocol, Connection):
            request.protocol.listen_no_more()
        if request.transport is not None:
            request.transport.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER
            )
            request.transport.get_extra_info("socket").setsockopt(
                socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _VANISHED_MS
            )

    @property
    def is_there(self) -> bool:
        """Whether the connection stands, and takes what is sent."""
        transport = self._request.transport
        return transport is not None and not transport.is_closing()

    async def send(self, what: bytes) -> None:
        """Send *what*; one who has left too much unread is gone from then on."""
        transport = self._request.transport
        if transport is None:
            return
        if transport.get_write_buffer_size() > _MOST_UNREAD:
            transport.abort()
            return
        await self._response.write(what)  # below its limits it does not wait


async def _tell(
    reader: _Reader, events: AsyncIterator[bytes], may_read: Callable[[], bool], alive: bytes
) -> None:
    await reader.send(_BEGIN)
    told = time.monotonic()
    while reader.is_there:
        try:
            async with asyncio.timeout(_LOOK_SECONDS):
                sent = await anext(events)
        except TimeoutError:
            sent = b""
        if not may_read():
            return
        if not sent and time.monotonic() - told >= HEARTBEAT_SECONDS:
            sent = alive
        if sent:
            await reader.send(sent)
            told = time.monotonic()
