"""The laws of the index: it agrees with an ordered scan, stays small and may be shared."""

import threading
from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplan.patterns import Matcher, NumberList, Syntax, parse
from tests.unit.dialplan.naive_patterns import matches
from tests.unit.dialplan.pattern_plans import LISTS, NUMBERS, PLANS, TEXTS, fitting, read

Plan = Sequence[tuple[str, Syntax]]


@pytest.mark.timeout(1800)
@given(PLANS, st.lists(TEXTS, min_size=5, max_size=5), st.randoms(use_true_random=False))
def test_the_index_agrees_with_an_ordered_scan(plan: Plan, texts: list[str], rnd: Random) -> None:
    """All that match, and the first of them, as each pattern says when it is read by itself.

    20 texts to a plan: 2,000 pairs usually, 200,000 in the long profile.
    """
    matcher = Matcher(read(plan), memory=rnd.choice([0, 30, 10_000]))
    for text in texts + [fitting(*rnd.choice(plan), rnd) for _ in range(15)]:
        scanned = tuple(
            index
            for index, (source, syntax) in enumerate(plan)
            if matches(source, syntax, NUMBERS, text)
        )
        assert matcher.first(text) == (scanned[0] if scanned else None), text
        assert matcher.all(text) == scanned, text


@pytest.mark.parametrize("source", ["1NXXY?$few$Z", '"sip:"$range$/', "_[1-5]ZXX-!", "_+9N."])
def test_texts_that_should_fit_mostly_do(source: str) -> None:
    """Or the law above would say little."""
    rnd = Random(source)
    syntax: Syntax = "asterisk" if source.startswith("_") else "vendor"
    texts = [fitting(source, syntax, rnd) for _ in range(200)]
    assert sum(matches(source, syntax, NUMBERS, text) for text in texts) > 100


@given(PLANS, st.lists(TEXTS, max_size=50))
def test_a_pattern_by_itself_agrees_with_the_index(plan: Plan, texts: list[str]) -> None:
    """Groups are there exactly for what matches, and a reason exactly for what does not."""
    patterns = read(plan)
    matcher = Matcher(patterns)
    for text in texts:
        every = matcher.all(text)
        for index, pattern in enumerate(patterns):
            assert (pattern.groups(text) is not None) == (index in every)
            assert (pattern.why_not(text) == "") == (index in every)


@pytest.mark.parametrize("memory", [0, 1, 100, 2_000])
def test_memory_has_a_bound(memory: int) -> None:
    """Whatever texts come, what is kept of them is no more than was allowed, and one state."""
    rnd = Random(memory)
    sources = ["".join(rnd.choices("0123456789XN?", k=8)) for _ in range(300)]
    patterns = [parse(source, "vendor") for source in sources]
    bounded, whole = Matcher(patterns, memory), Matcher(patterns)
    largest = max(len(state.places) for state in [whole.memo.start])
    for _ in range(2_000):
        text = "".join(rnd.choices("0123456789aé\U0001f4de", k=rnd.randrange(12)))
        assert bounded.first(text) == whole.first(text)
        assert bounded.memo.held <= memory + 2 * largest + 100
    assert whole.memo.held > 2_000


def test_characters_that_no_pattern_names_are_kept_as_one() -> None:
    """Every character of Unicode behind `sip:` leaves as much behind as one does."""
    matcher = Matcher([parse('"sip:a"Z', "vendor"), parse('"sip:"?X', "vendor")])
    matcher.first("sip:é")
    held = matcher.memo.held
    for char in map(chr, range(0x100, 0xD800)):
        assert matcher.first(f"sip:{char}") is None
        assert matcher.first(f"sip:a{char}") == 0
    assert matcher.memo.held <= held + 20


def test_threads_may_share_an_index() -> None:
    """Eight threads get the answers of one, while the memory is begun anew all the time."""
    rnd = Random(5)
    sources = ["".join(rnd.choices("0123456789XXN?", k=6)) for _ in range(200)]
    patterns = [parse(source, "vendor") for source in sources]
    texts = ["".join(rnd.choices("0123456789", k=6)) for _ in range(1_000)]
    shared, alone = Matcher(patterns, memory=3_000), Matcher(patterns)
    expected = [alone.first(text) for text in texts]
    begin = threading.Barrier(8)
    told: list[list[int | None]] = []

    def ask() -> None:
        begin.wait()
        told.append([shared.first(text) for text in texts])

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == [expected] * 8


def test_long_texts_are_quick() -> None:
    """Ten thousand characters, many repetitions: time goes with the length, also for groups."""
    hard = parse("?1?2?3?4?5?6X", "vendor")
    text = "123456" * 1_600 + "1"
    matcher = Matcher([hard])
    assert matcher.first(text) == 0
    assert matcher.first(text + "+") is None
    groups = hard.groups(text)
    assert groups is not None
    assert len("".join(groups)) == len(text) - 6
    assert hard.why_not(text + "+").startswith(f"at {len(text) + 1}: ")


def test_ranges_are_not_enumerated() -> None:
    """A list of nearly all numbers of 30 digits is as quick as any, and exact at its ends."""
    first, last = "1" + "0" * 28 + "7", "8" + "9" * 28 + "3"
    patterns = [parse("$all$", "vendor", {"all": NumberList.parse("all", [f"{first}-{last}"])})]
    matcher = Matcher(patterns)
    for number, expected in [(0, 0), (-1, None), (1, 0)]:
        assert matcher.first(str(int(first) + number)) == expected
        assert matcher.first(str(int(last) - number)) == expected


@given(st.integers(0, 9_999), st.integers(0, 9_999))
def test_a_range_has_the_numbers_between(one: int, other: int) -> None:
    """And both ends, and no others of that length; the last of each hundred tells."""
    first, last = sorted((one, other))
    numbers = NumberList.parse("r", [f"{first:04}-{last:04}"])
    for number in {*range(0, 10_000, 99), first - 1, first, last, last + 1} & set(range(10_000)):
        assert (list(numbers.ends(f"{number:04}", 0)) == [4]) == (first <= number <= last)


@pytest.mark.parametrize("name", LISTS)
def test_a_list_has_each_of_its_numbers(name: str) -> None:
    """Also one that begins as another does."""
    for number in NUMBERS[name]:
        assert len(number) in LISTS[name].ends(number, 0)
