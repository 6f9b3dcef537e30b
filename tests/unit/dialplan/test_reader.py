"""The laws of reading, for whatever plan and whatever text."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplan import Details, Engine, NotANumber, Owner, Plan, QueueType, load_plan
from dialplan.patterns import PatternError, Template, parse
from dialplan.plan import Conversion, Rule
from dialplan.shadows import emergencies
from dialplan.text import clean
from tests.unit.dialplan.pattern_plans import LISTS, SOURCES, TEXTS
from tests.unit.dialplan.random_texts import random_texts

SHIPPED = ("nanp", "e164", "e164:GB", "example", "extensions:DE")
NORMALIZED = ("+", "/", "sip:", "sips:")
NUMBERS = ["+1{1}", "+12{1}", "+18004562354", "+44{1}/7", "{1}", "{1}^{1}", "911", "1", '"-"']
ADDRESSES = ["/{1}", "/9{1}", "/{1}00", "/911", '"sip:"{1}', '"SIPS:"{1}"@x"']
OUTPUTS = st.sampled_from([*NUMBERS, *ADDRESSES])
WRITTEN = (
    TEXTS
    | st.builds(
        "{}{}{}".format,
        st.sampled_from(["", "+", "+1", "9", "00", "011", "/", "sip:"]),
        st.sampled_from(["911", "112", "8004562354", "2125551234", "442079460000", "12", "6929"]),
        st.sampled_from(["", "", "/12", "^7", " x44"]),
    )
    | st.text("0123456789+/^x", max_size=14)
)


@st.composite
def rules(draw: st.DrawFn, most: int) -> tuple[Rule, ...]:
    """Rules with outputs that fit their patterns."""
    made = []
    for source, syntax in draw(st.lists(SOURCES, max_size=most)):
        pattern = parse(source, syntax, LISTS)
        try:
            standardized = Template.parse(draw(OUTPUTS), pattern)
        except PatternError:
            standardized = None
        made.append(Rule("", pattern, standardized, emergency=draw(st.booleans())))
    return tuple(made)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Plans of any conversions, rules and settings, senseless ones too."""
    conversions = [
        Conversion("", each.pattern, each.standardized, each.emergency)
        for each in draw(rules(3))
        if each.standardized
    ]
    return Plan(
        "any",
        home_country=draw(st.sampled_from(["US", "GB", "DE", ""])),
        extension_lengths=draw(st.sampled_from([range(0), range(2, 7), range(1, 4)])),
        allow_short_national=draw(st.booleans()),
        area_codes=draw(st.sampled_from([(), ("212", "317")])),
        outside_line=draw(st.sampled_from([(), ("9",), ("0", "99")])),
        international_prefixes=draw(st.sampled_from([(), ("00", "0")])),
        extra_emergency=draw(st.sampled_from([(), ("12", "6929")])),
        allow_shadow=draw(st.sampled_from([(), ("112",)])),
        conversions=tuple(conversions),
        rules=draw(rules(6)),
        owners=draw(st.sampled_from([(), (Owner("12", QueueType.USER, "a", "1"),)])),
    )


def resolved(engine: Engine, raw: str) -> Details | None:
    """The details of *raw*; None where it is no number."""
    try:
        return engine.resolve(raw)
    except NotANumber:
        return None


def hold(engine: Engine, raw: str) -> None:
    """Assert the laws of one text."""
    details = resolved(engine, raw)
    if details is None:
        return
    key = details.normalized_text
    assert (details.raw_text, engine.normalize(raw)) == (raw, key)
    key.encode()  # a store can take it
    if key.startswith(NORMALIZED):
        again = resolved(engine, key)
        assert again
        assert again.normalized_text == key
    assert details.classifications[0] == details.default_classification
    assert all(details.classifications)
    assert details.internal == key.startswith("/")
    assert not details.internal or details.extension == key.removeprefix("/")
    assert bool(details.dial_string) or not details.dial_capable
    keys = engine.lookup_keys(raw)
    assert keys[0] == clean(raw)
    assert key in keys
    assert len(set(keys)) == len(keys) <= 3


@pytest.mark.timeout(3600)  # in the long profile
@given(plans(), st.lists(WRITTEN, min_size=20, max_size=20))
def test_whatever_the_plan_is(plan: Plan, texts: Sequence[str]) -> None:
    """An answer or a clear error; what is normalized normalizes to itself."""
    engine = Engine(plan)
    for raw in texts:
        hold(engine, raw)


@pytest.mark.timeout(3600)  # in the long profile
@given(plans(), st.lists(WRITTEN, min_size=20, max_size=20))
def test_the_first_rule_in_order_is_the_one(plan: Plan, texts: Sequence[str]) -> None:
    """A plain scan of what the rules were given finds the same, or as little."""
    engine = Engine(plan)
    for raw in texts:
        if resolved(engine, raw) is None:
            continue
        reading = engine.reader.read(clean(raw))
        for_conversions, for_rules = engine.reader.offered(reading)
        if plan.conversions and for_conversions:
            assert reading.conversion == scan(
                plan.conversions, [each.text for each in for_conversions]
            )
        if reading.means.name != "EMERGENCY":
            expected = scan(plan.rules, [each.text for each in for_rules])
            assert (reading.match.index if reading.match else None) == expected


def scan(asked: Sequence[Conversion | Rule], texts: Sequence[str]) -> int | None:
    """The first of *asked* that matches any of *texts*."""
    matching = (
        index
        for index, each in enumerate(asked)
        if any(each.pattern.groups(text) is not None for text in texts)
    )
    return next(matching, None)


@pytest.mark.timeout(3600)  # in the long profile
@given(plans())
def test_emergency_numbers_come_before_all(plan: Plan) -> None:
    """Whatever conversions, rules, extensions and owners there are."""
    engine = Engine(plan)
    for number in emergencies(plan):
        for raw in (number, f"/{number}", *(f"{prefix}{number}" for prefix in plan.outside_line)):
            details = engine.resolve(raw)
            assert details.emergency
            if raw == number:
                assert details.normalized_text == number


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize(
    "count",
    [10_000, pytest.param(200_000, marks=[pytest.mark.long, pytest.mark.timeout(3600)])],
)
def test_every_text_by_every_shipped_plan(name: str, count: int) -> None:
    """Controls, directions, lone surrogates, giants: an answer or a clear error, 50,000 times."""
    engine = Engine(load_plan(name))
    for raw in random_texts(count, seed=count + SHIPPED.index(name)):
        hold(engine, raw)
