"""Where calls come in: connections that have not said yet whose call they are.

Asterisk says all it has to say at once, so who is silent here is hardly ever a call. Each costs
a socket and what it has said: no task, no timer, no stream of its own. Nothing is answered here.
"""

import asyncio
import socket
import time
from collections.abc import Sequence
from functools import partial
from typing import Final, Protocol

import msgspec

from interact_ivr.agi.bell import Bell
from interact_ivr.agi.wire import Call, Conversation, WireError

_BACKLOG: Final = 1024
_AT_ONCE: Final = 64
"""Connections that are accepted, or ended, in a turn of the event loop; uvloop takes one alone."""
_READ: Final = 16384
_AGAIN_SECONDS: Final = 0.1
"""Until there may be a descriptor again."""


class GoneError(Exception):
    """The call is gone: Asterisk closed the connection, or stopped answering."""


class ProbeError(GoneError):
    """Nothing was ever said: a monitor that connects and closes, not a call."""


class Arrival(msgspec.Struct):
    """A connection, and what came over it so far."""

    connection: socket.socket
    bell: Bell
    at: float = msgspec.field(default_factory=time.monotonic)
    """By `time.monotonic`."""
    conversation: Conversation = msgspec.field(default_factory=Conversation)

    def call(self) -> Call | None:
        """Read what has come, and say whose call it is once that is known.

        Raises:
            GoneError: the other side closed.
            WireError: what came is not AGI.
        """
        self._read()
        return self.conversation.call()

    async def more(self, by: float) -> None:
        """Read once more has come.

        Raises:
            GoneError: the other side closed.
            TimeoutError: nothing had come *by* then, a time of the event loop.
        """
        loop = asyncio.get_running_loop()
        if loop.time() >= by:  # also for whoever never ends to say something
            raise TimeoutError
        came: asyncio.Future[None] = loop.create_future()
        late = loop.call_at(by, _give_up, came)
        self.bell.ring_for(self.connection, partial(_settle, came))
        try:
            await came
        finally:
            late.cancel()
        self._read()

    def close(self) -> None:
        """Hang up."""
        self.bell.forget(self.connection)
        self.connection.close()

    def _read(self) -> None:
        try:
            data = self.connection.recv(_READ)
        except BlockingIOError:
            return
        except OSError as error:
            raise GoneError(str(error)) from error
        if not data:
            gone = GoneError if self.conversation.begun else ProbeError
            raise gone("Asterisk closed the connection")
        self.conversation.feed(data)


def _settle(came: asyncio.Future[None]) -> None:
    if not came.done():
        came.set_result(None)


def _give_up(came: asyncio.Future[None]) -> None:
    if not came.done():
        came.set_exception(TimeoutError())


class House(Protocol):
    """What is behind the doorway. Nothing here may fail or wait."""

    def lets_in(self, source: str) -> bool:
        """Say whether the address *source* may say anything."""

    def call_came(self, arrival: Arrival, call: Call) -> None:
        """Take a call over, with its connection."""

    def left(self, error: GoneError | WireError) -> None:
        """Hear of one who was no call."""

    def gave_way(self, source: str) -> None:
        """Hear that the longest silent one was closed for *source*."""


