"""The laws of explaining: it says what the engine does, and of each rule why it did not."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplan import Engine, Plan, load_plan
from dialplan.cases import plain
from dialplan.explain import MOST, Explanation, explain
from dialplan.explained import SHOWN, as_text
from dialplan.patterns import parse
from dialplan.plan import Rule
from tests.unit.dialplan.test_reader import WRITTEN, plans, resolved

EXAMPLE = Engine(load_plan("example"))


@given(plans(), WRITTEN)
def test_it_says_what_the_engine_does(plan: Plan, raw: str) -> None:
    """The same details or the same refusal; each that is listed before the match does not match."""
    engine = Engine(plan)
    told = engine.explain(raw)
    assert json.loads(json.dumps(told.as_data()))["raw"] == raw
    assert as_text(told)
    details = resolved(engine, raw)
    assert bool(told.refused) is (details is None)
    if details is None:
        return
    assert told.details == dict(plain(details))
    for asked in (told.conversions, told.rules):
        for each in asked.considered:
            assert each.matched == (each.why_not == "")
        assert sum(each.matched for each in asked.considered) <= 1
        counted = len(asked.considered) + asked.not_listed + asked.not_looked_at
        assert counted == asked.of


@given(st.text(st.characters(exclude_categories=())))
def test_nothing_moves_the_terminals_cursor(raw: str) -> None:
    """Whatever somebody wrote; colours are ours, and only where they are wanted."""
    plain_text = as_text(EXAMPLE.explain(raw))
    assert all(line.isprintable() for line in plain_text.split("\n"))
    coloured = as_text(EXAMPLE.explain(raw), colours=True)
    assert re.sub("\x1b\\[[0-9]+m", "", coloured) == plain_text


def test_a_plans_own_words_move_no_cursor_either() -> None:
    """Nor do they of a fault."""
    rules = (Rule("\x1b[2J", parse("5", "vendor"), description="\x1b[2J"),)
    text = as_text(Engine(Plan("\x1b[2J", rules=rules)).explain("5"))
    assert text.count(r"\x1b[2J") == 3
    assert "\x1b" not in text


def test_it_reads_well() -> None:
    """By example: each step, the rule that matched, what was not looked at, the owner."""
    assert as_text(EXAMPLE.explain("8*6929")).splitlines()[:6] == [
        "8*6929  by the plan example",
        "cleaned         8*6929",
        "conversions     asked for 8*6929",
        "              1 other building: 8*XXXX matches 8*6929",
        "goes on as      /6929",
        "rules           asked for /6929",
    ]
    text = as_text(EXAMPLE.explain("8*6929"))
    assert "10 extensions: /Z matches /6929" in text
    assert "8 local: +1317NXXXXXX  at 1: + expected, got /" in text
    assert "1 were not looked at" in text
    assert "an extension of the directory: user [userId]" in text
    assert "queue           User Queue: [userId]" in text


def test_a_rule_is_told_by_the_text_that_came_nearest() -> None:
    """Of the number as dialed and as it is, with the rule's place in the file."""
    local = EXAMPLE.explain("2032232532").rules.considered[7]
    assert (local.number, local.name, local.text) == (8, "local", "+12032232532")
    assert local.why_not == "at 3: 3 expected, got 2"
    file, _, line = local.place.rpartition(":")
    assert Path(file).read_text().splitlines()[int(line) - 1 :][:2] == [
        "[[rule]]",
        'name = "local"',
    ]


@pytest.mark.parametrize(
    ("raw", "decided"),
    [
        ("911", "an emergency number in US"),
        ("6929", "an extension of the directory: user [userId]"),
        ("6930", "4 digits are an extension"),
        ("/6930", "written as an extension"),
        ("sip:bob@x", "a SIP address"),
        ("2032232532", "a number of US: fixed line or mobile"),
        ("+1 800 1234", "as long as a number, but of no numbering plan"),
        ("12345678", "no number that is known in US: dialed as it was entered"),
        ("0", "rule 2 says so"),
    ],
)
def test_what_decided(raw: str, decided: str) -> None:
    """In a sentence."""
    assert EXAMPLE.explain(raw).decided == decided


def test_thousands_of_rules_stay_readable() -> None:
    """The text has those that came nearest, and says how many others there are."""
    rules = tuple(Rule("", parse(f"77{at:05}X", "vendor")) for at in range(5_000))
    told = Engine(Plan("large", rules=rules)).explain("77042000")
    assert (told.rules.of, told.rules.not_looked_at) == (5_000, 799)
    assert (len(told.rules.considered), told.rules.not_listed) == (MOST + 1, 3_200)
    text = as_text(told)
    assert len(text.splitlines()) < SHOWN + 15
    for said in (
        "4201 ",
        " matches 77042000",
        "4,180 others do not match",
        "799 were not looked at",
    ):
        assert said in text


def test_a_rule_that_is_not_for_emergencies_says_so() -> None:
    """It matches, and is passed over; no plan of a file has such a one."""
    first, second = (
        Rule("", parse("9Z", "vendor")),
        Rule("", parse("911", "vendor"), emergency=True),
    )
    told = Engine(Plan("", home_country="US", rules=(first, second))).explain("911").rules
    assert [(each.matched, each.why_not) for each in told.considered] == [
        (False, "it is not for emergencies"),
        (True, ""),
    ]


def test_as_many_are_listed_as_are_wanted() -> None:
    """And the one that matched."""
    rules = (
        *(Rule("", parse(f"8{at}", "vendor")) for at in range(10)),
        Rule("", parse("7", "vendor")),
    )
    told = explain("7", Engine(Plan("", rules=rules)).reader, most=3)
    assert [each.number for each in told.rules.considered] == [1, 2, 3, 11]
    assert (told.rules.not_listed, told.rules.not_looked_at) == (7, 0)


def test_a_refusal_is_explained() -> None:
    """With what was cleaned, where that was possible."""
    told = EXAMPLE.explain("()")
    assert isinstance(told, Explanation)
    assert told.refused.startswith("expected a digit")
    assert "refused" in as_text(told)
