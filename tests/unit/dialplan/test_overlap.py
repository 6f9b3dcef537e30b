"""What is decided of languages is so: held against every short text there is."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplan.patterns import Matcher, Pattern, Standing, Syntax, parse, standings
from tests.unit.dialplan.pattern_plans import LISTS

SHORT = ["".join(chars) for length in range(5) for chars in product("0129#+a", repeat=length)]
PARTS = st.sampled_from(["0", "1", "9", "X", "N", "Y", "?", "+", '"a"', "$few$"])
SOURCES = st.builds(
    "{}{}".format,
    st.lists(PARTS, min_size=1, max_size=3).map("".join),
    st.sampled_from(["", "", "Z"]),
)


def stand(*sources: str) -> tuple[Standing, ...]:
    return standings([parse(source, "vendor", LISTS) for source in sources])


@pytest.mark.timeout(1800)
@given(st.lists(SOURCES, min_size=1, max_size=5))
def test_what_is_decided_holds_for_every_text(sources: list[str]) -> None:
    """Who is first for a text is named by whose it would be; who is named has such a text."""
    patterns = [parse(source, "vendor", LISTS) for source in sources]
    matcher = Matcher(patterns)
    told = standings(patterns)
    for index, standing in enumerate(told):
        assert standing.is_decided
        for earlier, text in standing.taken.items():
            assert patterns[index].groups(text) is not None
            assert matcher.first(text) == earlier < index
        assert standing.free is None or matcher.first(standing.free) == index
    for text in SHORT:
        first, *others = matcher.all(text) or (None,)
        assert first is None or told[first].free is not None
        assert all(first in told[other].taken for other in others)


def test_the_emergency_number_behind_the_extensions() -> None:
    """The vendor's own example: only the order keeps 911 from being an extension."""
    before, behind = stand("911", "XXX"), stand("XXX", "911")
    assert before[1].taken == {0: "911"}
    assert before[1].free is not None
    assert behind[1] == Standing({0: "911"}, None, True)
    assert behind[1].is_unreachable


def test_several_may_take_all_of_one_together() -> None:
    """None of them alone does; each is named, with a text."""
    last = stand("0XX", "Y?", "XXX")[2]
    assert last.is_unreachable
    assert last.taken.keys() == {0, 1}


def test_who_has_no_effect_is_not_named() -> None:
    """Of two that take the same text of a third, the first is."""
    assert stand("8XX", "80X", "800")[2].taken == {0: "800"}


def test_other_characters_are_characters() -> None:
    """Z goes beyond ?, by a text with a character that no pattern names."""
    told = stand("?", "Z")
    assert told[1].taken.keys() == {0}
    assert told[1].free is not None
    assert not set(told[1].free) <= set("0123456789#*,")
    assert stand("Z", "?Z")[1].is_unreachable


def test_ranges_are_decided_exactly() -> None:
    """All of 0195 to 1012, and 1013."""
    told = stand("$range$", "0XXX", "1012", "1013")
    assert told[1].free is not None
    assert (told[2].is_unreachable, told[3].taken) == (True, {})


def test_a_bound_says_that_nothing_is_decided() -> None:
    """Rather than to claim what was not seen; an example that was found stays one."""
    patterns: list[Pattern] = [parse(f"{number}?", "vendor") for number in range(100, 200)]
    *_, last = standings([*patterns, parse("Z", "vendor")], most_pairs=50)
    assert (last.is_decided, last.is_unreachable) == (False, False)


def test_regular_expressions_are_tried_only() -> None:
    """They take examples and are taken from, and are never called unreachable."""
    plan: list[tuple[str, Syntax]] = [
        ("1XX", "vendor"),
        (r"\d{3}", "regex"),
        ("2XX", "vendor"),
        ("2X", "vendor"),
        ("1XXX", "vendor"),
        ("1.*", "regex"),
    ]
    told = standings([parse(*each) for each in plan])
    assert told[2] == Standing({1: "200"}, None, False)
    assert told[3] == Standing({}, "20", True)
    assert told[5].taken.keys() == {0, 4}
    assert not any(each.is_unreachable for each in told)


@pytest.mark.parametrize("syntax", ["vendor", "asterisk"])
def test_a_plan_of_one_is_free(syntax: Syntax) -> None:
    """With a text that shows it."""
    pattern = parse("911", syntax)
    assert standings([pattern]) == (Standing({}, "911", True),)
    assert standings([]) == ()
