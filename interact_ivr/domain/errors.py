"""What can be refused. Errors hold facts and a stable code; the edges find the words."""

from collections.abc import Sequence
from typing import ClassVar


class Refusal(Exception):
    """Something asked was not done, and nothing changed: the base of all that callers may tell."""

    code: ClassVar[str]


class BadInput(Refusal):
    """A field does not hold what it should."""

    code = "bad_input"

    def __init__(self, field: str, expected: str, got: str) -> None:
        super().__init__(f"{field}: expected {expected}, got {got}")
        self.field, self.expected, self.got = field, expected, got


class BadRows(Refusal):
    """Rows of an import have faults; none of the rows was taken."""

    code = "bad_rows"

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class Exhausted(Refusal):
    """Every enabled number of the pool, or of the group, is allocated."""

    code = "exhausted"

    def __init__(self, group: str | None) -> None:
        where = f"group {group!r}" if group else "the pool"
        super().__init__(f"no number is available in {where}")
        self.group = group


class NoSuchNumber(Refusal):
    """The environment has no such number."""

    code = "no_such_number"

    def __init__(self, number: str) -> None:
        super().__init__(f"number {number} was not found")
        self.number = number


class AmbiguousDnid(Refusal):
    """What was dialed is no number, and the DNID of several."""

    code = "ambiguous_dnid"

    def __init__(self, dnid: str, candidates: Sequence[str]) -> None:
        super().__init__(f"{dnid} is the DNID of several numbers: {', '.join(candidates)}")
        self.dnid, self.candidates = dnid, candidates


class NumbersAllocated(Refusal):
    """Numbers that are allocated cannot be taken out."""

    code = "numbers_allocated"

    def __init__(self, numbers: Sequence[str]) -> None:
        self.faults = [f"number {number} is allocated" for number in numbers]
        super().__init__("\n".join(self.faults))
        self.numbers = numbers


class ImportUnderWay(Refusal):
    """The inventory takes in one import at a time."""

    code = "import_under_way"

    def __init__(self) -> None:
        super().__init__("another import is under way")


class NoSuchEnvironment(Refusal):
    """No environment has this name."""

    code = "no_such_environment"

    def __init__(self, name: str) -> None:
        super().__init__(f"environment {name!r} was not found")
        self.name = name


class StoreUnavailable(Refusal):
    """The store cannot do it now: out of reach, full, read-only, locked, or too busy."""

    code = "store_unavailable"

    def __init__(self, reason: str) -> None:
        super().__init__(f"the store is unavailable: {reason}")
        self.reason = reason


class TooLate(StoreUnavailable):
    """The caller's deadline passed before the work's turn came; it was not done."""

    code = "too_late"

    def __init__(self) -> None:
        super().__init__("the deadline passed before the work's turn came")
