"""How often a pool has no number left: Erlang's loss formula, and what is asked of it backwards.

Of *numbers* that are lent at random moments, *load* erlangs of arrivals times holding time find
none free with the probability B. It holds for whatever distribution the holding times have, as long
as arrivals come independently of each other and who is refused goes away (A. K. Erlang, 1917;
V. B. Iversen, Teletraffic Engineering Handbook, ITU-D SG 2/16). Nothing here reads a clock, a file
or a socket.
"""

from bisect import bisect_left

MOST_ERLANGS = 1_000_000.0
"""The largest load that is calculated: some thousand steps, a millisecond."""
_MOST_NUMBERS = range(2 * int(MOST_ERLANGS))
"""Twice the largest load: what these refuse of it is less than any target."""
_EXACT = 1e-13
_NOTHING = 1e300
"""One in so many is none."""


def blocking(load: float, numbers: int) -> float:
    """Give the share of arrivals that find none of *numbers* free.

    1/B is the sum of N/A, N/A (N-1)/A and so on, and 1. Every term is positive, so nothing is lost
    to rounding; they end at the first that adds nothing, or when the share is nothing, so that the
    steps are some times the root of the load and not as many as there are numbers.

    Raises:
        ValueError: *load* is not from 0 to `MOST_ERLANGS`.
    """
    if not 0 <= load <= MOST_ERLANGS:
        raise ValueError(f"expected a load of 0 to {MOST_ERLANGS:.0f} erlangs, got {load!r}")
    if load == 0:
        return 0.0 if numbers > 0 else 1.0
    term = total = 1.0
    left = numbers
    while left > 0 and total < _NOTHING:
        term *= left / load
        if left < load and term * left < total * _EXACT:
            break
        total += term
        left -= 1
    return 1.0 / total if total < _NOTHING else 0.0


def numbers_needed(load: float, target: float) -> int:
    """Give how many numbers let no more than the share *target* be refused.

    Raises:
        ValueError: *target* is not between 0 and 1.
    """
    _check(target)
    return bisect_left(_MOST_NUMBERS, True, key=lambda numbers: blocking(load, numbers) <= target)


def load_borne(numbers: int, target: float) -> float:
    """Give the largest load, in erlangs, of which *numbers* refuse no more than *target*.

    Half of what is still possible is left out at each step; no slope is needed, which is nothing
    at all over most of a large pool's loads.
    """
    _check(target)
    low, high = 0.0, min(max(numbers, 0) / (1 - target), MOST_ERLANGS)
    while high - low > _EXACT * high:
        load = (low + high) / 2
        low, high = (load, high) if blocking(load, numbers) <= target else (low, load)
    return low


def _check(target: float) -> None:
    if not 0 < target < 1:
        raise ValueError(f"expected a share between 0 and 1, got {target!r}")
