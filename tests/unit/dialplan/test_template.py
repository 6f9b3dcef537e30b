"""The laws of outputs: wildcards and groups say what the pattern took, faults where they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplan.patterns import PatternError, Syntax, Template, parse
from tests.unit.dialplan.pattern_plans import LISTS, PLANS, TEXTS, read


@pytest.mark.parametrize(
    ("pattern", "text", "output", "written"),
    [
        ("NXXNXXXXXX", "8004562354", "+1NXXNXXXXXX", "+18004562354"),
        ("1NXXNXXXXXX", "18004562354", "1 (NXX) NXX-XXXX", "1 (800) 456-2354"),
        ("1nxxnxxxxxx", "18004562354", '"(Tool Free) "1 (nxx) nxx-xxxx', None),
        ("+1800NXXXXXX", "+18004562354", '"(Tool Free)" 1 (800) NXX-XXXX', None),
        ("+33XXXXXXXXXZ", "+33140205050/7", '0X XX XX XX XX "x"Z', "01 40 20 50 50 x/7"),
        ("+33XXXXXXXXXZ", "+33140205050/7", "0X XX XX XX XX", "01 40 20 50 50"),
        ("9$few$XX", "980012", "+1$few$XX", "+180012"),
        ("9$few$XX", "980012", "{2}-{1}", "12-800"),
        ("?/?", "12/3", "?^?", "12^3"),
        ("?/?", "12/3", "?", "12"),
        ("/Z", "/6929", "Z", "6929"),
        ("XYN", "012", "{3}{2}{1}XYN", "210012"),
        ("911", "911", '"Emergency"', "Emergency"),
        ("911", "911", "", ""),
        ("X", "1", '"X{1}$Z"X', "X{1}$Z1"),
    ],
)
def test_outputs(pattern: str, text: str, output: str, written: str | None) -> None:
    """A wildcard takes the next characters that the same one took, `{1}` all of the first's."""
    read_pattern = parse(pattern, "vendor", LISTS)
    groups = read_pattern.groups(text)
    assert groups is not None
    written = "(Tool Free) 1 (800) 456-2354" if written is None else written
    assert Template.parse(output, read_pattern).render(groups) == written


@pytest.mark.parametrize(
    ("pattern", "syntax", "text", "output", "written"),
    [
        ("_9011Z!", "asterisk", "90114420", "+{1}{2}", "+4420"),
        ("_9NXXNXXXXXX", "asterisk", "98004562354", "1 ({1}{2}) {3}{4}", "1 (800) 4562354"),
        ("_[1-3]XX[4-6]", "asterisk", "1234", "{3}{2}{1}", "4231"),
        (r"(\+|00)?(\d+)", "regex", "44", '"tel:"{1}{2}', "tel:44"),
        (r"00(?P<rest>.*)", "regex", "0044", "+{1}", "+44"),
    ],
)
def test_groups_serve_every_language(
    pattern: str, syntax: Syntax, text: str, output: str, written: str
) -> None:
    """In the order in which they stand in the pattern; one that took nothing is empty."""
    read_pattern = parse(pattern, syntax)
    groups = read_pattern.groups(text)
    assert groups is not None
    assert Template.parse(output, read_pattern).render(groups) == written


@given(PLANS, st.lists(TEXTS, max_size=30))
def test_a_pattern_is_its_own_output(plan: list[tuple[str, Syntax]], texts: list[str]) -> None:
    """Written out as it stands, a vendor's pattern gives back whatever it has taken."""
    for (source, syntax), pattern in zip(plan, read(plan), strict=True):
        if syntax != "vendor":
            continue
        template = Template.parse(source, pattern)
        for text in texts:
            groups = pattern.groups(text)
            assert groups is None or template.render(groups) == text


@pytest.mark.parametrize(
    ("pattern", "syntax", "output", "position"),
    [
        ("1NXXNXXXXXX", "vendor", "NXX-NXXXX", 10),
        ("1NXXNXXXXXX", "vendor", "XXX", 1),
        ("NXX", "vendor", "NXXX", 4),
        ("NXX", "vendor", "NX", 3),
        ("NXX", "vendor", "NXXZ", 4),
        ("NXX", "vendor", "+1Y", 3),
        ("NXX", "vendor", "(Free) NXX", 2),
        ("NXX", "vendor", '12"open', 3),
        ("NXX", "vendor", "{3}", 2),
        ("NXX", "vendor", "{0}", 2),
        ("NXX", "vendor", "1{x}", 2),
        ("NXX", "vendor", "1}", 2),
        ("$few$X", "vendor", "$range$X", 1),
        ("911", "vendor", "{1}", 2),
        ("_NXX", "asterisk", "+1NXX", 3),
        ("_NXX", "asterisk", "?", 1),
        ("(1)(2)", "regex", "{3}", 2),
        ("(1)(2)", "regex", r"\1", 1),
        ("Z", "vendor", "1" * 501, 501),
    ],
)
def test_a_fault_names_its_place(pattern: str, syntax: Syntax, output: str, position: int) -> None:
    """Letters are all of the pattern's in its order, or none; groups are those there are."""
    with pytest.raises(PatternError) as refused:
        Template.parse(output, parse(pattern, syntax, LISTS))
    assert refused.value.position == position
    assert len(str(refused.value)) < 250
