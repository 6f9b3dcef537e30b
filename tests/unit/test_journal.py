"""Who held a number, read from its entries alone."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from interact_ivr.domain.journal import Entry, holder_at
from interact_ivr.domain.names import AllocationId, InteractionId, NumberKey

START = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
HOLD = 900


def at(second: int) -> datetime:
    """Give a time of the test."""
    return START + timedelta(seconds=second)


@dataclass(frozen=True)
class Span:
    """What the model knows of an allocation: from one second until just before another."""

    allocation: str
    since: int
    until: int
    how: str


def entry(event: str, allocation: str, second: int, expires: int | None = None) -> Entry:
    """Write an entry; ids play no part, since entries come in their order."""
    return Entry(
        id="",
        at=at(second),
        event=event,
        number=NumberKey("+380974520200"),
        allocation=AllocationId(allocation),
        interaction=InteractionId(f"of {allocation}"),
        expires_at=None if expires is None else at(expires),
    )


@st.composite
def lives(draw: st.DrawFn) -> tuple[list[Entry], list[Span]]:
    """Give a number's entries, and the same life as a list of spans."""
    entries: list[Entry] = []
    spans: list[Span] = []
    second = 0
    for count in range(draw(st.integers(0, 5))):
        name = f"allocation {count}"
        second += draw(st.integers(0, 3)) * 100
        begun, expires = second, second + HOLD
        entries.append(
            entry(draw(st.sampled_from(["allocated", "lent early"])), name, begun, expires)
        )
        for _ in range(draw(st.integers(0, 2))):
            second += draw(st.integers(0, 2)) * 100
            expires = second + HOLD
            entries.append(entry("renewed", name, second, expires))
        how = draw(st.sampled_from(["retrieved", "freed", "expired", "expired, then retrieved"]))
        if how.startswith("expired"):
            second = expires
            entries.append(entry("expired", name, second))
        if how == "expired, then retrieved":
            second += draw(st.integers(0, 2)) * 100
        if how.endswith(("retrieved", "freed")):
            second += 0 if how.startswith("expired") else draw(st.integers(0, 8)) * 100
            entries.append(entry(how.split(", then ")[-1], name, second))
        if draw(st.booleans()) and spans:
            entries.append(entry("undelivered", spans[-1].allocation, second))
        spans.append(Span(name, begun, second, how.split(", then ")[-1]))
    return entries, spans


@given(lives(), st.integers(-1, 120))
def test_who_held_it_is_whose_span_covers_the_instant(
    life: tuple[list[Entry], list[Span]], hundreds: int
) -> None:
    """From the beginning until just before the last end; nobody before, between and after."""
    entries, spans = life
    second = hundreds * 50
    covering = [each for each in spans if each.since <= second < each.until]
    hold = holder_at(entries, at(second), at(100_000))
    assert ([hold.allocation, hold.since, hold.until, hold.ended] if hold else []) == [
        fact
        for span in covering
        for fact in (span.allocation, at(span.since), at(span.until), span.how)
    ]


def test_one_that_holds_it_now_has_no_end() -> None:
    """Until the expiry, which a renewal puts off."""
    entries = [entry("allocated", "a", 0, 900), entry("renewed", "a", 500, 1400)]
    hold = holder_at(entries, at(1000), at(1399))
    assert hold is not None
    assert (hold.until, hold.ended, hold.expires_at) == (None, None, at(1400))


def test_an_expiry_is_true_before_it_is_written() -> None:
    """The journal may be read in the moment between the two."""
    entries = [entry("allocated", "a", 0, 900)]
    hold = holder_at(entries, at(899), at(900))
    assert hold is not None
    assert (hold.until, hold.ended) == (at(900), "expired")
    assert holder_at(entries, at(900), at(900)) is None
