"""A DNIS application's settings: what may be set, and what counts where nothing is."""

from dataclasses import fields
from datetime import timedelta

import pytest

from interact_ivr.domain.errors import BadInput
from interact_ivr.domain.lifecycle import Policy
from interact_ivr.domain.settings import (
    SETTINGS,
    PoolSettings,
    read_settings,
    written_settings,
)
from tests.contract.stores import POLICY

NONE = PoolSettings()
ALL = {
    "hold_for_seconds": "60",
    "rest_for_seconds": "0",
    "redial_for_seconds": "0.5",
    "late_for_seconds": "604800",
    "resting": "strict",
    "on_repeat": "replace",
    "late_reveals_id": "false",
}


def test_every_part_of_a_policy_has_a_setting() -> None:
    """None can be configured that an application could not have of its own."""
    settable = {field.name for field in fields(PoolSettings)}
    assert {field.name for field in fields(Policy)} <= settable
    assert {setting.field for setting in SETTINGS.values()} == settable


def test_what_is_not_set_is_as_configured() -> None:
    """And what is set counts, also where it is nothing or false."""
    assert NONE.over(POLICY) == POLICY
    own = PoolSettings(rest_for=timedelta(0), strict_rest=False)
    strict = Policy(POLICY.hold_for, POLICY.rest_for, strict_rest=True)
    assert own.over(strict) == Policy(POLICY.hold_for, timedelta(0), strict_rest=False)


def test_what_is_written_is_what_was_read() -> None:
    """All of them, by the configuration's keys and in its units."""
    written = written_settings(read_settings(ALL, NONE))
    assert written == {
        "hold_for_seconds": 60.0,
        "rest_for_seconds": 0.0,
        "redial_for_seconds": 0.5,
        "late_for_seconds": 604_800.0,
        "resting": "strict",
        "on_repeat": "replace",
        "late_reveals_id": "false",
    }
    assert written_settings(NONE) == {}


def test_others_stay_and_an_empty_value_takes_one_away() -> None:
    """A setting is given up by naming it without a value."""
    before = read_settings(ALL, NONE)
    after = read_settings({"resting": "", "hold_for_seconds": "5"}, before)
    assert after.strict_rest is None
    assert after.hold_for == timedelta(seconds=5)
    assert after.rest_for == before.rest_for


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("hold_for_seconds", "0"),
        ("hold_for_seconds", "-1"),
        ("hold_for_seconds", "1e-9"),
        ("hold_for_seconds", "604801"),
        ("hold_for_seconds", "nan"),
        ("rest_for_seconds", "inf"),
        ("rest_for_seconds", "5 minutes"),
        ("resting", "Strict"),
        ("on_repeat", "true"),
        ("late_reveals_id", "no"),
    ],
)
def test_a_wrong_value_is_refused(key: str, text: str) -> None:
    """Naming the key and the value."""
    with pytest.raises(BadInput, match=f"^{key}: expected .*, got '{text}'$"):
        read_settings({key: text}, NONE)


def test_the_shortest_hold_is_one() -> None:
    """What would be rounded to none is refused, not taken for one that ends at once."""
    own = read_settings({"hold_for_seconds": "0.000001", "rest_for_seconds": "1e-9"}, NONE)
    assert (own.hold_for, own.rest_for) == (timedelta.resolution, timedelta(0))


def test_an_unknown_key_is_refused() -> None:
    """Telling which there are."""
    with pytest.raises(
        BadInput, match=r"^settings: expected one of hold_for_seconds, .*'hold_for'"
    ):
        read_settings({"hold_for": "60"}, NONE)
