"""``make audit``: are there known advisories against what the lock names? pip-audit is asked.

pip-audit says that nothing is known also where it could look nothing up. Here that is another end:
exit status 0 is that all were looked up and none has an advisory, 1 that some have, 2 that
pip-audit or the index of advisories could not be had, or does not know all of them.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from testbed.locked import LOCK

CLEAN, ADVISORIES, UNKNOWN = 0, 1, 2
PATIENCE_SECONDS: Final = 300
_UV: Final = str(Path(sys.executable).parent / "uv")
PIP_AUDIT: Final = (
    *(_UV, "tool", "run", "pip-audit", "--disable-pip", "--require-hashes"),
    *("--progress-spinner", "off", "-f", "json", "-r", str(LOCK)),
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How an audit ended: the exit status, and what is said of it."""

    status: int
    said: str


def audit(command: Sequence[str] = PIP_AUDIT, seconds: float = PATIENCE_SECONDS) -> Verdict:
    """Run pip-audit, and judge what it says."""
    try:
        done = subprocess.run(
            command, capture_output=True, check=False, encoding="utf-8", timeout=seconds
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Verdict(UNKNOWN, f"pip-audit could not be run: {error}")
    try:
        found = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError, TypeError):
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        return Verdict(UNKNOWN, f"the index of advisories could not be reached: {last}")
    return judged(found)


def judged(found: Sequence[dict[str, Any]]) -> Verdict:
    """Judge what pip-audit found of each package: its advisories, or why it was passed over."""
    advisories = [
        f"{each['name']} {each['version']}: {', '.join(one['id'] for one in each['vulns'])}"
        for each in found
        if each.get("vulns")
    ]
    if advisories:
        return Verdict(ADVISORIES, "\n".join(advisories))
    if unknown := [each["name"] for each in found if "skip_reason" in each]:
        return Verdict(
            UNKNOWN,
            f"{len(unknown)} of {len(found)} packages could not be looked up, "
            f"so nothing is known of them: {', '.join(unknown)}",
        )
    if not found:
        return Verdict(UNKNOWN, "no package was looked up")
    return Verdict(CLEAN, f"{len(found)} packages, no known advisory")


def main() -> int:
    """Say the verdict."""
    verdict = audit()
    print(verdict.said)
    return verdict.status


if __name__ == "__main__":
    sys.exit(main())
