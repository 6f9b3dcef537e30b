"""Asterisk's side of an AGI session, byte by byte, over a socket or a process's pipes.

It is not Asterisk: a `Channel` takes commands apart as res_agi.c and pbx_variables.c of release 22
do, so that a test sees what a channel would know, and a `Peer` can misbehave as no Asterisk would.
"""

from __future__ import annotations

import os
import select
import socket
import struct
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from testbed.ports import LOOPBACK

PATIENCE_SECONDS = 5.0
MOST_BYTES = 2000
DONE = b"200 result=1\n"
NOT_FOUND = b"200 result=-2\n"
UNKNOWN_COMMAND = b"510 Invalid or unknown command\n"

# What `agi_` variables a PJSIP call has, but for the first ones, which differ between AGI kinds.
_ENVIRONMENT = {
    "channel": "PJSIP/trunk-00000001",
    "language": "en",
    "type": "PJSIP",
    "uniqueid": "testbed-1.1",
    "version": "22.10.1",
    "callerid": "unknown",
    "calleridname": "unknown",
    "callingpres": "0",
    "callingani2": "0",
    "callington": "0",
    "callingtns": "0",
    "dnid": "unknown",
    "rdnis": "unknown",
    "context": "interact-guard",
    "extension": "s",
    "priority": "8",
    "enhanced": "0.0",
    "accountcode": "",
    "threadid": "140000000000000",
}


class PeerError(AssertionError):
    """Raised when the other side breaks AGI, or keeps silent for too long."""


def environment(script: str, *arguments: str, **variables: str) -> bytes:
    """Write what Asterisk opens a FastAGI session with; *script* may have a query."""
    network = {"network": "yes", "network_script": script}
    request = {"request": f"agi://{LOOPBACK}:4573/{script}"}
    return _lines(network | request | _ENVIRONMENT | variables, arguments)


def plain_environment(*arguments: str, **variables: str) -> bytes:
    """Write what Asterisk opens a plain AGI with; the relay's first argument names the script."""
    request = {"request": "/usr/share/asterisk/agi-bin/interact-ivr-agi"}
    return _lines(request | _ENVIRONMENT | variables, arguments)


def _lines(variables: dict[str, str], arguments: tuple[str, ...]) -> bytes:
    numbered = {f"arg_{at}": argument for at, argument in enumerate(arguments, 1)}
    pairs = (variables | numbered).items()
    return "".join(f"agi_{name}: {value}\n" for name, value in pairs).encode() + b"\n"


class Channel:
    """A channel's variables, and what AGI commands do to them."""

    def __init__(self) -> None:
        self.variables: dict[str, str] = {}
        self.inherited: set[str] = set()
        """Those that queue, Local and agent legs have too."""
        self.commands: list[bytes] = []

    @property
    def last_pair(self) -> str:
        """Give the name of the variable that was set last."""
        return next(reversed(self.variables), "")

    def execute(self, line: bytes) -> bytes:
        """Carry one command line out, and give the reply."""
        if len(line) > MOST_BYTES or not line.endswith(b"\n"):
            raise PeerError(f"a command of {len(line)} bytes: {line[:80]!r}")
        self.commands.append(line)
        match split_command(line.decode()[:-1]):
            case ["SET", "VARIABLE", name, value]:
                self._set(name, value)
            case ["EXEC", "MSet", pairs]:
                for pair in split_arguments(pairs):
                    self._set(*pair.split("=", 1))
            case ["EXEC", *_]:
                return NOT_FOUND
            case _:
                return UNKNOWN_COMMAND
        return DONE

    def _set(self, name: str, value: str) -> None:
        plain = name.lstrip("_")
        self.variables.pop(plain, None)  # so that the last one set is the last one of the dict
        self.variables[plain] = value
        if name.startswith("__"):
            self.inherited.add(plain)


def split_command(line: str) -> list[str]:
    """Take a command line apart as res_agi.c's parse_args() does: quotes and backslashes."""
    words: list[str] = []
    quoted = escaped = False
    between = True
    for sign in line:
        if sign == '"' and not escaped:
            quoted = not quoted
            if quoted and between:
                words.append("")
                between = False
        elif sign in " \t" and not quoted and not escaped:
            between = True
        elif sign == "\\" and not escaped:
            escaped = True
        else:
            if between:
                words.append("")
                between = False
            words[-1] += sign
            escaped = False
    return words


