"""Fuzzes one target in this process, by atheris and libFuzzer, for so long a time of a processor.

A finding does not end it: each is kept once, by what went wrong and where, and the next is sought.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import resource
import subprocess
import sys
import time
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import atheris

from fuzzing.mutating import Mutator
from fuzzing.target import Target
from fuzzing.targets import target

_LOOK_EVERY = 64
"""Inputs, after which the time is looked at."""
_TELL_EVERY = 15.0
"""Seconds of a processor, after which the report is written anew."""
_OURS = re.compile(r"/(interact_ivr|dialplan|agi_scripts|fuzzing)/")
_HANG_SECONDS = 120
_MOST_MIB = 2048


class Fuzzing:
    """Counts, keeps findings, and ends in time."""

    def __init__(self, wanted: Target, seconds: float, found: Path, report: Path) -> None:
        self._wanted = wanted
        self._seconds = seconds
        self._found = found
        self._report = report
        self._executions = 0
        self._due = min(_TELL_EVERY, seconds)
        self._kinds: dict[str, str] = {}
        self._begun = {"commit": _commit(), "date": datetime.now(UTC).isoformat("T", "seconds")}

    def one(self, data: bytes) -> None:
        """Check one input, which libFuzzer has made."""
        self._executions += 1
        try:
            self._wanted.hold(data)
        except BaseException as error:  # noqa: BLE001  whatever it is, it is a finding
            self._keep(data, error)
        if self._executions % _LOOK_EVERY == 0 and (used := time.process_time()) > self._due:
            self._tell()
            self._due = min(used + _TELL_EVERY, self._seconds)
            if used > self._seconds:
                sys.stdout.flush()
                os._exit(0)  # libFuzzer has written what it keeps

    def _keep(self, data: bytes, error: BaseException) -> None:
        frames = list(traceback.extract_tb(error.__traceback__))
        ours = [each for each in frames if _OURS.search(each.filename)] or frames
        kind = f"{type(error).__name__} at {Path(ours[-1].filename).name}:{ours[-1].name}"
        if kind in self._kinds:
            return
        self._kinds[kind] = hashlib.sha1(data, usedforsecurity=False).hexdigest()[:12]
        self._found.mkdir(parents=True, exist_ok=True)
        file = self._found / self._kinds[kind]
        file.write_bytes(data)
        file.with_suffix(".txt").write_text(
            f"{kind}\n{data!r}\n{''.join(traceback.format_exception(error))}"
        )
        print(f"FOUND {kind}: {file}", flush=True)

    def _tell(self) -> None:
        """Write the report of what has been so far."""
        told = self._begun | {
            "cpu_seconds": round(time.process_time(), 1),
            "executions": self._executions,
            "most_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            "findings": sorted(self._kinds),
        }
        self._report.write_text(json.dumps(told))


def _commit() -> str:
    said = ("git", "describe", "--always", "--dirty", "--exclude=*", "--abbrev=10")
    return subprocess.run(said, capture_output=True, text=True, check=False).stdout.strip()


def main(arguments: Sequence[str]) -> None:
    """Fuzz until the time is over."""
    told = argparse.ArgumentParser(description=__doc__)
    told.add_argument("name")
    told.add_argument("seconds", type=float)
    told.add_argument("folder", type=Path, help="has `corpus`, and gets `found` and `report.json`")
    told.add_argument("kept", type=Path, nargs="*", help="folders of other inputs to begin with")
    given: Any = told.parse_args(arguments)
    with atheris.instrument_imports(include=["interact_ivr", "dialplan", "agi_scripts"]):
        wanted = target(given.name)
    corpus = given.folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for seed in wanted.seeds():
        name = hashlib.sha1(seed, usedforsecurity=False).hexdigest()
        (corpus / name).write_bytes(seed)
        wanted.check(seed)  # what is imported late is imported now
    words = given.folder / "tokens"
    words.write_text("".join(f'"{_escaped(token)}"\n' for token in wanted.tokens))
    fuzzing = Fuzzing(wanted, given.seconds, given.folder / "found", given.folder / "report.json")
    options = (
        *(f"-dict={words}", f"-max_len={wanted.longest}", f"-timeout={_HANG_SECONDS}"),
        *(f"-rss_limit_mb={_MOST_MIB}", f"-artifact_prefix={given.folder}/", "-print_funcs=0"),
    )
    mutator = Mutator(wanted.tokens)

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        by_words = bool(seed & 1)
        return mutator.mutated(bytes(data), most, seed) if by_words else atheris.Mutate(data, most)

    atheris.Setup(
        ["fuzz", *options, str(corpus), *map(str, given.kept)],
        fuzzing.one,
        custom_mutator=mutate,
        internal_libfuzzer=True,
    )
    atheris.Fuzz()


def _escaped(token: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in token)


if __name__ == "__main__":
    main(sys.argv[1:])
