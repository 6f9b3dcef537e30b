"""A relay before a server of loopback: its connections can be cut, frozen or slow."""

from __future__ import annotations

import selectors
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Self

from testbed.ports import LOOPBACK

AT_ONCE = struct.pack("ii", 1, 0)
"""Closed by a reset, without waiting for what was not sent."""
_CHUNK = 65536
_TURN_SECONDS = 0.05


class Relay:
    """Passes bytes on to *port* on loopback, until it is told otherwise. One thread serves all."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._listening = socket.create_server((LOOPBACK, 0), backlog=128)
        self.port: int = self._listening.getsockname()[1]
        self.tap: Callable[[bytes], object] | None = None
        """Is given what the server says."""
        self.lets_in = True
        """Whether there are new connections; else each is reset at once."""
        self.delay_seconds = 0.0
        """How long all is under way, each way; what is closed is closed at once."""
        self._lock = threading.Lock()
        self._pairs: dict[socket.socket, socket.socket] = {}
        self._servers: set[socket.socket] = set()
        self._silent: list[socket.socket] = []
        self._under_way: deque[tuple[float, socket.socket, bytes]] = deque()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listening, selectors.EVENT_READ)
        self._frozen = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)

    def cut(self) -> None:
        """Reset every connection that there is."""
        with self._lock:
            while self._pairs:
                one, other = next(iter(self._pairs.items()))
                for each in (one, other):
                    each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
                self._drop(one)

    def freeze(self) -> None:
        """Pass nothing on any more, and accept nothing; connections stay open."""
        with self._lock:
            self._frozen.set()

    def silence(self) -> None:
        """Pass nothing on any more of what is open, which stays so; new connections are served."""
        with self._lock:
            for one in self._pairs:
                self._selector.unregister(one)
            self._silent += self._pairs
            self._pairs.clear()
            self._servers.clear()

    def thaw(self) -> None:
        """Go on."""
        self._frozen.clear()

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End, with all connections."""
        self._ended.set()
        self._thread.join()
        self.cut()
        for each in (*self._silent, self._listening):
            each.close()
        self._selector.close()

    def _run(self) -> None:
        while not self._ended.is_set():
            if self._frozen.is_set():
                self._ended.wait(_TURN_SECONDS)
                continue
            for key, _ in self._selector.select(self._turn_seconds()):
                with self._lock:
                    if self._frozen.is_set():
                        break
                    if key.fileobj is self._listening:
                        self._accept()
                    elif isinstance(key.fileobj, socket.socket):
                        self._take(key.fileobj)
            with self._lock:
                self._deliver()

    def _turn_seconds(self) -> float:
        """Say how long may be waited for what comes: until something is due."""
        if not self._under_way:
            return _TURN_SECONDS
        return min(_TURN_SECONDS, max(0.0, self._under_way[0][0] - time.monotonic()))

    def _accept(self) -> None:
        ours, _ = self._listening.accept()
        if not self.lets_in:
            ours.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
            ours.close()
            return
        try:
            theirs = socket.create_connection((LOOPBACK, self._to))
        except ConnectionError:
            ours.close()
            return
        self._pairs |= {ours: theirs, theirs: ours}
        self._servers.add(theirs)
        for one in (ours, theirs):
            self._selector.register(one, selectors.EVENT_READ)

    def _take(self, one: socket.socket) -> None:
        if one not in self._pairs:
            return
        try:
            read = one.recv(_CHUNK)
        except ConnectionError:
            read = b""  # as if it had ended
        if read and self.tap is not None and one in self._servers:
            self.tap(read)
        if read and self._read(one, read):
            self._under_way.append((time.monotonic() + self.delay_seconds, one, read))
        else:
            self._deliver(all_of=one)
            self._drop(one)

    def _deliver(self, all_of: socket.socket | None = None) -> None:
        """Pass on what is due, in the order in which it came; all that one end sent if it ends."""
        later: deque[tuple[float, socket.socket, bytes]] = deque()
        while self._under_way:
            due, one, sent = self._under_way.popleft()
            if one is not all_of and (later or due > time.monotonic()):
                later.append((due, one, sent))
            elif one in self._pairs:
                self._send(one, sent)
        self._under_way = later

    def _send(self, one: socket.socket, sent: bytes) -> None:
        try:
            self._pairs[one].sendall(sent)
        except ConnectionError:
            self._drop(one)

    def _read(self, _one: socket.socket, _read: bytes) -> bool:
        """Say whether what one end sent is passed on; else both are closed."""
        return True

    def _drop(self, one: socket.socket) -> None:
        other = self._pairs.pop(one, None)
        if other is None:
            return
        del self._pairs[other]
        self._servers -= {one, other}
        for each in (one, other):
            self._selector.unregister(each)
            each.close()
