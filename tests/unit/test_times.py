"""Times as an administrator writes them."""

from datetime import UTC, datetime, timedelta

import click
import pytest

from interact_ivr.cli.times import SINCE, TIME


@pytest.mark.parametrize(
    ("text", "ago"),
    [
        ("45s", timedelta(seconds=45)),
        ("30m", timedelta(minutes=30)),
        ("2h", timedelta(hours=2)),
        ("3d", timedelta(days=3)),
        ("1w", timedelta(weeks=1)),
    ],
)
def test_how_long_ago_is_a_time(text: str, ago: timedelta) -> None:
    """Counted back from now."""
    before = datetime.now(UTC) - ago
    since = SINCE.convert(text, None, None)
    assert before <= since <= datetime.now(UTC) - ago


def test_a_time_names_its_zone_or_is_of_this_machine_s() -> None:
    """And is UTC from then on."""
    at = datetime(2026, 5, 4, 10, 0, tzinfo=UTC)
    local = at.astimezone().replace(tzinfo=None)
    for text in ("2026-05-04T12:00+02:00", "2026-05-04 10:00Z", local.isoformat()):
        for kind in (TIME, SINCE):
            assert kind.convert(text, None, None) == at


@pytest.mark.parametrize("text", ["", "now", "h", "-2h", "2.5h", "2 h", "1000000d", "2026-13-01"])
def test_anything_else_is_refused(text: str) -> None:
    """With what was expected, and what stands there."""
    with pytest.raises(click.BadParameter, match="expected a time such as"):
        SINCE.convert(text, None, None)
