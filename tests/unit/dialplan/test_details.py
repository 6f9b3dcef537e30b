"""What is said of a number: the vendor's two examples, then each step of a plan by example."""

import dataclasses

import pytest
from msgspec.structs import asdict, replace

from dialplan import Details, Engine, NotANumber, Owner, Plan, QueueType, load_plan
from dialplan.patterns import Template, parse
from dialplan.plan import Classes, Conversion, QueueNames, Rule

EXAMPLE = Engine(load_plan("example"))
NANP = Engine(load_plan("nanp"))

TOLL_FREE = {
    "raw_text": "8004562354",
    "normalized_text": "+18004562354",
    "display_text": "(Tool Free) 1 (800) 456-2354",
    "edit_base": "1 (800) 456-2354",
    "extension": "",
    "default_classification": "Tool Free",
    "classifications": ("Tool Free",),
    "internal": False,
    "queue_type": QueueType.NONE,
    "queue_name": "",
    "voicemail_capable": False,
    "dial_capable": True,
    "auto_dial_extension": False,
}
INTERCOM = {
    "raw_text": "6929",
    "normalized_text": "/6929",
    "display_text": "6929",
    "edit_base": "",
    "extension": "6929",
    "default_classification": "Intercom",
    "classifications": ("Intercom",),
    "internal": True,
    "queue_type": QueueType.USER,
    "queue_name": "User Queue: [userId]",
    "voicemail_capable": True,
    "dial_capable": True,
    "auto_dial_extension": True,
}


FULL = ("(203) 223-2532", "12032232532", "1 (203) 223-2532")
FREE = ("(Toll Free) 1 (800) 456-2354", "18004562354", "1 (800) 456-2354")
UKRAINE = ("+380 97 452 0200", "011380974520200", "011 380 97 452 0200")
"""Shown, dialed and edited."""


def said(details: Details, names: dict[str, object]) -> dict[str, object]:
    """The *details* that *names* names."""
    return {name: value for name, value in asdict(details).items() if name in names}


@pytest.mark.parametrize("expected", [TOLL_FREE, INTERCOM], ids=["8004562354", "6929"])
def test_the_vendors_examples_value_by_value(expected: dict[str, object]) -> None:
    """Every value that the vendor's page shows, with its spelling."""
    assert said(EXAMPLE.resolve(str(expected["raw_text"])), expected) == expected


def test_the_north_american_plan_spells_it_right() -> None:
    """Toll Free, however the number is written; all else is as the vendor has it."""
    right = TOLL_FREE | {
        "display_text": "(Toll Free) 1 (800) 456-2354",
        "default_classification": "Toll Free",
        "classifications": ("Toll Free",),
    }
    for raw in ("8004562354", "1 (800) 456-2354", "+1 800 456 2354", "011 1 800 456 2354"):
        assert said(NANP.resolve(raw), right) == right | {"raw_text": raw}


@pytest.mark.parametrize(
    ("raw", "display", "dial", "edit_base", "extension", "auto"),
    [
        ("203 223 2532 x12", f"{FULL[0]} x12", f"{FULL[1]}/12", FULL[2], "12", True),
        ("203 223 2532^12", f"{FULL[0]} x12", FULL[1], FULL[2], "12", False),
        ("800 456 2354/12", f"{FREE[0]} x12", f"{FREE[1]}/12", FREE[2], "12", True),
        ("+380 97 452 02 00", *UKRAINE, "", False),
        ("sip:bob@x", "sip:bob@x", "sip:bob@x", "sip:bob@x", "", False),
        ("1234567", "1234567", "1234567", "1234567", "", False),
        ("/8000000", "8000000", "8000000", "", "8000000", True),
    ],
)
def test_an_extension_goes_along(
    raw: str, display: str, dial: str, edit_base: str, extension: str, auto: bool
) -> None:
    """Shown behind the number; dialed behind a slash only; never in what is edited."""
    details = NANP.resolve(raw)
    shown = (details.display_text, details.dial_string, details.edit_base)
    assert shown == (display, dial, edit_base)
    assert (details.extension, details.auto_dial_extension) == (extension, auto)


def rule(pattern: str, standardized: str = "", **said: object) -> Rule:
    """A rule as a plan's file would have it."""
    parsed = parse(pattern, "vendor")
    template = Template.parse(standardized, parsed) if standardized else None
    return dataclasses.replace(Rule("", parsed, template), **said)  # type: ignore[arg-type]


def plan(*rules: Rule, **settings: object) -> Engine:
    """An engine of the United States with *rules*."""
    return Engine(replace(Plan("test", home_country="US", rules=rules), **settings))


