"""Erlang B: as tables, exact fractions and an integral have it, and backwards."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import exp, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interact_ivr.domain.erlang import MOST_ERLANGS, blocking, load_borne, numbers_needed

PRINTED = {
    1: 0.020, 3: 0.602, 5: 1.657, 7: 2.935, 9: 4.345, 11: 5.842, 13: 7.402, 15: 9.010, 17: 10.656,
    19: 12.333, 21: 14.036, 23: 15.761, 25: 17.505, 27: 19.265, 29: 21.039, 31: 22.827, 35: 26.435,
    37: 28.254, 39: 30.081, 43: 33.758, 47: 37.462, 49: 39.323, 51: 41.189, 53: 43.060, 57: 46.816,
    59: 48.700, 65: 54.376, 67: 56.275, 71: 60.082, 73: 61.990, 75: 63.900, 77: 65.814, 79: 67.729,
    81: 69.647, 83: 71.568, 85: 73.490, 87: 75.415, 89: 77.342,
}  # fmt: skip
"""Erlangs that so many channels bear at a loss of 2 percent: "Erlang-B Capacity Table, Voice
Channels Needed to Serve Offered Traffic Load for 2% Blocking", Lucent Technologies, WirelessU, unit
"Read an Erlang Table" (on the web by G. Wagoner: garywagoner.tripod.com/traffic/ERLANG.HTML)."""
MISPRINTED = {33: 24.628, 41: 31.915, 45: 35.507, 55: 44.938, 61: 50.389, 63: 52.461, 69: 58.117}
"""The other entries of that table: each differs from the exact load in a digit or two."""
BY_CALCULATOR = {(15, 0.01): 8.108}
"""As erlang.com's manual of its calculator has it, "How much traffic?": lines, loss and erlangs."""
LOADS = st.fractions(min_value=Fraction(1, 100), max_value=60, max_denominator=100)

Method = Callable[[Fraction, int], float]


def by_recursion(load: Fraction, numbers: int) -> float:
    """Calculate B(n) = A B(n-1) / (n + A B(n-1)) in whole numbers: nothing is rounded."""
    share = Fraction(1)
    for each in range(1, numbers + 1):
        share = load * share / (each + load * share)
    return float(share)


def by_integral(load: Fraction, numbers: int) -> float:
    """Calculate 1/B as the integral of e^-u (1 + u/A)^N from nothing up (R. Fortet).

    By Simpson's rule; what is left out above is less than one in 10^12 of it.
    """
    erlangs, steps = float(load), 20_000
    top = 60.0 + 3.0 * numbers
    width = top / steps

    def at(u: float) -> float:
        return exp(numbers * log(1 + u / erlangs) - u)

    odd = sum(at(width * each) for each in range(1, steps, 2))
    even = sum(at(width * each) for each in range(2, steps, 2))
    return 3 / (width * (at(0) + 4 * odd + 2 * even + at(top)))


@pytest.mark.parametrize("numbers", PRINTED)
def test_a_printed_table_has_the_same_load(numbers: int) -> None:
    """To the last of its digits, of which there are four and more but for the smallest pools."""
    borne = load_borne(numbers, 0.02)
    assert abs(borne - PRINTED[numbers]) <= 0.0005 * (1 + 1e-9) + 1e-4
    for method in (by_recursion, by_integral):
        assert method(Fraction(borne), numbers) == pytest.approx(0.02, rel=1e-9)


@pytest.mark.parametrize("numbers", MISPRINTED)
def test_what_the_table_has_otherwise_is_misprinted(numbers: int) -> None:
    """Of its entry the exact loss is not 2 percent, by two methods; of ours it is, by both."""
    printed, borne = Fraction(str(MISPRINTED[numbers])), Fraction(load_borne(numbers, 0.02))
    for method in (by_recursion, by_integral):
        assert method(printed, numbers) != pytest.approx(0.02, rel=1e-4)
        assert method(borne, numbers) == pytest.approx(0.02, rel=1e-9)


