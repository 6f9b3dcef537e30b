"""Texts that might be taken for more than text, in a dial plan's files and wherever it is told."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from dialplan import PlanError, load_plan
from dialplan.directory import read_directory
from dialplan.explained import shown
from interact_ivr.cli import main
from testbed.hostile import TEXTS
from testbed.service import Service
from testbed.ways_of_plans import RULE, WAYS_OUT, Told, page, quoted, table, words
from testbed.ways_out import acts

CORPUS = {text: name for name, text in TEXTS.items()}
"""Each text once, with its name."""
READ_BY = {
    "JSON": "terminals",
    "native API": "HTML|lines|SQL",
    "ICWS": "",
    "AGI": "",
}
"""Which texts each way out is asked for, by their names: slow ones for some."""
LONGEST_IN_A_CALL = 128
"""Bytes of a channel variable that tells of a number; a longer one is empty there."""
SETTINGS = '[icws]\nenvironment = "hostile/live"\n'


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """Give a service whose plan has all the texts that a plan may have."""
    folder = tmp_path_factory.mktemp("plans")
    told = Told(folder, [*CORPUS])
    told.give()
    with Service(folder / "service", SETTINGS) as service:
        told.count_in(service)
        yield told


def asked(told: Told, kinds: str) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Give each number and extension that tells a text of *kinds*, with what it is to tell."""
    for text, (number, extension, said) in zip(CORPUS, told.numbers(), strict=True):
        if re.match(kinds, CORPUS[text]):
            yield text, number, dict(told.wanted(number, said))
            if "mailbox" in said and "user" in said:
                yield text, extension, dict(told.wanted(extension, said))


def test_only_what_is_no_line_is_refused(told: Told) -> None:
    """Under every key that is told to calls and programs; by the file, the line and the key."""
    for text in CORPUS:
        refused = {key for of, key in told.refused if of == text}
        if not text.isprintable():
            assert refused >= {*RULE, "user", "mailbox"} - {"description"}, CORPUS[text]
        elif text.strip() and '"' not in text and len(text) < 498:
            assert refused == set(), CORPUS[text]
        assert "description" not in refused


@pytest.mark.parametrize("out", WAYS_OUT)
def test_what_a_plan_says_is_told_as_it_is(told: Told, out: str) -> None:
    """Of every rule and every owner; what is too long for a call is not told it."""
    wrong, compared = {}, 0
    for text, number, wanted in asked(told, READ_BY[out]):
        came = WAYS_OUT[out](told, number)
        for key in came.keys() & wanted.keys():
            fits = out != "AGI" or len(wanted[key].encode()) <= LONGEST_IN_A_CALL
            if came[key] != (wanted[key] if fits else ""):
                wrong[CORPUS[text], number, key] = came[key][:200], wanted[key][:200]
            compared += 1
    assert wrong == {}, f"plan file -> {out}"
    assert compared > 20


def test_people_read_it_in_one_line_each(told: Told) -> None:
    """Each line begins with a label or a rule's number, and ends with the text where it is told."""
    wrong = {}
    for text, number, wanted in asked(told, "(terminals|lines|words) "):
        _, *lines = table(told, number).splitlines()
        telling = [wanted[key] for key in ("display", "description", "queue") if wanted.get(key)]
        missing = [x for x in telling if not any(y.endswith(shown(x).rstrip()) for y in lines)]
        if missing or not all(re.match("[a-z ]{16}| +[0-9]+ ", line) for line in lines):
            wrong[CORPUS[text], number] = missing, lines
    assert wrong == {}, "plan file -> table"


def test_a_page_of_the_console_has_it_as_text(told: Told) -> None:
    """Escaped: between the tags is the text, and no tag is of it."""
    usual = {*re.findall(r"<([a-z0-9]+)", page(told, "+12025550005"))}
    wrong = {}
    for text, number, wanted in asked(told, "(HTML|XML|templates) "):
        seen = page(told, number)
        missing = {key for key, value in wanted.items() if value not in words(seen)}
        if missing or {*re.findall(r"<([a-z0-9]+)", seen)} - usual:
            wrong[CORPUS[text], number] = missing
    assert wrong == {}, "plan file -> console"