def test_the_first_rule_in_order_wins() -> None:
    """Also over a later one that is closer to the text as it was written."""
    first, second = (
        rule("+1900Z", classifications=("A",)),
        rule("1900XXXXXXX", classifications=("B",)),
    )
    for number in ("19005551234", "9005551234", "+1 900 555 1234"):
        assert plan(first, second).resolve(number).default_classification == "A"
    assert plan(second, first).resolve("19005551234").default_classification == "B"
    assert plan(second, first).resolve("9005551234").default_classification == "A"


def test_a_rule_says_what_it_says_and_no_more() -> None:
    """What it leaves open is the metadata's."""
    bare, full = NANP.resolve("2032232532"), plan(rule("+1NXXNXXXXXX", description="ours"))
    assert full.resolve("2032232532") == replace(bare, description="ours")
    blocked = plan(rule("+1NXXNXXXXXX", dialable=False)).resolve("2032232532")
    assert (blocked.dial_capable, blocked.dial_string) == (False, "")


def test_what_a_rule_makes_of_a_number() -> None:
    """It is read as far as its form says, and an extension behind the number goes along."""
    made = {
        "+1203223XXXX": "+12032232532/7",
        "/XXXX": "/2532",
        "203223XXXX": "2032232532/7",
        '"sip:"XXXX"@pbx"': "sip:2532@pbx",
        '"SIP:"XXXX': "sip:2532",
    }
    for standardized, normalized in made.items():
        raw = "000223 2532/7"
        assert plan(rule("000223XXXX", standardized)).normalize(raw) == normalized


def test_what_is_normalized_keeps_its_number() -> None:
    """A rule may say everything else of it."""
    engine = plan(
        rule("+12125550XXX", "/XXX", classifications=("Desk",)), extension_lengths=range(0)
    )
    for raw in ("+12125550123", "2125550123"):
        details = engine.resolve(raw)
        assert (details.normalized_text, details.default_classification) == ("+12125550123", "Desk")
    assert engine.normalize(engine.normalize("2125550123")) == engine.normalize("2125550123")


def conversion(pattern: str, standardized: str) -> Conversion:
    """A conversion as a plan's file would have it."""
    parsed = parse(pattern, "vendor")
    return Conversion("", parsed, Template.parse(standardized, parsed))


def test_conversions_come_first_and_once() -> None:
    """The first that matches makes the text that goes on, which no other sees."""
    conversions = (
        conversion("8XXX", "+12125550XXX"),
        conversion("+Z", "/Z"),
        conversion("7XXX", "911"),
    )
    engine = plan(conversions=conversions, extension_lengths=range(2, 7))
    assert engine.normalize("8123") == "+12125550123"
    assert engine.normalize("+12125550123") == "+12125550123"
    assert engine.normalize("6123") == "/6123"
    assert engine.resolve("7000").emergency


def test_the_directory_knows_its_own() -> None:
    """Exactly its extensions are somebody's, whatever their length; templates name the queue."""
    owners = [
        Owner("10000001", QueueType.WORKGROUP, "sales"),
        Owner("12", QueueType.STATION, "{id}", "voice"),
    ]
    queues = QueueNames(workgroup="{id} ({extension})")
    engine = Engine(Plan("own", home_country="US", queues=queues, owners=tuple(owners)))
    group, lobby = engine.resolve("1000 0001"), engine.resolve("12")
    assert (group.normalized_text, group.queue_type) == ("/10000001", QueueType.WORKGROUP)
    assert (group.queue_name, group.voicemail_capable) == ("sales (10000001)", False)
    assert (lobby.queue_name, lobby.voicemail_capable) == ("Station Queue: {id}", True)
    other = engine.resolve("13")
    assert (other.internal, other.queue_type, other.queue_name) == (False, QueueType.NONE, "")


def test_local_dialing() -> None:
    """Area codes, an outside line and a prefix for the plus are read where a number follows."""
    engine = plan(
        area_codes=("317", "212"), outside_line=("9",), international_prefixes=("00",),
        extension_lengths=range(2, 7),
    )  # fmt: skip
    for raw, normalized in {
        "872 3000": "+13178723000",
        "9 872 3000": "+13178723000",
        "9 1 800 456 2354": "+18004562354",
        "00 380 97 452 02 00": "+380974520200",
        "9 00 380 97 452 02 00": "+380974520200",
        "9 011 380 97 452 02 00": "+380974520200",
        "954 123 4567": "9541234567",
        "954 223 4567": "+19542234567",
        "9001": "/9001",
    }.items():
        assert engine.normalize(raw) == normalized, raw
    assert engine.resolve("872 3000").classifications == ("Fixed Line or Mobile", "Local")
    assert engine.resolve("203 223 2532").classifications[1:] == ("Long Distance",)
    assert engine.resolve("+380974520200").classifications == ("Mobile", "International")


