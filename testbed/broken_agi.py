"""Servers that are no service: each breaks a call's look-up in a way of its own."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress

from testbed.ports import LOOPBACK

Behaviour = Callable[[socket.socket], None]
PATIENCE_SECONDS = 4.0


def closes_at_once(call: socket.socket) -> None:
    """Accept and close, as a service that refuses does."""


def says_garbage_and_closes(call: socket.socket) -> None:
    """Answer in a language that is not AGI."""
    call.sendall(b"HTTP/1.1 400 Bad Request\r\nServer: nothing\r\n\r\n\x00\xff\xfe" * 50)


def says_garbage_and_waits(call: socket.socket) -> None:
    """Answer in a language that is not AGI, and keep the connection."""
    call.sendall(b"SSH-2.0-OpenSSH_9.2\r\n" * 3)
    _until_closed(call)


def says_half_a_line_and_waits(call: socket.socket) -> None:
    """Begin a line, never end it, and keep the connection: as a database's greeting may."""
    call.sendall(b"SET VARIABLE __INTERACT_STA")
    _until_closed(call)


def says_nothing(call: socket.socket) -> None:
    """Accept, read, and never answer."""
    _until_closed(call)


def sets_half_and_waits(call: socket.socket) -> None:
    """Set an interaction's id and never the status."""
    call.sendall(b'SET VARIABLE __INTERACT_ID "half"\n')
    _until_closed(call)


def sets_half_and_closes(call: socket.socket) -> None:
    """Set an interaction's id and end, as a service killed in mid-session does."""
    opening = b""
    while not opening.endswith(b"\n\n"):
        opening += call.recv(4096)
    call.sendall(b'SET VARIABLE __INTERACT_ID "half"\n')
    call.recv(4096)


@contextmanager
def broken_agi(behaviour: Behaviour) -> Iterator[str]:
    """Listen on loopback and treat every call with *behaviour*; give the address."""
    with ExitStack() as stack:
        listening = stack.enter_context(socket.create_server((LOOPBACK, 0)))

        serving = threading.Thread(target=_serve, args=(listening, behaviour))
        serving.start()
        stack.callback(serving.join)
        stack.callback(listening.shutdown, socket.SHUT_RDWR)
        yield f"{LOOPBACK}:{listening.getsockname()[1]}"


@contextmanager
def full_backlog() -> Iterator[str]:
    """Listen without ever accepting, the queue full: a further connection gets no answer."""
    with ExitStack() as stack:
        listening = stack.enter_context(socket.socket())
        listening.bind((LOOPBACK, 0))
        listening.listen(0)
        address = listening.getsockname()
        while True:
            waiting = stack.enter_context(socket.socket())
            waiting.settimeout(0.3)
            try:
                waiting.connect(address)
            except TimeoutError:
                break
        yield f"{LOOPBACK}:{address[1]}"


def _serve(listening: socket.socket, behaviour: Behaviour) -> None:
    """Treat one call after the other, until the listening socket is shut down."""
    while True:
        try:
            call, _ = listening.accept()
        except OSError:
            return
        with call, suppress(OSError):
            call.settimeout(PATIENCE_SECONDS)
            behaviour(call)


def _until_closed(call: socket.socket) -> None:
    while call.recv(4096):
        pass
