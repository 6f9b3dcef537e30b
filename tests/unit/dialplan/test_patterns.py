"""The three pattern languages by example, and that every fault names its place."""

import doctest
import time
from contextlib import suppress
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplan import patterns
from dialplan.patterns import NumberList, PatternError, Syntax, parse
from dialplan.patterns.elements import Text, Wildcards
from tests.unit.dialplan.pattern_plans import LISTS, PLANS, TEXTS, read


@pytest.mark.parametrize(
    ("source", "text", "groups"),
    [
        ("1NXXNXXXXXX", "18004562354", ("8", "00", "4", "562354")),
        ("1nxxnxxxxxx", "18004562354", ("8", "00", "4", "562354")),
        ("1NXXNXXXXXX", "11004562354", None),
        ("Y", "1", ("1",)),
        ("Y", "0", None),
        ("911", "911", ()),
        ("911", "9111", None),
        ("/Z", "/6929", ("6929",)),
        ("+Z", "+", ("",)),
        ("X?/?", "12#*,3/4", ("1", "2#*,3", "4")),
        ("?", "+1", None),
        ("??", "12", ("12", "")),
        ("XXXX^Z", "1234^5", ("1234", "5")),
        ('"sip:"Z', "sip:Bob@example.com", ("Bob@example.com",)),
        ('"sip:"Z', "SIP:Bob@example.com", None),
        ('"a""XZ"X', "aXZ1", ("1",)),
        ("$few$XX", "80051", ("800", "51")),
        ("$few$?", "1200", ("12", "00")),
        ("X$few$$range$", "9121000", ("9", "12", "1000")),
        ("$FEW$", "1", PatternError),
        ("٣", "٣", PatternError),
    ],
)
def test_the_vendors_letters(source: str, text: str, groups: object) -> None:
    """X, Y, N, ?, Z, lists, quotes and signs, in either case; names of lists in theirs."""
    if groups is PatternError:
        with pytest.raises(PatternError):
            parse(source, "vendor", LISTS)
    else:
        assert parse(source, "vendor", LISTS).groups(text) == groups


@pytest.mark.parametrize(
    ("source", "text", "groups"),
    [
        ("_NXX[1-5].", "9123456", ("9", "12", "3", "456")),
        ("_NXX[1-5].", "9123", None),
        ("_NXX[1-5]!", "9123", ("9", "12", "3", "")),
        ("_NXX[1-5]!", "9126", None),
        ("_Z", "1", ("1",)),
        ("_Z", "0", None),
        ("_Z!", "9abc", ("9", "abc")),
        ("_z[0-24*]x", "9*0", ("9", "*", "0")),
        ("_XX-XX", "1234", ("1234",)),
        ("_X.-", "12", ("1", "2")),
        (r"_X\X\.", "1X.", ("1",)),
        (r"_[\]\-]X", "-1", ("-", "1")),
        ("_+1NXX", "+1234", ("2", "34")),
        ("NXX", "NXX", ()),
        ("NXX", "234", None),
        ("555-1212", "5551212", ()),
        ("100!", "100!", ()),
    ],
)
def test_asterisks_patterns(source: str, text: str, groups: tuple[str, ...] | None) -> None:
    """Z is 1 to 9 there, and without the underscore every letter is itself."""
    assert parse(source, "asterisk").groups(text) == groups


@pytest.mark.parametrize(
    ("source", "text", "groups"),
    [
        (r"(\+|00)(\d+)", "+44", ("+", "44")),
        (r"(\+|00)(\d+)", "0044 ", None),
        (r"1(2)?3", "13", ("",)),
        (r"\d", "٣", None),
        ("a.b", "a\nb", ()),
        ("1|12", "12", ()),
        (r"(?P<area>\d{3})(?:-)?(\d*)", "800-1", ("800", "1")),
        ("1*", "1" * 257, None),
        ("1*", "1" * 256, ()),
        (r"[a\]-]{2}", "]-", ()),
    ],
)
def test_regular_expressions(source: str, text: str, groups: tuple[str, ...] | None) -> None:
    """Python's, of all the text; digits are those of ASCII; giants match none."""
    assert parse(source, "regex").groups(text) == groups


