"""What the size of a pool costs a call, and what a call feels of a million numbers' import.

The pools of a round follow each other, so that a noisy machine is noisy for all. Calls are asked in
groups, as under load, or the one fsync a group needs would hide what the size costs.
"""

from __future__ import annotations

import asyncio
import itertools
import subprocess
import time
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.durable import durable_folder
from bench.row import Row
from interact_ivr.domain.lifecycle import Policy
from interact_ivr.domain.names import CallRef, InteractionId, NumberKey, Scope
from interact_ivr.domain.values import NewNumber, Question, Status
from interact_ivr.stores.directory import StoredDirectory
from interact_ivr.stores.numbers import StoredNumbers
from interact_ivr.stores.sqlite.allocations import SqliteAllocations
from interact_ivr.stores.sqlite.reader import Reader
from interact_ivr.stores.sqlite.schema import create_database, migrate, open_database
from interact_ivr.stores.sqlite.writer import Writer
from testbed.line import Line
from testbed.service import INTERACT_IVR, Service

SIZES = (1_000, 10_000, 100_000, 1_000_000)
ROUNDS = 7
GROUPS = 8
"""Groups of each pool in a round."""
GROUP = 100
RATIO_BAR = 1.5
IMPORTED = 1_000_000
IMPORT_BAR = 120.0
CALL_BAR = 200.0
STEP = 5_000


class WallClock:
    """The machine's time of day."""

    def now(self) -> datetime:
        """Give the present time."""
        return datetime.now(UTC)


class Pool:
    """A store with so many numbers, and calls to them."""

    def __init__(self, folder: Path, size: int, *, group_limit: int = 128) -> None:
        path = folder / f"{size}-{group_limit}.db"
        create_database(path)
        with closing(open_database(path)) as connection:
            migrate(connection)
        self._size = size
        self._writer = Writer(path, WallClock(), group_limit=group_limit)
        self._writer.start()
        reader = Reader(path, WallClock())
        self._allocations = SqliteAllocations(self._writer, reader)
        self._numbers = StoredNumbers(self._writer, reader)
        self._directory = StoredDirectory(self._writer, reader)
        self._ids = itertools.count()
        self._scope: Scope
        self._policy = Policy(timedelta(minutes=15), timedelta(0), strict_rest=False)

    async def fill(self) -> None:
        """Take the numbers in."""
        directory = await self._directory.read()
        self._scope = Scope(directory.environments[0].id, directory.applications[0].id)
        keys = (f"+{380_970_000_000 + at}" for at in range(self._size))
        numbers = (NewNumber(NumberKey(key), key, dnid=key[-6:]) for key in keys)
        while step := list(itertools.islice(numbers, STEP)):
            await self._numbers.write_hidden(self._scope, step)
        await self._numbers.show_hidden(self._scope)

    async def round(self) -> float:
        """Give the microseconds of an allocation and its retrieval."""
        begun = time.perf_counter()
        for _ in range(GROUPS):
            await asyncio.gather(*(self._call() for _ in range(GROUP)))
        return (time.perf_counter() - begun) / GROUPS / GROUP * 1e6

    async def rate(self, callers: int, seconds: float) -> float:
        """Give the pairs a second of so many *callers*, each of whom waits for its own."""
        count, begun = itertools.count(), time.perf_counter()

        async def call() -> None:
            while time.perf_counter() < begun + seconds:
                await self._call()
                next(count)

        await asyncio.gather(*(call() for _ in range(callers)))
        return next(count) / (time.perf_counter() - begun)

    async def _call(self) -> None:
        name = f"interaction {next(self._ids)}"
        lent = await self._allocations.allocate(
            self._scope, InteractionId(name), None, None, self._policy
        )
        call = CallRef("bench", name)
        policies = {self._scope.application: self._policy}
        told = await self._allocations.retrieve(
            self._scope.environment, Question([[lent.number]], call), policies
        )
        if (told.status, told.interaction) != (Status.FOUND, name):
            raise RuntimeError(f"{name}: {told}")

    def close(self) -> None:
        """Close the store."""
        self._writer.close()


def measure() -> Sequence[Row]:
    """Measure both."""
    with durable_folder() as (folder, disk):
        return [*disk.rows(), *asyncio.run(_sizes(folder)), *_import(folder)]


async def _sizes(folder: Path) -> Sequence[Row]:
    pools = {size: Pool(folder, size) for size in SIZES}
    rounds: dict[int, list[float]] = {size: [] for size in SIZES}
    for pool in pools.values():
        await pool.fill()
        await pool.round()  # warms its cache
    for _ in range(ROUNDS):
        for size, pool in pools.items():
            rounds[size].append(await pool.round())
    for pool in pools.values():
        pool.close()
    smallest, *larger = SIZES
    rows = [Row.of(f"a call at {size:,}", "us", values) for size, values in rounds.items()]
    for size in larger:
        ratios = [mine / few for mine, few in zip(rounds[size], rounds[smallest], strict=True)]
        rows.append(Row.of(f"a call at {size:,}: ratio", "x", ratios, RATIO_BAR))
    return rows


def _import(folder: Path) -> Sequence[Row]:
    """Import a million numbers while calls come one after the other."""
    file = folder / "numbers.csv"
    with file.open("w") as table:
        table.write("number,group,dnid\n")
        table.writelines(f"{380_970_000_000 + at},sales,{at:06}\n" for at in range(IMPORTED))
    with Service(folder / "service") as service:
        line = Line.taken_into(service, number="14155550100")
        command = [*INTERACT_IVR, "number", "import", str(file), "--config", str(service.config)]
        calls = []
        begun = time.perf_counter()
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as importing:
            while importing.poll() is None:
                line.allocate("a")
                asked = time.perf_counter()
                if line.call().variables["INTERACT_ID"] != "a":
                    raise RuntimeError("a call was not answered during the import")
                calls.append((time.perf_counter() - asked) * 1000)
        seconds = time.perf_counter() - begun
        if importing.returncode or service.ask("status")["pool"]["idle"] < IMPORTED:
            raise RuntimeError("the import failed")
    p99 = sorted(calls)[len(calls) * 99 // 100]
    return [
        Row.of(f"import of {IMPORTED:,}", "s", [seconds], IMPORT_BAR),
        Row.of("calls meanwhile: p99", "ms", [p99], CALL_BAR),
        Row.of("calls meanwhile", "ms", calls),
    ]
