"""What a soak makes of what it has measured and heard; what it measures is another hour's."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest

from testbed.report import MARK
from testbed.soaking.fates import COLUMNS, Fates
from testbed.soaking.picture import PLOTTED, TABLES, drawn
from testbed.soaking.samples import Sample, grown, rows

SAMPLE = Sample(
    seconds=0.0,
    calls=0,
    memory_mb=110.0,
    descriptors=43,
    tasks=43,
    threads=11,
    wal_mb=4.2,
    store_mb=10.0,
    rows={"journal": 16_000, "allocation": 5_000, "answer": 4_000, "token": 3},
    call_p50_ms=10.0,
    call_p99_ms=100.0,
    api_p50_ms=5.0,
    api_p99_ms=50.0,
)
CALL = "pbx-1.7"
LENT = ("allocated", "+380", "A1", "order-1", None, None)
FOUND = ("retrieved", "+380", "A1", "order-1", "testbed", CALL)
Entry = tuple[str, str, str, str, str | None, str | None]


def samples(**each: float) -> list[Sample]:
    """Give sixty samples, of which each figure named grows by so much in each."""
    return [
        replace(
            SAMPLE,
            seconds=10.0 * at,
            **{name: getattr(SAMPLE, name) + by * at for name, by in each.items()},
        )
        for at in range(60)
    ]


@pytest.mark.parametrize(
    "name", ["memory_mb", "descriptors", "tasks", "threads", "wal_mb", "store_mb"]
)
def test_what_grows_slowly_is_seen(name: str) -> None:
    """Whatever it is; a figure that stays is none."""
    assert [*grown(samples())] == []
    (told,) = grown(samples(**{name: 0.5}))
    assert told.startswith(f"{name} grew by")


def test_what_grows_at_first_only_has_not_grown() -> None:
    """Caches fill, and what goes up and down is no growth."""
    filling = [replace(each, memory_mb=100 + min(at, 19)) for at, each in enumerate(samples())]
    waving = [replace(each, tasks=43 + 30 * (at % 2)) for at, each in enumerate(samples())]
    assert [*grown(filling)] == [*grown(waving)] == []


def test_a_table_that_grows_is_named() -> None:
    """By its own rows; too few samples say nothing, and that is said."""
    growing = [
        replace(each, rows={**SAMPLE.rows, "token": 3 + 10 * at})
        for at, each in enumerate(samples())
    ]
    (told,) = grown(growing)
    assert told.startswith("rows of token grew by")
    assert [*grown(samples()[:3])] == ["3 samples are too few to say what grows"]


def journal(folder: Path, entries: Sequence[Entry]) -> Path:
    """Write a journal of one environment."""
    file = folder / "store.db"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(f"CREATE TABLE IF NOT EXISTS journal ({COLUMNS})")
        (there,) = connection.execute("SELECT count(*) FROM journal").fetchone()
        for at, (event, *rest) in enumerate(entries, start=there):
            written = (f"{at:026}", event, 1, *rest)
            connection.execute("INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?)", written)
    return file


def heard(folder: Path, *calls: str, status: str = "FOUND") -> Any:
    """Give a PBX whose Asterisk dialplan reported that *calls* were told order-1."""
    (folder / "log").mkdir(exist_ok=True)
    values = "BEGAN=MQ== INTERACT_STATUS={} INTERACT_ID=b3JkZXItMQ== INTERACT_ALLOCATION=QTE="
    told = {"FOUND": "Rk9VTkQ=", "UNAVAILABLE": "VU5BVkFJTEFCTEU="}[status]
    fields = f"label=told at=1.5 ani= uniqueid={{}} channel= {values.format(told)}"
    text = "".join(f"{MARK} {fields.format(call)}\n" for call in calls)
    (folder / "log/seen").write_text(text)
    return SimpleNamespace(folder=folder)


def faults(folder: Path, entries: Sequence[Entry], *calls: str, given: str = "order-1") -> str:
    """Give what does not fit."""
    fates = Fates()
    fates.acknowledge(given, "A1")
    fates.read_journal(journal(folder, entries))
    fates.read_calls(heard(folder, *calls))
    return "\n".join(fates.faults())


def test_what_fits_is_no_fault(tmp_path: Path) -> None:
    """Lent, found by one call, and that call told; also where it is read in parts."""
    fates = Fates()
    fates.acknowledge("order-1", "A1")
    for entry in (LENT, FOUND):
        fates.read_journal(journal(tmp_path, [entry]))
    assert fates.read_calls(heard(tmp_path, CALL)) == [0.5]
    assert [*fates.faults()] == []
    assert fates.counted() == {"retrieved": 1, "undelivered": 0}


@pytest.mark.parametrize(
    ("entries", "calls", "fault"),
    [
        ([], [], "the journal has nothing of it"),
        ([LENT, LENT], [], "is another's"),
        ([FOUND], [], "was not order-1's"),
        ([LENT, FOUND], [], "which was not told"),
        ([LENT, FOUND], [CALL, "pbx-1.8"], "was told to pbx-1.7 and to pbx-1.8"),
        ([LENT, FOUND], ["pbx-1.8"], "which it has not taken"),
        ([LENT], [CALL], "which it has not taken"),
    ],
)
def test_what_does_not_fit_is_named(
    tmp_path: Path, entries: Sequence[Entry], calls: Sequence[str], fault: str
) -> None:
    """Lost, of two, ended twice, told to nobody, to two, or to who has not taken it."""
    assert fault in faults(tmp_path, entries, *calls)


def test_who_was_told_free_and_is_not_is_named(tmp_path: Path) -> None:
    """So is a share of calls that were told UNAVAILABLE."""
    fates = Fates()
    fates.free("order-1")
    fates.read_journal(journal(tmp_path, [LENT]))
    fates.read_calls(heard(tmp_path, CALL, status="UNAVAILABLE"))
    assert [*fates.faults()] == [
        "order-1 was told free, and is not",
        "1 of 1 calls were told UNAVAILABLE",
    ]


def test_a_client_s_record_counts_to_its_last_whole_line(tmp_path: Path) -> None:
    """What it was told before the kill; the line that the kill has cut is none."""
    record = tmp_path / "record"
    given = json.dumps(["allocate", {}, {"interaction": "order-2", "id": "A2"}])
    record.write_text(f"{given}\n{given[:20]}")
    fates = Fates()
    fates.read_record(record)
    assert fates.acknowledged == {"order-2": "A2"}


def test_the_picture_has_every_figure() -> None:
    """A chart each, whole XML, its axes named."""
    picture = drawn(samples(), "A soak")
    root = ElementTree.fromstring(picture)
    text = [each.text for each in root.iter("{http://www.w3.org/2000/svg}text")]
    lines = [*root.iter("{http://www.w3.org/2000/svg}polyline")]
    assert len(lines) == len(PLOTTED) + len(TABLES) == text.count("minutes")
    assert {title for title, _ in PLOTTED.values()} <= set(text)


def test_rows_are_counted_past_the_service(tmp_path: Path) -> None:
    """Of each table."""
    assert rows(journal(tmp_path, [LENT, FOUND])) == {"journal": 2}
