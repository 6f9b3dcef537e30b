"""The stream of an agent's screen, read in a thread of its own: each event with when it came."""

from __future__ import annotations

import json
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Any, Final, Self

from testbed.ports import LOOPBACK

PATIENCE_SECONDS: Final = 30.0
_AGAIN_SECONDS: Final = 0.05


@dataclass(frozen=True, slots=True)
class Shown:
    """What the stream showed from an instant on."""

    at: float
    """In Unix time."""
    call: Any
    """None: no call."""

    def shows(self, state: str | None, interaction: str | None) -> bool:
        """Say whether it is a call in *state* with *interaction*; for None and None, no call."""
        call = self.call or {"state": None, "interaction": None}
        return (call["state"], call["interaction"]) == (state, interaction)


class ScreenStream:
    """Reads the stream of *extension*, and opens it anew where it ends, as a browser would."""

    def __init__(self, http_port: int, token: str, extension: str) -> None:
        self.extension = extension
        self.seen: list[Shown] = []
        """Oldest first; each reconnect begins with what there is then."""
        self.began = 0
        """How often it was opened."""
        self._port, self._token = http_port, token
        self._ends = threading.Event()
        self._changed = threading.Condition()
        self._socket: socket.socket | None = None
        self._thread = threading.Thread(target=self._run, name=f"screen {extension}", daemon=True)

    def wait(self, state: str | None, interaction: str | None, since: float = 0.0) -> Shown:
        """Wait until it has shown a *state* with *interaction* from *since* on, and give the first.

        None and None: no call.
        """

        def found() -> Shown | None:
            there = (shown for shown in self.seen if shown.at >= since)
            return next((shown for shown in there if shown.shows(state, interaction)), None)

        with self._changed:
            shown = self._changed.wait_for(found, PATIENCE_SECONDS)
        if shown is None:
            raise AssertionError(f"{self.extension}: no {state} {interaction} in {self.seen}")
        return shown

    def __enter__(self) -> Self:
        """Open it, and wait for the first event."""
        self._thread.start()
        with self._changed:
            assert self._changed.wait_for(lambda: self.seen, PATIENCE_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self._ends.set()
        with suppress(OSError):  # the other side may have closed it first
            if self._socket is not None:
                self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(PATIENCE_SECONDS)

    def _run(self) -> None:
        while not self._ends.is_set():
            try:
                self._read()
            except (OSError, HTTPException):
                self._ends.wait(_AGAIN_SECONDS)

    def _read(self) -> None:
        connection = HTTPConnection(LOOPBACK, self._port, timeout=PATIENCE_SECONDS)
        try:
            connection.connect()
            self._socket = connection.sock
            headers = {"Authorization": f"Bearer {self._token}"}
            connection.request("GET", f"/api/v1/agents/{self.extension}/events", None, headers)
            answer = connection.getresponse()
            assert answer.status == 200, answer.read()
            self.began += 1
            for line in iter(answer.readline, b""):
                if line.startswith(b"data: "):
                    self._take(Shown(time.time(), json.loads(line[6:])))
        finally:
            connection.close()

    def _take(self, shown: Shown) -> None:
        with self._changed:
            self.seen.append(shown)
            self._changed.notify_all()
