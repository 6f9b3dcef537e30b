"""A DNIS application's settings: what may be set, and what counts where nothing is."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import fields

from interact_ivr.config import ConfigError, load_config
from interact_ivr.domain.errors import BadInput
from interact_ivr.domain.lifecycle import Policy
from interact_ivr.domain.settings import (
    QUOTAS,
    SETTINGS,
    PoolSettings,
    read_settings,
    written_settings,
)
from interact_ivr.domain.times import SPANS
from tests.contract.stores import POLICY

NONE = PoolSettings()
ALL = {
    "hold_for_seconds": "60",
    "rest_for_seconds": "0",
    "redial_for_seconds": "0.5",
    "late_for_seconds": "31536000",
    "resting": "strict",
    "on_repeat": "replace",
    "late_reveals_id": "false",
    "most_allocations": "0",
    "most_allocations_per_minute": "10000000",
}


def test_every_part_of_a_policy_has_a_setting() -> None:
    """None can be configured that an application could not have of its own; a tenant's is set."""
    settable = {field.name for field in fields(PoolSettings)}
    assert {field.name for field in fields(Policy)} == {*settable, "of_tenant"}
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
        "late_for_seconds": 31_536_000.0,
        "resting": "strict",
        "on_repeat": "replace",
        "late_reveals_id": "false",
        "most_allocations": 0,
        "most_allocations_per_minute": 10_000_000,
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
        ("rest_for_seconds", "1e-9"),
        ("rest_for_seconds", "0.0000009"),
        ("redial_for_seconds", "1e-7"),
        ("late_for_seconds", "1e-7"),
        ("late_for_seconds", "31536001"),
        ("rest_for_seconds", "inf"),
        ("rest_for_seconds", "1e999"),
        ("rest_for_seconds", "5 minutes"),
        ("rest_for_seconds", "-0"),
        ("rest_for_seconds", "1_0"),
        ("rest_for_seconds", "0x10"),
        ("rest_for_seconds", " 10"),
        ("rest_for_seconds", "10 "),
        ("rest_for_seconds", ".5"),
        ("rest_for_seconds", "5."),
        ("resting", "Strict"),
        ("on_repeat", "true"),
        ("late_reveals_id", "no"),
        ("most_allocations", "-1"),
        ("most_allocations", "1.5"),
        ("most_allocations", "1_0"),
        ("most_allocations", "10000001"),
        ("most_allocations", "99999999999"),
        ("most_allocations_per_minute", " 2"),
        ("most_allocations_per_minute", "many"),
    ],
)
def test_a_wrong_value_is_refused(key: str, text: str) -> None:
    """Naming the key and the value."""
    with pytest.raises(BadInput, match=f"^{key}: expected .*, got '{re.escape(text)}'$"):
        read_settings({key: text}, NONE)


@pytest.mark.parametrize("text", ["\uff11\uff12", "\u0661\u0662", "\u00bd", "12\u2003", "12\n"])
def test_digits_are_ascii_s(text: str) -> None:
    """Also where Python would read them; what was written is told in ASCII."""
    with pytest.raises(BadInput) as refused:
        read_settings({"late_for_seconds": text}, NONE)
    assert (refused.value.field, refused.value.got) == ("late_for_seconds", ascii(text))


def test_the_shortest_hold_is_one() -> None:
    """What would be rounded to none is refused, not taken for one that ends at once."""
    own = read_settings({"hold_for_seconds": "0.000001", "rest_for_seconds": "0.0"}, NONE)
    assert (own.hold_for, own.rest_for) == (timedelta.resolution, timedelta(0))


@pytest.mark.parametrize("key", SPANS)
@pytest.mark.parametrize(
    "seconds", ["0", "0.0", "1e-9", "0.000001", "0.5", "604800", "604800.5", "31536000", "31536001"]
)
def test_an_application_may_have_what_may_be_configured(
    tmp_path: Path, key: str, seconds: str
) -> None:
    """And nothing else: both have the same limits, and read the same time."""
    file = tmp_path / "interact-ivr.toml"
    file.write_text(f"[journal]\ndays = 0\n[pool]\n{key} = {seconds}\n")
    field = SETTINGS[key].field
    try:
        own = getattr(read_settings({key: seconds}, NONE), field)
    except BadInput as refused:
        expected = refused.expected.removesuffix(", or nothing")
        with pytest.raises(ConfigError, match=f"pool.{key}: expected {expected}, got "):
            load_config(file)
    else:
        assert getattr(load_config(file).pool.policy, field) == own


@pytest.mark.parametrize("key", QUOTAS)
@pytest.mark.parametrize("count", ["0", "10000000", "10000001"])
def test_an_application_may_have_the_quota_that_may_be_configured(
    tmp_path: Path, key: str, count: str
) -> None:
    """And no larger one; what is expected is told in the same words."""
    file = tmp_path / "interact-ivr.toml"
    file.write_text(f"[pool]\n{key} = {count}\n")
    field = SETTINGS[key].field
    try:
        own = getattr(read_settings({key: count}, NONE), field)
    except BadInput:
        with pytest.raises(ConfigError, match=f"pool.{key}: expected {QUOTAS[key]}, got "):
            load_config(file)
    else:
        assert getattr(load_config(file).pool.policy, field) == own == int(count)


def test_an_unknown_key_is_refused() -> None:
    """Telling which there are."""
    with pytest.raises(
        BadInput, match=r"^settings: expected one of hold_for_seconds, .*'hold_for'"
    ):
        read_settings({"hold_for": "60"}, NONE)
