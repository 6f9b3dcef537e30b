"""The laws of a plan's file with rules: every fault has its line, and a plan builds on another."""

from pathlib import Path

import pytest

from dialplan import Engine, Fault, PlanError, load_plan
from dialplan.plan import Classes, QueueNames

HEAD = 'name = "mine"\n'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a test may write its plan."""
    return tmp_path / "mine.toml"


def loaded(path: Path, text: str) -> Engine:
    """An engine of a plan with *text*."""
    path.write_text(HEAD + text)
    return Engine(load_plan(str(path)))


def faults_of(path: Path, text: str) -> list[tuple[int, str, object]]:
    """Line, key and value of each fault of a plan with *text*."""
    path.write_text(HEAD + text)
    with pytest.raises(PlanError) as caught:
        load_plan(str(path))
    assert {fault.file for fault in caught.value.faults} == {str(path)}
    assert all(f"{path}:{fault.line}: " in str(fault) for fault in caught.value.faults)
    return [(fault.line, fault.key, fault.value) for fault in caught.value.faults]


EVERY_KEY = """
description = "all of it"
home_country = "US"
area_codes = ["317", "317", "212"]
outside_line = ["9"]
international_prefixes = ["00"]
extension_lengths = [2, 6]
allow_short_national = true
directory = "people.csv"

[emergency]
extra = ["933"]
allow_shadow = ["112"]

[classes]
toll_free = "Free"
local = ""

[queues]
user = "{id} at {extension}"

[lists]
near = ["2125550100-2125550199", "3175550100"]

[[conversion]]
name = "short"
pattern = '8XXX'
standardized = '/XXX'

[[rule]]
name = "near"
pattern = '$near$'
standardized = '+1$near$'
display = '{1}'
dial_string = '9$near$'
classifications = ["Near", "Local"]
dialable = true
emergency = false
description = "round the corner"

[[rule]]
asterisk = '_NXXXX!'
classifications = "Short"

[[rule]]
regex = '(\\+44)(\\d+)'
display = '{2}'
"""


def test_a_plan_with_every_key(path: Path) -> None:
    """Each is read; patterns of each language are marked as such."""
    path.with_name("people.csv").write_text("extension,user\n12,ann\n")
    plan = loaded(path, EVERY_KEY).plan
    assert (plan.area_codes, plan.outside_line) == (("317", "212"), ("9",))
    assert (plan.extra_emergency, plan.allow_shadow) == (("933",), ("112",))
    assert plan.classes == Classes(toll_free="Free", local="")
    assert plan.queues == QueueNames(user="{id} at {extension}")
    assert [owner.id for owner in plan.owners] == ["ann"]
    assert [rule.pattern.syntax for rule in plan.rules] == ["vendor", "asterisk", "regex"]
    near, short, _ = plan.rules
    assert (near.classifications, short.classifications) == (("Near", "Local"), ("Short",))
    assert str(near.place).startswith(f"{path}:")
    engine = Engine(plan)
    assert engine.resolve("2125550150").dial_string == "92125550150"
    assert engine.resolve("8012").normalized_text == "/012"
    assert engine.resolve("12").queue_name == "ann at 12"


def test_faults_have_their_lines(path: Path) -> None:
    """All at once, in the order of the file; what is missing, with the table it is missing from."""
    faults = faults_of(
        path,
        """speed = 1
