"""An audit is clean only where all was looked up; what could not be has a status of its own."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from testbed.audit import ADVISORIES, CLEAN, UNKNOWN, audit

FINE = {"name": "click", "version": "8.5.1", "vulns": []}
BAD = {"name": "jinja2", "version": "3.1.6", "vulns": [{"id": "PYSEC-1"}, {"id": "PYSEC-2"}]}
PASSED_OVER = {"name": "yarl", "skip_reason": "not found"}


def saying(text: str, status: int = 0, complaint: str = "") -> list[str]:
    """Give a program that says this in pip-audit's place."""
    script = "import sys; print(sys.argv[1]); print(sys.argv[2], file=sys.stderr)"
    return [sys.executable, "-c", f"{script}; sys.exit({status})", text, complaint]


@pytest.mark.parametrize(
    ("found", "status", "said"),
    [
        ([FINE, FINE], CLEAN, "2 packages, no known advisory"),
        ([FINE, BAD], ADVISORIES, "jinja2 3.1.6: PYSEC-1, PYSEC-2"),
        ([BAD, PASSED_OVER], ADVISORIES, "jinja2 3.1.6"),
        ([FINE, PASSED_OVER], UNKNOWN, "1 of 2 packages could not be looked up"),
        ([], UNKNOWN, "no package was looked up"),
    ],
)
def test_an_audit_is_judged_by_what_was_looked_up(
    found: list[dict[str, Any]], status: int, said: str
) -> None:
    """Not by pip-audit's own status, which is 0 also where it passed all over."""
    verdict = audit(saying(json.dumps({"dependencies": found}), int(BAD in found)))
    assert verdict.status == status
    assert said in verdict.said


@pytest.mark.parametrize("text", ["", "no JSON", "[]", '{"other": 1}'])
def test_an_index_that_cannot_be_reached_is_said(text: str) -> None:
    """With the last that pip-audit said of it."""
    verdict = audit(saying(text, 1, "a trace\nConnectionError: no route"))
    assert verdict.status == UNKNOWN
    assert verdict.said.endswith("could not be reached: ConnectionError: no route")


def test_a_pip_audit_that_cannot_be_had_is_said() -> None:
    """Nor one that does not come to an end."""
    assert audit(["/nowhere/pip-audit"]).status == UNKNOWN
    endless = [sys.executable, "-c", "import signal; signal.pause()"]
    assert "could not be run" in audit(endless, seconds=0.1).said
