"""A client that asks a service for many things, whoever kills it meanwhile, and keeps a record.

``python -m testbed.client SOCKET PORT NAME COUNT RECORD`` plays an app on the control socket and
Asterisk on FastAGI. RECORD gets a JSON line for each request: what was asked, and the answer, null
where the service was gone before it gave one.
"""

from __future__ import annotations

import json
import random
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from interact_ivr.control.client import NotRunning, Refused, ask
from testbed.agi_peer import Peer, PeerError, environment

PATIENCE_SECONDS = 60.0
POLL_SECONDS = 0.02
MOST_HELD = 5
WEIGHTS = {"allocate": 5, "retrieve": 4, "again": 1, "free": 2, "list": 1}


@dataclass(frozen=True)
class Held:
    """An allocation that this client knows of."""

    number: str
    allocation: str
    interaction: str


class Client:
    """One of many clients: its interactions and calls have its own *name* in their ids."""

    def __init__(self, control: Path, port: int, name: str, record: Path) -> None:
        self._control, self._port, self._name = control, port, name
        self._random = random.Random(name)
        self._held: list[Held] = []
        self._told: list[tuple[str, str]] = []
        self._count = 0
        self._record = record.open("w", encoding="utf-8", buffering=1)

    def run(self, count: int) -> None:
        """Ask for *count* things, one after another."""
        kinds, weights = list(WEIGHTS), list(WEIGHTS.values())
        for self._count in range(count):
            kind = self._random.choices(kinds, weights)[0]
            if kind == "list":
                self._answer("number.list")
            elif kind == "again" and self._told:
                self._retrieve(*self._random.choice(self._told))
            elif not self._held or (kind == "allocate" and len(self._held) < MOST_HELD):
                self._allocate()
            elif kind == "free":
                self._free()
            else:
                held = self._take()
                self._retrieve(held.number, f"{self._name}.{self._count}")

    def _take(self) -> Held:
        return self._held.pop(self._random.randrange(len(self._held)))

    def _allocate(self) -> None:
        """Ask for a number: for a new interaction, or again for one that waits."""
        again = self._held and self._random.random() < 0.2
        interaction = (
            self._random.choice(self._held).interaction if again else f"{self._name}-{self._count}"
        )
        answer = self._answer("allocate", interaction=interaction)
        if "refused" not in answer and not again:
            self._held.append(Held(answer["number"], answer["id"], interaction))

    def _free(self) -> None:
        held = self._take()
        self._answer("free", number=held.number, allocation=held.allocation)

    def _retrieve(self, number: str, uniqueid: str) -> None:
        """Dial *number*, and ask again as the same call until there is an answer."""
        while self._dial(number, uniqueid) is None:
            pass
        self._told = [*self._told[-20:], (number, uniqueid)]

    def _dial(self, number: str, uniqueid: str) -> dict[str, str] | None:
        with self._connected() as peer:
            try:
                peer.send(
                    environment("retrieve_interaction?pbx=one", dnid=number, uniqueid=uniqueid)
                )
                peer.converse()
            except (ConnectionError, PeerError):
                pass  # killed meanwhile: what it had said before counts
            told = peer.channel.variables
        answered = told.get("INTERACT_STATUS") in ("FOUND", "NOT_ALLOCATED")
        answer = told if answered else None
        self._note("retrieve", {"number": number, "uniqueid": uniqueid}, answer)
        return answer

    def _connected(self) -> Peer:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return Peer.call(self._port)
            except ConnectionError:
                _wait(deadline)

    def _answer(self, request: str, **arguments: object) -> Any:
        """Ask over the control socket, again and again until there is an answer."""
        while (answer := self._ask(request, **arguments)) is None:
            pass
        return answer

    def _ask(self, request: str, **arguments: object) -> Any:
        """Ask once, as soon as the service is there; None where no answer came."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        answer = None
        while True:
            try:
                answer = ask(self._control, request, arguments)
            except NotRunning:
                _wait(deadline)
                continue
            except Refused as refused:
                answer = {"refused": refused.code}
            except ConnectionError:
                pass
            self._note(request, arguments, answer)
            return answer

    def _note(self, request: str, arguments: dict[str, Any], answer: Any) -> None:
        self._record.write(json.dumps([request, arguments, answer]) + "\n")


def _wait(deadline: float) -> None:
    if time.monotonic() > deadline:
        raise TimeoutError("the service did not come back")
    time.sleep(POLL_SECONDS)


def main() -> None:
    """Run one client."""
    control, port, name, count, record = sys.argv[1:]
    Client(Path(control), int(port), name, Path(record)).run(int(count))


if __name__ == "__main__":
    main()
