"""What became of each interaction of a soak: read from journal and calls as they come.

The journal is purged meanwhile, so it is read past the service every few seconds; what the Asterisk
dialplan reported, too. At the end everything must fit: nothing that was acknowledged is missing, no
number was of two, no interaction was told to two calls, none was taken and told to nobody.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from testbed.pbx import Pbx
from testbed.report import Seen, read_log

BEGINS, ENDS = {"allocated", "lent early"}, {"retrieved", "expired", "freed", "replaced"}
COLUMNS = "id, event, environment_id, number, allocation_id, interaction, pbx, uniqueid"
UNAVAILABLE_SHARE = 0.001
"""Of calls, how many may be told UNAVAILABLE: the machine has other work, too."""
PBX = "testbed"


@dataclass(slots=True)
class Life:
    """An allocation, as the journal has it."""

    interaction: str
    number: str
    ended: str = ""
    pbx: str | None = None
    uniqueid: str | None = None
    undelivered: bool = False


@dataclass
class Fates:
    """All that is known of a soak; may be told things from any thread."""

    acknowledged: dict[str, str] = field(default_factory=dict)
    """By interaction, the allocation that a program was given; empty where it was told no id."""
    freed: set[str] = field(default_factory=set)
    """The interactions whose allocation a program was told to have ended."""
    statuses: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    """What could not be, as it was read."""
    lives: dict[str, Life] = field(default_factory=dict)
    _told: dict[str, tuple[str, str]] = field(default_factory=dict)
    _calls: set[str] = field(default_factory=set)
    _held: dict[tuple[str, str], str] = field(default_factory=dict)
    _after: str = ""
    _offset: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def acknowledge(self, interaction: str, allocation: str = "") -> None:
        """Note that a program was given a number for *interaction*."""
        with self._lock:
            self.acknowledged[interaction] = allocation

    def free(self, interaction: str) -> None:
        """Note that a program was told that *interaction* is free."""
        with self._lock:
            self.freed.add(interaction)

    def read_journal(self, database: Path) -> None:
        """Take in what was written since; must come before it is purged."""
        query = f"SELECT {COLUMNS} FROM journal WHERE id > ? ORDER BY id"
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            for row in connection.execute(query, (self._after,)):
                self._after = row[0]
                self._write(*row[1:])

    def _write(
        self,
        event: str,
        environment: str,
        number: str,
        allocation: str,
        interaction: str,
        pbx: str | None,
        uniqueid: str | None,
    ) -> None:
        place = (environment, number)
        if event in BEGINS:
            if place in self._held or allocation in self.lives:
                self.wrong.append(f"{number} is given to {interaction}, and is another's")
            self._held[place] = allocation
            self.lives[allocation] = Life(interaction, number)
        elif event in ENDS:
            if self._held.pop(place, None) != allocation:
                self.wrong.append(f"{event}: {number} was not {interaction}'s")
                return
            life = self.lives[allocation]
            life.ended, life.pbx, life.uniqueid = event, pbx, uniqueid
        elif event == "undelivered" and allocation in self.lives:
            self.lives[allocation].undelivered = True

    def read_calls(self, pbx: Pbx) -> list[float]:
        """Take in what the calls were told since, and give the seconds that each was asking."""
        with (pbx.folder / "log/seen").open("rb") as file:
            file.seek(self._offset)
            read = file.read()
        whole = read[: read.rfind(b"\n") + 1]
        self._offset += len(whole)
        return [*self._heard(whole.decode("utf-8", "replace"))]

    def _heard(self, text: str) -> Iterator[float]:
        for seen in read_log(text):
            status = seen.values["INTERACT_STATUS"]
            if status == "FOUND":
                self._find(seen)
            if seen.label == "told" or seen.uniqueid not in self._calls:
                self._calls.add(seen.uniqueid)
                self.statuses[status if seen.label == "told" else "hung up before"] += 1
            if seen.label == "told":
                yield seen.at - float(seen.values["BEGAN"])

    def _find(self, seen: Seen) -> None:
        allocation, interaction = (seen.values[f"INTERACT_{of}"] for of in ("ALLOCATION", "ID"))
        before = self._told.setdefault(allocation, (seen.uniqueid, interaction))
        if before != (seen.uniqueid, interaction):
            self.wrong.append(f"{interaction} was told to {before[0]} and to {seen.uniqueid}")

    def read_record(self, record: Path) -> None:
        """Take in what a client that was killed had been told."""
        for line in record.read_text("utf-8").splitlines(keepends=True):
            if not line.endswith("\n"):
                return  # the kill's
            request, arguments, answer = json.loads(line)
            self._remember(request, arguments, answer)

    def _remember(self, request: str, arguments: dict[str, Any], answer: dict[str, Any]) -> None:
        if not answer or "refused" in answer:
            return
        if request == "allocate":
            self.acknowledge(answer["interaction"], answer["id"])
        elif request == "retrieve" and answer["INTERACT_STATUS"] == "FOUND":
            allocation, interaction = answer["INTERACT_ALLOCATION"], answer["INTERACT_ID"]
            told = (arguments["uniqueid"], interaction)
            if self._told.setdefault(allocation, told) != told:
                self.wrong.append(f"{interaction} was told to two")

    def faults(self) -> Iterator[str]:
        """Name what does not fit, all that there is."""
        yield from self.wrong
        begun = {life.interaction: each for each, life in self.lives.items()}
        ended = {life.interaction for life in self.lives.values() if life.ended == "freed"}
        for interaction, allocation in self.acknowledged.items():
            if interaction not in begun or (allocation and allocation not in self.lives):
                yield f"{interaction} was given a number, and the journal has nothing of it"
        yield from (f"{each} was told free, and is not" for each in self.freed - ended)
        for allocation, (uniqueid, interaction) in self._told.items():
            life = self.lives.get(allocation)
            if life is None or (life.uniqueid, life.interaction) != (uniqueid, interaction):
                yield f"{uniqueid} was told {interaction}, which it has not taken"
        for allocation, life in self.lives.items():
            was_told = allocation in self._told or life.undelivered
            if life.ended == "retrieved" and life.pbx == PBX and not was_told:
                yield f"{life.interaction} was taken by {life.uniqueid}, which was not told"
        unavailable, calls = self.statuses["UNAVAILABLE"], self.statuses.total()
        if unavailable > UNAVAILABLE_SHARE * calls:
            yield f"{unavailable} of {calls} calls were told UNAVAILABLE"

    def counted(self) -> dict[str, int]:
        """Count the ends of allocations, and the calls that were not told."""
        ends = Counter(life.ended or "waiting" for life in self.lives.values())
        undelivered = sum(life.undelivered for life in self.lives.values())
        return dict(sorted(ends.items())) | {"undelivered": undelivered}
