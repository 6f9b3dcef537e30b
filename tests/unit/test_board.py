"""What a page says of a call: words for all there is, and links that lead nowhere else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interact_ivr.api.event_streams import event
from interact_ivr.api.screen.board import NOTES, WORDS, clock, joined, record_of, span, time_of_day
from interact_ivr.config_screen import ScreenConfig, screen_contradictions
from interact_ivr.domain.phone_calls import PhoneState
from interact_ivr.domain.values import Status

RECORD = "https://crm.example/i/{interaction}?from=ivr"


def test_there_are_words_for_everything() -> None:
    """Every state, every outcome, and none."""
    assert set(WORDS) == set(PhoneState)
    assert set(NOTES) == {None, *Status}


@given(st.text(min_size=1))
def test_an_interaction_is_one_part_of_the_record_s_address(interaction: str) -> None:
    """Whatever is in it: the host, the path before it and what follows stay."""
    if any("\ud800" <= sign <= "\udfff" for sign in interaction):
        return  # half a character is refused where it comes in
    found = urlsplit(record_of(interaction, RECORD))
    if interaction in (".", ".."):
        assert found.netloc == ""
        return
    assert (found.scheme, found.netloc, found.query) == ("https", "crm.example", "from=ivr")
    assert found.path.count("/") == 2
    assert unquote(found.path.removeprefix("/i/")) == interaction


@pytest.mark.parametrize(("interaction", "url"), [(None, RECORD), ("a", "")])
def test_without_either_there_is_no_link(interaction: str | None, url: str) -> None:
    """No interaction, or no records."""
    assert record_of(interaction, url) == ""


@pytest.mark.parametrize(
    ("seconds", "counts", "took"),
    [
        (0, "0:00", "0 s"),
        (59, "0:59", "59 s"),
        (125, "2:05", "2 min 5 s"),
        (3599, "59:59", "59 min 59 s"),
        (3600, "1:00:00", "1 h 0 min"),
        (90_061, "25:01:01", "25 h 1 min"),
    ],
)
def test_times_are_as_people_read_them(seconds: int, counts: str, took: str) -> None:
    """A clock counts in seconds; a span has no more than two units."""
    assert (clock(seconds), span(seconds)) == (counts, took)


def test_a_time_of_day_is_utc() -> None:
    """For who has no script that knows better."""
    at = datetime(2026, 11, 22, 1, 5, tzinfo=UTC) + timedelta(seconds=59)
    assert time_of_day(at) == "01:05"


def test_what_is_joined_is_there_once() -> None:
    """Empty texts are left out."""
    assert joined(["a", None, "", "b", "a"]) == "a \u00b7 b"


@given(st.binary())
def test_no_data_ends_an_event(data: bytes) -> None:
    """Each of its lines is a data line, whatever ends it; the blank line is the last one."""
    *lines, blank, end = event("board", data).split(b"\n")
    assert (blank, end) == (b"", b"")
    assert lines[0] == b"event: board"
    assert all(line.startswith(b"data: ") and b"\r" not in line for line in lines[1:])
    assert b"\n".join(line[6:] for line in lines[1:]) == data.replace(b"\r\n", b"\n").replace(
        b"\r", b"\n"
    )


def test_a_customer_s_address_has_a_place_for_the_interaction() -> None:
    """Else every link would be the same."""
    assert [*screen_contradictions(ScreenConfig())] == []
    assert [*screen_contradictions(ScreenConfig(RECORD))] == []
    (fault,) = screen_contradictions(ScreenConfig("https://crm.example/"))
    assert fault.startswith("screen.customer_url: expected {interaction} in it")
