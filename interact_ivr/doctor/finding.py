"""What the doctor says of what it has looked at."""

import msgspec

from interact_ivr.doctor.kinds import Severity


class Unseen(msgspec.Struct, frozen=True):
    """What a check could not look at, and why."""

    why: str


class Finding(msgspec.Struct, frozen=True):
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
