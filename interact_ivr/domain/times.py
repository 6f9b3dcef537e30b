"""How long a pool's times may be, alone, with each other, and for how long the journal is kept."""

import re
from collections.abc import Sequence
from datetime import timedelta

import msgspec

from interact_ivr.domain.lifecycle import Policy

_SHORTEST = timedelta.resolution.total_seconds()
"""What is less would be rounded to no time at all."""
_WEEK, _YEAR = 604_800, 31_536_000
_WRITTEN = re.compile(r"[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?")


class Span(msgspec.Struct, frozen=True):
    """How many seconds a time may be."""

    most: int
    may_be_none: bool = True
    """Whether it may be no time at all."""

    @property
    def expected(self) -> str:
        """What is expected, in words."""
        return f"{'0, or ' if self.may_be_none else ''}{_SHORTEST:f} to {self.most}"

    def holds(self, seconds: float) -> bool:
        """Say whether a time may be so many *seconds*, and be what was written."""
        return (self.may_be_none and seconds == 0) or _SHORTEST <= seconds <= self.most

    def read(self, text: str) -> timedelta:
        """Read seconds as the configuration has them; ValueError for all else.

        Python's own reading would take ``1_0``, spaces, ``nan`` and the digits of any script.
        """
        if _WRITTEN.fullmatch(text) is None or not self.holds(seconds := float(text)):
            raise ValueError(f"expected {self.expected}")
        return timedelta(seconds=seconds)


SPANS = {
    "hold_for_seconds": Span(_WEEK, may_be_none=False),
    "rest_for_seconds": Span(_WEEK),
    "redial_for_seconds": Span(_WEEK),
    "late_for_seconds": Span(_YEAR),
}
"""The same for the configuration's [pool] and for an application's own settings."""


class TooLong(msgspec.Struct, frozen=True):
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