@pytest.mark.parametrize(
    ("source", "syntax", "position"),
    [
        ("", "vendor", 1),
        ("1A", "vendor", 2),
        ("1-800", "vendor", 2),
        ("XZX", "vendor", 3),
        ("ZZ", "vendor", 2),
        ('12"ab', "vendor", 3),
        ('12""', "vendor", 3),
        ("1$$$", "vendor", 2),
        ("1$none$", "vendor", 2),
        ("1$few", "vendor", 2),
        ("[1-5]", "vendor", 1),
        ("X" * 501, "vendor", 501),
        ("", "asterisk", 1),
        ("_", "asterisk", 2),
        ("_--", "asterisk", 4),
        ("-", "asterisk", 2),
        ("_X.X", "asterisk", 4),
        ("_X!.", "asterisk", 4),
        ("_1[2", "asterisk", 3),
        ("_1[]", "asterisk", 4),
        ("_1[15-2]", "asterisk", 5),
        ("_1\\", "asterisk", 4),
        ("", "regex", 1),
        ("1(2", "regex", 2),
        ("12[]", "regex", 3),
        ("*", "regex", 1),
        ("1{5,2}", "regex", 3),
        ("1{99999999999999}", "regex", 2),
        ("1{257,}", "regex", 2),
        (r"(?:(?:(?:\b){200}){200}){200}", "regex", 19),
        ("(?i)sip", "regex", 1),
        ("1(?#no)", "regex", 2),
        ("(1)(?(1)2|3)", "regex", 4),
        ("(" * 30 + ")" * 30, "regex", 21),
        ("1[[a]]", "regex", 3),
        ("1[a--b]", "regex", 4),
        ("(1*)*", "regex", 5),
        ("(1|11)+2", "regex", 7),
        ("(1?){30}", "regex", 5),
        ("1*1*1*1*1", "regex", 5),
        ("1?" * 30, "regex", 45),
        ("(?:1*2*)+", "regex", 9),
        ("(?:(?:a{0,9}){0,9}){0,9}", "regex", 14),
    ],
)
def test_a_fault_names_its_place(source: str, syntax: Syntax, position: int) -> None:
    """Counted in characters from 1, with what is expected there, in one line of sane length."""
    with pytest.raises(PatternError) as refused:
        parse(source, syntax, LISTS)
    assert refused.value.position == position
    assert refused.value.expected
    assert len(str(refused.value)) < 400
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("entry", "position"),
    [
        ("", 1),
        ("800 555", 4),
        ("800-", 5),
        ("800-9", 5),
        ("800-799", 5),
        ("800-+900", 5),
        ("8x0", 2),
        ("1" * 33, 33),
        ("1-2-3", 4),
    ],
)
def test_a_lists_fault_names_its_place(entry: str, position: int) -> None:
    """In the entry; an empty list is a fault, too."""
    with pytest.raises(PatternError) as refused:
        NumberList.parse("list", ["800", entry])
    assert refused.value.position == position
    with pytest.raises(PatternError):
        NumberList.parse("list", [])


@pytest.mark.parametrize(
    ("source", "syntax", "text", "why"),
    [
        ("1NXX", "vendor", "1212", ""),
        ("1NXX", "vendor", "1112", "at 2: 2 to 9 expected (N), got 1"),
        ("1NXX", "vendor", "12", "at 3: 0 to 9 expected (X), got the end"),
        ("1NXX", "vendor", "12345", "at 5: the end expected, got 5"),
        ("?/X", "vendor", "12", "at 3: / expected, got the end"),
        ("1$few$X", "vendor", "19", "at 2: a number of the list few expected ($few$), got 9"),
        ("_9[1-3]", "asterisk", "94", "at 2: 1 to 3 expected ([1-3]), got 4"),
        ("_9[1*]", "asterisk", "94", "at 2: * or 1 expected ([1*]), got 4"),
        ("_9.", "asterisk", "9", "at 2: any character expected (.), got the end"),
        ("1", "regex", "2", "the regular expression does not match"),
        ("1*", "regex", "1" * 257, "regular expressions look at 256 characters at most"),
    ],
)
def test_why_not(source: str, syntax: Syntax, text: str, why: str) -> None:
    """The place where a text leaves the pattern, and what would have gone on."""
    assert parse(source, syntax, LISTS).why_not(text) == why


@given(PLANS, st.lists(TEXTS, max_size=30))
def test_groups_are_the_text(plan: list[tuple[str, Syntax]], texts: list[str]) -> None:
    """With a pattern's own characters between, they say it again; each fits its wildcard."""
    for pattern in read(plan):
        for text in texts:
            groups = pattern.groups(text)
            if groups is None or not isinstance(pattern, Wildcards):
                continue
            left = iter(groups)
            said = [
                each.text if isinstance(each, Text) else next(left) for each in pattern.elements
            ]
            assert "".join(said) == text
            assert all(each.takes(one) for each, one in zip(pattern.elements, said, strict=True))


SIGNS = st.text('()[]{}|?*+.\\^$0123,-:<>=!Pax&~#_XZN"/', max_size=30)


@given(SIGNS, st.text("01ax"))
def test_any_source_is_read_or_refused(source: str, text: str) -> None:
    """With a PatternError and nothing else, in every language; what is read answers at once."""
    for syntax in get_args(Syntax):
        with suppress(PatternError):
            pattern = parse(source, syntax, LISTS)
            begun = time.perf_counter()
            pattern.groups(text * 12)
            assert time.perf_counter() - begun < 5


@given(SIGNS)
def test_a_faults_place_is_in_the_text(source: str) -> None:
    """Or right behind it."""
    for syntax in get_args(Syntax):
        position = _fault(source, syntax)
        assert position is None or 1 <= position <= len(source) + 1


@pytest.mark.parametrize(
    "source",
    [
        "1*1*1?1?1?1?1?2",
        "(1|1?)1*(11)*2",
        ".*1.*1(?:1|2|3|4)5",
        "(?:1{0,9}){0,5}2",
        "(1*)(1*)\\1\\2x",
    ],
)
def test_the_worst_that_is_read_is_quick(source: str) -> None:
    """On the longest text that fails last."""
    pattern = parse(source, "regex")
    begun = time.perf_counter()
    assert pattern.groups("1" * 256) is None
    assert time.perf_counter() - begun < 2


def _fault(source: str, syntax: Syntax) -> int | None:
    try:
        parse(source, syntax, LISTS)
    except PatternError as error:
        return error.position
    return None


def test_the_packages_example_is_true() -> None:
    """As its docstring shows it."""
    tried = doctest.testmod(patterns)
    assert (tried.failed, tried.attempted > 3) == (0, True)
