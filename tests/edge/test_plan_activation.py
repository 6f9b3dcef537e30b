"""A dial plan is replaced once it was compared: in the console, and on the command line alike."""

from __future__ import annotations

import html
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from interact_ivr.domain.access import Role
from interact_ivr.domain.acts import Outcome, Sought
from interact_ivr.service import plan_files
from testbed.desk import ACME, Desk
from testbed.line import control
from testbed.service import Service
from testbed.visitor import HERE, Visitor, words
from testbed.wire import Answer

NUMBER = "+13178723000"
OURS = 'name = "ours"\nextends = "nanp"\narea_codes = ["317"]\n'
ABROAD = 'name = "abroad"\r\nextends = "e164:GB"\r\n'
"""As a browser sends it."""
CASES = '[[case]]\nnumber = "8723000"\nnormalized_text = "+13178723000"\n'
PLAN = f"{HERE}/plan"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give the folder in which the plan of acme is, with a case beside it."""
    (tmp_path / "ours.toml").write_text(OURS)
    (tmp_path / "ours.cases.toml").write_text(CASES)
    return tmp_path


@pytest.fixture
def desk(folder: Path) -> Iterator[Desk]:
    """Give a desk of two tenants, of which one has a plan of its own."""
    with Desk(folder, '[environment]\ndefault = "acme/live"\n') as desk:
        own = desk.parts.administration.add_environment("acme/own", str(folder / "ours.toml"))
        desk.wait(own)
        yield desk


def own(path: str = "plan") -> str:
    """Give the path of a page of the environment that has a plan of its own."""
    return f"/console/own/{path}"


def tried(admin: Visitor, text: str = ABROAD, said: Sequence[str] = ()) -> list[tuple[str, str]]:
    """Try a plan, of which the page says this; give what the form to let it count would send."""
    page = admin.act(own(), [("plan", text)])
    assert page.status == 200, words(page)
    assert [each for each in said if each not in words(page)] == []
    seal = re.search('name="seal" value="([^"]*)"', page.text)
    assert seal is not None
    return [("plan", text), ("seal", html.unescape(seal[1]))]


def way_back(admin: Visitor) -> list[tuple[str, str]]:
    """Give what the form to go back would send that is on the page now."""
    found = re.search(
        'action="plan-back".*?name="seal" value="([^"]*)"', admin.look(own()).text, re.S
    )
    assert found is not None
    return [("seal", found[1])]


def reads(desk: Desk, number: str = "8723000") -> str:
    """Say how *number* is read there now."""
    return desk.do(desk.parts.numbers.details, "acme/own", number).normalized_text


def test_what_was_compared_counts_and_the_former_comes_back(desk: Desk, folder: Path) -> None:
    """In the file and at once; to and fro; the cases and the differences are told before."""
    admin = Visitor.of(desk, Role.ADMIN)
    assert reads(desk) == NUMBER
    fields = tried(admin, said=("0 of 1 cases hold", "Let it count, although 1 case fails"))
    assert reads(desk) == NUMBER, "it was only tried"
    done = admin.act(own("plan-activate"), fields)
    assert (done.status, done.headers["location"]) == (303, "plan")
    assert "This plan counts from now on, for own" in words(admin.look(own()))
    assert reads(desk) != NUMBER
    assert (folder / "ours.toml").read_text() == ABROAD.replace("\r\n", "\n")
    assert (folder / "ours.toml.former").read_text() == OURS
    assert desk.do(desk.parts.numbers.details, ACME, NUMBER).normalized_text == NUMBER
    assert "Go back to the former plan" in words(admin.look(own()))
    assert admin.act(own("plan-back"), way_back(admin)).status == 303
    assert reads(desk) == NUMBER
    assert (folder / "ours.toml").read_text() == OURS
    assert admin.act(own("plan-back"), way_back(admin)).status == 303
    assert reads(desk) != NUMBER
    entries = desk.wait(desk.parts.acts.entries(Sought(action="plan")))
    assert [(each.told.action, each.told.environment, each.told.outcome) for each in entries] == [
        ("plan.back", "acme/own", Outcome.DONE),
        ("plan.back", "acme/own", Outcome.DONE),
        ("plan.activate", "acme/own", Outcome.DONE),
    ]


def test_two_who_go_back_at_once_go_back_once(desk: Desk, folder: Path) -> None:
    """The second has seen another plan count than now does: theirs would undo the first's."""
    admin, second = Visitor.of(desk, Role.ADMIN), Visitor.of(desk, Role.ADMIN, name="second")
    admin.act(own("plan-activate"), tried(admin))
    ways = [(visitor, way_back(visitor)) for visitor in (admin, second)]
    answers = [visitor.act(own("plan-back"), way) for visitor, way in ways]
    assert [each.status for each in answers] == [303, 400]
    assert "another plan counts than you saw" in words(answers[1])
    assert (folder / "ours.toml").read_text() == OURS
    assert second.act(own("plan-back")).status == 400, "nobody goes back unseen"


def test_what_cannot_be_written_keeps_the_former_plan(desk: Desk, folder: Path) -> None:
    """There is the way back of before, whichever of both files the disk refuses."""
    admin = Visitor.of(desk, Role.ADMIN)
    admin.act(own("plan-activate"), tried(admin))
    counting, former = ((folder / f"ours.toml{end}").read_text() for end in ("", ".former"))
    for name in ("ours.toml.new", "ours.toml.former.new"):
        (folder / name).mkdir()
        answer = admin.act(own("plan-activate"), tried(admin, f"{OURS}# more"))
        assert "cannot be written" in words(answer)
        assert (folder / "ours.toml").read_text() == counting
        assert (folder / "ours.toml.former").read_text() == former
        (folder / name).rmdir()
    file = plan_files.PlanFile(folder / "ours.toml")
    file.replace(f"{OURS}# more")
    file.restore(former)
    assert (file.text(), file.former_text()) == (counting, former), "one that could not be loaded"


