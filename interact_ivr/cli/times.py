"""Times as an administrator writes them: ISO 8601 of this machine's zone, or how long ago."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import click

_AGO = re.compile(r"(\d{1,6})([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class Time(click.ParamType[datetime]):
    """An instant; *ago* also takes ``2h`` for two hours ago."""

    name = "time"

    def __init__(self, *, ago: bool) -> None:
        self._ago = ago

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Read *value* as an aware time, or refuse the option."""
        text = str(value)
        try:
            if self._ago and (ago := _AGO.fullmatch(text)):
                return datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
            return datetime.fromisoformat(text).astimezone(UTC)
        except (ValueError, OverflowError):
            expected = "a time such as 2026-05-04T12:00" + (" or 30m, 2h, 3d" * self._ago)
            self.fail(f"expected {expected}, got {text!a}", param, ctx)


TIME = Time(ago=False)
SINCE = Time(ago=True)
