"""How late events are, though the other one's clock need not be ours."""

from datetime import UTC, datetime, timedelta

import pytest

from interact_ivr.ari.lag import Lag

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def seconds(number: float) -> timedelta:
    """Give so many."""
    return timedelta(seconds=number)


@pytest.mark.parametrize("ahead", [0.0, -3600.0, 3.0])
def test_what_the_clocks_differ_by_is_no_lateness(ahead: float) -> None:
    """The quickest event tells that difference; the others are late by what they took longer."""
    lag = Lag()
    took = [0.01, 0.5, 0.01, 0.2]
    late = [
        lag.of(NOON + seconds(at + ahead), NOON + seconds(at + took_))
        for at, took_ in enumerate(took)
    ]
    assert late == pytest.approx([0, 0.49, 0, 0.19])


def test_a_clock_that_was_set_is_forgotten_within_two_minutes() -> None:
    """Until then events seem late; for ever they must not."""
    lag = Lag()
    lag.of(NOON, NOON)
    late = [lag.of(NOON + seconds(at - 30), NOON + seconds(at)) for at in range(1, 200)]
    assert late[0] == 30
    assert late[-1] == 0


def test_what_stays_late_stays_so_for_a_minute() -> None:
    """A backlog is not taken for the clocks' difference at once."""
    lag = Lag()
    lag.of(NOON, NOON)
    assert lag.of(NOON + seconds(58), NOON + seconds(59)) == 1
    assert lag.of(NOON + seconds(60), NOON + seconds(61)) == 1
