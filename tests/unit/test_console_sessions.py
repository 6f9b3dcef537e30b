"""Sessions of the console: they end by time, with their user, and where there are too many."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from interact_ivr.api.console.sessions import MOST, MOST_OF_ONE, Limits, Sessions
from interact_ivr.domain.access import Role
from interact_ivr.domain.directory import KnownUser

ANN = KnownUser("acme", "ann", "a hash", datetime(2026, 5, 4, tzinfo=UTC), Role.ADMIN)
LIMITS = Limits(idle=30, whole=100)


class House:
    """One user, and a clock that a test sets."""

    def __init__(self) -> None:
        self.now = 0.0
        self.user: KnownUser | None = ANN
        self.sessions = Sessions(lambda *_: self.user, LIMITS, lambda: self.now)


def test_a_session_is_found_by_what_was_shown_alone() -> None:
    """Neither is guessed from the other, and nobody else's token is the same."""
    sessions = House().sessions
    shown, session = sessions.begin(ANN)
    other, another = sessions.begin(ANN)
    assert sessions.find(shown) is session
    assert session.form_token not in (shown, another.form_token)
    assert len({shown, other}) == 2
    assert sessions.find(shown[:-1]) is None
    assert sessions.find("") is None


def test_who_does_nothing_is_signed_out() -> None:
    """Each use begins the time anew, and the whole time ends all the same."""
    house = House()
    shown, _ = house.sessions.begin(ANN)
    for house.now in (29.0, 58.0, 87.0, 99.0):
        assert house.sessions.find(shown) is not None
    house.now = 100.0
    assert house.sessions.find(shown) is None
    shown, _ = house.sessions.begin(ANN)
    house.now = 130.0
    assert house.sessions.find(shown) is None
    assert len(house.sessions) == 0


@pytest.mark.parametrize(
    "later",
    [None, replace(ANN, password_hash="another"), replace(ANN, role=Role.VIEWER)],
)
def test_a_session_ends_with_the_user_as_they_were(later: KnownUser | None) -> None:
    """Removed, with another password or another role: they sign in again, if they can."""
    house = House()
    shown, _ = house.sessions.begin(ANN)
    house.user = later
    assert house.sessions.find(shown) is None
    house.user = ANN
    assert house.sessions.find(shown) is None


def test_signing_out_ends_it() -> None:
    """That one, and no other; a second time does nothing."""
    sessions = House().sessions
    (one, _), (other, _) = sessions.begin(ANN), sessions.begin(ANN)
    sessions.end(one)
    sessions.end(one)
    assert sessions.find(one) is None
    assert sessions.find(other) is not None


def test_one_user_takes_no_other_s_place() -> None:
    """Of their own sessions, the one not used for longest goes."""
    sessions = House().sessions
    bob, _ = sessions.begin(replace(ANN, name="bob"))
    kept, *rest = (sessions.begin(ANN)[0] for _ in range(MOST_OF_ONE))
    sessions.find(kept)
    sessions.begin(ANN)
    assert sessions.find(kept) is not None
    assert sessions.find(rest[0]) is None
    assert sessions.find(rest[1]) is not None
    assert len(sessions) == MOST_OF_ONE + 1
    del bob


def test_there_is_a_bound_to_all() -> None:
    """However many users sign in, memory does not grow beyond it."""
    sessions = House().sessions
    for number in range(MOST + 5):
        sessions.begin(replace(ANN, name=f"user-{number}"))
    assert len(sessions) == MOST


def test_no_tenant_takes_another_s_place() -> None:
    """Of too many, those of the tenant that has most go, the longest unused first."""
    sessions = Sessions(lambda tenant, name: replace(ANN, tenant=tenant, name=name), LIMITS)
    bolt, _ = sessions.begin(replace(ANN, tenant="bolt"))
    first, *_ = (
        sessions.begin(replace(ANN, name=f"user-{number}"))[0] for number in range(MOST + 50)
    )
    assert sessions.find(bolt) is not None
    assert sessions.find(first) is None
    another, _ = sessions.begin(replace(ANN, tenant="bolt", name="bob"))
    assert sessions.find(bolt) is not None
    assert sessions.find(another) is not None
    assert len(sessions) == MOST
