"""How often a minute: a bucket for each application that fills again as time goes by."""

from __future__ import annotations

import pytest

from interact_ivr.domain.errors import QuotaReached, Whose
from interact_ivr.domain.names import ApplicationId
from interact_ivr.service.quotas import MinuteQuota

ONE, TWO = ApplicationId(1), ApplicationId(2)


class World:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at = 1000.0
        self.again = 0
        """When to come again, as the last refusal said."""
        self.quota = MinuteQuota(lambda: self.at)

    def take(
        self, application: ApplicationId = ONE, most: int = 6, whose: Whose = "application"
    ) -> int:
        """Take as many as there are, and give how many and when to come again."""
        taken = 0
        with pytest.raises(QuotaReached) as refused:  # noqa: PT012  until it is
            while True:
                self.quota.take((whose, application, most))
                taken += 1
        said = refused.value
        assert (said.whose, said.quota, said.most) == (whose, "a minute", most)
        self.again = refused.value.retry_after
        return taken


def test_a_minute_s_worth_at_once_and_then_as_many_as_come_again() -> None:
    """Six a minute is one every ten seconds, and never more than six."""
    world = World()
    assert (world.take(), world.again) == (6, 10)
    world.at += 9.5
    assert (world.take(), world.again) == (0, 1)
    world.at += 0.5
    assert world.take() == 1
    world.at += 3600
    assert world.take() == 6


def test_each_application_has_its_own() -> None:
    """One that asks too often costs no other."""
    world = World()
    assert world.take(ONE) == 6
    assert world.take(TWO) == 6
    assert world.take(ONE, whose="tenant") == 6


def test_who_is_refused_by_one_takes_from_none() -> None:
    """An application does not use its minute up on what its tenant may not ask for."""
    world = World()
    for _ in range(3):
        world.quota.take(("application", ONE, 6), ("tenant", ONE, 3))
    for _ in range(100):
        with pytest.raises(QuotaReached) as refused:
            world.quota.take(("application", ONE, 6), ("tenant", ONE, 3))
        assert refused.value.whose == "tenant"
    assert world.take() == 3


def test_a_smaller_quota_is_waited_for_no_longer_than_it_takes() -> None:
    """What the larger one gave away is not to be paid back over hours."""
    world = World()
    for _ in range(6_000):
        world.quota.take(("tenant", ONE, 6_000))
    assert (world.take(most=6, whose="tenant"), world.again) == (0, 10)
    world.at += 10
    assert world.take(most=6, whose="tenant") == 1


@pytest.mark.parametrize("count", [1, 10_000])
def test_none_is_no_limit(count: int) -> None:
    """Nothing is even remembered."""
    world = World()
    for _ in range(count):
        world.quota.take(("tenant", ONE, 0))