def refused(answer: Answer, why: str, desk: Desk, folder: Path) -> None:
    """See that it was not done, and why."""
    assert (answer.status, why in words(answer)) == (400, True), words(answer)
    assert (folder / "ours.toml").read_text() == OURS
    assert not (folder / "ours.toml.former").exists()
    assert reads(desk) == NUMBER


def test_another_text_than_was_compared_is_refused(desk: Desk, folder: Path) -> None:
    """Also the same one, once another plan counts; and what was never tried."""
    admin = Visitor.of(desk, Role.ADMIN)
    (_, seal) = tried(admin)
    why = "it is not what was compared"
    for fields in ([("plan", f"{ABROAD}# more"), seal], [("plan", ABROAD)], [seal]):
        refused(admin.act(own("plan-activate"), fields), why, desk, folder)
    (folder / "ours.toml").write_text(f"{OURS}# by hand")
    assert why in words(admin.act(own("plan-activate"), [("plan", ABROAD), seal]))
    (folder / "ours.toml").write_text(OURS)
    refused(admin.act(own("plan-back")), "there is no former plan", desk, folder)


def test_a_plan_that_is_not_theirs_alone_is_not_theirs_to_change(desk: Desk, folder: Path) -> None:
    """Another tenant's numbers are read by it; or it is shipped, and has no file."""
    admin = Visitor.of(desk, Role.ADMIN)
    fields = tried(admin)
    sharing = desk.parts.administration.add_environment("bolt/too", str(folder / "x/../ours.toml"))
    (folder / "x").mkdir()
    desk.wait(sharing)
    why = "it is not of this tenant alone"
    refused(admin.act(own("plan-activate"), fields), why, desk, folder)
    page = words(admin.look(own()))
    assert why in page
    assert "too" not in page.partition(why)[2].partition("operator")[0], "whose else is not said"
    assert "nanp is a shipped plan" in words(admin.look(PLAN))
    assert admin.act(f"{HERE}/plan-activate", fields).status == 400


def test_a_file_that_cannot_be_written_is_said_with_the_command(
    desk: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root may write everything, so who may not is told by the kernel's answer alone."""
    admin = Visitor.of(desk, Role.ADMIN)
    fields = tried(admin)
    monkeypatch.setattr(os, "access", lambda *_: False)
    page = words(admin.look(own()))
    assert f"install -m 0644 NEW.toml {folder}/ours.toml && systemctl reload" in page
    assert "Let it count" not in page
    refused(admin.act(own("plan-activate"), fields), "cannot be replaced by", desk, folder)


def test_one_that_cannot_be_used_replaces_nothing(desk: Desk, folder: Path) -> None:
    """Whatever seal comes with it."""
    admin = Visitor.of(desk, Role.ADMIN)
    bad = 'name = "x"\nextends = "/etc/passwd"\n'
    seal = plan_files.seal_of(bad, OURS)
    answer = admin.act(own("plan-activate"), [("plan", bad), ("seal", seal)])
    (entry,) = desk.wait(desk.parts.acts.entries(Sought(action="plan")))
    assert entry.told.outcome is Outcome.REFUSED
    assert (entry.told.reason or "").startswith("bad_dial_plan: extends")
    refused(answer, "extends: expected a shipped plan", desk, folder)


def test_a_customer_s_regular_expressions_are_the_operator_s_to_let_count(
    desk: Desk, folder: Path
) -> None:
    """As calls of all tenants would wait while one is matched; the operator's own may count."""
    plan = f"{OURS}[[rule]]\nname = 'x'\nregex = '[0-9]{{4}}x'\nclassifications = ['local']\n"
    theirs = folder / "theirs.toml"
    theirs.write_text(OURS)
    desk.wait(desk.parts.administration.add_environment("bolt/own", str(theirs)))
    customer = Visitor.of(desk, Role.ADMIN, "bolt")
    answer = customer.act(own("plan-activate"), tried(customer, plan))
    assert (answer.status, "rule 1: a regular expression" in words(answer)) == (400, True)
    assert theirs.read_text() == OURS
    admin = Visitor.of(desk, Role.ADMIN)
    assert admin.act(own("plan-activate"), tried(admin, plan)).status == 303


def test_the_command_line_does_the_same(tmp_path: Path) -> None:
    """Compared, asked for and done; and back. Without a service the store is opened instead."""
    plan, new = tmp_path / "ours.toml", tmp_path / "new.toml"
    plan.write_text(OURS)
    new.write_text(ABROAD.replace("\r\n", "\n"))

    def read() -> str:
        return str(control(service, "explain", number="8723000")["details"]["normalized_text"])

    with Service(tmp_path / "service", f'[dial_plan]\nplan = "{plan}"\n') as service:
        assert read() == NUMBER
        no = service.command("plan", "activate", str(new), text="n\n")
        assert (no.returncode, "0 of 0 numbers change" in no.stdout) == (1, True)
        assert plan.read_text() == OURS
        yes = service.command("plan", "activate", str(new), "--yes")
        assert f"{plan} is replaced, and counts for default/default" in yes.stdout
        assert read() != NUMBER
        assert control(service, "plan.back")["file"] == str(plan)
        assert read() == NUMBER
        service.stop()
        assert service.command("plan", "back").returncode == 0
        assert plan.read_text() == new.read_text()
