"""How often a pool has no number left: Erlang's loss formula, and what is asked of it backwards.

Of *numbers* that are lent at random moments, *load* erlangs of arrivals times holding time find
none free with the probability B. It holds for whatever distribution the holding times have, as long
as arrivals come independently of each other and who is refused goes away (A. K. Erlang, 1917; the
recursion is in ITU-D's Teletraffic Engineering Handbook). Nothing here reads a clock, a file or a
socket.
"""

from collections.abc import Iterator

MOST_ERLANGS = 1_000_000.0
"""The largest load that is calculated: about a million numbers, a tenth of a second."""
_EXACT = 1e-12
_MOST_STEPS = 200


def blockings(load: float) -> Iterator[float]:
    """Give the blocking of 0, 1, 2 and so on numbers: B(n) = A B(n-1) / (n + A B(n-1)).

    Each is between 0 and 1 and no larger than the one before, so no step can run over.

    Raises:
        ValueError: *load* is not from 0 to `MOST_ERLANGS`.
    """
    if not 0 <= load <= MOST_ERLANGS:
        raise ValueError(f"expected a load of 0 to {MOST_ERLANGS:.0f} erlangs, got {load!r}")
    blocking, numbers = 1.0, 0
    while True:
        yield blocking
        numbers += 1
        blocking = load * blocking / (numbers + load * blocking)


def blocking(load: float, numbers: int) -> float:
    """Give the share of arrivals that find none of *numbers* free."""
    for lent, share in enumerate(blockings(load)):
        if lent >= numbers or share == 0.0:
            return share
    raise AssertionError  # blockings never end


def numbers_needed(load: float, target: float) -> int:
    """Give how many numbers let no more than the share *target* be refused.

    Raises:
        ValueError: *target* is not between 0 and 1.
    """
    _check(target)
    for numbers, share in enumerate(blockings(load)):
        if share <= target:
            return numbers
    raise AssertionError  # blockings never end


def load_borne(numbers: int, target: float) -> float:
    """Give the largest load, in erlangs, of which *numbers* refuse no more than *target*.

    Newton's steps on B(A) - *target*, by B' = B (N/A - 1 + B); one that leaves what is still
    possible halves that instead.
    """
    _check(target)
    if numbers <= 0:
        return 0.0
    low, high = 0.0, min(numbers / (1 - target), MOST_ERLANGS)
    load = high / 2
    for _ in range(_MOST_STEPS):
        share = blocking(load, numbers)
        low, high = (load, high) if share <= target else (low, load)
        if high - low <= _EXACT * high:
            break
        slope = share * (numbers / load - 1 + share)
        step = load - (share - target) / slope if slope > 0 else low
        if abs(step - load) <= _EXACT * load:
            break
        load = step if low < step < high else (low + high) / 2
    return load


def _check(target: float) -> None:
    if not 0 < target < 1:
        raise ValueError(f"expected a share between 0 and 1, got {target!r}")
