"""What a call learns, decided from what is known of the number: the first row that fits wins.

Contract, "Outcomes". Nothing here says how it is kept or told.
"""

from datetime import datetime, timedelta

import msgspec

from interact_ivr.domain.caller import Caller
from interact_ivr.domain.lifecycle import Policy
from interact_ivr.domain.names import AllocationId, Ani, Group, InteractionId
from interact_ivr.domain.values import Ending, Status


class Held(msgspec.Struct, frozen=True):
    """An allocation as it stands, or as it was."""

    id: AllocationId
    interaction: InteractionId
    group: Group | None
    caller: Ani | None
    """The number the customer is expected to call from, as stored, if the app told it."""
    allocated_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None
    ended_as: Ending | None = None
    ended_by: Ani | None = None
    """Who retrieved it, as stored; None where that caller matched nobody."""


class Known(msgspec.Struct, frozen=True):
    """What is known of a number when a call asks."""

    holder: Held | None
    """Whose it is: allocated now, or when the call arrived and by nobody since."""
    redial: Held | None
    """What this caller retrieved from it last."""
    last: Held | None
    """The allocation that ended last, if it may be told of: not while another call rings."""


class Outcome(msgspec.Struct, frozen=True):
    """The row that fits: the status, and the allocation it speaks of."""

    status: Status
    of: Held | None = None
    other: Held | None = None
    """The redial, where the status is AMBIGUOUS."""
    caller_match: bool | None = None
    """FOUND: whether the caller is the one the app expected; None where it expected nobody."""
    reveals_id: bool = False
    """LATE: whether the call is told whose the number was."""


def decide(
    known: Known, caller: Caller, named: InteractionId | None, now: datetime, policy: Policy
) -> Outcome:
    """Find the first row that fits *caller*, who may have *named* one of two candidates."""
    redial = known.redial
    if redial is not None and not _within(redial, policy.redial_for, now):
        redial = None
    if known.holder is not None:
        return _of_allocated(known.holder, redial, caller, named)
    if redial is not None:
        return Outcome(Status.REDIAL, redial)
    if known.last is not None and _is_late(known.last, caller, now, policy):
        return Outcome(Status.LATE, known.last, reveals_id=policy.late_reveals_id)
    return Outcome(Status.NOT_ALLOCATED)


def _of_allocated(
    holder: Held, redial: Held | None, caller: Caller, named: InteractionId | None
) -> Outcome:
    """Decide between the holder's interaction and the one this caller redials for."""
    if (
        redial is None
        or redial.interaction == holder.interaction
        or caller.is_same(holder.caller)
        or named == holder.interaction
    ):
        expected = None if holder.caller is None else caller.is_same(holder.caller)
        return Outcome(Status.FOUND, holder, caller_match=expected)
    if named == redial.interaction:
        return Outcome(Status.REDIAL, redial)
    return Outcome(Status.AMBIGUOUS, holder, redial)


def _is_late(last: Held, caller: Caller, now: datetime, policy: Policy) -> bool:
    """Say whether *caller* comes for what has ended: it expired, or another one retrieved it."""
    if not _within(last, policy.late_for, now):
        return False
    match last.ended_as:
        case Ending.EXPIRED:
            return True
        case Ending.RETRIEVED:
            return not caller.is_same(last.ended_by)
        case _:
            return False


def _within(held: Held, window: timedelta, now: datetime) -> bool:
    return held.ended_at is not None and now < held.ended_at + window