def split_arguments(text: str) -> list[str]:
    """Split at commas as MSet does: not in quotes, parentheses or brackets, and dropping quotes."""
    pairs = [""]
    quoted = escaped = False
    depth = {"(": 0, "[": 0}
    for sign in text:
        if escaped:
            pairs[-1] += sign
            escaped = False
        elif sign == "\\":
            escaped = True
        elif sign == '"':
            quoted = not quoted
        elif sign == "," and not quoted and not any(depth.values()):
            pairs.append("")
        else:
            if sign in depth:
                depth[sign] += 1
            elif sign in ")]":
                opened = "(" if sign == ")" else "["
                depth[opened] = max(0, depth[opened] - 1)
            pairs[-1] += sign
    return pairs


class Peer:
    """One AGI session as Asterisk leads it; every read has a deadline of *patience_seconds*."""

    def __init__(self, read: int, write: int, patience_seconds: float = PATIENCE_SECONDS) -> None:
        """Speak over file descriptors of the caller's; `call` connects by itself."""
        self.channel = Channel()
        self.patience_seconds = patience_seconds
        self._read, self._write = read, write
        os.set_blocking(write, False)
        self._buffer = b""
        self._socket: socket.socket | None = None

    @classmethod
    def call(
        cls, port: int, patience_seconds: float = PATIENCE_SECONDS, *, source: str = LOOPBACK
    ) -> Self:
        """Connect to a FastAGI server on loopback, from *source*, which is one of its addresses."""
        connection = socket.create_connection((LOOPBACK, port), patience_seconds, (source, 0))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        peer = cls(connection.fileno(), connection.fileno(), patience_seconds)
        peer._socket = connection
        return peer

    def send(self, data: bytes) -> None:
        """Send bytes, all of them; raises ConnectionError where the other side has closed."""
        while data:
            if not _ready(self._write, select.POLLOUT, self.patience_seconds):
                raise PeerError(f"{len(data)} bytes are not read")
            data = data[os.write(self._write, data) :]

    def end(self) -> None:
        """Say that nothing more will be sent, and go on listening."""
        if self._socket is not None:
            self._socket.shutdown(socket.SHUT_WR)

    def command(self) -> bytes | None:
        """Wait for the next command line; None when the other side has closed.

        Bytes behind the line are a second command before the first one's reply: PeerError.
        """
        deadline = time.monotonic() + self.patience_seconds
        while b"\n" not in self._buffer:
            part = self._receive(deadline - time.monotonic())
            if part is None:
                raise PeerError(f"silent for {self.patience_seconds} s after {self._buffer!r}")
            if not part:
                if self._buffer:
                    raise PeerError(f"closed within a command: {self._buffer!r}")
                return None
            self._buffer += part
        seen, self._buffer = self._buffer, b""
        if seen.index(b"\n") + 1 < len(seen):
            raise PeerError(f"sent before the reply to a command: {seen!r}")
        return seen

    def still_waits(self, seconds: float) -> bool:
        """Say whether the other side sent nothing, and kept the connection, for *seconds*."""
        return self._receive(seconds) is None

    def wait_closed(self) -> float:
        """Wait until the other side has closed without a word, and give the seconds it took."""
        begun = time.monotonic()
        part = self._receive(self.patience_seconds)
        if part is None:
            raise PeerError(f"not closed within {self.patience_seconds} s")
        if part:
            raise PeerError(f"sent instead of closing: {part!r}")
        return time.monotonic() - begun

    def converse(self, quiet_seconds: float = 0.0) -> Channel:
        """Carry commands out until the other side closes, and give the channel as it is then.

        A reply is held back for *quiet_seconds*, in which nothing may arrive.
        """
        while (line := self.command()) is not None:
            if quiet_seconds and not self.still_waits(quiet_seconds):
                raise PeerError(f"did not wait for the reply to {line!r}")
            self.send(self.channel.execute(line))
        return self.channel

    def commands(self) -> Iterator[bytes]:
        """Give each command, for a test that replies by itself, until the other side closes."""
        while (line := self.command()) is not None:
            yield line

    def reset(self) -> None:
        """Close a connection of `call`'s so that the other side's next read or write fails."""
        if self._socket is not None:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._socket.close()

    def close(self) -> None:
        """Close a connection of `call`'s as a channel does that is gone."""
        if self._socket is not None:
            self._socket.close()

    def __enter__(self) -> Self:
        """Give the peer."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        self.close()

    def _receive(self, seconds: float) -> bytes | None:
        """Give what arrives within *seconds*: None is silence, empty is the end."""
        if not _ready(self._read, select.POLLIN, seconds):
            return None
        try:
            return os.read(self._read, 65536)
        except ConnectionResetError:
            return b""


def _ready(descriptor: int, event: int, seconds: float) -> bool:
    poll = select.poll()
    poll.register(descriptor, event)
    return bool(poll.poll(max(0.0, seconds) * 1000))