@pytest.mark.parametrize(("given_", "load"), BY_CALCULATOR.items())
def test_a_calculator_has_the_same_load(given_: tuple[int, float], load: float) -> None:
    """To four digits."""
    assert round(load_borne(*given_), 3) == load


@pytest.mark.parametrize("method", [by_recursion, by_integral])
@pytest.mark.parametrize("numbers", [1, 2, 5, 10, 15, 20, 50, 100])
@pytest.mark.parametrize("load", [Fraction(1, 10), 1, Fraction(9, 2), 10, 32, 75, 120])
def test_two_other_methods_have_the_same_blocking(
    method: Method, load: Fraction | int, numbers: int
) -> None:
    """To nine digits: exact fractions, and an integral that shares no step with the sum."""
    assert blocking(float(load), numbers) == pytest.approx(
        method(Fraction(load), numbers), rel=1e-9
    )


@given(LOADS, st.integers(0, 60))
def test_the_sum_is_the_recursion(load: Fraction, numbers: int) -> None:
    """As exact fractions have it, to twelve digits."""
    assert blocking(float(load), numbers) == pytest.approx(by_recursion(load, numbers), rel=1e-12)


@given(st.floats(0.01, 2000), st.floats(1e-6, 0.9))
def test_the_numbers_needed_are_the_fewest_that_do(load: float, target: float) -> None:
    """With them the target holds, with one less it does not."""
    needed = numbers_needed(load, target)
    assert blocking(load, needed) <= target
    assert needed == 0 or blocking(load, needed - 1) > target


@given(st.integers(1, 20_000), st.floats(1e-6, 0.9))
def test_the_load_borne_is_the_one_of_that_blocking(numbers: int, target: float) -> None:
    """A pool has its target's blocking at the load it bears, a large one too."""
    assert blocking(load_borne(numbers, target), numbers) == pytest.approx(target, rel=1e-6)


def test_more_numbers_never_block_more() -> None:
    """Nothing runs over or under on the way, however large the pool."""
    shares = [blocking(90_000.0, numbers) for numbers in range(0, 100_001, 250)]
    assert shares == sorted(shares, reverse=True)
    assert 0 <= shares[-1] < 1e-9 < shares[360]


def test_the_largest_are_calculated_at_once() -> None:
    """A million erlangs need a thousandth more than there are, and are borne by nearly as many."""
    assert numbers_needed(MOST_ERLANGS, 1e-6) == 1_003_463
    assert load_borne(1_000_000, 1e-6) == pytest.approx(996_543, abs=1)
    assert blocking(MOST_ERLANGS, 1_000_000) == pytest.approx(7.9746e-4, rel=1e-4)
    assert blocking(1.0, 10**9) == 0.0
    assert blocking(MOST_ERLANGS, 1) == pytest.approx(1 - 1e-6)


def test_the_ends_are_what_they_must_be() -> None:
    """No number refuses all, no load is never refused, and neither needs or bears anything."""
    assert blocking(3.0, 0) == 1.0
    assert (blocking(0.0, 0), blocking(0.0, 1)) == (1.0, 0.0)
    assert numbers_needed(0.0, 0.01) == 1
    assert load_borne(0, 0.01) == 0.0
    assert load_borne(1, 0.5) == pytest.approx(1.0)


@pytest.mark.parametrize("load", [-1.0, float("nan"), float("inf"), MOST_ERLANGS * 2])
def test_what_is_no_load_is_refused(load: float) -> None:
    """And so is a target that is none: nothing is calculated for ever."""
    with pytest.raises(ValueError, match="load"):
        blocking(load, 1)
    for target in (0.0, 1.0, float("nan")):
        with pytest.raises(ValueError, match="share"):
            numbers_needed(1.0, target)
        with pytest.raises(ValueError, match="share"):
            load_borne(1, target)
