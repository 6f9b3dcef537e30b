"""The page on security names tests that are there, and every row is held by one."""

from __future__ import annotations

import pytest

from tests.unit.test_failures_page import NAMED, ROOT

HEADINGS = ("| who,", "| where ", "|---")
ROWS = [
    line
    for line in (ROOT / "docs/security.md").read_text("utf-8").splitlines()
    if line.startswith("|") and not line.startswith(HEADINGS)
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[2].strip()[:60])
def test_a_row_is_held_by_tests_that_are_there(row: str) -> None:
    """Each names a function of a file."""
    named = NAMED.findall(row.rpartition("|")[0].rpartition("|")[2])
    assert named
    for file, function, _ in named:
        assert f"def {function}(" in (ROOT / file).read_text("utf-8"), (file, function)


def test_every_limit_s_key_is_one_of_the_configuration() -> None:
    """Where there is one."""
    from interact_ivr.config import keys

    known = {name for name, *_ in keys()}
    shown = {
        key.strip(" `")
        for row in ROWS
        if len(cells := row.split("|")) == 7
        for key in cells[4].split(",")
        if key.strip()
    }
    assert shown
    assert shown <= known
