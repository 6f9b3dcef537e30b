"""The laws of a number's life: the table is total, and a state holds from its very instant on."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interact_ivr.domain.lifecycle import MOVES, Event, Move, Standing, State
from interact_ivr.domain.names import AllocationId

TICK = timedelta(microseconds=1)
FREE_FROM = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
REST = timedelta(minutes=5)
HELD = Standing(AllocationId("01JTB0000000000000000000AA"), FREE_FROM)
ENDED = Standing(None, FREE_FROM)

MOMENTS = st.datetimes(
    datetime(1970, 1, 1), datetime(2500, 1, 1), timezones=st.just(UTC)
)  # as stored: 0 is a number that was never lent
LENGTHS = st.timedeltas(timedelta(0), timedelta(days=7))


def test_every_state_meets_every_event() -> None:
    """The table has a row for each pair, and no other."""
    assert set(MOVES) == set(product(State, Event))


IN_TIME = {Event.RETRIEVE_IN_TIME}
"""What has come before an expiry is handed over whatever the number is by now."""


def test_every_move_is_used() -> None:
    """A move that no row names would be a rule that nothing follows."""
    assert set(MOVES.values()) == set(Move)


@pytest.mark.parametrize("event", [event for event in Event if event not in IN_TIME])
def test_an_allocation_that_ran_out_is_only_put_on_record(event: Event) -> None:
    """Nobody is handed over and nothing is renewed, but for a call that had arrived in time."""
    assert MOVES[State.LAPSED, event] is Move.RECORD_EXPIRY


@pytest.mark.parametrize("state", [state for state in State if state is not State.ALLOCATED])
def test_only_an_allocated_number_is_handed_over_renewed_or_freed(state: State) -> None:
    """No other state has an allocation that a call, an app or a person could end."""
    moves = {MOVES[state, event] for event in Event if event not in IN_TIME}
    assert not moves & {Move.HAND_OVER, Move.RENEW, Move.END}


@pytest.mark.parametrize("state", State)
def test_only_what_nobody_holds_is_lent(state: State) -> None:
    """An allocated number is never lent to a second interaction."""
    lent = MOVES[state, Event.ALLOCATE] in {Move.LEND, Move.LEND_EARLY}
    assert lent is (state in {State.IDLE, State.RESTING})


@pytest.mark.parametrize("event", [Event.RETRIEVE, Event.FREE, Event.EXPIRE])
def test_resting_differs_from_idle_for_lending_alone(event: Event) -> None:
    """The store may leave the rest out of account for every event but ALLOCATE."""
    assert MOVES[State.RESTING, event] is MOVES[State.IDLE, event]


@pytest.mark.parametrize(
    ("standing", "after", "state"),
    [
        (HELD, -REST, State.ALLOCATED),
        (HELD, -TICK, State.ALLOCATED),
        (HELD, timedelta(0), State.LAPSED),
        (HELD, TICK, State.LAPSED),
        (HELD, REST, State.LAPSED),
        (ENDED, timedelta(0), State.RESTING),
        (ENDED, REST - TICK, State.RESTING),
        (ENDED, REST, State.IDLE),
        (ENDED, REST + TICK, State.IDLE),
    ],
)
def test_a_state_begins_at_its_very_instant(
    standing: Standing, after: timedelta, state: State
) -> None:
    """A microsecond before its expiry a number is allocated, at its expiry it is not."""
    assert standing.state(FREE_FROM + after, REST) is state


@pytest.mark.parametrize("after", [timedelta(0), TICK])
def test_without_a_rest_a_number_is_idle_at_once(after: timedelta) -> None:
    """A rest of nothing leaves no instant at which the number rests."""
    assert ENDED.state(FREE_FROM + after, timedelta(0)) is State.IDLE


@given(free_from=MOMENTS, now=MOMENTS, rest_for=LENGTHS, held=st.booleans())
def test_who_holds_a_number_never_depends_on_its_rest(
    free_from: datetime, now: datetime, rest_for: timedelta, held: bool
) -> None:
    """The allocation alone tells the held states from the free ones."""
    standing = Standing(HELD.allocation if held else None, free_from)
    assert held is (standing.state(now, rest_for) in {State.ALLOCATED, State.LAPSED})


@given(free_from=MOMENTS, earlier=MOMENTS, later=MOMENTS, rest_for=LENGTHS, held=st.booleans())
def test_time_alone_never_takes_a_number_back(
    free_from: datetime, earlier: datetime, later: datetime, rest_for: timedelta, held: bool
) -> None:
    """By time, allocated only becomes lapsed and resting only idle; neither turns back."""
    standing = Standing(HELD.allocation if held else None, free_from)
    earlier, later = sorted((earlier, later))
    order = [State.ALLOCATED, State.LAPSED] if held else [State.RESTING, State.IDLE]
    before, after = standing.state(earlier, rest_for), standing.state(later, rest_for)
    assert order.index(before) <= order.index(after)
