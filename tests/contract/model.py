"""A pool as plain Python has it: what every store must agree with. Small enough to be believed."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from interact_ivr.domain.lifecycle import Policy
from interact_ivr.domain.values import Ending, Status


@dataclass
class Past:
    """An allocation, while it stands and after."""

    interaction: str
    allocated_at: datetime
    expires_at: datetime
    caller: str | None = None
    ended_at: datetime | None = None
    ended_as: Ending | None = None
    ended_by: str | None = None
    consumed_by: str | None = None


class Told(NamedTuple):
    """What a call is told."""

    status: Status
    interaction: str | None = None
    last: str | None = None
    """LATE: the last holder's interaction, unless it is not to be revealed."""
    match: bool | None = None
    """FOUND: the caller is the expected one."""


@dataclass
class Number:
    """A number, everything that was ever on it, and who rings."""

    allocations: list[Past] = field(default_factory=list)
    free_since: datetime | None = None
    ringing: dict[str, tuple[datetime, datetime]] = field(default_factory=dict)
    """Since when, without a break, and until when each call is on it."""
    told: dict[str, Told] = field(default_factory=dict)
    """What each call was told, as it is repeated."""


@dataclass
class Model:
    """A pool of numbers, in the order they were taken in."""

    policy: Policy
    numbers: dict[str, Number] = field(default_factory=dict)

    def holder(self, number: Number, now: datetime) -> Past | None:
        """Give the allocation that stands."""
        for past in number.allocations:
            if past.ended_at is None and now < past.expires_at:
                return past
        return None

    def rings(self, number: Number, now: datetime, but: str | None = None) -> bool:
        """Say whether a call is on it, *but* apart."""
        calls = number.ringing.items()
        return any(now < until for call, (_, until) in calls if call != but)

    def ring(self, key: str, call: str, at_most: timedelta, now: datetime) -> None:
        """Let *call* be on a number; what ran out before has expired."""
        number = self.numbers[key]
        if not self.rings(number, now):
            self.close(number, now)
        since, until = number.ringing.get(call, (now, now))
        number.ringing[call] = (since if now < until else now, now + at_most)

    def held_open(self, number: Number, now: datetime) -> Past | None:
        """Give the allocation that has run out, and has not expired yet."""
        for past in number.allocations:
            if past.ended_at is None and past.expires_at <= now:
                return past
        return None

    def last(self, number: Number, now: datetime) -> tuple[Past, datetime, Ending] | None:
        """Give what ended last, whether it was ended or ran out."""
        ended = [
            past
            for past in number.allocations
            if past.ended_at is not None or past.expires_at <= now
        ]
        if not ended:
            return None
        past = ended[-1]  # one after the other: the last that began is the last that ended
        return past, past.ended_at or past.expires_at, past.ended_as or Ending.EXPIRED

    def allocate(self, interaction: str, caller: str | None, now: datetime) -> str | None:
        """Give the number that *interaction* must get; None where there is none."""
        held = self.held_by(interaction, now)
        key = None if held and not self.policy.replace else self.longest_rested(now)
        if held and key is None:  # there is no other
            key, past = held
            past.expires_at = now + self.policy.hold_for
            past.caller = caller or past.caller
            return key
        if key is None:
            return None
        if held:
            past = held[1]
            past.ended_at, past.ended_as = now, Ending.REPLACED
            caller = caller or past.caller
        self.close(self.numbers[key], now)
        past = Past(interaction, now, now + self.policy.hold_for, caller)
        self.numbers[key].allocations.append(past)
        return key

    def held_by(self, interaction: str, now: datetime) -> tuple[str, Past] | None:
        """Give what *interaction* holds, also while its expiry is held open."""
        for key, number in self.numbers.items():
            for past in number.allocations:
                if past.interaction == interaction and past.ended_at is None:
                    if now < past.expires_at or self.rings(number, now):
                        return key, past
                    past.ended_at, past.ended_as = past.expires_at, Ending.EXPIRED
        return None

    def longest_rested(self, now: datetime) -> str | None:
        """Give the number that is lent next."""
        free = [
            (self.free_since(number, now), order, key)
            for order, (key, number) in enumerate(self.numbers.items())
            if self.holder(number, now) is None and not self.rings(number, now)
        ]
        return min(free)[2] if free else None

    def free_since(self, number: Number, now: datetime) -> datetime:
        """Say since when nobody holds it; the beginning of time where nobody ever did."""
        last = self.last(number, now)
        return datetime.min.replace(tzinfo=now.tzinfo) if last is None else last[1]

    def close(self, number: Number, now: datetime) -> None:
        """Take what ran out for ended."""
        for past in number.allocations:
            if past.ended_at is None and past.expires_at <= now:
                past.ended_at, past.ended_as = past.expires_at, Ending.EXPIRED

    def retrieve(
        self, key: str, call: str, ani: str | None, age: timedelta | None, now: datetime
    ) -> Told:
        """Give what *call* must be told."""
        number = self.numbers.get(key)
        if number is None:
            return Told(Status.UNKNOWN)
        if call in number.told:
            return number.told[call]
        told = self._decide(number, call, ani, age, now)
        if told.status is not Status.AMBIGUOUS:
            number.ringing.pop(call, None)
        if told.status is not Status.FOUND and not self.rings(number, now):
            self.close(number, now)  # its expiry is on record now: who rings later keeps nothing
        if told.status in {Status.FOUND, Status.REDIAL, Status.LATE}:
            number.told[call] = told
        return told

    def _decide(
        self, number: Number, call: str, ani: str | None, age: timedelta | None, now: datetime
    ) -> Told:
        holder, last = self.holder(number, now), self.last(number, now)
        if holder is None and last is not None and last[2] is Ending.EXPIRED:
            past = last[0]
            since, until = number.ringing.get(call, (now, now))
            rang = since < past.expires_at and now < until
            if rang or (age is not None and now - age < past.expires_at):
                holder = past
            elif self.held_open(number, now) and self.rings(number, now, but=call):
                last = None
        mine = [
            past
            for past in number.allocations
            if ani is not None
            and past.ended_by == ani
            and past.ended_at is not None
            and now < past.ended_at + self.policy.redial_for
        ]
        redial = mine[-1] if mine else None
        if holder is not None:
            expected = ani is not None and holder.caller == ani
            if redial and redial.interaction != holder.interaction and not expected:
                return Told(Status.AMBIGUOUS)
            holder.ended_at, holder.ended_as, holder.ended_by = now, Ending.RETRIEVED, ani
            assert holder.consumed_by is None, "consumed by two calls"
            holder.consumed_by = call
            number.ringing.pop(call, None)
            match = None if holder.caller is None else expected
            return Told(Status.FOUND, holder.interaction, match=match)
        if redial is not None:
            return Told(Status.REDIAL, redial.interaction)
        if last is not None:
            past, at, ending = last
            another = ending is Ending.RETRIEVED and (ani is None or past.ended_by != ani)
            if now < at + self.policy.late_for and (ending is Ending.EXPIRED or another):
                return Told(
                    Status.LATE, last=past.interaction if self.policy.late_reveals_id else None
                )
        return Told(Status.NOT_ALLOCATED)

    def free(self, key: str, now: datetime) -> bool:
        """Say whether there was something to end."""
        number = self.numbers[key]
        holder = self.holder(number, now)
        if holder is None and self.rings(number, now):  # it is not told expired meanwhile
            unended = (past for past in number.allocations if past.ended_at is None)
            holder = next(unended, None)
        self.close(number, now)
        if holder is None:
            return False
        holder.ended_at, holder.ended_as = now, Ending.FREED
        return True
