"""What the doctor says of what it has looked at."""

from dataclasses import dataclass

from interact_ivr.doctor.kinds import Severity


@dataclass(frozen=True, slots=True)
class Unseen:
    """What a check could not look at, and why."""

    why: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A line of the report."""

    check: str
    """What was looked at: `store`, `dialplan`."""
    about: str
    """The PBX's name where it is one's own; else empty."""
    code: str
    """A kind's, or `ok`, or `not_looked_at`."""
    severity: Severity
    facts: str
    """What is so, in a sentence."""
    advice: str = ""
    """What to do, with the command or the file."""
