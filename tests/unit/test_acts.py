"""What is put on record of an act: all that was changed, and nothing that reads otherwise."""

import pytest

from interact_ivr.domain.acts import NOBODY, Act


def object_of(**facts: object) -> str:
    """Say what is told of an act's *facts*."""
    act = Act(NOBODY, "application.set")
    act.speak_of(facts)
    return act.told().object


def test_each_setting_is_told_however_many_there_are() -> None:
    """None of them is hidden behind others, however long those are."""
    settings = {f"a_setting_with_a_name_{n}": "0" * 500 for n in range(9)}
    told = object_of(application="sales", settings=settings)
    assert all(f"{name}:0000" in told for name in settings)
    assert "…" not in told


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
