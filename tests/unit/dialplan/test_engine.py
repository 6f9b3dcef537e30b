"""The laws of the keys that an engine gives to numbers."""

import tracemalloc

import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat

from dialplan import Engine, NotANumber, Plan, clean, load_plan
from dialplan.text import split

NANP = Engine(load_plan("nanp"))
E164 = Engine(load_plan("e164"))
ENGINES = st.sampled_from([NANP, E164, Engine(Plan("it", home_country="IT"))])

COUNTRY_CODES = sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)
NUMBERS = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "+", "/", "00", "011"]),
    st.sampled_from(COUNTRY_CODES),
    st.text("0123456789", max_size=14),
)
TEXTS = st.text(st.characters(exclude_categories=())) | st.text("0123456789*#+/ :sipSIPtel@x;")

EXAMPLES = [
    (region, number)
    for region in sorted(phonenumbers.SUPPORTED_REGIONS)
    for kind in phonenumbers.PhoneNumberType.values()
    if (number := phonenumbers.example_number_for_type(region, kind))
]


@pytest.mark.parametrize(
    ("raw", "nanp", "e164"),
    [
        ("8004562354", "+18004562354", "8004562354"),
        ("6929", "/6929", "/6929"),
        ("380974520200", "+380974520200", "+380974520200"),
        ("+380 (97) 452-02-00", "+380974520200", "+380974520200"),
        ("+44 (0)20 7946 0000", "+442079460000", "+442079460000"),
        ("1-800-FLOWERS", "+18003569377", "+18003569377"),
        ("011 380 97 452 02 00", "+380974520200", "011380974520200"),
        ("2032232532", "+12032232532", "+2032232532"),
        ("tel:+1-800-456-2354;ext=12", "+18004562354/12", "+18004562354/12"),
        ("\u0668\u0660\u0660 456 2354", "+18004562354", "8004562354"),
        ("\uff0b\uff13\uff18\uff10 97 452 02 00", "+380974520200", "+380974520200"),
        ("1", "1", "1"),
        ("4562354", "4562354", "4562354"),
        ("+6929", "+6929", "+6929"),
        ("*67", "*67", "*67"),
        ("/8004562354", "/8004562354", "/8004562354"),
        ("SIP: Bob@Example.com", "sip:Bob@Example.com", "sip:Bob@Example.com"),
    ],
)
def test_the_shipped_plans_by_example(raw: str, nanp: str, e164: str) -> None:
    """The first two are the vendor's; every other shows one rule, or that no rule decides."""
    assert (NANP.normalize(raw), E164.normalize(raw)) == (nanp, e164)


@given(ENGINES, NUMBERS | TEXTS)
@example(E164, "+440020794600")  # an impossible number, from which a 0 is taken at each reading
def test_a_key_is_its_own_key(engine: Engine, raw: str) -> None:
    """Every text has a key or a clear error, and normalizing a key changes nothing."""
    try:
        key = engine.normalize(raw)
    except NotANumber:
        return
    assert engine.normalize(key) == key


@given(ENGINES, NUMBERS | TEXTS)
def test_lookup_tries_the_text_as_entered_first(engine: Engine, raw: str) -> None:
    """The keys are the cleaned text, the normalized one, and its number; once each."""
    try:
        keys = engine.lookup_keys(raw)
    except NotANumber:
        return
    key = engine.normalize(raw)
    assert keys == tuple(dict.fromkeys((clean(raw), key, split(key).base or key)))


@pytest.mark.parametrize("raw", ["1 800 456 2354 x12", "8004562354^12"])
def test_a_number_is_found_behind_which_an_extension_is_dialed(raw: str) -> None:
    """Where it was stored without one; what was stored with it is found first."""
    assert NANP.lookup_keys(raw)[:2] == (clean(raw), NANP.normalize(raw))
    assert NANP.lookup_keys(raw)[2] == "+18004562354"


def test_giants_are_not_kept() -> None:
    """Nobody dials them twice: what is remembered is what people dial."""
    engine = Engine(load_plan("nanp"))
    tracemalloc.start()
    try:
        for at in range(300):
            for ask in (engine.resolve, engine.normalize, engine.lookup_keys):
                ask(f"{at}{'5' * 9_000}")
        assert tracemalloc.get_traced_memory()[0] < 2**20
    finally:
        tracemalloc.stop()


@given(ENGINES, st.text("0123456789", min_size=2, max_size=6))
def test_extension_lengths_decide_before_countries(engine: Engine, digits: str) -> None:
    """Digits as many as an extension has are one, and only where the plan has extensions."""
    is_extension = len(digits) in engine.plan.extension_lengths
    assert engine.normalize(digits).startswith("/") == is_extension


@pytest.mark.parametrize(("region", "number"), EXAMPLES)
def test_every_country_can_be_home(region: str, number: phonenumbers.PhoneNumber) -> None:
    """A national number is its E.164 number at home; with its plus it is so everywhere."""
    written = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    national = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
    assert Engine(Plan("home", home_country=region)).normalize(national) == written
    assert E164.normalize(written) == NANP.normalize(written) == written


@pytest.mark.parametrize("length", [15, 17, 33, 250, 9_999])
@pytest.mark.parametrize("front", ["", "+"])
def test_what_is_no_number_stays_as_entered(front: str, length: int) -> None:
    """Digits that no country takes are their own key, at any length."""
    assert NANP.normalize(front + "9" * length) == front + "9" * length
