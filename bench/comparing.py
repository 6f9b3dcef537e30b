"""What moved since the last committed result: ratios only, others are the machine's."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bench.row import Row

MOVED = 0.1
"""By more than a tenth, and to where no round of the other run was."""


def moved(before: Sequence[Row], now: Sequence[Row]) -> Iterator[str]:
    """Say which ratios are others than *before*, and which bars were met or missed anew."""
    known = {row.name: row for row in before}
    for row in now:
        was = known.get(row.name)
        if was is None:
            continue
        if row.verdict != was.verdict:
            yield f"{row.name}: {was.verdict or 'no bar'} before, {row.verdict or 'no bar'} now"
        elif row.is_ratio and _is_elsewhere(was, row):
            yield f"{row.name}: {was.median:g} {row.unit} before, {row.median:g} now"


def _is_elsewhere(was: Row, row: Row) -> bool:
    far = abs(row.median - was.median) > MOVED * abs(was.median)
    return far and not was.low <= row.median <= was.high


def committed(file: Path) -> list[Row]:
    """Give the rows of a result as the last commit has it; none where there is no such commit."""
    folder = file.parent
    command = ["git", "show", f"HEAD:./{file.name}"]
    said = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return rows_of(json.loads(said.stdout)) if said.returncode == 0 else []


def rows_of(result: dict[str, Any]) -> list[Row]:
    """Read the rows of a result."""
    return [Row(**row) for row in result.get("rows", ())]