[lists]
near = [
  "1-2",
  "x",
]
[[rule]]
pattern = 'NXX!'
[[rule]]
display = 'a'
[[rule]]
pattern = 'NXX'
asterisk = '_NXX'
[[rule]]
pattern = 'NXX'
standardized = '{9}'
display = 'b'
dialable = "no"
[[conversion]]
pattern = '$far$'
[classes]
emergency = ""
speed = "a"
""",
    )
    assert faults == [
        (2, "speed", 1),
        (6, "lists.near[2]", "x"),
        (9, "rule[1].pattern", "NXX!"),
        (10, "rule[2].pattern", None),
        (13, "rule[3].pattern", ["pattern", "asterisk"]),
        (17, "rule[4].standardized", "{9}"),
        (18, "rule[4].display", "b"),
        (19, "rule[4].dialable", "no"),
        (20, "conversion[1].standardized", None),
        (21, "conversion[1].pattern", "$far$"),
        (23, "classes.emergency", ""),
        (24, "classes.speed", "a"),
    ]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("rule = 1", "rule"),
        ("rule = [1]", "rule[1]"),
        ("lists = 1", "lists"),
        ("lists = {a = 1}", "lists.a"),
        ("lists = {a = []}", "lists.a"),
        ("lists = {a = [1]}", "lists.a"),
        ("conversion = {}", "conversion"),
        ("[[rule]]\npattern = 1", "rule[1].pattern"),
        ("[[rule]]\npattern = ''", "rule[1].pattern"),
        ("[[rule]]\npattern = 'X'\nclassifications = []", "rule[1].classifications"),
        ("[[rule]]\nregex = '('", "rule[1].regex"),
        ("[[rule]]\nasterisk = '_X!X'", "rule[1].asterisk"),
        ("queues = {user = '{name}'}", "queues.user"),
        ("queues = {line = '}'}", "queues.line"),
        ("emergency = {extra = '911'}", "emergency.extra"),
        ("emergency = {extra = ['+911']}", "emergency.extra"),
        ("outside_line = [9]", "outside_line"),
        ("area_codes = ['a']", "area_codes"),
        ("allow_short_national = 1", "allow_short_national"),
        ("extends = 1", "extends"),
    ],
)
def test_a_wrong_value_is_named(path: Path, text: str, key: str) -> None:
    """With the line of its key or its table."""
    ((line, named, _),) = faults_of(path, text)
    assert named == key
    assert line == 1 + text.count("\n") + 1


@pytest.mark.parametrize("rule", ["pattern = 'XXX'", "pattern = 'Z'", "regex = '[0-9]{3}'"])
def test_a_rule_that_shadows_an_emergency_number_is_refused(path: Path, rule: str) -> None:
    """Told with its line and the number, unless it is for emergencies, or the number is waived."""
    head = "home_country = 'US'\n[emergency]\nextra = ['933']\n"
    text = f"[[rule]]\n{rule}\n"
    path.write_text(HEAD + head + text)
    with pytest.raises(PlanError) as caught:
        load_plan(str(path))
    for number, fault in zip(("112", "911", "933"), caught.value.faults, strict=True):
        assert str(fault).startswith(f"{path}:5: rule: ")
        assert number in fault.expected
    assert loaded(path, f"{head}{text}emergency = true\n").resolve("911").emergency
    waiving = f"{head}allow_shadow = ['911', '112', '933']\n"
    assert not loaded(path, waiving + text).resolve("911").emergency
    first = "[[rule]]\nregex = '112|911|933'\nemergency = true\n"
    assert loaded(path, head + first + text).resolve("911").emergency


def test_a_conversion_that_shadows_an_emergency_number_is_refused(path: Path) -> None:
    """It would never be asked for it, but whoever wrote it thinks that it would."""
    text = "home_country = 'US'\n[[conversion]]\npattern = 'XXX'\nstandardized = '/XXX'\n"
    assert [key for _, key, _ in faults_of(path, text)] == ["conversion", "conversion"]
    assert loaded(path, f"{text}emergency = true\n").normalize("112") == "112"


# Plans that build on others


def test_a_plan_extends_another(path: Path) -> None:
    """Its own settings count, its rules and conversions come first, its lists replace."""
    base = path.with_name("base.toml")
    base.write_text(
        """name = "base"
description = "of the base"
home_country = "US"
extension_lengths = [2, 4]
[classes]
mobile = "Cell"
sip = "Net"
[lists]
near = ["1"]
far = ["2"]
[[rule]]
name = "base"
pattern = '$near$$far$'
"""
    )
    plan = loaded(
        path,
        """extends = "base.toml"
home_country = "GB"
[classes]
sip = "Internet"
[lists]
near = ["3"]
[[rule]]
name = "own"
pattern = '$far$'
""",
    ).plan
    assert (plan.name, plan.description, plan.home_country) == ("mine", "", "GB")
    assert plan.extension_lengths == range(2, 5)
    assert plan.classes == Classes(mobile="Cell", sip="Internet")
    assert [rule.name for rule in plan.rules] == ["own", "base"]
    assert plan.rules[1].pattern.groups("32") == ("3", "2")
    assert plan.rules[1].pattern.groups("12") is None


def test_shipped_plans_are_extended_by_their_names(path: Path) -> None:
    """Three lines make a site's own plan of one."""
    path.with_name("people.toml").write_text('[[extension]]\nextension = "12"\nuser = "ann"\n')
    engine = loaded(path, 'extends = "nanp:CA"\ndirectory = "people.toml"\n')
    assert engine.plan.home_country == "CA"
    assert engine.resolve("8004562354").default_classification == "Toll Free"
    assert engine.resolve("12").queue_name == "User Queue: ann"


def test_faults_of_all_files_are_told(path: Path) -> None:
    """Each with its own file."""
    base, people = path.with_name("base.toml"), path.with_name("people.csv")
    base.write_text('name = "base"\nspeed = 1\n')
    people.write_text("extension,user\na,ann\n")
    path.write_text('extends = "base.toml"\ndirectory = "people.csv"\n')
    with pytest.raises(PlanError) as caught:
        load_plan(str(path))
    assert [(each.file, each.key) for each in caught.value.faults] == [
        (str(path), "name"),
        (str(people), "extension"),
        (str(base), "speed"),
    ]


def test_plans_that_extend_each_other_are_refused(path: Path) -> None:
    """However long the circle."""
    path.write_text(f'{HEAD}extends = "{path.name}"\n')
    with pytest.raises(PlanError, match="extends no more than"):
        load_plan(str(path))


def test_a_missing_base_or_directory_is_named(path: Path) -> None:
    """With its path, or the names there are."""
    for text, told in (
        ('extends = "none.toml"', "none.toml: expected a file that can be read"),
        ('extends = "none"', "shipped plan"),
        ('directory = "none.csv"', "none.csv: expected a file that can be read"),
    ):
        path.write_text(HEAD + text)
        with pytest.raises(PlanError, match=told):
            load_plan(str(path))


def test_a_fault_tells_where_in_the_pattern(path: Path) -> None:
    """Position and expectation."""
    path.write_text(f"{HEAD}[[rule]]\npattern = 'NXX!'\n")
    with pytest.raises(PlanError, match=r"expected a digit.* at 4, got 'NXX!'") as caught:
        load_plan(str(path))
    assert isinstance(caught.value.faults[0], Fault)
