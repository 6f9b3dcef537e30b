"""The page of failures names tests that are there, and each failure that they try."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from testbed.store_failures import LASTING, LASTING_LONG, PASSING

ROOT = Path(__file__).parent.parent.parent
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)(?:\[(\w+)\])?`")
ROWS = [
    line
    for line in (ROOT / "docs/failures.md").read_text("utf-8").splitlines()
    if line.startswith("|") and "held by" not in line and "---" not in line
]
FAILURES = {each.name.replace(" ", "_") for each in (*LASTING, *LASTING_LONG, *PASSING)}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[1].strip())
def test_a_row_is_held_by_tests_that_are_there(row: str) -> None:
    """Each names a function of a file, and which failure it tries."""
    named = NAMED.findall(row.rpartition("|")[0].rpartition("|")[2])
    assert named
    for file, function, parameter in named:
        text = (ROOT / file).read_text("utf-8")
        assert f"def {function}(" in text, (file, function)
        assert not parameter or parameter in FAILURES, parameter


def test_each_failure_that_is_tried_has_a_row() -> None:
    """Nobody has to look into the tests to know what was thought of."""
    assert {parameter for row in ROWS for _, _, parameter in NAMED.findall(row)} >= FAILURES
