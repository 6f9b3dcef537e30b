"""A pool as plain Python has it: what every store must agree with. Small enough to be believed.

It says of each operation what must be answered and what the journal must say, word by word. Only
the ids of new allocations are the store's own: they are given.
"""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from interact_ivr.domain.caller import Caller
from interact_ivr.domain.journal import Forgotten, PurgeStep
from interact_ivr.domain.lifecycle import Policy, State
from interact_ivr.domain.names import AllocationId, Group, InteractionId, NumberKey
from interact_ivr.domain.values import (
    Allocation,
    Ending,
    Expired,
    FreeStatus,
    PoolNumber,
    Retrieval,
    Status,
)
from tests.contract.stores import Entry

NEVER = datetime.fromtimestamp(0, UTC)
REPEATED = {Status.FOUND, Status.REDIAL, Status.LATE}


@dataclass
class Past:
    """An allocation, while it stands and after."""

    id: AllocationId
    interaction: str
    group: str | None
    asked: bool
    """The group was asked for."""
    allocated_at: datetime
    expires_at: datetime
    caller: str | None = None
    ended_at: datetime | None = None
    ended_as: Ending | None = None
    ended_by: str | None = None
    consumed_by: str | None = None


@dataclass
class Number:
    """A number, everything that was ever on it, and who rings."""

    key: str
    group: str | None = None
    enabled: bool = True
    allocations: list[Past] = field(default_factory=list)
    last: Past | None = None
    """What ended last, as long as it may be told of."""
    free_since: datetime = NEVER
    ringing: dict[str, tuple[datetime, datetime]] = field(default_factory=dict)
    """Since when, without a break, and until when each call is on it."""
    told: dict[str, tuple[Past, Retrieval]] = field(default_factory=dict)
    """What each call was told, as it is repeated, and of which allocation."""

    @property
    def open(self) -> Past | None:
        """Give the allocation whose end is not on record."""
        return next((past for past in self.allocations if past.ended_at is None), None)

    def rings(self, now: datetime) -> bool:
        """Say whether a call is on it."""
        return any(now < until for _, until in self.ringing.values())

    def in_time(self, past: Past, now: datetime) -> list[tuple[str, datetime]]:
        """Give the calls that are on it since before *past* ran out, and until when."""
        return [
            (call, until)
            for call, (since, until) in self.ringing.items()
            if since < past.expires_at and now < until
        ]

    def is_held_open(self, past: Past, now: datetime, but: str | None = None) -> bool:
        """Say whether such a call, *but* apart, is on it."""
        return any(call != but for call, _ in self.in_time(past, now))

    def is_over(self, past: Past, now: datetime) -> bool:
        """Say whether *past* has expired: it ran out, and nobody holds that open."""
        return past.expires_at <= now and not self.is_held_open(past, now)


