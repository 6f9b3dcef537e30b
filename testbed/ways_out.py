"""The table of injection: the ways by which a text comes out, each with what it must not do.

Each reads what a place's numbers have, by the number. What is not equal there is what is wrong.
"""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import unicodedata
from collections.abc import Callable
from contextlib import closing
from typing import Any, Final
from xml.etree import ElementTree as ET

from interact_ivr.domain.shown import shown
from testbed.agi_peer import Peer, environment
from testbed.vendor import AGENT, DNIS, Way
from testbed.ways_in import Place

WayOut = Callable[[Place], dict[str, str]]

_CALCULATED: Final = ("=", "+", "-", "@", "\t", "\r")
_MOST: Final = "999"


def acts(text: str) -> set[str]:
    """Give the signs of *text* that a terminal, or a reader of lines, would take for more."""
    kinds = ("Cc", "Cs", "Zl", "Zp", "Cf")
    return {sign for sign in text if unicodedata.category(sign) in kinds and ord(sign) < 0xE0000}


def of_store(place: Place) -> dict[str, str]:
    """Read the file itself, which is whole."""
    query = (
        "SELECT n.number, n.group_name, a.interaction FROM number n"
        " JOIN environment e ON e.id = n.environment_id"
        " LEFT JOIN allocation a ON a.number_id = n.id AND a.ended_at IS NULL"
        " WHERE e.tenant || '/' || e.name = ?"
    )
    file = f"file:{place.shop.service.database}?mode=ro"
    with closing(sqlite3.connect(file, uri=True)) as store:
        assert store.execute("PRAGMA quick_check").fetchone() == ("ok",)
        rows = store.execute(query, (place.shop.environment,)).fetchall()
    at = 1 if place.way.is_group else 2
    return {row[0]: row[at] for row in rows if row[at] is not None}


def _listed(place: Place, rows: list[dict[str, Any]]) -> dict[str, str]:
    name = "group" if place.way.is_group else "interaction"
    return {row["number"]: row[name] for row in rows if row[name] is not None}


def of_json(place: Place) -> dict[str, str]:
    """Read what the command line tells programs."""
    text = place.command("number", "list", "--limit", _MOST, "--json")
    assert acts(text) <= {"\n"}
    return _listed(place, json.loads(text))


def of_table(place: Place) -> dict[str, str]:
    """Read what it tells people: a line for each number, in which a text is as it may be shown."""
    text = place.command("number", "list", "--limit", _MOST)
    assert acts(text) <= {"\n"}
    lines = {line.split()[0]: line for line in text.split("\n") if "+" in line[:2]}
    assert len(lines) == len(place.command("number", "export").splitlines()) - 1
    known = place.by_number.items()
    return {n: t if shown(t).strip() in lines[n] else lines[n] for n, t in known}


def of_api(place: Place) -> dict[str, str]:
    """Read the native API."""
    return _listed(place, place.api.get("/numbers", limit=_MOST)["numbers"])


def of_csv(place: Place) -> dict[str, str]:
    """Read an export as a spreadsheet does, and calculates no cell; an apostrophe is no text."""
    rows = [*csv.reader(io.StringIO(place.command("number", "export")))][1:]
    assert [cell for row in rows for cell in row if cell.startswith(_CALCULATED)] == []
    if not place.way.is_group:
        return place.by_number
    known = place.by_number
    groups = {row[0].removeprefix("'"): row[1] for row in rows if row[1]}
    return {
        n: known[n] if text in (known[n], f"'{known[n]}") else text for n, text in groups.items()
    }


def of_agi(place: Place) -> dict[str, str]:
    """Read the channel variables of a call to each number, which is free then."""
    return {number: _called(place, number) for number in place.by_number}


def _called(place: Place, number: str) -> str:
    if place.way.is_group:
        place.shop.allocate(f"of {number}", group=place.by_number[number])
    script = f"retrieve_interaction?environment={place.shop.environment}"
    with Peer.call(place.shop.service.agi_port) as peer:
        peer.send(environment(script, number, uniqueid=f"call of {number}"))
        channel = peer.converse()
    assert channel.last_pair == "INTERACT_STATUS"
    assert {name.startswith("INTERACT_") for name in channel.variables} == {True}
    return channel.variables["INTERACT_GROUP" if place.way.is_group else "INTERACT_ID"]


def of_rest(place: Place) -> dict[str, str]:
    """Read the vendor's API in plain text."""
    return {number: Way(place.shop, "rest").get(number).text for number in place.by_number}


def of_soap(place: Place) -> dict[str, str]:
    """Read it in XML, by a parser that is not ours."""
    bodies = {number: Way(place.shop, "soap").get(number).body for number in place.by_number}
    results = {number: ET.fromstring(body) for number, body in bodies.items()}
    return {number: _result(envelope) for number, envelope in results.items()}


def _result(envelope: ET.Element) -> str:
    texts = [envelope.findtext(f".//{{{space}}}result") for space in (AGENT, DNIS)]
    return next(text for text in texts if text is not None)


ALL_AT_ONCE: Final[dict[str, WayOut]] = {
    "store": of_store,
    "JSON": of_json,
    "table": of_table,
    "native API": of_api,
    "CSV": of_csv,
}
"""Ways that show a whole pool."""
OF_INTERACTIONS: Final[dict[str, WayOut]] = {"REST": of_rest, "SOAP": of_soap, "AGI": of_agi}
"""Ways that tell of one interaction; the last of them takes it."""
OF_GROUPS: Final[dict[str, WayOut]] = {"AGI": of_agi}