def test_a_plan_s_faults_are_a_line_each(tmp_path: Path) -> None:
    """Of all texts at once, on a terminal: place, key and value, and nothing that it would obey."""
    faulty = Told(tmp_path, [*CORPUS])
    faulty.write()
    done = CliRunner().invoke(main, ["plan", "diff", str(faulty.plan), "nanp", "--numbers", "-"])
    assert done.exit_code == 1
    assert acts(done.stderr) <= {"\n"}
    at = re.escape(str(tmp_path))
    lines = done.stderr.rstrip("\n").split("\n")
    assert [x for x in lines if not re.match(f"error: {at}/[a-z]+.toml:[0-9]+: [a-z]", x)] == []


WRITTEN = {
    "pattern": ("{}", "[[rule]]\nname = 'x'\npattern = {}\nclassifications = 'x'\n"),
    "quoted pattern": ('"{}"X', "[[rule]]\nname = 'x'\npattern = {}\nclassifications = 'x'\n"),
    "list": ("{}", "[lists]\nx = [{}]\n"),
    "list's name": ("{}", "[lists]\n{} = ['1']\n"),
    "key": ("{}", "{} = 'x'\n"),
    "parent": ("{}", "extends = {}\n"),
    "directory": ("{}", "directory = {}\n"),
}
"""What of a plan decides, and how a text stands there."""


@pytest.mark.parametrize("place", WRITTEN)
def test_what_decides_in_a_plan_is_refused_in_a_line_or_taken(tmp_path: Path, place: str) -> None:
    """Each text by itself: no other error leaves the reader, and nothing that a terminal obeys."""
    form, said = WRITTEN[place]
    wrong, refused, file = {}, 0, tmp_path / "hostile.toml"
    for text, name in CORPUS.items():
        file.write_text(said.format(quoted(form.format(text))), "utf-8")
        try:
            load_plan(str(file))
        except PlanError as error:
            refused += 1
            lines = [str(fault) for fault in error.faults]
            if not lines or any(acts(line) or len(line) > 2_000 for line in lines):
                wrong[name] = lines
    assert wrong == {}, f"plan file, {place}"
    assert refused > 20


def test_a_case_tells_what_came_and_what_was_expected_in_a_line(tmp_path: Path) -> None:
    """`plan test` of all texts: as numbers, and as what they are to be."""
    plan = tmp_path / "hostile.toml"
    plan.write_text('extends = "nanp"\n', "utf-8")
    cases = (
        f"[[case]]\nnumber = {quoted(text)}\nnormalized_text = {quoted(text)}\n"
        f"display_text = {quoted(text)}\nclassifications = [{quoted(text)}]\n"
        for text in CORPUS
    )
    plan.with_name("hostile.cases.toml").write_text("".join(cases), "utf-8")
    done = CliRunner().invoke(main, ["plan", "test", str(plan)])
    assert done.exit_code == 1, done.exception
    assert isinstance(done.exception, SystemExit)
    assert acts(done.output) <= {"\n"}
    assert len(done.output) < 1_000_000


def test_a_directory_in_csv_names_the_line_where_a_record_begins(tmp_path: Path) -> None:
    """Also of one with line feeds in it; what is taken is the text, without spaces around it."""
    file = tmp_path / "people.csv"
    begins: dict[str, int] = {}
    with file.open("w", encoding="utf-8", newline="") as written:
        rows = csv.writer(written)
        rows.writerow(["extension", "user"])
        for at, text in enumerate(CORPUS):
            written.flush()
            begins[text] = len(re.findall(r"\r\n|\r|\n", file.read_bytes().decode())) + 1
            rows.writerow([f"8{at:04}", text])
    with pytest.raises(PlanError) as caught:
        read_directory(file)
    blamed = {fault.line for fault in caught.value.faults}
    assert blamed == {
        begins[text] for text in CORPUS if not text.strip().isprintable() or not text.strip()
    }
