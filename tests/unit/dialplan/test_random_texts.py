"""Whatever is written, cleaning and reading have an answer. No plan is loaded here."""

import re

import pytest

from dialplan import NotANumber, clean
from dialplan.metadata import read
from dialplan.text import split
from tests.unit.dialplan.random_texts import random_texts

SHAPE = re.compile(r"\+?[0-9*#]+([/^][0-9]+)?|/[0-9*#]+|sips?:\S+", re.IGNORECASE)
HOMES = ["US", "DE", "SK", "JP", ""]


@pytest.mark.parametrize(
    "count",
    [50_000, pytest.param(1_000_000, marks=[pytest.mark.long, pytest.mark.timeout(3600)])],
)
def test_every_text_has_an_answer_or_a_clear_error(count: int) -> None:
    """A clean text can be dialed, stays as it is, and is its parts; reading it raises nothing."""
    refused = 0
    for turn, raw in enumerate(random_texts(count, seed=count)):
        try:
            text = clean(raw)
        except NotANumber:
            refused += 1
            continue
        assert SHAPE.fullmatch(text)
        assert clean(text) == text
        written = split(text)
        assert written.text == text
        home = HOMES[turn % len(HOMES)]
        number = read(written.base, home)
        if number:
            assert read(number.e164, home) == number
            assert number.display
            assert number.dial_string
    assert 0 < refused < count / 4
