"""What became of each interaction: from what programs and calls were told, and from the journal.

It was found, has expired, waits, or was consumed by a call that was told UNAVAILABLE. The journal
says so of that, unless the call's node died before it could; nobody else was told of it then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import psycopg

from testbed.sites import Customers, Site

BEGINS, ENDS = {"allocated", "lent early"}, {"retrieved", "expired", "freed", "replaced"}
ANSWERED, REFUSED = 200, 486
WITHIN_SECONDS = 2.5


class Entry(NamedTuple):
    """A row of the journal."""

    event: str
    number: str
    allocation: str
    interaction: str
    pbx: str | None
    uniqueid: str | None


def read_journal(url: str) -> list[Entry]:
    """Read the journal past the nodes, in its order."""
    columns = "event, number, allocation_id, interaction, pbx, uniqueid"
    with psycopg.connect(url) as connection:
        rows = connection.execute(f"SELECT {columns} FROM journal ORDER BY id").fetchall()
    return [Entry(*row) for row in rows]


@dataclass(frozen=True)
class Fates:
    """All that is known of a run."""

    sites: Sequence[Site]
    customers: Customers
    journal: Sequence[Entry]

    def check(self) -> Counter[str]:
        """Hold every law, and count the fates."""
        assert [*self.replayed_wrongly()] == []
        assert [*self.acknowledged_and_not_there()] == []
        assert [*self.told_wrongly()] == []
        assert [*self.heard_wrongly()] == []
        assert [*self.told_late()] == []
        return Counter(self.fates().values())

    def replayed_wrongly(self) -> Iterator[Entry]:
        """Name what cannot be: a number of two, an end of what is over, two ends."""
        held: dict[str, str] = {}
        for entry in self.journal:
            if entry.event in BEGINS:
                if entry.number in held:
                    yield entry
                held[entry.number] = entry.allocation
            elif entry.event in ENDS and held.pop(entry.number, None) != entry.allocation:
                yield entry

    def acknowledged_and_not_there(self) -> Iterator[Any]:
        """Name what a program was given and the journal does not have."""
        begun = {
            (each.interaction, each.allocation, each.number)
            for each in self.journal
            if each.event in BEGINS
        }
        for interaction, answer in self.customers.acknowledged.items():
            if (interaction, answer["id"], answer["number"]) not in begun:
                yield answer

    def told_wrongly(self) -> Iterator[tuple[str, Any]]:
        """Name calls that were told what they did not take, or what another one was told."""
        taken = {(each.pbx, each.uniqueid): each.allocation for each in self._of("retrieved")}
        told = Counter(values["INTERACT_ALLOCATION"] for values in self._found.values())
        yield from (("told twice", each) for each, count in told.items() if count > 1)
        for call, values in self._found.items():
            if taken.get(call) != values["INTERACT_ALLOCATION"]:
                yield "not on record", call

    def heard_wrongly(self) -> Iterator[tuple[str, Any]]:
        """Name callers who heard something else than the Asterisk dialplan knew."""
        for site in self.sites:
            for ani, seen in site.seen("ivr").items():
                heard = self.customers.heard.get(ani)
                is_found = seen.values["INTERACT_STATUS"] == "FOUND"
                if heard and heard.status != (ANSWERED if is_found else REFUSED):
                    yield ani, (heard.status, seen.values["INTERACT_STATUS"])

    def told_late(self) -> Iterator[tuple[str, float]]:
        """Name calls that reached the default IVR late, or never."""
        for site in self.sites:
            went_on = site.seen("ivr")
            for ani, arrived in site.seen("arrived").items():
                took = went_on[ani].at - arrived.at if ani in went_on else float("inf")
                if took > WITHIN_SECONDS:
                    yield ani, took

    def fates(self) -> dict[str, str]:
        """Give what became of each allocation."""
        fates: dict[str, str] = {}
        for entry in self.journal:
            if entry.event in BEGINS:
                fates[entry.allocation] = "waiting"
            elif entry.event == "retrieved":
                fates[entry.allocation] = self._of_retrieved(entry)
            elif entry.event in ENDS:
                fates[entry.allocation] = entry.event
        return fates

    def _of_retrieved(self, entry: Entry) -> str:
        if (entry.pbx, entry.uniqueid) in self._found:
            return "found"
        if entry.allocation in {each.allocation for each in self._of("undelivered")}:
            return "consumed"
        return "consumed as its node died" if self._died_meanwhile(entry) else "lost"

    def _died_meanwhile(self, entry: Entry) -> bool:
        site = next(each for each in self.sites if each.name == entry.pbx)
        begun = {each.uniqueid: each for each in site.pbx.seen("arrived")}[entry.uniqueid or ""]
        ended = {each.uniqueid: each for each in site.pbx.seen("ivr")}[entry.uniqueid or ""]
        return site.was_away(begun.at, ended.at)

    def _of(self, event: str) -> Iterator[Entry]:
        return (each for each in self.journal if each.event == event)

    @cached_property
    def _found(self) -> Mapping[tuple[str | None, str | None], dict[str, str]]:
        """Give what the calls know that were told FOUND."""
        return {
            (site.name, seen.uniqueid): seen.values
            for site in self.sites
            for seen in site.pbx.seen("ivr")
            if seen.values["INTERACT_STATUS"] == "FOUND"
        }
