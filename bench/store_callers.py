"""Allocating and retrieving at FULL by 1 to 128 callers, beside sqlite3 in autocommit.

Two peers: sqlite3 with the two plainest statements, which keeps no journal, decides nothing and
answers no call twice; and our own store where nothing is grouped. The 5 ms fsync is made by strace,
which holds every fsync and fdatasync up that long, for all of them alike and without a compiler:
``python -m bench.store_callers SECONDS ROUNDS CALLERS ...`` is what runs under it.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from bench.durable import durable_folder
from bench.pool_size import Pool
from bench.row import Row

ROUNDS = 7
CALLERS = (1, 8, 32, 128)
SECONDS = 0.5
SLOW_MS = 5
GROUPED = 32
BAR, SLOW_BAR = 4.0, 20.0
NUMBERS = 1_000
TABLE = """
CREATE TABLE number (number TEXT PRIMARY KEY, interaction TEXT, was TEXT, freed INTEGER);
CREATE INDEX idle ON number (freed) WHERE interaction IS NULL;
"""
LEND = """
UPDATE number SET interaction = ? WHERE number = (
  SELECT number FROM number WHERE interaction IS NULL ORDER BY freed LIMIT 1
) RETURNING number
"""
FREE = """
UPDATE number SET was = interaction, interaction = NULL, freed = ?
WHERE number = ? AND interaction IS NOT NULL RETURNING was
"""
SLOWED = ("strace", "-f", "--seccomp-bpf", "-o", "/dev/null", "-e", "trace=fsync,fdatasync")
SLOWLY = ("-e", f"inject=fsync,fdatasync:delay_exit={SLOW_MS * 1000}")

Rates = dict[str, list[float]]


class Plain:
    """A table of numbers in autocommit, which is how sqlite3 is used first."""

    def __init__(self, folder: Path) -> None:
        self._store = sqlite3.connect(folder / "plain.db", isolation_level=None)
        self._store.execute("PRAGMA journal_mode = WAL")
        self._store.execute("PRAGMA synchronous = FULL")
        self._store.executescript(TABLE)
        rows = ((f"+{380_970_000_000 + at}",) for at in range(NUMBERS))
        with closing(self._store.cursor()) as cursor:
            cursor.execute("BEGIN")
            cursor.executemany("INSERT INTO number VALUES (?, NULL, NULL, 0)", rows)
            cursor.execute("COMMIT")
        self._count = itertools.count(1)

    def rate(self, seconds: float) -> float:
        """Give the pairs a second of one caller: more of them would only wait for one another."""
        begun, pairs = time.perf_counter(), 0
        while time.perf_counter() < begun + seconds:
            at = next(self._count)
            ((number,),) = self._store.execute(LEND, (f"interaction {at}",)).fetchall()
            ((told,),) = self._store.execute(FREE, (at, number)).fetchall()
            if told != f"interaction {at}":
                raise RuntimeError(f"{told} instead of interaction {at}")
            pairs += 1
        return pairs / (time.perf_counter() - begun)

    def close(self) -> None:
        """Close the store."""
        self._store.close()


def measure() -> Sequence[Row]:
    """Give the pairs a second of each, with the disk's own fsync and with a slow one."""
    if shutil.which("strace") is None:
        raise RuntimeError("strace is missing, which makes the slow fsync: make debian-packages")
    with durable_folder() as (folder, disk):
        here = _measured(folder, (), CALLERS)
        slow = _measured(folder, (*SLOWED, *SLOWLY), (GROUPED, CALLERS[-1]))
    rows = [*disk.rows(), *_rows(here, "", BAR)]
    return [*rows, *_rows(slow, f"fsync {SLOW_MS} ms: ", SLOW_BAR)]


def _measured(folder: Path, wrapper: Sequence[str], callers: Sequence[int]) -> Rates:
    command = [sys.executable, "-m", "bench.store_callers", str(folder), str(SECONDS), str(ROUNDS)]
    done = subprocess.run(
        [*wrapper, *command, *map(str, callers)], stdout=subprocess.PIPE, text=True, check=True
    )
    rates: Rates = json.loads(done.stdout)
    return rates


def _rows(rates: Rates, of: str, least: float) -> Iterator[Row]:
    """Sum up, and hold the grouped commits of so many callers to *least*."""
    for name, each in rates.items():
        yield Row.of(f"{of}{name}", "/s", each)
    plain, single = rates["sqlite3 in autocommit"], rates[f"{GROUPED} callers, not grouped"]
    for callers, title, other, bar in (
        (GROUPED, "autocommit", plain, least),
        (CALLERS[-1], "autocommit", plain, None),
        (GROUPED, "not grouped", single, None),
    ):
        pairs = zip(rates[f"{callers} callers"], other, strict=True)
        ratios = [ours / theirs for ours, theirs in pairs]
        yield Row.of(f"{of}{callers} callers: grouped, of {title}", "x", ratios, at_least=bar)


async def _turns(folder: Path, seconds: float, rounds: int, callers: Sequence[int]) -> Rates:
    grouped, single = Pool(folder, NUMBERS), Pool(folder, NUMBERS, group_limit=1)
    rates: Rates = {}
    plain = Plain(folder)
    for pool in (grouped, single):
        await pool.fill()
        await pool.rate(GROUPED, seconds)  # warms its cache
    for _ in range(rounds):
        rates.setdefault("sqlite3 in autocommit", []).append(plain.rate(seconds))
        for count in callers:
            rates.setdefault(f"{count} callers", []).append(await grouped.rate(count, seconds))
        alone = await single.rate(GROUPED, seconds)
        rates.setdefault(f"{GROUPED} callers, not grouped", []).append(alone)
    for store in (grouped, single, plain):
        store.close()
    return rates


def main() -> None:
    """Measure in this process, whose fsyncs may be slow, and print the rates as JSON."""
    folder, seconds, rounds, *callers = sys.argv[1:]
    sys.setswitchinterval(0.0005)  # as the service has it
    own = Path(folder) / f"{time.monotonic_ns()}"
    own.mkdir()
    rates = asyncio.run(_turns(own, float(seconds), int(rounds), [int(each) for each in callers]))
    print(json.dumps(rates))


if __name__ == "__main__":
    main()
