"""What a pool's times must have to do with each other, and with how long the journal is kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from interact_ivr.domain.lifecycle import Policy

SHORTEST_SECONDS = timedelta.resolution.total_seconds()
"""What is less is rounded to no time at all."""


@dataclass(frozen=True, slots=True)
class TooLong:
    """A time that the journal, kept for less, could not answer for."""

    key: str
    """As it is configured."""
    length: timedelta

    @property
    def seconds(self) -> str:
        """Its length as it is configured."""
        return f"{self.length.total_seconds():.15g}"


def too_long(policy: Policy, kept: timedelta | None) -> Sequence[TooLong]:
    """Give the times of *policy* that are longer than the journal is *kept*; None: for ever."""
    lengths = {
        "hold_for_seconds": policy.hold_for,
        "redial_for_seconds": policy.redial_for,
        "late_for_seconds": policy.late_for,
    }
    return [
        TooLong(key, length)
        for key, length in lengths.items()
        if kept is not None and kept < length
    ]


def warnings(policy: Policy, section: str = "") -> Sequence[str]:
    """Say what may be so, and why one would rather not; keys are those of *section* (``pool.``)."""
    if policy.rest_for >= policy.redial_for:
        return []
    return [
        f"{section}rest_for_seconds is less than {section}redial_for_seconds: a number may be lent "
        "again while its last caller may still redial it, and is then told AMBIGUOUS"
    ]
