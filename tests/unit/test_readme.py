"""README.md names no test that is not there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def _wire_compatibility() -> list[list[str]]:
    """Give the cells of the table's rows."""
    text = (ROOT / "README.md").read_text("utf-8")
    _, _, section = text.partition("\n### Wire compatibility\n")
    lines = re.split(r"\n#{2,3} ", section)[0].splitlines()
    rows = [line.strip("|").split("|") for line in lines if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def test_every_row_names_tests_that_are_there() -> None:
    """A documented behaviour is held by a test of this name, or the row has to go."""
    there = {
        name
        for file in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^(?:async )?def (test_\w+)", file.read_text("utf-8"), re.MULTILINE)
    }
    rows = _wire_compatibility()
    assert len(rows) > 25
    for documented, ours, tests in rows:
        named = re.findall(r"`(test_\w+)`", tests)
        assert named, (documented, ours)
        assert set(named) <= there, (documented, ours)
