"""Tells which of many sockets have something to read: the kernel is asked once for all of them.

uvloop asks it four times for each socket it begins to watch, and once more at its end; a call's
lasts for two reads.
"""

import asyncio
import select
import socket
from collections.abc import Callable, Iterator
from typing import Final

_ONCE: Final = select.EPOLLIN | select.EPOLLONESHOT


class Bell:
    """Rings once for each time it was asked to, in a turn of the event loop it hangs in."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._rings: dict[int, Callable[[], None]] = {}
        """What is done, by descriptor."""

    def hang(self) -> None:
        """Begin, in the running loop."""
        asyncio.get_running_loop().add_reader(self._epoll.fileno(), self._ring)

    def take_down(self) -> None:
        """Ring no more; again, nothing."""
        if not self._epoll.closed:
            asyncio.get_running_loop().remove_reader(self._epoll.fileno())
            self._epoll.close()

    def ring_for(self, connection: socket.socket, then: Callable[[], None]) -> None:
        """Do *then* once there is something to read, or has ended; it may find nothing, too."""
        descriptor = connection.fileno()
        if descriptor in self._rings:
            self._epoll.modify(descriptor, _ONCE)
        else:
            self._epoll.register(descriptor, _ONCE)
        self._rings[descriptor] = then

    def forget(self, connection: socket.socket) -> None:
        """Ring for it no more; to be said before it is closed."""
        if self._rings.pop(connection.fileno(), None) is not None and not self._epoll.closed:
            self._epoll.unregister(connection)

    def _ring(self) -> None:
        self._ring_each(iter(self._epoll.poll(0)))

    def _ring_each(self, ready: Iterator[tuple[int, int]]) -> None:
        try:
            for descriptor, _ in ready:
                if (then := self._rings.get(descriptor)) is not None:
                    then()
        except BaseException:  # the event loop tells of it; the others have had their one ring
            asyncio.get_running_loop().call_soon(self._ring_each, ready)
            raise
