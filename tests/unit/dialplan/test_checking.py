"""The laws of checking, trying and comparing plans, and of the command line that does so."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dialplan import Engine, PlanError, load_plan
from dialplan.__main__ import main
from dialplan.cases import run
from dialplan.checking import About, check
from dialplan.difference import difference, numbers_of

HEAD = 'name = "mine"\nhome_country = "US"\n'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a test may write its plan."""
    return tmp_path / "mine.toml"


def found(path: Path, text: str) -> list[tuple[About, int, str]]:
    """What is found of a plan with *text*: what about, on which line, and what."""
    path.write_text(HEAD + text)
    return [
        (each.about, int(each.place.rpartition(":")[2] or 0) if each.place else 0, each.text)
        for each in check(str(path))
    ]


def rule(**keys: str) -> str:
    """A rule of a plan's file."""
    return "[[rule]]\n" + "".join(f"{key} = '{value}'\n" for key, value in keys.items())


def test_a_sound_plan_has_no_serious_finding(path: Path) -> None:
    """Only its emergency numbers are told."""
    (only,) = found(path, rule(pattern="+1900Z"))
    assert only == (About.EMERGENCY, 0, "emergency numbers, which come before all else: 112, 911")


def test_rules_that_others_stand_before(path: Path) -> None:
    """Shadowed by one, unreachable by several together, overlapping: with an example each."""
    text = rule(pattern="5NXX") + rule(pattern="52XX", name="one") + rule(pattern="5XXX")
    text += rule(pattern="5YXX") + rule(asterisk="_5[01]XX", name="two")
    found_ = [each for each in found(path, text) if each[0] is not About.EMERGENCY]
    assert [(about, line) for about, line, _ in found_] == [
        (About.SHADOWED, 5),
        (About.OVERLAPPING, 8),
        (About.UNREACHABLE, 10),
        (About.SHADOWED, 12),
    ]
    assert found_[0][2].startswith("rule 2 (one): nothing is left for it: rule 1 takes '52")
    assert found_[3][2].startswith("rule 5 (two): nothing is left for it: rule 3 takes '5")


def test_conversions_are_compared_too(path: Path) -> None:
    """Among themselves."""
    one = "[[conversion]]\npattern = '5XXX'\nstandardized = '/XXX'\n"
    assert [each[0] for each in found(path, one + one)] == [About.EMERGENCY, About.SHADOWED]


@pytest.mark.parametrize("kind", ["rule", "conversion"])
def test_what_would_change_a_normalized_number_is_found(path: Path, kind: str) -> None:
    """It keeps its number: whoever wrote that expects something else."""
    wrong = f"[[{kind}]]\npattern = '+1212NXXXXXX'\nstandardized = '/NXXXXXX'\n"
    right = f"[[{kind}]]\npattern = '+1212NXXXXXX'\nstandardized = '+1212NXXXXXX'\n"
    assert [each[0] for each in found(path, right)] == [About.EMERGENCY]
    _, (about, line, text) = found(path, wrong)
    assert (about, line) == (About.UNREACHABLE, 3)
    assert "keeps its number, and does not become '/2000000'" in text


def test_emergency_numbers_are_told(path: Path) -> None:
    """Which there are, which are waived, and which somebody has as an extension."""
    path.with_name("people.csv").write_text("extension,user\n911,ann\n9911,bob\n9912,eve\n")
    text = 'directory = "people.csv"\noutside_line = ["9"]\n'
    text += '[emergency]\nextra = ["933"]\nallow_shadow = ["112", "5"]\n'
    assert [(about, text) for about, _, text in found(path, text)] == [
        (About.EMERGENCY, "emergency numbers, which come before all else: 911, 933"),
        (About.EMERGENCY, "allow_shadow: 112 is none any more"),
        (About.EMERGENCY, "allow_shadow: 5 never was one here"),
        (About.UNREACHABLE, "extension 911 of user ann: it is an emergency number"),
        (
            About.UNREACHABLE,
            "extension 9911 of user bob: it is an emergency number, behind the outside line",
        ),
    ]


def test_faults_are_findings(path: Path) -> None:
    """All of them, with their lines."""
    text = rule(pattern="!") + rule(pattern="XXX")
    assert [(about, line) for about, line, _ in found(path, text)] == [(About.FAULT, 4)]
    (one, two) = found(path, rule(pattern="XXX"))
    assert (one[:2], two[:2]) == ((About.FAULT, 3), (About.FAULT, 3))


# Trying


