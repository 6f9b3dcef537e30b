"""What can be refused. Errors hold facts and a stable code; the edges find the words."""

from collections.abc import Sequence
from typing import ClassVar, Literal


class Refusal(Exception):
    """Something asked was not done, and nothing changed: the base of all that callers may tell."""

    code: ClassVar[str]


class BadInput(Refusal):
    """A field does not hold what it should."""

    code = "bad_input"

    def __init__(self, field: str, expected: str, got: str, *, is_missing: bool = False) -> None:
        super().__init__(f"{field}: expected {expected}, got {got}")
        self.field, self.expected, self.got = field, expected, got
        self.is_missing = is_missing
        """It is not there at all, and must be."""


class BadRows(Refusal):
    """Rows of an import have faults; none of the rows was taken."""

    code = "bad_rows"

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class BadDialPlan(Refusal):
    """A dial plan cannot be used."""

    code = "bad_dial_plan"

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


Whose = Literal["application", "tenant"]
"""Who has a quota."""


class QuotaReached(Refusal):
    """The application, or its tenant, has as many allocations as it may."""

    code = "quota_reached"

    def __init__(self, whose: Whose, quota: str, most: int, retry_after: int) -> None:
        super().__init__(f"the {whose} may have {most} allocations {quota}")
        self.whose, self.quota, self.most = whose, quota, most
        """Which one (``open at once``, ``a minute``), and how many."""
        self.retry_after = retry_after
        """Seconds, at least one."""


class NoSuchNumber(Refusal):
    """The environment has no such number."""

    code = "no_such_number"

    def __init__(self, number: str) -> None:
        super().__init__(f"number {number} was not found")
        self.number = number


class NumberExists(Refusal):
    """The environment has this number already."""

    code = "number_exists"

    def __init__(self, number: str) -> None:
        super().__init__(f"number {number} is there already")
        self.number = number


class AmbiguousDnid(Refusal):
    """What was dialed is no number, and the DNID of several."""

    code = "ambiguous_dnid"

    def __init__(self, dnid: str, candidates: Sequence[str]) -> None:
        super().__init__(f"{dnid} is the DNID of several numbers: {', '.join(candidates)}")
        self.dnid, self.candidates = dnid, candidates


class NumbersAllocated(Refusal):
    """Numbers that are allocated, or that a call is on, cannot be taken out."""

    code = "numbers_allocated"

    def __init__(self, allocated: Sequence[str], ringing: Sequence[str] = ()) -> None:
        self.faults = [
            *(f"number {number} is allocated" for number in allocated),
            *(f"number {number} has a call on it" for number in ringing),
        ]
        super().__init__("\n".join(self.faults))
        self.allocated, self.ringing = allocated, ringing


class ImportUnderWay(Refusal):
    """The environment takes in one import at a time."""

    code = "import_under_way"

    def __init__(self) -> None:
        super().__init__("another import into this environment is under way")


class NoSuchEnvironment(Refusal):
    """No environment has this name."""

    code = "no_such_environment"

    def __init__(self, name: str) -> None:
        super().__init__(f"environment {name!r} was not found")
        self.name = name


class NoSuchApplication(Refusal):
    """The environment has no DNIS application of this name."""

    code = "no_such_application"

    def __init__(self, name: str, environment: str) -> None:
        super().__init__(f"application {name!r} was not found in environment {environment!r}")
        self.name, self.environment = name, environment


class ApplicationGone(Refusal):
    """The application was removed while numbers were taken into its pool; none of them is there."""

    code = "application_gone"

    def __init__(self) -> None:
        super().__init__("the application was removed meanwhile")


class ContradictingSettings(Refusal):
    """The directory does not go with what is configured: applications' own settings, or a default.

    *faults* names every one.
    """

    code = "contradicting_settings"

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class NoSuchEntry(Refusal):
    """The directory has no such tenant, key, user or token."""

    code = "no_such_entry"

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"{kind} {name!r} was not found")
        self.kind, self.name = kind, name


class EntryExists(Refusal):
    """The directory has an entry of this name already."""

    code = "entry_exists"

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"{kind} {name!r} is there already")
        self.kind, self.name = kind, name


class EntryInUse(Refusal):
    """Something hangs on the entry, so it stays."""

    code = "entry_in_use"

    def __init__(self, kind: str, name: str, by: str) -> None:
        super().__init__(f"{kind} {name!r} cannot be removed: {by}")
        self.kind, self.name, self.by = kind, name, by


class NoSuchAllocation(Refusal):
    """The pool has, or remembers, no such allocation."""

    code = "no_such_allocation"

    def __init__(self, allocation: str) -> None:
        super().__init__(f"allocation {allocation!r} was not found")
        self.allocation = allocation


class NoSuchCall(Refusal):
    """Nothing is known of such a call."""

    code = "no_such_call"

    def __init__(self, uniqueid: str) -> None:
        super().__init__(f"call {uniqueid!r} was not found")
        self.uniqueid = uniqueid


class AllocationEnded(Refusal):
    """The allocation has ended already, and cannot end again."""

    code = "allocation_ended"

    def __init__(self, allocation: str, ended_as: str, ended_at: str) -> None:
        super().__init__(f"allocation {allocation} ended as {ended_as} at {ended_at}")
        self.allocation, self.ended_as, self.ended_at = allocation, ended_as, ended_at


class StillHeld(Refusal):
    """The interaction has an allocation whose end is not on record; nothing of it is forgotten."""

    code = "still_held"

    def __init__(self, interaction: str, number: str, allocation: str, *, ran_out: bool) -> None:
        super().__init__(f"interaction {interaction!r} holds {number}")
        self.interaction, self.number, self.allocation = interaction, number, allocation
        self.ran_out = ran_out


class Unauthenticated(Refusal):
    """Whoever asks did not show who they are, or not well; which of it is not said."""

    code = "unauthenticated"

    def __init__(self) -> None:
        super().__init__("missing or wrong credentials")


class NotPermitted(Refusal):
    """Whoever asks is known, and may not do this."""

    code = "not_permitted"

    def __init__(self) -> None:
        super().__init__("these credentials do not allow it")


class TooManyAttempts(Refusal):
    """A credential was not checked: too many others of this user, or of all, wait to be."""

    code = "too_many_attempts"

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"too many attempts; again in {retry_after} s")
        self.retry_after = retry_after
        """Seconds, at least one."""


class StoreUnavailable(Refusal):
    """The store cannot do it now: out of reach, full, read-only, locked, or too busy."""

    code = "store_unavailable"

    def __init__(self, reason: str) -> None:
        super().__init__(f"the store is unavailable: {reason}")
        self.reason = reason


class TooBusy(StoreUnavailable):
    """So much work waits for the store that no more is taken; nothing was done."""

    code = "too_busy"

    def __init__(self) -> None:
        super().__init__("too much work waits for it")


class TooLate(StoreUnavailable):
    """The deadline passed, or who asked was gone, before the work's turn; nothing was done."""

    code = "too_late"

    def __init__(self) -> None:
        super().__init__("it was too late when the work's turn came")
