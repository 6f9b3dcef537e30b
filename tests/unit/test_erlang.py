"""Erlang B: as tables have it, as exact fractions have it, and backwards."""

from fractions import Fraction
from itertools import islice
from math import factorial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interact_ivr.domain.erlang import (
    MOST_ERLANGS,
    blocking,
    blockings,
    load_borne,
    numbers_needed,
)

TABLE = {
    0.001: {1: 0.0010, 2: 0.0458, 5: 0.7621, 10: 3.0920, 20: 9.4115, 50: 32.512, 100: 75.242},
    0.01: {1: 0.0101, 2: 0.1526, 5: 1.3608, 10: 4.4612, 20: 12.031, 50: 37.901, 100: 84.064},
    0.02: {1: 0.0204, 2: 0.2235, 5: 1.6571, 10: 5.0840, 20: 13.182, 50: 40.255, 100: 87.972},
    0.05: {1: 0.0526, 2: 0.3813, 5: 2.2185, 10: 6.2157, 20: 15.249, 50: 44.533, 100: 95.240},
}
"""Erlangs that so many lines bear at a loss, to the digits printed: the table of the loss formula
in ITU-D, Teletraffic Engineering Handbook (and every book of the trade)."""
WORKED = {(10, 15): 0.0365, (10, 10): 0.2146, (5, 10): 0.0184, (1, 1): 0.5, (2, 2): 0.4}
"""Blocking at so many erlangs on so many lines, to four digits."""
LOADS = st.fractions(min_value=Fraction(1, 100), max_value=60, max_denominator=100)


def exactly(load: Fraction, numbers: int) -> Fraction:
    """Calculate the formula as it is written, in whole numbers."""
    terms = [load**each / factorial(each) for each in range(numbers + 1)]
    return terms[-1] / sum(terms, Fraction(0))


@pytest.mark.parametrize("target", TABLE)
def test_published_tables_have_the_same_load(target: float) -> None:
    """To the last digit that they print, and the blocking of that load is the table's target."""
    for numbers, load in TABLE[target].items():
        digits = 4 if load < 10 else 3
        assert round(load_borne(numbers, target), digits) == pytest.approx(load, abs=0.51e-4)
        assert exactly(Fraction(load_borne(numbers, target)), numbers) == pytest.approx(target)


@pytest.mark.parametrize(("given_", "share"), WORKED.items())
def test_known_examples_have_the_same_blocking(given_: tuple[int, int], share: float) -> None:
    """To four digits."""
    assert round(blocking(*given_), 4) == share


@given(LOADS, st.integers(0, 60))
def test_the_recursion_is_the_formula(load: Fraction, numbers: int) -> None:
    """As exact fractions have it, to twelve digits."""
    assert blocking(float(load), numbers) == pytest.approx(float(exactly(load, numbers)), rel=1e-12)


@given(st.floats(0.01, 2000), st.floats(1e-6, 0.9))
def test_the_numbers_needed_are_the_fewest_that_do(load: float, target: float) -> None:
    """With them the target holds, with one less it does not."""
    needed = numbers_needed(load, target)
    assert blocking(load, needed) <= target
    assert needed == 0 or blocking(load, needed - 1) > target


@given(st.integers(1, 2000), st.floats(1e-6, 0.9))
def test_the_load_borne_is_the_one_of_that_blocking(numbers: int, target: float) -> None:
    """A pool has its target's blocking at the load it bears."""
    assert blocking(load_borne(numbers, target), numbers) == pytest.approx(target, rel=1e-6)


def test_more_numbers_never_block_more() -> None:
    """Nothing runs over or under on the way, however large the pool."""
    shares = list(islice(blockings(90_000.0), 100_001))
    assert shares == sorted(shares, reverse=True)
    assert 0 <= shares[-1] < 1e-9 < shares[90_000]


def test_the_ends_are_what_they_must_be() -> None:
    """No number refuses all, no load is never refused, and neither needs or bears anything."""
    assert blocking(3.0, 0) == 1.0
    assert blocking(0.0, 1) == 0.0
    assert numbers_needed(0.0, 0.01) == 1
    assert load_borne(0, 0.01) == 0.0


@pytest.mark.parametrize("load", [-1.0, float("nan"), float("inf"), MOST_ERLANGS * 2])
def test_what_is_no_load_is_refused(load: float) -> None:
    """And so is a target that is none: nothing is calculated for ever."""
    with pytest.raises(ValueError, match="load"):
        blocking(load, 1)
    for target in (0.0, 1.0, float("nan")):
        with pytest.raises(ValueError, match="share"):
            numbers_needed(1.0, target)
