"""What was used of late: bounded in number and time."""

from interact_ivr.service.recent import Recent


class Time:
    """Seconds that pass when told to."""

    at = 0.0

    def __call__(self) -> float:
        """Give the present one."""
        return self.at


def test_the_longest_unused_goes_first() -> None:
    """To look something up is to use it."""
    recent: Recent[str, int] = Recent(2, 60, Time())
    recent.put("a", 1)
    recent.put("b", 2)
    assert recent.get("a") == 1
    recent.put("c", 3)
    assert [recent.get(key) for key in "abc"] == [1, None, 3]
    assert len(recent) == 2


def test_what_is_unused_is_forgotten_at_its_instant() -> None:
    """Not before; each use begins its time anew."""
    time = Time()
    recent: Recent[str, int] = Recent(9, 60, time)
    recent.put("a", 1)
    recent.put("b", 2)
    time.at = 59
    assert recent.get("a") == 1
    time.at = 60
    assert recent.get("b") is None
    assert recent.get("a") == 1
    time.at = 120
    assert len(recent) == 0


def test_forgetting_what_is_not_there_is_nothing() -> None:
    """And what was put again is as it was put last."""
    recent: Recent[str, int] = Recent(9, 60, Time())
    recent.forget("a")
    recent.put("a", 1)
    recent.put("a", 2)
    assert recent.get("a") == 2
    recent.forget("a")
    assert recent.get("a") is None
