"""The documentation names no test that is not there."""

import re
from pathlib import Path

from dialplan import Engine, load_plan
from dialplan.cases import run
from dialplan.checking import check

ROOT = Path(__file__).parents[2]


def _wire_compatibility() -> list[list[str]]:
    """Give the cells of the table's rows."""
    text = (ROOT / "docs/http.md").read_text("utf-8")
    _, _, section = text.partition("\n## Wire compatibility\n")
    lines = re.split(r"\n#{2,3} ", section)[0].splitlines()
    rows = [line.strip("|").split("|") for line in lines if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def test_every_row_names_tests_that_are_there() -> None:
    """A documented behaviour is held by a test of this name, or the row has to go."""
    there = {
        name
        for file in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^(?:async )?def (test_\w+)", file.read_text("utf-8"), re.MULTILINE)
    }
    rows = _wire_compatibility()
    assert len(rows) > 25
    for documented, ours, tests in rows:
        named = re.findall(r"`(test_\w+)`", tests)
        assert named, (documented, ours)
        assert set(named) <= there, (documented, ours)


def test_the_dial_plan_that_is_shown_does_what_is_said(tmp_path: Path) -> None:
    """Twenty lines at most, without a serious finding; each part of it is in force."""
    text = (ROOT / "docs/plans.md").read_text("utf-8")
    (shown,) = re.findall(r"^```toml\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    assert shown.count("\n") <= 20
    file = tmp_path / "our.toml"
    file.write_text(shown)
    file.with_name("people.csv").write_text(
        "extension,user,station,workgroup,orbit,line,mailbox\n6929,ann,,,,,6929\n"
    )
    assert [each for each in check(str(file)) if each.is_serious] == []
    engine = Engine(load_plan(str(file)))
    branch = engine.resolve("9 1 317 872 3000 x12")
    assert (branch.display_text, branch.dial_string) == ("Branch 3178723000 x12", "73178723000/12")
    assert branch.classifications == ("Branch", "Local")
    assert engine.resolve("8*6929").queue_name == "User Queue: ann"
    assert engine.resolve("800 456 2354").default_classification == "Toll Free"
    assert engine.resolve("872 4000").classifications[1:] == ("Local",)
    assert engine.resolve("9933").emergency
    of_a_case = re.findall(r"`((?:normalized_text|classifications) = .*?)`", text)
    cases = [
        "[[case]]",
        'number = "872 3000"',
        *of_a_case,
        "[[case]]",
        'number = "()"',
        "refused = true",
    ]
    file.with_name("our.cases.toml").write_text("\n".join(cases))
    assert [len(each.case.expected) for each in run(str(file)) if each.holds] == [2, 1]
