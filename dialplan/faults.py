"""What is wrong with a plan, or a file beside it: place, expectation and value of each fault."""

from typing import Final

import msgspec

_SHOWN: Final = 200
"""Characters of a key or a wrong value that a fault repeats."""


class Fault(msgspec.Struct, frozen=True):
    """One reason why a file is refused."""

    file: str
    """"" when no file was found to look into."""
    key: str
    """"" when the file as a whole is at fault."""
    expected: str
    value: object
    """As read from the file; None where nothing was given."""
    line: int = 0
    """From 1; 0 when no line is to blame."""

    def __str__(self) -> str:
        """One line, as compilers write theirs."""
        place = f"{self.file}:{self.line}" if self.file and self.line else self.file
        got = "nothing" if self.value is None else _shown(self.value)
        told = f"expected {self.expected}, got {got}"
        return ": ".join(filter(None, (place, self.key[:_SHOWN], told)))


def _shown(value: object) -> str:
    try:
        return f"{value!r:.{_SHOWN}}"
    except ValueError:  # hexadecimal, it could be read
        return "a number of thousands of digits"


class PlanError(ValueError):
    """A plan that cannot be used, with all its faults."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        """Keep *faults*: what is missing, then what is wrong in the order of the file."""
        super().__init__(faults)
        self.faults = faults

    def __str__(self) -> str:
        """One line a fault."""
        return "\n".join(map(str, self.faults))
