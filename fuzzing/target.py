"""What is fuzzed: a check that holds for any bytes, and what helps to find bytes of interest."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from fuzzing.watching import watched


@dataclass(frozen=True, slots=True)
class Target:
    """Something that reads what strangers have written."""

    check: Callable[[bytes], None]
    """Has it read some bytes; whatever comes out but a return is a finding."""
    seeds: Callable[[], Iterable[bytes]]
    """Good inputs to begin with."""
    tokens: tuple[bytes, ...]
    """What is worth being put in."""
    seconds: float = 1.0
    """Of a processor, that one input may take."""
    longest: int = 4096
    """Bytes of an input."""

    def hold(self, data: bytes) -> None:
        """Check *data*, and that nothing is evaluated by it and that it takes no longer.

        Raises:
            Exception: whatever does not hold; it is a finding.
        """
        with watched(self.seconds):
            self.check(data)
