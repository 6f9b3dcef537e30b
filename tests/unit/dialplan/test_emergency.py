"""The emergency numbers of every country, against what phonenumbers says of each text."""

import phonenumbers
import pytest

from dialplan.emergency import emergency_numbers

COUNTRIES = sorted(phonenumbers.SUPPORTED_REGIONS)
LONGEST = {
    **dict.fromkeys(["CF", "GA", "IN", "OM", "PK", "TH"], 4),
    **dict.fromkeys(["NA", "SE", "ZA"], 5),
    **dict.fromkeys(["ER", "FM", "NE"], 6),
}
"""Digits of a country's longest emergency number, where they are more than three."""


@pytest.mark.parametrize(
    ("country", "numbers"),
    [
        ("US", {"112", "911"}),
        ("GB", {"112", "999"}),
        ("PK", {"15", "16", "112", "115", "1122"}),
        ("SE", {"112", "90000"}),
        ("GA", {"18", "1730"} | {f"13{number:02}" for number in range(100)}),
        ("TK", set()),
        ("", set()),
    ],
)
def test_a_country_s_emergency_numbers_by_example(country: str, numbers: set[str]) -> None:
    """Each is written out; where phonenumbers knows none, and without a country, there is none."""
    assert emergency_numbers(country) == numbers


@pytest.mark.parametrize("country", COUNTRIES)
def test_every_emergency_number_and_no_other(country: str) -> None:
    """Of all numbers up to five digits, those that phonenumbers calls one are in the list."""
    _agree(country, min(5, LONGEST.get(country, 3)))


@pytest.mark.long
@pytest.mark.parametrize("country", COUNTRIES)
def test_every_long_emergency_number_and_no_other(country: str) -> None:
    """The same up to the most digits there are, for every country."""
    _agree(country, 6 if country in LONGEST else 4)


def _agree(country: str, most_digits: int) -> None:
    texts = [f"{n:0{digits}}" for digits in range(1, most_digits + 1) for n in range(10**digits)]
    found = {text for text in texts if phonenumbers.is_emergency_number(text, country)}
    assert found == {number for number in emergency_numbers(country) if len(number) <= most_digits}


@pytest.mark.parametrize("country", COUNTRIES)
def test_a_longer_number_is_another(country: str) -> None:
    """What only begins with an emergency number is one where phonenumbers says so, as 1122 is."""
    numbers = emergency_numbers(country)
    longer = {number + digit for number in numbers for digit in "0123456789"}
    longer |= {number + "4562354" for number in numbers}
    assert longer & numbers == {
        number for number in longer if phonenumbers.is_emergency_number(number, country)
    }


@pytest.mark.parametrize("country", COUNTRIES)
def test_no_number_is_longer_than_was_looked_for(country: str) -> None:
    """So the texts that were tried above were all there are."""
    assert max(map(len, emergency_numbers(country)), default=0) <= LONGEST.get(country, 3)


def test_hardly_any_country_is_without() -> None:
    """A release that wrote them elsewhere would leave us with none: this would tell."""
    without = {country for country in COUNTRIES if not emergency_numbers(country)}
    assert without <= {"GN", "GQ", "IO", "TA", "TK"}
