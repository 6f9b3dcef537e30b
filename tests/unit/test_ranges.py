"""Ranges of numbers: what is one, what it holds, and which are too long."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interact_ivr.domain.errors import BadInput
from interact_ivr.domain.ranges import MOST_NUMBERS, read_range


@given(st.integers(0, 10**9), st.integers(0, 300), st.integers(0, 4), st.sampled_from(["", "+"]))
def test_two_ends_hold_all_between(first: int, more: int, zeros: int, plus: str) -> None:
    """Each number as wide as the ends are written, the ends among them, in order."""
    width = len(str(first + more)) + zeros
    ends = [f"{plus}{number:0{width}}" for number in (first, first + more)]
    read = read_range("-".join(ends))
    assert read is not None
    numbers = list(read)
    assert numbers == [f"{plus}{number:0{width}}" for number in range(first, first + more + 1)]


@given(st.from_regex(r"\+?[0-9 ().-]{0,12}[0-9][ ().-]?", fullmatch=True), st.integers(1, 3))
def test_each_x_is_any_digit(prefix: str, count: int) -> None:
    """What stands before them stays as it was written."""
    read = read_range(prefix + "x" * count)
    assert read is not None
    assert list(read) == [f"{prefix}{number:0{count}}" for number in range(10**count)]


@pytest.mark.parametrize(
    "text",
    [
        "380974520200",
        "452-0200",
        "1-800-FLOWERS",
        "555-FOXX",
        "+4500-4599-1",
        "4500-+4599",
        "4500-45990",
        "xx",
        "sip:1000x",
        "2x3",
        "2xX",
        "x123",
        "",
        "-",
        "1" * 5000 + "-" + "2" * 5000,
        "\u0664\u0665-\u0664\u0666",
    ],
)
def test_what_is_one_number_is_no_range(text: str) -> None:
    """Letters stay a telephone's keys, hyphens the looks of one number."""
    assert read_range(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("38097xxxxxxx", "expected a range of at most 1,000,000 numbers, got one with 7 x"),
        ("0000001-1000001", "expected a range of at most 1,000,000 numbers, got one of 1,000,001"),
        ("4599-4500", "expected a range whose first number is not behind its last"),
        ("1" + "x" * 5000, "expected a range of at most 1,000,000 numbers"),
        ("0" * 32 + "-" + "9" * 32, "expected a range of at most 1,000,000 numbers"),
    ],
)
def test_a_range_has_a_limit_and_a_direction(text: str, expected: str) -> None:
    """The refusal says which, before any number is made."""
    with pytest.raises(BadInput, match=expected) as refused:
        read_range(text)
    assert refused.value.field == "number"
    assert len(str(refused.value)) < 200


def test_the_longest_range_is_taken() -> None:
    """A million, either way it is written."""
    for text in ("380974xxxxxx", "0000000-0999999"):
        read = read_range(text)
        assert read is not None
        assert len(read.numbers) == MOST_NUMBERS
