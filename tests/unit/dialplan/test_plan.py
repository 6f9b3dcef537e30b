"""The laws of loading a plan: shipped plans load, and a bad one names every fault."""

import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from dialplan import Fault, Plan, PlanError, load_plan, shipped_plans
from dialplan.cases import run
from dialplan.checking import check


def faults_of(path: Path, text: str) -> list[tuple[str, object]]:
    """Key and value of each fault of a plan file with *text*, all of which must name the file."""
    path.write_text(text)
    with pytest.raises(PlanError) as caught:
        load_plan(str(path))
    assert {fault.file for fault in caught.value.faults} == {str(path)}
    return [(fault.key, fault.value) for fault in caught.value.faults]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a test may write its plan."""
    return tmp_path / "mine.toml"


@pytest.mark.parametrize(
    ("name", "home_country"), [("e164", ""), ("nanp", "US"), ("example", "US"), ("extensions", "")]
)
def test_shipped_plans_load_by_their_bare_name(name: str, home_country: str) -> None:
    """A shipped plan bears the name of its file, describes itself, and has extensions."""
    plan = load_plan(name)
    assert (plan.name, plan.home_country) == (name, home_country)
    assert plan.extension_lengths.stop == 7
    assert plan.description
    assert name in shipped_plans()


@pytest.mark.parametrize("name", shipped_plans())
def test_shipped_plans_do_as_their_cases_say(name: str) -> None:
    """Each has cases beside it, all hold, and nothing is seriously wrong with it."""
    outcomes = run(name)
    assert outcomes
    assert [each for each in outcomes if not each.holds] == []
    assert [each for each in check(name) if each.is_serious] == []


def test_a_country_behind_the_name_is_home() -> None:
    """So nobody has to copy a plan for it; a country that is none, or a file, is a fault."""
    here = load_plan("e164:GB")
    assert here == replace(load_plan("e164"), name="e164:GB", home_country="GB")
    assert load_plan("nanp:CA").rules == load_plan("nanp").rules
    for wrong in ("e164:", "e164:XX", "e164:gb", "mars:GB"):
        with pytest.raises(PlanError, match=re.escape(repr(wrong))):
            load_plan(wrong)


def test_a_path_is_read_as_a_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A suffix or a folder makes a path; both bounds of the extension lengths are included."""
    path.write_text('name = "mine"\nextension_lengths = [3, 4]')
    expected = Plan("mine", extension_lengths=range(3, 5))
    assert load_plan(str(path)) == expected
    monkeypatch.chdir(path.parent)
    assert load_plan("mine.toml") == expected
    path.rename(path.with_name("nanp"))
    assert load_plan("./nanp") == expected
    assert load_plan("nanp").home_country == "US"


def test_only_the_name_is_required(path: Path) -> None:
    """A plan that says nothing has no home country and no extensions; `[]` says so too."""
    path.write_text('name = "bare"')
    bare = load_plan(str(path))
    assert bare == Plan("bare")
    path.write_text('name = "bare"\nhome_country = ""\nextension_lengths = []')
    assert load_plan(str(path)) == bare


def test_a_plan_does_not_change() -> None:
    """A plan is a value: nothing can be set, and it can be a key."""
    plan = Plan("still")
    with pytest.raises(AttributeError):
        plan.name = "moving"  # type: ignore[misc]
    assert {plan: 1}[Plan("still")] == 1


def test_every_fault_is_told_at_once(path: Path) -> None:
    """Nothing hides behind the first fault: wrong, unknown and missing keys come together."""
    text = 'description = 7\nhome_country = "Ruritania"\nextension_lengths = [6, 2]\nhome = "US"'
    assert faults_of(path, text) == [
        ("name", None),
        ("description", 7),
        ("home_country", "Ruritania"),
        ("extension_lengths", [6, 2]),
        ("home", "US"),
    ]