@pytest.mark.parametrize(
    ("home", "number", "abroad"),
    [
        ("US", "+18765551234", True),  # Jamaica
        ("US", "+14165551234", True),  # Toronto
        ("US", "+17875551234", False),  # Puerto Rico
        ("US", "+18004562354", False),
        ("CA", "+18004562354", False),
        ("CA", "+12125551234", True),
        ("RU", "+77011234567", True),  # Kazakhstan
        ("RU", "+74951234567", False),
        ("FI", "+358181234567", False),  # the islands of its own
        ("GB", "+441534456789", True),  # Jersey
        ("DE", "+4930123456", False),
        ("DE", "+431234567890", True),
    ],
)
def test_a_calling_code_is_no_country(home: str, number: str, abroad: bool) -> None:
    """Another country's number behind the same code is international; what both share is not."""
    classes = Engine(Plan("home", home_country=home)).resolve(number).classifications
    assert ("International" in classes) is abroad, classes


def test_class_names_are_settings() -> None:
    """A further class that has no name is none."""
    classes = Classes(mobile="Cell", international="")
    engine = plan(classes=classes)
    assert engine.resolve("+380974520200").classifications == ("Cell",)


def test_short_national_numbers() -> None:
    """They are extensions, unless the plan allows them."""
    denmark = Plan("dk", home_country="AD", extension_lengths=range(2, 7))  # Andorra has six digits
    assert Engine(denmark).normalize("712345") == "/712345"
    assert Engine(replace(denmark, allow_short_national=True)).normalize("712345") == "+376712345"


def test_emergency_numbers_are_exact() -> None:
    """Behind an outside line, too; never as the beginning of another number; unless waived."""
    engine = plan(
        rule("XXXX", "/XXXX"),
        rule("911", display=Template.parse('"Help"', parse("911", "vendor")), emergency=True),
        outside_line=("9",), extension_lengths=range(2, 7), extra_emergency=("933",),
    )  # fmt: skip
    for raw in ("911", "9911", "/911", "9-1-1", "9 933", "tel:911;phone-context=+1", "911^2"):
        assert engine.resolve(raw).emergency, raw
    assert engine.resolve("9911").display_text == "Help"
    for raw in ("9110", "91", "99911", "1911", "+911"):
        assert not engine.resolve(raw).emergency, raw
    waived = plan(allow_shadow=("112",), extension_lengths=range(2, 7))
    assert waived.normalize("112") == "/112"


def test_a_prefix_that_begins_a_number_at_home_is_none() -> None:
    """In Italy 0800... is a number of Bari, though behind the 0 there is another one."""
    italy = plan(home_country="IT", outside_line=("0",))
    assert italy.normalize("0800123456") == "+390800123456"
    assert italy.normalize("0 055 123456") == "+39055123456"


@pytest.mark.parametrize("raw", ["+27 (0) 10111", "+27 010111 x12", "+27 010111^12", "+27 10111"])
def test_an_emergency_number_behind_a_trunk_prefix_is_one(raw: str) -> None:
    """Or the key of such a text, +2710111, would have another key."""
    assert Engine(load_plan("e164:ZA")).normalize(raw) == "10111"


def test_a_rule_may_give_an_emergency_number() -> None:
    """It is one as if it had been dialed, in whatever form the rule gives it."""
    for standardized in ("911", "/911", "9911", "+1911", "911^1"):
        engine = plan(rule("5", standardized), outside_line=("9",))
        details = engine.resolve("5")
        assert (details.normalized_text, details.emergency) == ("911", True), standardized


def test_a_valid_number_is_no_emergency_number_behind_the_code() -> None:
    """Where a plan adds one that is a number, it is meant as it is dialed there."""
    engine = plan(extra_emergency=("2032232532",))
    assert engine.resolve("2032232532").emergency
    assert engine.normalize("+12032232532") == "+12032232532"


def test_a_number_that_was_stored_as_an_extension_is_found() -> None:
    """Before emergency numbers were set apart, 911 was kept as /911."""
    assert NANP.lookup_keys("911") == ("911", "/911")
    assert NANP.lookup_keys("/911") == ("/911", "911")


def test_what_a_plan_makes_undialable_is_refused() -> None:
    """It is told as any text that is no number."""
    with pytest.raises(NotANumber):
        plan(rule("5555", '"-"')).resolve("5555")
