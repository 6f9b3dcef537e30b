"""A DNIS application's own settings; what it does not set, the configuration's [pool] says."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any, Final

import msgspec
from msgspec.structs import asdict, replace

from interact_ivr.domain.errors import BadInput
from interact_ivr.domain.lifecycle import Policy, Quotas
from interact_ivr.domain.times import SPANS

_SHOWN = 80
_COUNT = re.compile(r"[0-9]{1,8}")

MOST_QUOTA: Final = 10_000_000
QUOTAS: Final = {
    "most_allocations": f"0 to {MOST_QUOTA}, where 0 is as many as it has numbers",
    "most_allocations_per_minute": f"0 to {MOST_QUOTA}, where 0 is as often as they like",
}
"""What is expected of each, of the configuration's [pool] as of an application's own."""


class PoolSettings(msgspec.Struct, frozen=True):
    """What `Policy` has, each None where the configuration's counts."""

    hold_for: timedelta | None = None
    rest_for: timedelta | None = None
    redial_for: timedelta | None = None
    late_for: timedelta | None = None
    strict_rest: bool | None = None
    replace: bool | None = None
    late_reveals_id: bool | None = None
    most_open: int | None = None
    most_a_minute: int | None = None

    def over(self, policy: Policy) -> Policy:
        """Give *policy* with what is set here in its place."""
        own = {name: value for name, value in asdict(self).items() if value is not None}
        return replace(policy, **own)


class Setting(msgspec.Struct, frozen=True):
    """How one of the settings is written, as in the configuration's [pool]."""

    field: str
    expected: str
    read: Callable[[str], object]
    """Raises ValueError, or KeyError, for what is not expected."""
    write: Callable[[Any], object]


def _seconds(field: str) -> Setting:
    span = SPANS[f"{field}_seconds"]
    return Setting(field, span.expected, span.read, timedelta.total_seconds)


def _choice(field: str, no: str, yes: str) -> Setting:
    words = {no: False, yes: True}
    return Setting(field, f"{no} or {yes}", words.__getitem__, lambda on: yes if on else no)


def _quota(key: str, field: str) -> Setting:
    return Setting(field, QUOTAS[key], _count, int)


def _count(text: str) -> int:
    """Read a quota; ValueError for all else, such as ``1_0`` and the digits of other scripts."""
    if _COUNT.fullmatch(text) is None or (count := int(text)) > MOST_QUOTA:
        raise ValueError(text)
    return count


SETTINGS: dict[str, Setting] = {
    "hold_for_seconds": _seconds("hold_for"),
    "rest_for_seconds": _seconds("rest_for"),
    "redial_for_seconds": _seconds("redial_for"),
    "late_for_seconds": _seconds("late_for"),
    "resting": _choice("strict_rest", "lend_early", "strict"),
    "on_repeat": _choice("replace", "renew", "replace"),
    "late_reveals_id": _choice("late_reveals_id", "false", "true"),
    "most_allocations": _quota("most_allocations", "most_open"),
    "most_allocations_per_minute": _quota("most_allocations_per_minute", "most_a_minute"),
}


def read_quotas(given: Mapping[str, str], before: Quotas) -> Quotas:
    """Give a tenant's quotas *before* with those *given*; an empty value takes one away.

    Raises:
        BadInput: the first key that is none, or whose value is not what it should be.
    """
    for key in given.keys() - QUOTAS.keys():
        raise BadInput("quotas", f"one of {', '.join(QUOTAS)}", f"{key[:_SHOWN]!a}")
    own = read_settings(
        given, PoolSettings(most_open=before.most_open, most_a_minute=before.most_a_minute)
    )
    return Quotas(own.most_open or 0, own.most_a_minute or 0)


def written_quotas(quotas: Quotas) -> dict[str, object]:
    """Give those that are set, by their keys."""
    every = {key: getattr(quotas, SETTINGS[key].field) for key in QUOTAS}
    return {key: most for key, most in every.items() if most}


def read_settings(given: Mapping[str, str], before: PoolSettings) -> PoolSettings:
    """Give the settings *before* with those *given*; an empty value takes one away.

    Raises:
        BadInput: the first key that is none, or whose value is not what it should be.
    """
    own: dict[str, Any] = {}
    for key, text in given.items():
        if key not in SETTINGS:
            raise BadInput("settings", f"one of {', '.join(SETTINGS)}", f"{key[:_SHOWN]!a}")
        setting = SETTINGS[key]
        try:
            own[setting.field] = setting.read(text) if text else None
        except (ValueError, KeyError):
            raise BadInput(key, f"{setting.expected}, or nothing", f"{text[:_SHOWN]!a}") from None
    return replace(before, **own)


def fields_of(given: Iterable[str]) -> frozenset[str]:
    """Give the fields of settings that were read, by their keys."""
    return frozenset(SETTINGS[key].field for key in given)


def written_settings(settings: PoolSettings) -> dict[str, object]:
    """Give those that are set, by their keys."""
    return {
        key: setting.write(value)
        for key, setting in SETTINGS.items()
        if (value := getattr(settings, setting.field)) is not None
    }