@pytest.mark.parametrize(
    ("key", "value", "read"),
    [
        ("name", '""', ""),
        ("name", '"  "', "  "),
        ("name", "1", 1),
        ("home_country", '"us"', "us"),
        ("home_country", '"UK"', "UK"),
        ("home_country", '["US"]', ["US"]),
        ("extension_lengths", "4", 4),
        ("extension_lengths", "[4]", [4]),
        ("extension_lengths", "[0, 4]", [0, 4]),
        ("extension_lengths", "[true, 4]", [True, 4]),
        ("extension_lengths", "[2.0, 4]", [2.0, 4]),
        ("extension_lengths", "[2, 16]", [2, 16]),
        ("extension_lengths", "[1, 99999999999999999999]", [1, 10**20 - 1]),
        ("extension_lengths", '"26"', "26"),
    ],
)
def test_a_wrong_value_is_named(path: Path, key: str, value: str, read: object) -> None:
    """A value of the wrong kind or outside its bounds is the only fault, with its key."""
    name = "" if key == "name" else 'name = "mine"\n'
    assert faults_of(path, f"{name}{key} = {value}") == [(key, read)]


def test_a_fault_is_one_line() -> None:
    """A person reads file, key, expectation and value, cut short; what is empty is left out."""
    assert str(Fault("a.toml", "name", "a text", 7)) == "a.toml: name: expected a text, got 7"
    assert str(Fault("a.toml", "name", "a text", None)).endswith("a text, got nothing")
    assert str(Fault("a.toml", "name", "a text", 7, 3)).startswith("a.toml:3: name: expected")
    assert len(str(Fault("", "", "a text", "x" * 10_000))) < 300
    both = PlanError((Fault("a", "", "b", 1), Fault("c", "", "d", 2)))
    assert str(both) == "a: expected b, got 1\nc: expected d, got 2"


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        (b"name = mine", 1, "Invalid value"),
        (b'name = "a"\n\n[[rule]\n', 3, r"Expected '\]\]'"),
        (b'[lists]\na = ["1"]\na = ["2"]\n', 3, "Cannot overwrite a value"),
        (b'[lists]\r\na = ["1"]\r\n[lists]\r\n', 3, "twice"),
        (b'name = "a"\nlists = [\n', 2, "end of document"),
        (b'name = "a\n"\n', 1, "Illegal character"),
        (b'# \xc3\xa9\nname = "\xff"', 2, "byte 0xff"),
        ('name = "a"'.encode("utf-16"), 1, "byte 0xff"),
    ],
)
def test_what_is_not_toml_is_one_fault(path: Path, text: bytes, line: int, told: str) -> None:
    """Bad syntax and bad UTF-8 are told in the parser's words, with the line."""
    path.write_bytes(text)
    with pytest.raises(PlanError, match=rf"mine\.toml:{line}: expected TOML in UTF-8, .*{told}"):
        load_plan(str(path))


def test_a_byte_order_mark_is_passed_over(path: Path) -> None:
    """As editors for Windows write it; the lines are as they were."""
    path.write_bytes(b'\xef\xbb\xbfname = "mine"\r\nhome = "US"\r\n')
    with pytest.raises(PlanError, match=r"^[^\n]*mine\.toml:2: home: expected [^\n]*$"):
        load_plan(str(path))
    path.write_bytes(b'\xef\xbb\xbfname = "mine"\r\n')
    assert load_plan(str(path)).name == "mine"


def test_a_name_that_no_file_can_have_is_a_fault() -> None:
    """As one of a file that is not there."""
    with pytest.raises(PlanError, match="expected a file that can be read, got 'embedded null"):
        load_plan("a\0.toml")


def test_a_fault_moves_no_terminals_cursor(path: Path) -> None:
    """Nor does it take several lines."""
    ((key, _),) = faults_of(path, 'name = "mine"\n"a\\u001b\\n" = "\\u001b"')
    assert key == r"'a\x1b\n'"


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("9" * 5000, r"expected TOML .*digits"),
        ("[" * 5000, r"expected TOML .*recursion"),
        (f"0x{'f' * 5000}", r"name: expected a text .*, got a number of thousands of digits$"),
    ],
    ids=["digits", "depth", "hexadecimal"],
)
def test_what_is_too_much_to_read_is_a_fault(path: Path, value: str, fault: str) -> None:
    """Whatever a file holds, it is told as one that cannot be used."""
    path.write_text(f"name = {value}\n")
    with pytest.raises(PlanError, match=fault):
        load_plan(str(path))


def test_a_missing_plan_is_a_fault(path: Path) -> None:
    """A missing file is told with its path, an unknown name with the names there are."""
    with pytest.raises(PlanError, match=r"mine\.toml: expected a file .*No such file"):
        load_plan(str(path))
    with pytest.raises(
        PlanError, match=r"shipped plan \(e164, example, extensions, nanp\), got 'mine'"
    ):
        load_plan("mine")
