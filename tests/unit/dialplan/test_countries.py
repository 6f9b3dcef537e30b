"""Every country's own examples and emergency numbers, through an engine that is at home there."""

import phonenumbers
import pytest
from msgspec.structs import replace
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType

from dialplan import Engine, load_plan
from dialplan.emergency import emergency_numbers
from dialplan.plan import Classes

COUNTRIES = sorted(phonenumbers.SUPPORTED_REGIONS)
E164 = load_plan("e164")
EVERYWHERE = Engine(E164)
EXAMPLES = [
    (country, kind, number)
    for country in COUNTRIES
    for kind in PhoneNumberType.values()
    if (number := phonenumbers.example_number_for_type(country, kind))
]
NAMES = Classes()
CLASSES = {
    getattr(PhoneNumberType, name.upper()): getattr(NAMES, name)
    for name in (
        "fixed_line", "mobile", "fixed_line_or_mobile", "toll_free", "premium_rate", "shared_cost",
        "voip", "personal_number", "pager", "uan", "voicemail",
    )
}  # fmt: skip
EITHER = {NAMES.fixed_line, NAMES.mobile, NAMES.fixed_line_or_mobile}


def is_class_of(kind: int, got: str) -> bool:
    """Whether *got* is the class of *kind*, where a fixed line or mobile counts as either."""
    both = {got, CLASSES[kind]}
    return len(both) == 1 or (both <= EITHER and NAMES.fixed_line_or_mobile in both)


def test_there_are_as_many_examples_as_there_were() -> None:
    """So the tests below try something."""
    assert len(EXAMPLES) > 1_100


@pytest.mark.parametrize("country", COUNTRIES)
def test_every_countrys_examples(country: str) -> None:
    """In E.164 from anywhere, nationally from home: the E.164 number, the class of its type."""
    home = Engine(replace(E164, home_country=country, extension_lengths=range(0)))
    with_extensions = Engine(replace(E164, home_country=country))
    for _, kind, number in (example for example in EXAMPLES if example[0] == country):
        e164, national = written(number)
        for engine, raw in (
            (EVERYWHERE, e164), (with_extensions, e164), (home, e164), (home, national),
        ):  # fmt: skip
            details = engine.resolve(raw)
            assert details.normalized_text == e164, raw
            assert is_class_of(kind, details.default_classification), (raw, kind, details)
            assert not details.internal
            assert details.display_text
            assert details.edit_base
            assert details.dial_string


@pytest.mark.parametrize("country", COUNTRIES)
def test_short_national_numbers_where_they_are_allowed(country: str) -> None:
    """With extensions of 2 to 6 digits, they are numbers all the same."""
    home = Engine(replace(E164, home_country=country, allow_short_national=True))
    for _, _, number in (example for example in EXAMPLES if example[0] == country):
        e164, national = written(number)
        if phonenumbers.normalize_digits_only(national) not in emergency_numbers(country):
            assert home.normalize(national) == e164


@pytest.mark.parametrize("country", COUNTRIES)
def test_every_countrys_emergency_numbers(country: str) -> None:
    """They come before extensions, of whatever length, and are dialed as they are."""
    engine = Engine(load_plan(f"e164:{country}"))
    assert engine.plan.extension_lengths == range(2, 7)
    for number in emergency_numbers(country):
        details = engine.resolve(number)
        assert (details.default_classification, details.emergency) == ("Emergency", True)
        assert (details.normalized_text, details.dial_string) == (number, number)
        assert (details.internal, details.dial_capable) == (False, True)


def written(number: PhoneNumber) -> tuple[str, str]:
    """*number* in E.164, and as it is dialed at home."""
    return (
        phonenumbers.format_number(number, PhoneNumberFormat.E164),
        phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL),
    )
