"""A number of a running service's pool: allocated over the control socket, dialed by AGI peers."""

from __future__ import annotations

import itertools
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from interact_ivr.control.client import ask
from testbed.agi_peer import Channel, Peer, environment
from testbed.service import Service

_COUNT = itertools.count(1)


def control(service: Service, request: str, **arguments: object) -> Any:
    """Ask what ``interact-ivr`` would ask; raises `Refused`. No process is started for it."""
    return ask(service.control_socket, request, arguments, timeout=5)


@dataclass(frozen=True)
class Line:
    """A number that nobody else of the test run allocates, since its group is its own."""

    service: Service
    number: str
    group: str
    _calls: Any = field(default_factory=lambda: itertools.count(1), repr=False)

    @classmethod
    def taken_into(cls, service: Service, *, number: str = "", group: str = "") -> Line:
        """Take a number into the pool: the next one of a block, unless one is given."""
        count = next(_COUNT)
        line = cls(service, number or f"38097452{count:04}", group or f"line {count}")
        row = {"line": 1, "number": line.number, "group": line.group}
        control(service, "number.import", rows=[row])
        return line

    @property
    def key(self) -> str:
        """The number as stored, where it is an international one."""
        return f"+{self.number}"

    def allocate(self, interaction: str) -> Any:
        """Allocate it to *interaction*."""
        return control(self.service, "allocate", interaction=interaction, group=self.group)

    def state(self) -> str:
        """Say what the number is now (``allocated``, ``resting``, ``idle``)."""
        numbers = control(self.service, "number.list")["numbers"]
        return str(next(each["state"] for each in numbers if each["group"] == self.group))

    def journal(self) -> list[str]:
        """Give the events of its journal, in order, from the file and not from the service."""
        file = f"file:{self.service.database}?mode=ro"
        query = "SELECT event FROM journal WHERE number IN (?, ?) ORDER BY id"
        with closing(sqlite3.connect(file, uri=True)) as connection:
            return [event for (event,) in connection.execute(query, (self.key, self.number))]

    def opening(self, *arguments: str, script: str = "retrieve_interaction", **given: str) -> bytes:
        """Write the environment of a new call that dialed this number."""
        here = {"dnid": self.number, "uniqueid": f"{self.group}.{next(self._calls)}"}
        return environment(script, *arguments, **here | given)

    def call(self, *arguments: str, script: str = "retrieve_interaction", **given: str) -> Channel:
        """Dial this number: lead a whole session, and give what the channel knows after it."""
        with Peer.call(self.service.agi_port) as peer:
            peer.send(self.opening(*arguments, script=script, **given))
            return peer.converse()

    def dial(self, *arguments: str, script: str = "retrieve_interaction", **given: str) -> Peer:
        """Dial this number, and give the peer before it answers any command."""
        peer = Peer.call(self.service.agi_port)
        peer.send(self.opening(*arguments, script=script, **given))
        return peer


def without_use(listed: Any) -> Any:
    """Give plain values without when keys and tokens were last shown, which asking changes."""
    if isinstance(listed, dict):
        return {name: without_use(value) for name, value in listed.items() if name != "used_at"}
    return [without_use(each) for each in listed] if isinstance(listed, list) else listed