class Doorway:
    """Listens, and holds up to *most* connections for up to *seconds* until they are calls."""

    def __init__(self, house: House, *, most: int, seconds: float) -> None:
        self._house = house
        self._most = most
        self._seconds = seconds
        self._bell = Bell()
        self._listening: list[socket.socket] = []
        self._waiting: dict[int, Arrival] = {}
        """By descriptor, the longest silent one first."""
        self._looks: asyncio.TimerHandle | None = None
        self._empty = asyncio.Event()
        self._empty.set()

    @property
    def waiting(self) -> int:
        """How many have not said yet whose call they are."""
        return len(self._waiting)

    @property
    def sockets(self) -> Sequence[socket.socket]:
        """What is listened on."""
        return self._listening

    async def listen(self, host: str, port: int) -> None:
        """Begin, at each address of *host*; OSError where that cannot be."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        for family, *_, address in dict.fromkeys(found):
            listening = socket.create_server(address, family=family, backlog=_BACKLOG)
            self._listening.append(listening)
            listening.setblocking(False)
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # for all it accepts
        self._bell.hang()
        for listening in self._listening:
            loop.add_reader(listening, self._accept, listening)

    async def close(self) -> None:
        """Listen no more, and wait for those who are on the way in; again, that alone."""
        while self._listening:
            listening = self._listening.pop()
            asyncio.get_running_loop().remove_reader(listening)
            listening.close()
        await self._empty.wait()

    def take_down(self) -> None:
        """Let go of what is left, once all who came in have left."""
        self._bell.take_down()

    def _accept(self, listening: socket.socket) -> None:
        for _ in range(_AT_ONCE):
            try:
                connection, address = listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError:  # there are no descriptors
                self._make_room(listening)
                return
            if self._house.lets_in(address[0]):
                connection.setblocking(False)
                self._admit(Arrival(connection, self._bell), address[0])
            else:
                connection.close()

    def _make_room(self, listening: socket.socket) -> None:
        """End one who is silent; where nobody is, accept again in a while."""
        if self._waiting:
            self._end_longest_silent("no descriptor was left")
            return
        loop = asyncio.get_running_loop()
        loop.remove_reader(listening)
        loop.call_later(_AGAIN_SECONDS, self._listen_again, listening)

    def _listen_again(self, listening: socket.socket) -> None:
        if listening.fileno() >= 0:
            asyncio.get_running_loop().add_reader(listening, self._accept, listening)

    def _admit(self, arrival: Arrival, source: str) -> None:
        """Look at once: most calls have said all by now."""
        if self._settled(arrival):
            return
        if len(self._waiting) >= self._most:
            self._end_longest_silent(f"{self._most} others were silent")
            self._house.gave_way(source)
        self._waiting[arrival.connection.fileno()] = arrival
        self._empty.clear()
        if self._looks is None:
            loop = asyncio.get_running_loop()
            self._looks = loop.call_later(self._seconds, self._end_late)
        self._await(arrival)

    def _await(self, arrival: Arrival) -> None:
        arrival.bell.ring_for(arrival.connection, partial(self._said_something, arrival))

    def _said_something(self, arrival: Arrival) -> None:
        descriptor = arrival.connection.fileno()
        if self._settled(arrival):
            del self._waiting[descriptor]
            self._note_empty()
        else:
            self._await(arrival)

    def _settled(self, arrival: Arrival) -> bool:
        """Hand *arrival* over if it is a call, close it if it is none; else say that it waits."""
        try:
            call = arrival.call()
        except (GoneError, WireError) as error:
            self._end(arrival, error)
            return True
        if call is None:
            return False
        self._house.call_came(arrival, call)
        return True

    def _end(self, arrival: Arrival, error: GoneError | WireError) -> None:
        arrival.close()
        self._house.left(error)

    def _end_longest_silent(self, why: str) -> None:
        arrival = self._waiting.pop(next(iter(self._waiting)))
        self._end(arrival, GoneError(why))
        self._note_empty()

    def _end_late(self) -> None:
        """End those whose time is over, and come again when the next one's is."""
        self._looks, loop, now = None, asyncio.get_running_loop(), time.monotonic()
        for _ in range(_AT_ONCE):
            first = next(iter(self._waiting.values()), None)
            if first is None:
                return
            if (left := first.at + self._seconds - now) > 0:
                break
            self._end_longest_silent(f"no environment within {self._seconds} s")
        self._looks = loop.call_later(max(left, 0), self._end_late)

    def _note_empty(self) -> None:
        if not self._waiting:
            self._empty.set()
