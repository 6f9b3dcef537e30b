"""The control socket's client, blocking: what the command line speaks through."""

import contextlib
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec


class NotRunning(Exception):
    """No service listens on the socket."""


class Refused(Exception):
    """The service refused; *faults* says why, one sentence each."""

    def __init__(self, code: str, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.code, self.faults = code, faults


def ask(path: Path, request: str, arguments: Mapping[str, object], *, timeout: float = 60) -> Any:
    """Give the service's answer as plain values.

    Raises:
        NotRunning: nobody listens there.
        Refused: the service said no, or an argument is no text.
        OSError: the socket may not be opened, or the service did not answer in time.
    """
    try:
        text = msgspec.json.encode({"request": request, "arguments": arguments})
    except UnicodeEncodeError as error:  # a byte of the command line that is no UTF-8
        bad = f"{error.object[error.start]!a} at position {error.start + 1}"
        raise Refused("bad_input", [f"expected UTF-8, got {bad}"]) from None
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as connection:
        connection.settimeout(timeout)
        try:
            connection.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            raise NotRunning(str(path)) from None
        connection.sendall(text)
        connection.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: connection.recv(1 << 20), b""))
    try:
        decoded = msgspec.json.decode(answer)
    except msgspec.DecodeError:  # nothing, or half of it: the service has ended meanwhile
        raise ConnectionError("the service closed the connection without an answer") from None
    if "refused" in decoded:
        raise Refused(decoded["refused"]["code"], decoded["refused"]["faults"])
    return decoded["answer"]
