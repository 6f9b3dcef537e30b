"""The CSV file of numbers: whose heading is which column, and cells no spreadsheet calculates."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interact_ivr.number_file import (
    NumberFileError,
    as_meant,
    harmless,
    header_line,
    number_lines,
    read_numbers,
)

FORMULAS = st.text("'=+-@\t\r\uff1d\uff0b1A ", max_size=6)


def read(folder: Path, text: str, headings: dict[str, str] | None = None) -> list[dict[str, Any]]:
    file = folder / "numbers.csv"
    file.write_bytes(text.encode())
    return [*read_numbers(str(file), headings or {}, lambda _: None)]


def rows(chunks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for chunk in chunks for row in chunk["rows"]]


def test_a_heading_stands_for_our_column(tmp_path: Path) -> None:
    """In any case, in any order; what is mapped to none of ours is passed over."""
    text = "Comment,SKILL,did,dnid\nours,sales,4500,45\n"
    (row,) = rows(read(tmp_path, text, {"number": "DID", "group": "Skill"}))
    assert row == {"line": 2, "number": "4500", "group": "sales", "dnid": "45", "enabled": True}


def test_a_mapped_column_is_not_found_under_its_own_name(tmp_path: Path) -> None:
    """The file may have both, and the heading that was named is the one that counts."""
    (row,) = rows(read(tmp_path, "number,DID\n1,4500\n", {"number": "DID"}))
    assert row["number"] == "4500"


@pytest.mark.parametrize(
    ("text", "headings", "faults"),
    [
        ("a,b\n", {"number": "DID"}, ["line 1: expected a header with DID"]),
        ("DID\n", {"number": "DID", "group": "G"}, ["line 1: expected a header with G"]),
        ("DID,did\n", {"number": "DID"}, ["line 1: the column 'did' stands twice"]),
        ("group,Skill\n", {}, ["line 1: 'skill' is not a column", "line 1: expected a header"]),
    ],
)
def test_a_header_that_does_not_fit_is_refused(
    tmp_path: Path, text: str, headings: dict[str, str], faults: list[str]
) -> None:
    """The heading that is missing is named as the file should have it."""
    with pytest.raises(NumberFileError) as refused:
        read(tmp_path, text, headings)
    assert len(refused.value.faults) == len(faults)
    for told, fault in zip(refused.value.faults, faults, strict=True):
        assert told.startswith(fault)


def test_a_record_is_named_by_the_line_it_begins_on(tmp_path: Path) -> None:
    """Also where a quoted cell goes over several lines, behind empty ones, and has no end."""
    text = 'number,group\n1,"a\nb\nc"\n\n"2\n",a,b\n3,\n4,"a\nb\n'
    (chunk,) = read(tmp_path, text)
    assert [row["line"] for row in chunk["rows"]] == [2, 8]
    assert chunk["faults"] == [
        "line 6: expected 2 columns, got 3",
        "line 9: not CSV: unexpected end of data",
    ]


def test_a_file_comes_in_chunks_of_a_bounded_size(tmp_path: Path) -> None:
    """By rows and by their length; all but the last say that more follows, and no row is lost."""
    short = read(tmp_path, "number\n" + "".join(f"{number}\n" for number in range(5000)))
    assert [(len(chunk["rows"]), chunk["more"]) for chunk in short] == [
        (2000, True),
        (2000, True),
        (1000, False),
    ]
    assert [row["number"] for row in rows(short)] == [str(number) for number in range(5000)]
    long = read(tmp_path, "number\n" + ("1" * 100_000 + "\n") * 25)
    assert [len(chunk["rows"]) for chunk in long] == [3] * 8 + [1]


@given(FORMULAS)
def test_a_harmless_cell_is_no_formula_and_means_the_same(cell: str) -> None:
    """No spreadsheet calculates it, and the import undoes it exactly."""
    assert harmless(cell)[:1] not in set("=+-@\t\r\uff1d\uff0b\uff0d\uff20")
    assert as_meant(harmless(cell)) == cell


@given(st.lists(st.tuples(FORMULAS.map(str.strip), FORMULAS.map(str.strip), st.booleans())))
def test_what_is_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, numbers: list[tuple[str, str, bool]]
) -> None:
    """Cell by cell, whatever they hold."""
    text = header_line() + number_lines(
        {"entered": entered, "group": group, "dnid": None, "enabled": enabled}
        for entered, group, enabled in numbers
    )
    assert next(csv.reader(io.StringIO(text, newline=""))) == ["number", "group", "dnid", "enabled"]
    again = rows(read(tmp_path_factory.getbasetemp(), text))
    assert [(row["number"], row["group"] or "", row["enabled"]) for row in again] == numbers
