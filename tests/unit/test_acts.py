"""What is put on record of an act: all that was changed, and nothing that reads otherwise."""

import re

import pytest

from interact_ivr.domain.acts import NOBODY, Act

MANY = (
    *("tenant", "environment", "application", "name", "user", "role", "dial_plan", "number"),
    *("numbers", "group", "state", "dnid", "force"),
)


def object_of(**facts: object) -> str:
    """Say what is told of an act's *facts*."""
    act = Act(NOBODY, "application.set")
    act.speak_of(facts)
    return act.told().object


def test_each_setting_is_told_however_many_there_are() -> None:
    """None of them is hidden behind others, however long those are."""
    settings = {f"a_setting_with_a_long_name_{n:02}": "0" * 500 + f"3{n:02}" for n in range(16)}
    told = object_of(application="sales", settings=settings)
    assert all(re.search(rf"{name}:0+…0+3{name[-2:]}\b", told) for name in settings)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (["1", "2"], "numbers=1,2"),
        (["1,2"], r"numbers=1\,2"),
        (["1\\", "2"], r"numbers=1\\,2"),
        ([*"1234567"], 'numbers="1,2,3,4,5,… (7)"'),
        (["1 group=x"], 'numbers="1 group=x"'),
    ],
)
def test_no_value_passes_for_two(values: list[str], told: str) -> None:
    """Whoever reads it can tell what was one."""
    assert object_of(numbers=values) == told


def test_what_is_cut_off_is_seen_to_be() -> None:
    """Of what is too long for the record the beginning and the end are told."""
    told = object_of(application="a", number="1" * 5_000, numbers=["2" * 5_000] * 99)
    assert re.fullmatch(r'application=a number=1+…1+ numbers="(2+…2+,){5}… \(99\)"', told)
    most = object_of(**dict.fromkeys(MANY, "x y " * 900), new="last")
    assert most.startswith('tenant="x y ')
    assert most.endswith(" new=last")
    assert len(most) == 2_001
