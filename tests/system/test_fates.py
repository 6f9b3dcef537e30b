"""The checker of fates sees what must not be: each in a run of one call that is otherwise well."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from testbed.pbx import Pbx
from testbed.report import MARK
from testbed.service import Service
from testbed.sipp import Call, Outcome
from testbed.sites import Customers, Site
from testbed.tools import Tools
from tests.system.fates import Entry, Fates

NUMBER, ANI = "+380974520200", "44163290001"
BEGUN = Entry("allocated", NUMBER, "A1", "order", None, None)
TAKEN = Entry("retrieved", NUMBER, "A1", "order", "one", "1.1")
UNDELIVERED = Entry("undelivered", NUMBER, "A1", "order", "one", "1.1")
ANSWER = {"id": "A1", "number": NUMBER}


@pytest.fixture
def site(tools: Tools, tmp_path: Path) -> Iterator[Site]:
    """Give a site whose Asterisk has written nothing yet."""
    site = Site("one", Service(tmp_path / "node"), Pbx(tools, tmp_path / "pbx", extensions=""))
    yield site
    site.pbx.stop()
    site.node.close()


def told(site: Site, status: str, *, uniqueid: str = "1.1", after: float = 1.0) -> None:
    """Have a call reported as the Asterisk dialplan does."""
    values = {"INTERACT_STATUS": status, "INTERACT_ALLOCATION": "A1" if status == "FOUND" else ""}
    lines = [
        f"{MARK} label={label} at={at} ani={_coded(ANI)} uniqueid={uniqueid} channel= "
        + " ".join(f"{name}={_coded(value)}" for name, value in values.items())
        for label, at in (("arrived", 100.0), ("ivr", 100.0 + after))
    ]
    with (site.pbx.folder / "log/seen").open("a") as log:
        log.write("\n".join(lines) + "\n")


def _coded(value: str) -> str:
    return b64encode(value.encode()).decode()


def fates_of(site: Site, tools: Tools, *journal: Entry, heard: int = 200) -> Fates:
    """Give what is known where one call was heard to be answered so."""
    customers = Customers(tools, [site], "", 0)
    customers.acknowledged["order"] = ANSWER
    customers.heard[ANI] = Outcome(Call(NUMBER, ANI), "", heard, 0.1)
    return Fates([site], customers, journal)


def test_what_is_well_has_a_fate(tools: Tools, site: Site) -> None:
    """One is found, by the call that took it."""
    told(site, "FOUND")
    assert fates_of(site, tools, BEGUN, TAKEN).check() == {"found": 1}


@pytest.mark.parametrize(
    ("journal", "law"),
    [
        ((BEGUN, BEGUN, TAKEN), Fates.replayed_wrongly),
        ((BEGUN, TAKEN, TAKEN), Fates.replayed_wrongly),
        ((TAKEN,), Fates.replayed_wrongly),
        ((), Fates.acknowledged_and_not_there),
        ((BEGUN._replace(number="+380974520201"),), Fates.acknowledged_and_not_there),
        ((BEGUN,), Fates.told_wrongly),
        ((BEGUN, TAKEN._replace(uniqueid="2.2")), Fates.told_wrongly),
    ],
)
def test_a_journal_that_says_otherwise_is_seen(
    tools: Tools, site: Site, journal: tuple[Entry, ...], law: Callable[[Fates], Iterator[object]]
) -> None:
    """Twice, never begun, not there, another number, another call."""
    told(site, "FOUND")
    assert [*law(fates_of(site, tools, *journal))] != []


def test_two_calls_that_are_told_the_same_are_seen(tools: Tools, site: Site) -> None:
    """Whatever the journal has."""
    told(site, "FOUND")
    told(site, "FOUND", uniqueid="2.2")
    assert ("told twice", "A1") in [*fates_of(site, tools, BEGUN, TAKEN).told_wrongly()]


def test_who_heard_something_else_or_waited_too_long_is_seen(tools: Tools, site: Site) -> None:
    """By what SIPp heard, and by the Asterisk dialplan's own times."""
    told(site, "FOUND", after=2.6)
    fates = fates_of(site, tools, BEGUN, TAKEN, heard=486)
    assert [*fates.heard_wrongly()] == [(ANI, (486, "FOUND"))]
    assert [ani for ani, _ in fates.told_late()] == [ANI]


def test_what_nobody_was_told_is_lost_unless_it_is_on_record(tools: Tools, site: Site) -> None:
    """Or unless the call's node was away while it was there."""
    told(site, "UNAVAILABLE")
    fates = fates_of(site, tools, BEGUN, TAKEN, heard=486)
    assert fates.fates() == {"A1": "lost"}
    assert replace(fates, journal=(BEGUN, TAKEN, UNDELIVERED)).fates() == {"A1": "consumed"}
    site.gone.append((100.5, 103.0))
    assert fates.fates() == {"A1": "consumed as its node died"}
