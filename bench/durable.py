"""A folder on a disk, and how long that disk takes to be sure: beside every durable figure."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.row import Row
from interact_ivr.measuring.disk import InMemoryError, fsync_milliseconds, refuse_memory
from interact_ivr.measuring.times import percentile

TIMES = 200
ROUNDS = 7


@dataclass(frozen=True, slots=True)
class Disk:
    """What the fsyncs of a folder's disk took, in milliseconds, a list for each round."""

    rounds: Sequence[Sequence[float]]

    @property
    def p99(self) -> float:
        """Give the time within which 99 of 100 were done: the median of the rounds'."""
        return median(percentile(times, 99) for times in self.rounds)

    def rows(self) -> Sequence[Row]:
        """Sum them up."""
        halves, most = ([percentile(times, at) for times in self.rounds] for at in (50, 99))
        return [
            Row.of("the disk's fsync: half within", "ms", halves),
            Row.of("the disk's fsync: 99 of 100 within", "ms", most),
        ]


@contextmanager
def durable_folder() -> Iterator[tuple[Path, Disk]]:
    """Give a folder that is gone afterwards, and what its disk's fsync takes.

    Raises:
        InMemoryError: it would be in memory, where nothing is durable; TMPDIR names another place.
    """
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        try:
            refuse_memory(folder)
        except InMemoryError as error:
            raise InMemoryError(f"{error}; TMPDIR may name a folder on a disk") from None
        yield folder, Disk([fsync_milliseconds(folder, TIMES) for _ in range(ROUNDS)])
