"""The inputs that are kept: the fewest that go where all that were found go, beyond the seeds."""

from __future__ import annotations

import hashlib
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, Final

from fuzzing.target import Target

FOLDER: Final = Path(__file__).parent.parent / "tests/fixtures/corpus"
MOST_FILES: Final = 28
"""Of a target."""
MOST_BYTES: Final = 40_000
"""Of a target's inputs together."""
_ROOT: Final = str(Path(__file__).parent.parent)
_READ_BY: Final = tuple(f"{_ROOT}/{name}/" for name in ("interact_ivr", "dialplan", "agi_scripts"))

Step = tuple[str, int, int, int]
"""From one line of a file to another, and how often: once, twice, about four times, ..."""


def kept(name: str) -> Sequence[bytes]:
    """Give the inputs that are kept of a target."""
    return [file.read_bytes() for file in sorted((FOLDER / name).glob("*"))]


def keep(name: str, inputs: Iterable[bytes]) -> None:
    """Keep *inputs*, and none of those of before; each is named by its content."""
    folder = FOLDER / name
    folder.mkdir(parents=True, exist_ok=True)
    for file in folder.glob("*"):
        file.unlink()
    for data in inputs:
        (folder / hashlib.sha1(data, usedforsecurity=False).hexdigest()[:16]).write_bytes(data)


def chosen(target: Target, inputs: Iterable[bytes]) -> Sequence[bytes]:
    """Choose of *inputs* those that go furthest beyond the seeds, the best first."""
    covered = {step for seed in target.seeds() for step in _steps(target.check, seed)}
    goes = {data: _steps(target.check, data) - covered for data in sorted({*inputs}, key=len)}
    return _fewest(goes)


def _fewest(goes: Mapping[bytes, frozenset[Step]]) -> Sequence[bytes]:
    """Take the one that adds most, time and again, while there is room."""
    found: list[bytes] = []
    left = dict(goes)
    while len(found) < MOST_FILES:
        room = MOST_BYTES - sum(map(len, found))
        left = {data: steps for data, steps in left.items() if steps and len(data) <= room}
        if not left:
            break
        best = max(left, key=lambda data: len(left[data]) / (200 + len(data)))
        taken = left.pop(best)
        found.append(best)
        left = {data: steps - taken for data, steps in left.items()}
    return found


def _steps(check: Callable[[bytes], None], data: bytes) -> frozenset[Step]:
    """Give the steps that *check* goes in what reads *data*."""
    found: Counter[tuple[str, int, int]] = Counter()

    def within(before: int) -> Callable[[FrameType, str, Any], Any]:
        def trace(frame: FrameType, event: str, _: Any) -> Any:
            nonlocal before
            if event == "line":
                found[frame.f_code.co_filename, before, frame.f_lineno] += 1
                before = frame.f_lineno
            return trace

        return trace

    def called(frame: FrameType, _event: str, _: Any) -> Any:
        is_ours = frame.f_code.co_filename.startswith(_READ_BY)
        return within(frame.f_lineno) if is_ours else None

    traced = sys.gettrace()
    sys.settrace(called)
    try:
        check(data)
    finally:
        sys.settrace(traced)
    return frozenset((*step, times.bit_length()) for step, times in found.items())
