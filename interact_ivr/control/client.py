"""The control socket's client, blocking: what the command line speaks through."""

import contextlib
import os
import socket
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from interact_ivr.secret_files import check_place


class NotRunning(Exception):
    """No service listens on the socket."""


class Refused(Exception):
    """The service refused; *faults* says why, one sentence each."""

    def __init__(self, code: str, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.code, self.faults = code, faults


def ask(
    path: Path,
    request: str,
    arguments: Mapping[str, object],
    *,
    parts: Iterable[object] = (),
    told: Callable[[Any], None] = lambda _: None,
    timeout: float = 60,
) -> Any:
    """Give the service's answer as plain values.

    *parts* are sent behind the request, as they come; what the service tells before its answer
    goes to *told*.

    Raises:
        NotRunning: nobody listens there.
        Refused: the service said no, or an argument is no text.
        OSError: the socket may not be opened, or is where anybody may put one, or the service did
            not answer in time.
    """
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        raise NotRunning(str(path)) from None
    check_place(path)
    text = _encoded({"request": request, "arguments": arguments})
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as connection:
        connection.settimeout(timeout)
        try:
            connection.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            raise NotRunning(str(path)) from None
        connection.sendall(text)
        for part in parts:
            connection.sendall(_encoded(part))
        connection.shutdown(socket.SHUT_WR)
        with connection.makefile("rb") as answers:
            for line in answers:
                if not line.endswith(b"\n"):
                    break  # half of it: the service has ended meanwhile
                answer = msgspec.json.decode(line)
                if "part" not in answer:
                    return _answer(answer)
                told(answer["part"])
    raise ConnectionError("the service closed the connection without an answer")


def _answer(answer: Any) -> Any:
    if "refused" in answer:
        raise Refused(answer["refused"]["code"], answer["refused"]["faults"])
    return answer["answer"]


def _encoded(line: object) -> bytes:
    try:
        return msgspec.json.encode(line) + b"\n"
    except UnicodeEncodeError as error:  # a byte of the command line that is no UTF-8
        bad = f"{error.object[error.start]!a} at position {error.start + 1}"
        raise Refused("bad_input", [f"expected UTF-8, got {bad}"]) from None
