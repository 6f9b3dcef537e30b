"""Checks what clients asked and were told against the journal; it knows nothing else."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from interact_ivr.stores.operations.times import from_micros

Record = tuple[str, dict[str, Any], Any]
"""What was asked, with which arguments, and the answer: None where none came."""

BEGINS = ("allocated", "lent early")
ENDS = ("retrieved", "freed", "expired")


class Row(NamedTuple):
    """A row of the journal."""

    id: str
    event: str
    number: str
    allocation: str
    interaction: str
    expires_at: int | None
    uniqueid: str | None


def read_journal(database: Path) -> list[Row]:
    """Read the journal past the service, in its order."""
    columns = "id, event, number, allocation_id, interaction, expires_at, uniqueid"
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return [Row(*row) for row in connection.execute(f"SELECT {columns} FROM journal")]


@dataclass(frozen=True)
class Checker:
    """The clients' *records* beside the *journal*."""

    records: list[Record]
    journal: list[Row]

    def check(self, numbers: Iterable[dict[str, Any]]) -> None:
        """Hold every law; *numbers* is the list that the service gives at the end."""
        self.check_lives(numbers)
        self.check_allocations()
        self.check_retrievals()
        self.check_frees()

    def check_lives(self, numbers: Iterable[dict[str, Any]]) -> None:
        """Nobody has a number that another holds, all begins and ends once, and the list agrees."""
        holder: dict[str, str] = {}
        waiting: dict[str, str] = {}
        begun: set[str] = set()
        for row in self.journal:
            if row.event in BEGINS:
                assert row.number not in holder, row
                assert row.interaction not in waiting, row
                assert row.allocation not in begun, row
                begun.add(row.allocation)
                holder[row.number] = row.allocation
                waiting[row.interaction] = row.number
            elif row.event == "renewed":
                assert holder[row.number] == row.allocation, row
            elif row.event in ENDS:
                assert holder.pop(row.number) == row.allocation, row
                assert waiting.pop(row.interaction) == row.number, row
        listed = {each["interaction"]: each["number"] for each in numbers if each["interaction"]}
        assert listed == waiting

    def check_allocations(self) -> None:
        """Each that was told is on record once; no more are than were asked for."""
        written = Counter(
            (row.interaction, row.allocation, row.number, _iso(row.expires_at))
            for row in self.journal
            if row.event in (*BEGINS, "renewed")
        )
        told = Counter(
            (answer["interaction"], answer["id"], answer["number"], answer["expires_at"])
            for _, _, answer in self._of("allocate")
            if answer and "refused" not in answer
        )
        assert told <= written, [*(told - written)][:5]
        asked = Counter(arguments["interaction"] for _, arguments, _ in self._of("allocate"))
        done = Counter(interaction for interaction, *_ in written.elements())
        assert done <= asked, [*(done - asked)][:5]

    def check_retrievals(self) -> None:
        """What a call was told is on record once; it was told nothing else, and no other was."""
        found = {
            (row.uniqueid, row.number): (row.interaction, row.allocation)
            for row in self.journal
            if row.event == "retrieved"
        }
        written = [row for row in self.journal if row.event == "retrieved"]
        assert len(found) == len(written)
        asked = {(each["uniqueid"], each["number"]) for _, each, _ in self._of("retrieve")}
        assert found.keys() <= asked
        for _, call, answer in self._of("retrieve"):
            if answer is None:
                continue
            key = (call["uniqueid"], call["number"])
            if answer["INTERACT_STATUS"] == "FOUND":
                assert found[key] == (answer["INTERACT_ID"], answer["INTERACT_ALLOCATION"])
            else:
                assert key not in found

    def check_frees(self) -> None:
        """Each that was told is on record once; each on record was asked for."""
        freed = Counter(row.allocation for row in self.journal if row.event == "freed")
        told = Counter(
            arguments["allocation"]
            for _, arguments, answer in self._of("free")
            if answer and answer.get("status") == "FREED"
        )
        asked = Counter(arguments["allocation"] for _, arguments, _ in self._of("free"))
        assert told <= freed <= asked

    def _of(self, request: str) -> list[Record]:
        return [record for record in self.records if record[0] == request]


def _iso(micros: int | None) -> str:
    assert micros is not None
    return from_micros(micros).isoformat().replace("+00:00", "Z")
