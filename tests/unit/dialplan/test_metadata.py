"""What is known of the numbers of every country, from every country. No plan is loaded here."""

import random

import phonenumbers
import pytest
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType

from dialplan import clean
from dialplan.metadata import Kind, Known, read
from dialplan.text import split

COUNTRIES = sorted(phonenumbers.SUPPORTED_REGIONS)
CALLING_CODES = sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)
EXAMPLES = [
    (country, kind, number)
    for country in COUNTRIES
    for kind in PhoneNumberType.values()
    if (number := phonenumbers.example_number_for_type(country, kind))
]
STYLES = [
    PhoneNumberFormat.E164,
    PhoneNumberFormat.NATIONAL,
    PhoneNumberFormat.INTERNATIONAL,
    PhoneNumberFormat.RFC3966,
]
HERE = ("(800) 456-2354", "1 (800) 456-2354", "18004562354")
UKRAINE = ("+380 97 452 0200", "011 380 97 452 0200", "011380974520200")
FROM_RUSSIA = ("+49 30 123456", "8~10 49 30 123456", "8104930123456")
EITHER = {Kind.FIXED_LINE, Kind.MOBILE, Kind.FIXED_LINE_OR_MOBILE}


def known(text: str, home_country: str) -> Known:
    """What is known of *text*, which is a number."""
    number = read(text, home_country)
    assert number
    return number


def written(number: PhoneNumber, style: int) -> str:
    """*number* in one of the styles of phonenumbers."""
    return phonenumbers.format_number(number, style)


@pytest.mark.parametrize(
    ("text", "home", "e164", "kind", "display", "edit_base", "dial_string"),
    [
        ("8004562354", "US", "+18004562354", "toll_free", *HERE),
        ("+18004562354", "", "+18004562354", "toll_free", *["+1 800-456-2354"] * 2, "+18004562354"),
        ("380974520200", "US", "+380974520200", "mobile", *UKRAINE),
        ("011380974520200", "US", "+380974520200", "mobile", *UKRAINE),
        ("2032232532", "", "+2032232532", "fixed_line", *["+20 3 2232532"] * 2, "+2032232532"),
        ("030123456", "DE", "+4930123456", "fixed_line", *["030 123456"] * 2, "030123456"),
        ("+4930123456", "RU", "+4930123456", "fixed_line", *FROM_RUSSIA),
        ("+18001234", "US", "+18001234", "unknown", "800-1234", "1 800-1234", "18001234"),
    ],
)
def test_a_number_seen_from_home_by_example(
    text: str, home: str, e164: str, kind: str, display: str, edit_base: str, dial_string: str
) -> None:
    """The first is the vendor's; every other shows one rule."""
    number = known(text, home)
    assert (number.e164, number.kind, number.home_country) == (e164, kind, home)
    assert (number.display, number.edit_base, number.dial_string) == (
        display,
        edit_base,
        dial_string,
    )


@pytest.mark.parametrize(("country", "kind", "number"), EXAMPLES)
def test_every_example_is_known_in_every_writing(
    country: str, kind: int, number: PhoneNumber
) -> None:
    """In E.164 and nationally, with its country as home: its E.164, its kind, its country.

    None of its writings has an extension.
    """
    e164 = written(number, PhoneNumberFormat.E164)
    for style in STYLES:
        text = clean(written(number, style))
        assert not split(text).extension
        found = known(text, country)
        assert (found.e164, found.valid) == (e164, True)
        expected = Kind[PhoneNumberType.to_string(kind)]
        assert found.kind == expected or {found.kind, expected} <= EITHER
        assert (
            found.region in phonenumbers.COUNTRY_CODE_TO_REGION_CODE[found.number.country_code or 0]
        )


@pytest.mark.parametrize(("country", "kind", "number"), EXAMPLES)
def test_every_example_is_shown_and_dialed_from_anywhere(
    country: str, kind: int, number: PhoneNumber
) -> None:
    """It is shown as phonenumbers formats it, and what is dialed at home is the same number."""
    e164 = written(number, PhoneNumberFormat.E164)
    for home in {country, "US", "CA", "BR", "DE", "JP", "RU"}:
        found = known(e164, home)
        at_home = phonenumbers.country_code_for_region(home) == number.country_code
        style = PhoneNumberFormat.NATIONAL if at_home else PhoneNumberFormat.INTERNATIONAL
        assert found.display == written(number, style)
        assert found.edit_base == phonenumbers.format_out_of_country_calling_number(number, home)
        assert known(found.dial_string, home).e164 == e164


@pytest.mark.parametrize("code", [800, 808, 870, 878, 881, 882, 883, 888, 979])
def test_numbers_of_no_country_are_known(code: int) -> None:
    """Their country is the world, as phonenumbers has it."""
    number = phonenumbers.example_number_for_non_geo_entity(code)
    assert number
    found = known(written(number, PhoneNumberFormat.E164), "US")
    assert (found.valid, found.region) == (True, "001")
    assert found.display == written(number, PhoneNumberFormat.INTERNATIONAL)


@pytest.mark.parametrize(
    "text",
    ["", "+", "1", "4562354", "6929", "/6929", "*67", "+6929", "sip:a@b", "9" * 33, "1x", "\u0661"],
)
def test_other_texts_are_no_numbers(text: str) -> None:
    """Digits that no country takes, and whatever is more than digits behind a `+`."""
    assert read(text, "US") is None
    assert read(text, "") is None


@pytest.mark.parametrize(
    "count",
    [20_000, pytest.param(1_000_000, marks=[pytest.mark.long, pytest.mark.timeout(3600)])],
)
def test_an_e164_number_is_read_as_itself(count: int) -> None:
    """From anywhere, also where it begins with what is a trunk prefix or looks like one."""
    chance = random.Random(5)
    fronts = ["", "0", "1", "00", "+", *(f"+{code}" for code in CALLING_CODES)]
    fronts += [f"+{code}{trunk}" for code in CALLING_CODES for trunk in ("0", "1", "8", "15")]
    for _ in range(count):
        digits = chance.randint(10**2, 10**11)
        found = read(f"{chance.choice(fronts)}{digits}", chance.choice(COUNTRIES))
        if found:
            again = known(found.e164, chance.choice(COUNTRIES))
            assert (again.e164, again.kind) == (found.e164, found.kind)
            assert phonenumbers.parse(found.e164) == found.number


def test_a_number_is_a_value() -> None:
    """It can be compared, and be a key."""
    assert len({known("8004562354", "US"), known("+18004562354", "US")}) == 1
    assert known("8004562354", "US") != known("+18004562354", "CA")
