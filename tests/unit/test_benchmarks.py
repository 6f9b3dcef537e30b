"""What the benchmarks make of their figures; what they measure is another day's."""

import re
from xml.etree import ElementTree

import pytest

from bench.call_path_dialplan import MARK, Part, read_parts
from bench.clean_calls import FINE, in_turns
from bench.comparing import moved
from bench.picture import drawn
from bench.row import Row
from interact_ivr.measuring.times import Times, percentile


@pytest.mark.parametrize(
    ("bar", "at_least", "verdict"),
    [
        (None, None, ""),
        (2.1, None, "MET"),
        (2.0, None, "MISSED"),
        (None, 2.0, "MET"),
        (None, 2.1, "MISSED"),
    ],
)
def test_a_median_is_under_its_bar_or_at_least_at_it(
    bar: float | None, at_least: float | None, verdict: str
) -> None:
    """The median decides, not the spread; without a bar there is no verdict."""
    row = Row.of("a", "x", [9.0, 2.0, 1.0], bar, at_least=at_least)
    assert (row.verdict, row.holds) == (verdict, verdict != "MISSED")
    assert str(row).endswith(f": {verdict}" if verdict else "9.00")


def _ratio(*rounds: float, unit: str = "x", bar: float | None = None) -> Row:
    return Row.of("a", unit, rounds, bar)


@pytest.mark.parametrize(
    ("before", "now", "is_told"),
    [
        (_ratio(1, 2, 3), _ratio(2.5), False),  # within the spread
        (_ratio(2, 2, 2), _ratio(2.1), False),  # by less than a tenth
        (_ratio(2, 2, 2), _ratio(2.3), True),
        (_ratio(2, 2, 2), _ratio(1.7), True),
        (_ratio(2, unit="ms"), _ratio(9, unit="ms"), False),  # the machine's day
        (_ratio(2, unit="ms", bar=5), _ratio(9, unit="ms", bar=5), True),  # a bar missed anew
        (_ratio(9, bar=5), _ratio(4.9, bar=5), True),
    ],
)
def test_what_moved_is_a_ratio_beyond_its_spread_or_a_verdict(
    before: Row, now: Row, is_told: bool
) -> None:
    """Nothing else is worth a line."""
    assert bool([*moved([before], [now])]) is is_told


def test_what_was_not_measured_before_has_not_moved() -> None:
    """Nor has what is not measured any more."""
    assert [*moved([Row.of("b", "x", [1])], [Row.of("a", "x", [2])])] == []


def test_a_picture_has_a_bar_for_each_way_in_the_order_of_their_medians() -> None:
    """It is XML whatever a way is called; a quicker one's bar is the longer."""
    rows = [
        Row.of("slow <&>, 20 at once: look-ups", "/s", [20, 30, 40]),
        Row.of("ours, 20 at once: look-ups", "/s", [2000, 3000, 4000]),
    ]
    root = ElementTree.fromstring(drawn("A title", rows))
    svg = "{http://www.w3.org/2000/svg}"
    bars = [each for each in root.iter(f"{svg}rect") if each.get("class")]
    assert [each.get("class") for each in bars] == ["ours", "other"]
    longer, shorter = (float(each.get("width", "")) for each in bars)
    assert longer > shorter > 0
    texts = [each.text for each in root.iter(f"{svg}text")]
    assert {"A title", "ours", "slow <&>", "3,000", "30"} <= {*texts}


def test_a_channels_report_is_read_whole_or_not_at_all() -> None:
    """Of a line that is still being written nothing is believed but its beginning's mark."""
    line = f"[Nov 22] NOTICE[1][C-1] Ext. tell: {MARK} 7 0 3 1700000000000000 1700000000000900"
    whole = f"noise\n{line} 250 300 350\nnoise\n"
    part = Part(7, 0, 3, 1_700_000_000_000_000, 1_700_000_000_000_900, (250, 300, 350))
    assert [*read_parts(whole)] == [part]
    assert [*read_parts(re.sub(r" 1700000000000900.*\n", " 17\n", whole) + "x")] != [part]
    assert [*read_parts("noise\n")] == []


def test_a_clean_rate_is_found_and_followed() -> None:
    """Rates go up and down around the highest clean one; each has its own."""
    limits = {"slow": 180.0, "quick": 700.0}
    rates = in_turns({name: most.__ge__ for name, most in limits.items()})
    for name, most in limits.items():
        assert len(rates[name]) >= 7
        assert most / FINE**2 < rates[name][-1] < most * FINE**2


def test_a_percentile_is_a_value_that_was_there() -> None:
    """The least one that so many do not exceed, in whatever order they came."""
    values = [float(each) for each in range(100, 0, -1)]
    assert [percentile(values, at) for at in (1, 50, 99, 100)] == [1, 50, 99, 100]
    assert percentile([7.0], 50) == 7.0
    summary = Times(2, [1.0, 3.0, 2.0], 0.5).summary()
    assert summary == {"callers": 2, "per_second": 6.0, "p50_ms": 2.0, "p99_ms": 3.0}
