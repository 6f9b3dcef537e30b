"""How long each of many things took, and how they are summed up."""

import math
from collections.abc import Sequence

import msgspec


def percentile(values: Sequence[float], percent: float) -> float:
    """Give the least of *values* that *percent* of them do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


class Times(msgspec.Struct, frozen=True):
    """What *callers* at once did in so many seconds: each one's milliseconds, at least one."""

    callers: int
    milliseconds: Sequence[float]
    seconds: float

    def summary(self) -> dict[str, float]:
        """Give how many a second these were, and within which times half and 99 of 100 were."""
        half, most = (round(percentile(self.milliseconds, at), 3) for at in (50, 99))
        rate = round(len(self.milliseconds) / self.seconds, 1)
        return {"callers": self.callers, "per_second": rate, "p50_ms": half, "p99_ms": most}
