"""ICWS sessions: their limits, their ends and their size, with the time as a value."""

from __future__ import annotations

import tracemalloc
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from interact_ivr.api.icws.sessions import Session, Sessions
from interact_ivr.domain.names import EnvironmentName

HERE = EnvironmentName("default/default")
IDLE = 60.0


@dataclass
class Now:
    """The time."""

    seconds: float = 0.0

    def __call__(self) -> float:
        """Tell it."""
        return self.seconds


@pytest.fixture
def now() -> Now:
    """Give a clock that is set by hand."""
    return Now()


def opened(sessions: Sessions, user: str = "a") -> Session:
    return sessions.open(HERE, user, "hash")


def test_every_session_is_its_own(now: Now) -> None:
    """Neither id nor secret is ever another one's, nor follows from it; ids are 15 digits."""
    sessions = Sessions(now, IDLE, 1_000)
    made = [opened(sessions) for _ in range(1_000)]
    for secret in ("id", "token", "cookie"):
        assert len({getattr(each, secret) for each in made}) == 1_000
    assert {len(each.id) for each in made} == {15}
    assert all(int(each.id) == float(each.id) < 2**53 for each in made), "exact in JavaScript"
    assert len({each.id[:3] for each in made}) > 500, "spread, not counted"
    assert {len(each.token) for each in made} == {43}, "256 bits"


def test_a_session_ends_when_it_was_unused_for_long_enough(now: Now) -> None:
    """Not before, and its being looked for is no use."""
    sessions = Sessions(now, IDLE, 9)
    session = opened(sessions)
    now.seconds = IDLE - 0.001
    assert sessions.find(session.id) is session
    now.seconds = IDLE
    assert sessions.find(session.id) is None
    assert len(sessions) == 0


def test_a_session_in_use_does_not_end(now: Now) -> None:
    """However long ago it was opened; nor does one used at the last moment."""
    sessions = Sessions(now, IDLE, 9)
    session, other = opened(sessions), opened(sessions)
    for _ in range(100):
        now.seconds += IDLE - 1
        assert sessions.find(session.id) is session
        sessions.use(session)
    assert sessions.find(other.id) is None


def test_a_session_that_has_ended_is_not_used_back_to_life(now: Now) -> None:
    """Where a request came before its end, and is still being answered."""
    sessions = Sessions(now, IDLE, 9)
    session = opened(sessions)
    sessions.end(session.id)
    sessions.end(session.id)
    sessions.use(session)
    assert sessions.find(session.id) is None
    assert len(sessions) == 0


def test_one_more_than_a_user_may_have_ends_the_longest_unused(now: Now) -> None:
    """Theirs, never another user's, of this environment or another."""
    sessions = Sessions(now, IDLE, 3)
    other = sessions.open(EnvironmentName("other/live"), "a", "hash")
    stranger = opened(sessions, "b")
    first, second, third = (opened(sessions) for _ in range(3))
    now.seconds = 1
    sessions.use(first)
    fourth = opened(sessions)
    assert [sessions.find(each.id) is not None for each in (first, second, third, fourth)] == [
        True,
        False,
        True,
        True,
    ]
    assert sessions.find(stranger.id) is stranger
    assert sessions.find(other.id) is other


def test_a_lower_limit_counts_from_the_next_session_on(now: Now) -> None:
    """Both limits may be set anew."""
    sessions = Sessions(now, IDLE, 5)
    for _ in range(5):
        opened(sessions)
    sessions.most_of_one = 2
    assert len(sessions) == 5
    opened(sessions)
    assert len(sessions) == 2
    sessions.idle_seconds = 1.0
    now.seconds = 1.0
    assert len(sessions) == 0


def test_it_says_when_there_is_room_for_no_other(now: Now) -> None:
    """Of all users; time makes room."""
    sessions = Sessions(now, IDLE, 2, most=3)
    for user in ("a", "b", "c"):
        assert not sessions.full
        opened(sessions, user)
    assert sessions.full
    now.seconds = IDLE
    assert not sessions.full


def test_ten_thousand_sessions_are_small() -> None:
    """Under 1.5 kB each, and nothing is left of them."""
    now = Now()
    sessions = Sessions(now, IDLE, 100)
    tracemalloc.start()
    try:
        for index in range(10_000):
            opened(sessions, f"user {index // 100}")
        assert len(sessions) == 10_000
        held, _ = tracemalloc.get_traced_memory()
        now.seconds = IDLE
        assert len(sessions) == 0
        left, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 15_000_000
    assert left < held / 10


class Life(RuleBasedStateMachine):
    """Sessions beside a model that keeps a list of all."""

    def __init__(self) -> None:
        super().__init__()
        self.now = Now()
        self.sessions = Sessions(self.now, IDLE, 3)
        self.used: dict[str, tuple[Session, float]] = {}

    def alive(self) -> dict[str, tuple[Session, float]]:
        """Give those that the model takes to be there, in the order of their use."""
        return {k: v for k, v in self.used.items() if v[1] > self.now.seconds - IDLE}

    @rule(user=st.sampled_from("ab"))
    def open(self, user: str) -> None:
        """Open one."""
        theirs = [k for k, (each, _) in self.alive().items() if each.user == user]
        if len(theirs) == 3:
            del self.used[min(theirs, key=lambda k: (self.used[k][1], [*self.used].index(k)))]
        made = self.sessions.open(HERE, user, "hash")
        self.used[made.id] = (made, self.now.seconds)

    @rule(at=st.integers(0, 9))
    def use(self, at: int) -> None:
        """Use one."""
        if alive := [*self.alive().values()]:
            session, _ = alive[at % len(alive)]
            self.sessions.use(session)
            self.used[session.id] = (session, self.now.seconds)

    @rule(at=st.integers(0, 9))
    def end(self, at: int) -> None:
        """End one."""
        if alive := [*self.alive()]:
            self.sessions.end(alive[at % len(alive)])
            del self.used[alive[at % len(alive)]]

    @rule(seconds=st.floats(0.5, IDLE))
    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now.seconds += seconds

    @invariant()
    def they_are_the_same(self) -> None:
        """Each is there, or is not, as the model has it."""
        alive = self.alive()
        assert len(self.sessions) == len(alive)
        for session_id in self.used:
            assert (self.sessions.find(session_id) is not None) == (session_id in alive)


TestLife = Life.TestCase


@given(st.text())
def test_whatever_is_asked_for_is_no_session(text: str) -> None:
    """Any text may be looked for, and ended."""
    sessions = Sessions(Now(), IDLE, 1)
    opened(sessions)
    assert sessions.find(text) is None
    sessions.end(text)
    assert len(sessions) == 1