def test_cases_that_hold_and_that_do_not(path: Path) -> None:
    """What is not as expected is given, and only that."""
    path.write_text(HEAD)
    path.with_name("mine.cases.toml").write_text(
        """[[case]]
number = "8004562354"
normalized_text = "+18004562354"
classifications = ["Toll Free"]
[[case]]
number = "8004562354"
normalized_text = "8004562354"
internal = false
queue_type = "user"
[[case]]
number = "020 7946 0000"
home_country = "GB"
normalized_text = "+442079460000"
[[case]]
number = "()"
refused = true
[[case]]
number = "1"
refused = true
[[case]]
number = "()"
normalized_text = "1"
"""
    )
    outcomes = run(str(path))
    assert [each.holds for each in outcomes] == [True, False, True, True, False, False]
    assert outcomes[1].got == {"normalized_text": "+18004562354", "queue_type": "none"}
    assert outcomes[1].case.place.line == 5
    assert outcomes[4].got == {"refused": False}
    assert str(outcomes[5].got["refused"]).startswith("expected a digit")
    assert run(str(path), path.with_name("mine.cases.toml")) == outcomes


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "case: expected tables"),
        ("x = 1", r":1: x: expected tables under \[\[case\]\]"),
        ('[[case]]\nnumber = "1"', r":1: case\[1\]: expected what is to become"),
        ("[[case]]\ninternal = true", r":1: case\[1\].number: expected a text"),
        ('[[case]]\nnumber = "1"\ninternal = 1', r":3: case\[1\].internal: expected true or false"),
        (
            '[[case]]\nnumber = "1"\nqueue_type = "x"',
            r":3: .*queue_type: expected one of none, my_",
        ),
        ('[[case]]\nnumber = "1"\nclassifications = "x"', r":3: .*: expected a list of classes"),
        ('[[case]]\nnumber = "1"\ncolour = "x"', r":3: .*colour: expected one of the keys"),
    ],
)
def test_cases_that_cannot_be_read(path: Path, text: str, fault: str) -> None:
    """Each fault with its line."""
    path.write_text(HEAD)
    path.with_name("mine.cases.toml").write_text(text)
    with pytest.raises(PlanError, match=fault):
        run(str(path))


# Comparing


def test_what_changes_is_told() -> None:
    """In the order of the numbers, field by field; what stays is not."""
    old, new = Engine(load_plan("e164:GB")), Engine(load_plan("nanp"))
    changes = [*difference(old, new, ["+442079460000", "6929", "911", "()", "8004562354"])]
    assert [each.number for each in changes] == ["+442079460000", "911", "8004562354"]
    assert changes[1].old["normalized_text"] == "/911"
    assert changes[1].new["normalized_text"] == "911"
    assert (changes[1].old["emergency"], changes[1].new["emergency"]) == (False, True)
    assert "internal" not in changes[2].new
    assert [*difference(old, old, ["1", "()"])] == []


@pytest.mark.parametrize(
    ("content", "numbers"),
    [
        (b"", []),
        (b"1\n\n 2 \n", ["1", "2"]),
        (b"\xef\xbb\xbfgroup,Number\r\na,'+1\r\nb,2\r\n\r\n", ["'+1", "2"]),
        (b"+380 (97) 452-02-00\n", ["+380 (97) 452-02-00"]),
        (b'"1, 2",x\n', ["1, 2"]),
    ],
)
def test_numbers_are_read_from_lines_and_tables(content: bytes, numbers: list[str]) -> None:
    """What an export writes, too."""
    assert numbers_of("a.csv", content) == numbers


def test_numbers_that_cannot_be_read() -> None:
    """The file is named."""
    with pytest.raises(PlanError, match=r"a\.csv: expected numbers in UTF-8"):
        numbers_of("a.csv", b"\xff")


# The command line


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (["8004562354"], 0, "(Toll Free) 1 (800) 456-2354"),
        (["explain", "6929", "--plan", "example"], 0, "User Queue: [userId]"),
        (["()"], 1, "refused"),
        (["8004562354", "--plan", "mars"], 1, ""),
        (["check", "nanp"], 0, "emergency: nanp: emergency numbers"),
        (["check", "mars"], 1, "fault: mars: expected a path"),
        (["test", "nanp"], 0, "9 of 9 cases hold"),
        (["test", "./none"], 1, ""),
        (["diff", "nanp", "nanp", "--numbers", "-"], 0, "0 numbers change"),
        (["diff", "nanp", "e164", "--numbers", "-"], 1, "normalized_text: '911' -> '/911'"),
        (["diff", "nanp", "e164", "--numbers", "none"], 1, ""),
    ],
)
def test_the_command_line(
    arguments: list[str],
    status: int,
    told: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its exit status, what it says, and that it says why not."""
    stdin = io.TextIOWrapper(io.BytesIO(b"911\n8004562354\n"))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert main(arguments) == status
    out, err = capsys.readouterr()
    assert told in out
    assert "\x1b" not in out  # which is no terminal
    assert bool(told) != err.startswith("error: ")
    stdin.seek(0)
    if told:
        assert main([*arguments, "--json"]) == status
        json.loads(capsys.readouterr().out)


def test_a_program_is_told_what_is_serious(capsys: pytest.CaptureFixture[str]) -> None:
    """Beside the exit status, which is of all findings together."""
    for plan, serious in (("nanp", False), ("mars", True)):
        assert main(["check", plan, "--json"]) == serious
        assert [each["is_serious"] for each in json.loads(capsys.readouterr().out)] == [serious]


@pytest.mark.parametrize(
    ("arguments", "status"),
    [((), 2), (("check",), 2), (("--help",), 0), (("1", "--colour"), 2), (("8004562354",), 0)],
)
def test_it_runs_by_its_name(arguments: tuple[str, ...], status: int) -> None:
    """As a person starts it; also where the terminal has ASCII only, and a byte is none."""
    done = subprocess.run(
        [sys.executable, "-m", "dialplan", *arguments],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == status, done
    assert b"Traceback" not in done.stderr