@dataclass
class Model:
    """A pool of numbers, in the order they were taken in."""

    policy: Policy
    numbers: dict[str, Number] = field(default_factory=dict)
    journal: list[tuple[datetime, Entry]] = field(default_factory=list)
    """What was written, and when."""

    # What it is

    def shown(self, now: datetime) -> list[PoolNumber]:
        """Give every number as it stands."""
        return [
            PoolNumber(
                number=NumberKey(key),
                entered=key.lstrip("+"),
                dnid=None,
                group=None if number.group is None else Group(number.group),
                enabled=number.enabled,
                state=self.state(number, now),
                interaction=InteractionId(number.open.interaction)
                if number.open and now < number.open.expires_at
                else None,
                free_from=number.open.expires_at if number.open else number.free_since,
            )
            for key, number in sorted(self.numbers.items())
        ]

    def state(self, number: Number, now: datetime) -> State:
        """Say how *number* stands."""
        if number.open:
            return State.ALLOCATED if now < number.open.expires_at else State.LAPSED
        return State.RESTING if now < number.free_since + self.policy.rest_for else State.IDLE

    def open(self) -> Iterator[tuple[Number, Past]]:
        """Give every allocation whose end is not on record, and its number."""
        for number in self.numbers.values():
            if number.open:
                yield number, number.open

    def known(self) -> dict[str, tuple[Number, Past]]:
        """Give every allocation that is not purged, with its number."""
        return {
            past.id: (number, past)
            for number in self.numbers.values()
            for past in number.allocations
        }

    # Lending

    def allocate(
        self, interaction: str, group: str | None, caller: str | None, now: datetime, new_id: str
    ) -> Allocation | str:
        """Give what *interaction* must get, or the code of the refusal."""
        mine = [(number, past) for number, past in self.open() if past.interaction == interaction]
        over = [number for number, past in mine if number.is_over(past, now)]
        if mine and not over:
            (held,) = mine
            return self.allocate_again(*held, group, caller, now, new_id)
        free = self.longest_rested(group, now)
        if free is None:
            return "exhausted"
        for number in over:
            self.settle(number, now)
        return self.lend(free, interaction, group, caller, now, new_id)

    def allocate_again(
        self,
        number: Number,
        past: Past,
        group: str | None,
        caller: str | None,
        now: datetime,
        new_id: str,
    ) -> Allocation | str:
        """Give what an interaction that has *past* must get."""
        if group not in (None, number.group):
            return "bad_input"
        group = group or (number.group if past.asked else None)
        other = self.longest_rested(group, now) if self.policy.replace else None
        if other is None:
            return self.renew(number, past, group, caller, now)
        self.end(number, past, now, Ending.REPLACED, now)
        lent = self.lend(other, past.interaction, group, caller or past.caller, now, new_id)
        return replace(lent, replaced=past.id)

    def longest_rested(self, group: str | None, now: datetime) -> Number | None:
        """Give the number that is lent next."""
        rested = now - self.policy.rest_for if self.policy.strict_rest else now
        free = [
            (since, order)
            for order, number in enumerate(self.numbers.values())
            if number.enabled and group in (None, number.group) and not number.rings(now)
            if (since := number.open.expires_at if number.open else number.free_since) <= rested
        ]
        return list(self.numbers.values())[min(free)[1]] if free else None

    def lend(
        self,
        number: Number,
        interaction: str,
        asked: str | None,
        caller: str | None,
        now: datetime,
        new_id: str,
    ) -> Allocation:
        """Let *interaction* have *number*."""
        self.settle(number, now)
        early = self.state(number, now) is State.RESTING
        expires_at = now + self.policy.hold_for
        kind = number.group, asked is not None
        past = Past(AllocationId(new_id), interaction, *kind, now, expires_at, caller)
        number.allocations.append(past)
        self.write("lent early" if early else "allocated", number, past, now, expires_at=expires_at)
        return self.allocation(number, past, lent_early=early)

    def renew(
        self, number: Number, past: Past, asked: str | None, caller: str | None, now: datetime
    ) -> Allocation:
        """Let it wait anew."""
        past.expires_at = now + self.policy.hold_for
        past.caller = caller or past.caller
        past.asked = asked is not None
        self.write("renewed", number, past, now, expires_at=past.expires_at)
        return self.allocation(number, past, renewed=True)

    def allocation(
        self, number: Number, past: Past, *, renewed: bool = False, lent_early: bool = False
    ) -> Allocation:
        """Put *past* as it is told to who asked for it."""
        return Allocation(
            past.id,
            NumberKey(number.key),
            number.key.lstrip("+"),
            InteractionId(past.interaction),
            None if past.group is None else Group(past.group),
            past.allocated_at,
            past.expires_at,
            renewed=renewed,
            lent_early=lent_early,
        )

    # Ending

    def end(
        self,
        number: Number,
        past: Past,
        at: datetime,
        ending: Ending,
        now: datetime,
        *,
        call: str | None = None,
        caller: Caller | None = None,
        detail: str | None = None,
    ) -> None:
        """End *past*, on record."""
        past.ended_at, past.ended_as = at, ending
        past.ended_by = caller.stored if caller and caller.matches else None
        number.last, number.free_since = past, at
        ani = caller.stored if caller else None
        self.write(ending, number, past, now, at=at, call=call, ani=ani, detail=detail)

    def settle(self, number: Number, now: datetime) -> None:
        """Put on record what has expired."""
        past = number.open
        if past and number.is_over(past, now):
            self.end(number, past, past.expires_at, Ending.EXPIRED, now)

    def free(self, key: str, allocation: str | None, now: datetime) -> FreeStatus:
        """Say whether there was something to end."""
        number = self.numbers.get(key)
        if number is None:
            return FreeStatus.UNKNOWN
        self.settle(number, now)
        past = number.open
        if past is None or allocation not in (None, past.id):
            return FreeStatus.NOT_ALLOCATED
        self.end(number, past, now, Ending.FREED, now)
        return FreeStatus.FREED

    def due(self, now: datetime) -> set[Expired]:
        """Give what the sweep must tell, and put it on record."""
        return {
            Expired(
                past.id, NumberKey(number.key), InteractionId(past.interaction), past.expires_at
            )
            for number, past in self.open()
            if number.is_over(past, now)
        }

    def swept(self, expired: Expired, now: datetime) -> None:
        """Put on record what the sweep told."""
        self.settle(self.numbers[expired.number], now)

    def deadlines(self, now: datetime) -> list[datetime]:
        """Give when there is something to sweep, for each allocation, if nothing happens before."""
        return [
            max([past.expires_at, *(until for _, until in number.in_time(past, now))])
            for number, past in self.open()
        ]

    def remove(self, keys: list[str], *, force: bool, now: datetime) -> list[str]:
        """Take numbers out, or give those that cannot be."""
        kept = [
            key
            for key in keys
            if (number := self.numbers.get(key)) and not force
            if number.rings(now) or (number.open and not number.is_over(number.open, now))
        ]
        for key in sorted(keys) if not kept else []:
            number = self.numbers.pop(key, None)
            if number:
                self.settle(number, now)
                if number.open:
                    self.end(number, number.open, now, Ending.FREED, now)
        return kept

    # Calls

    def ring(self, key: str, call: str, at_most: timedelta, now: datetime) -> bool:
        """Let *call* be on a number; what ran out and is held open by no call any more, expired."""
        number = self.numbers.get(key)
        if number is None:
            return False
        since, until = number.ringing.get(call, (now, now))
        number.ringing[call] = (since if now < until else now, now + at_most)
        self.settle(number, now)
        return True

    def hang_up(self, call: str) -> None:
        """Let *call* be on no number."""
        for number in self.numbers.values():
            number.ringing.pop(call, None)

    def retrieve(
        self,
        key: str,
        call: str,
        caller: Caller,
        named: str | None,
        age: timedelta | None,
        now: datetime,
    ) -> Retrieval:
        """Give what *call* must be told."""
        number = self.numbers.get(key)
        if number is None:
            return Retrieval(Status.UNKNOWN, ani=caller.shown)
        if call in number.told:
            return replace(number.told[call][1], ani=caller.shown, repeated=True)
        past, told = self.decide(number, call, caller, named, age, now)
        told = replace(told, number=NumberKey(key), ani=caller.shown)
        if told.status is not Status.AMBIGUOUS:
            number.ringing.pop(call, None)
        if past and told.status is Status.FOUND:
            self.hand_over(number, past, call, caller, now)
            told = replace(told, waited=now - past.allocated_at)
        else:
            self.settle(number, now)
        if past and told.status in REPEATED:
            number.told[call] = past, told
        return told

    def decide(
        self,
        number: Number,
        call: str,
        caller: Caller,
        named: str | None,
        age: timedelta | None,
        now: datetime,
    ) -> tuple[Past | None, Retrieval]:
        """Find the first row of the contract's table that fits, and of which allocation it is."""
        ani = caller.stored if caller.matches else None
        holder, last = self.holder(number, call, age, now)
        mine = [past for past in number.allocations if ani is not None and past.ended_by == ani]
        redial = mine[-1] if mine else None
        if redial and redial.ended_at and redial.ended_at + self.policy.redial_for <= now:
            redial = None
        if holder:
            expected = ani is not None and holder.caller == ani
            if redial is None or expected or holder.interaction in (redial.interaction, named):
                match = None if holder.caller is None else expected
                return holder, told_of(Status.FOUND, holder, match)
            if named != redial.interaction:
                candidates = tuple(InteractionId(it.interaction) for it in (holder, redial))
                return None, Retrieval(Status.AMBIGUOUS, candidates=candidates)
        if redial:
            return redial, told_of(Status.REDIAL, redial)
        if last and self.is_late(last, ani, now):
            name = InteractionId(last.interaction) if self.policy.late_reveals_id else None
            how = last.ended_as or Ending.EXPIRED
            return last, Retrieval(Status.LATE, last_interaction=name, last_end=how)
        return None, Retrieval(Status.NOT_ALLOCATED)

    def holder(
        self, number: Number, call: str, age: timedelta | None, now: datetime
    ) -> tuple[Past | None, Past | None]:
        """Give whose the number is for *call*, else the last whose it was, if that may be told."""
        past = number.open or number.last
        if past is None:
            return None, None
        if past.ended_at is None and now < past.expires_at:
            return past, None
        if past.ended_as in (None, Ending.EXPIRED):
            arrived_in_time = age is not None and now - age < past.expires_at
            if arrived_in_time or call in dict(number.in_time(past, now)):
                return past, None
        if past.ended_at is None and number.is_held_open(past, now, but=call):
            return None, None
        return None, past

    def is_late(self, last: Past, ani: str | None, now: datetime) -> bool:
        """Say whether a caller comes for what was another's, or has expired."""
        if (last.ended_at or last.expires_at) + self.policy.late_for <= now:
            return False
        if last.ended_as is Ending.RETRIEVED:
            return ani is None or last.ended_by != ani
        return last.ended_as in (None, Ending.EXPIRED)

    def hand_over(
        self, number: Number, past: Past, call: str, caller: Caller, now: datetime
    ) -> None:
        """End *past* for *call*."""
        assert past.consumed_by is None, "consumed by two calls"
        past.consumed_by = call
        detail = "arrived before expiry" if past.expires_at <= now else None
        self.end(number, past, now, Ending.RETRIEVED, now, call=call, caller=caller, detail=detail)

    # The journal

    def write(
        self,
        event: str,
        number: Number,
        past: Past,
        now: datetime,
        *,
        at: datetime | None = None,
        expires_at: datetime | None = None,
        call: str | None = None,
        ani: str | None = None,
        detail: str | None = None,
    ) -> None:
        """Put on record what happened."""
        pbx = None if call is None else "main"
        what = (number.key, past.id, past.interaction, expires_at, pbx, call, ani, detail)
        self.journal.append((now, Entry(event, at or now, *what)))

    def undelivered(self, told: Retrieval, call: str, now: datetime) -> None:
        """Put on record that *call* may not have learned it, if that is known still."""
        _, past = self.known().get(told.allocation or "", (None, None))
        number = self.numbers.get(told.number or "")
        if number and past:
            self.write("undelivered", number, past, now, call=call)

    def forget(
        self, interaction: str, tombstone: str, now: datetime
    ) -> Forgotten | tuple[str, str, bool]:
        """Say how much must be forgotten; else what stands: number, allocation, has it run out."""
        for number, past in self.open():
            if past.interaction == interaction:
                return number.key, past.id, number.is_over(past, now)
        pasts = [
            (number, past)
            for number, past in self.known().values()
            if past.interaction == interaction
        ]
        answers = 0
        for number, past in pasts:
            past.interaction, past.caller, past.ended_by = tombstone, None, None
            number.last = None if number.last is past else number.last
            answers += self.forget_answers(number, past)
        entries = [entry for _, entry in self.journal if entry.interaction == interaction]
        self.journal = [
            (at, dataclasses.replace(entry, interaction=tombstone, ani=None))
            if entry.interaction == interaction
            else (at, entry)
            for at, entry in self.journal
        ]
        anis = sum(entry.ani is not None for entry in entries)
        return Forgotten(len(entries), anis, len(pasts), answers)

    def forget_answers(self, number: Number, past: Past) -> int:
        """Forget what calls were told of *past*."""
        calls = [call for call, (of, _) in number.told.items() if of is past]
        for call in calls:
            del number.told[call]
        return len(calls)

    def purge(self, before: datetime) -> tuple[int, PurgeStep]:
        """Remove what ended *before*; say how many entries, and what else."""
        known = self.known()

        def stays(written: datetime, entry: Entry) -> bool:
            _, past = known.get(entry.allocation, (None, None))
            return written >= before or bool(
                past and (past.ended_at is None or past.ended_at >= before)
            )

        kept = [each for each in self.journal[:-1] if stays(*each)] + self.journal[-1:]
        entries, self.journal = len(self.journal) - len(kept), kept
        gone = [
            (number, past)
            for number, past in known.values()
            if past.ended_at and past.ended_at < before
            if past is not number.last and past is not number.allocations[-1]
        ]
        answers = sum(self.forget_answers(number, past) for number, past in gone)
        for number, past in gone:
            number.allocations.remove(past)
        return entries, PurgeStep(len(gone), answers)


def told_of(status: Status, past: Past, match: bool | None = None) -> Retrieval:
    """Tell a call whose number it dialed."""
    return Retrieval(
        status,
        allocation=past.id,
        interaction=InteractionId(past.interaction),
        group=None if past.group is None else Group(past.group),
        caller_match=match,
    )
