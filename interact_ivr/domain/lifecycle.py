"""A number's life as a table: every state meets every event, and "nothing happens" is a row too.

State is derived from two facts and *now*, never stored: so an expiry is true at its instant,
whoever sleeps, restarts or has lost its connection meanwhile.
"""

from datetime import datetime, timedelta
from enum import Enum, auto

import msgspec

from interact_ivr.domain.names import AllocationId


class State(Enum):
    """What a number is at an instant."""

    IDLE = "idle"
    RESTING = "resting"
    ALLOCATED = "allocated"
    LAPSED = "lapsed"
    """Its allocation ran out, and the journal does not say so yet."""


class Event(Enum):
    """What can happen to a number."""

    ALLOCATE = auto()
    """An interaction asks for a number, and this one is its own already or the best there is."""
    RETRIEVE = auto()
    """A call asks whose number it is."""
    RETRIEVE_IN_TIME = auto()
    """The same by a call that arrived before the last allocation ran out; nobody had it since."""
    FREE = auto()
    EXPIRE = auto()
    """The sweep looks at it."""


class Move(Enum):
    """What is done about it, in one transaction with the journal's row."""

    NOTHING = auto()
    LEND = auto()
    LEND_EARLY = auto()
    """Lend a number that still rests, because none is idle; refused where resting is strict."""
    RENEW = auto()
    """The same interaction asks again: the same number, its wait begun anew."""
    HAND_OVER = auto()
    """The allocation ends as retrieved, and this call learns whose it was."""
    END = auto()
    """The allocation ends as freed."""
    RECORD_EXPIRY = auto()
    """The allocation has ended by itself: write so, dated at its expiry, and look again."""


MOVES: dict[tuple[State, Event], Move] = {
    (State.IDLE, Event.ALLOCATE): Move.LEND,
    (State.IDLE, Event.RETRIEVE): Move.NOTHING,
    (State.IDLE, Event.RETRIEVE_IN_TIME): Move.HAND_OVER,
    (State.IDLE, Event.FREE): Move.NOTHING,  # seed 000: "found but is not allocated" is 200, empty
    (State.IDLE, Event.EXPIRE): Move.NOTHING,
    (State.RESTING, Event.ALLOCATE): Move.LEND_EARLY,
    (State.RESTING, Event.RETRIEVE): Move.NOTHING,
    (State.RESTING, Event.RETRIEVE_IN_TIME): Move.HAND_OVER,
    (State.RESTING, Event.FREE): Move.NOTHING,
    (State.RESTING, Event.EXPIRE): Move.NOTHING,
    (State.ALLOCATED, Event.ALLOCATE): Move.RENEW,  # the same interaction; others get another one
    (State.ALLOCATED, Event.RETRIEVE): Move.HAND_OVER,
    (State.ALLOCATED, Event.RETRIEVE_IN_TIME): Move.HAND_OVER,
    (State.ALLOCATED, Event.FREE): Move.END,
    (State.ALLOCATED, Event.EXPIRE): Move.NOTHING,
    (State.LAPSED, Event.ALLOCATE): Move.RECORD_EXPIRY,
    (State.LAPSED, Event.RETRIEVE): Move.RECORD_EXPIRY,
    (State.LAPSED, Event.RETRIEVE_IN_TIME): Move.HAND_OVER,
    (State.LAPSED, Event.FREE): Move.RECORD_EXPIRY,
    (State.LAPSED, Event.EXPIRE): Move.RECORD_EXPIRY,
}


class Standing(msgspec.Struct, frozen=True):
    """The two facts a number's state is derived from."""

    allocation: AllocationId | None
    """The allocation whose end is not in the journal yet."""
    free_from: datetime
    """When it becomes, or became, free: its allocation's expiry, else the last one's end."""

    def state(self, now: datetime, rest_for: timedelta) -> State:
        """Say what the number is at *now*, if it rests for *rest_for* after each allocation."""
        if self.allocation is not None:
            return State.ALLOCATED if now < self.free_from else State.LAPSED
        return State.RESTING if now < self.free_from + rest_for else State.IDLE


class Quotas(msgspec.Struct, frozen=True):
    """How much may be taken at most."""

    most_open: int = 0
    """How many allocations may be open at once; 0: as many as there are numbers."""
    most_a_minute: int = 0
    """How often a number may be asked for, on one node; 0: as often as one likes."""


NO_QUOTAS = Quotas()


class Policy(msgspec.Struct, frozen=True):
    """How long things last in a pool, and how much may be taken of it."""

    hold_for: timedelta
    """How long an allocation may wait for its call."""
    rest_for: timedelta
    """How long a number rests before it is lent again."""
    strict_rest: bool = False
    """Refuse rather than lend a resting number early."""
    redial_for: timedelta = timedelta(0)
    """How long the caller who retrieved an interaction gets it again from the same number."""
    late_for: timedelta = timedelta(0)
    """How long a later caller is told that the number was somebody's."""
    replace: bool = False
    """The same interaction asking again gets another number, and its old allocation ends."""
    late_reveals_id: bool = True
    """Tell a late caller's Asterisk dialplan whose the number was."""
    most_open: int = 0
    """How many allocations may be open at once; 0: as many as there are numbers."""
    most_a_minute: int = 0
    """How often a number may be asked for, on one node; 0: as often as one likes."""
    of_tenant: Quotas = NO_QUOTAS
    """What all applications of its tenant may have together."""
