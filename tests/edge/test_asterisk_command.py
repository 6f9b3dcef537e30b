"""`interact-ivr asterisk`: what administrators see, and what they have done meanwhile."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from interact_ivr.asterisk.conf import read
from interact_ivr.cli import main
from testbed.pbx_trees import TREES, seen, without_times

GOSUBS = "extensions_interact.conf"


class Site:
    """A tree of someone else's, and the command line that is told of it."""

    def __init__(self, folder: Path, tree: str) -> None:
        self.folder = folder
        self.place = TREES[tree](folder)
        self.etc = self.place.etc
        self.before = without_times(seen(folder))

    def run(self, *arguments: str, status: int = 0) -> str:
        """Say a command, which ends with *status*; give what it says, of errors too."""
        command, *others = arguments
        where = ["--etc", str(self.etc), "--agi-bin", str(self.place.agi_bin)]
        if command != "configuration":
            where.append("--no-reload")
        if command == "install":
            where += ["--secrets", str(self.folder / "service")]
        words = ["asterisk", command, *where, *others]
        done = CliRunner().invoke(main, words, env={"INTERACT_IVR_CONFIG": "/nowhere"})
        assert done.exit_code == status, done.output
        return done.output

    def ask(self, *arguments: str, status: int = 0) -> Any:
        """Give the answer for programs."""
        return json.loads(self.run(*arguments, "--json", status=status))

    def now(self) -> list[tuple[str, object, int, object]]:
        """Give all that is there."""
        return without_times(seen(self.folder))


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Give the samples' site."""
    return Site(tmp_path / "site", "samples")


def test_a_dry_run_shows_the_diff_and_changes_nothing(site: Site) -> None:
    """Whole files and lines; no secret, ours or theirs, is on the screen."""
    theirs = site.etc / "manager.conf"
    theirs.write_bytes(theirs.read_bytes() + b"[theirs]\nsecret = hunter2\n")
    before = site.now()
    shown = site.run("install", "--ari", "--ami", "--dry-run")
    assert site.now() == before
    assert "nothing was changed" in shown
    assert f'+#include "{GOSUBS}" ; interact-ivr' in shown
    assert "+[interact-retrieve]" in shown
    assert re.findall(r"\+(?:password|secret)=(.*)", shown) == ["********"] * 2
    assert "hunter2" not in shown
    told = site.ask("install", "--ari", "--ami", "--dry-run")
    assert shown == told["diff"] + "\nnothing was changed\n"
    assert site.now() == before
    site.run("install", "--ari", "--ami")
    installed = site.now()
    secrets = [file.read_text().strip() for file in (site.folder / "service").iterdir()]
    shown = site.run("remove", "--dry-run")
    assert site.now() == installed
    assert [secret for secret in (*secrets, "hunter2") if secret in shown] == []


def test_secrets_are_the_two_ends_own(site: Site) -> None:
    """Asterisk's file and the service's have the same, nobody else may read it, and it stays."""
    told = site.ask("install", "--ari", "--ami", "--name", "site-1")
    for kind, name in (("ari-password", "ari"), ("ami-secret", "manager")):
        file = site.folder / f"service/site-1.{kind}"
        ours = site.etc / f"{name}_interact.conf"
        assert str(file) in told["paths"]
        assert [each.stat().st_mode & 0o777 for each in (file, ours)] == [0o640, 0o640]
        key = kind.partition("-")[2]
        assert read(site.etc, ours.name).value("interact-ivr", key) == file.read_text().strip()
    whole = site.now()
    assert site.ask("install")["paths"] == []
    assert [each for each in site.now() if "record" not in each[0]] == [
        each for each in whole if "record" not in each[0]
    ]


def test_the_services_table_is_what_was_installed(site: Site) -> None:
    """Printed to be put behind the service's configuration; there must be something installed."""
    assert "not installed" in site.run("configuration", status=1)
    site.run("install", "--ari", "--name", "one")
    table = site.run("configuration", "--context", "from-did", "--context", "b@c/d")
    assert table.splitlines() == [
        "",
        "[[pbx]]",
        'name = "one"',
        'inbound_contexts = ["from-did", "b@c/d"]',
        'ari_url = "http://127.0.0.1:8088/ari"',
        f'ari_password = "{site.folder}/service/one.ari-password"',
        'ami_host = ""',
    ]


def test_what_administrators_write_meanwhile_stays(site: Site) -> None:
    """Above and below our line; only that goes."""
    site.run("install")
    theirs = site.etc / "extensions.conf"
    own = next(line for line in theirs.read_bytes().splitlines(True) if b"interact" in line)
    theirs.write_bytes(b"; above\n" + theirs.read_bytes() + b"; below\n")
    written = theirs.read_bytes()
    theirs.chmod(0o604)
    assert site.ask("check")["state"] == "installed"
    site.run("remove")
    assert theirs.read_bytes() == written.replace(own, b"")
    assert theirs.stat().st_mode & 0o777 == 0o604


def test_a_line_that_somebody_took_out_is_missed(site: Site) -> None:
    """And put in again."""
    site.run("install")
    theirs = site.etc / "extensions.conf"
    written = theirs.read_bytes()
    theirs.write_bytes(b"".join(written.splitlines(True)[:-1]))
    told = site.ask("check", status=1)
    assert told["state"] == "installed, and changed since"
    assert told["missing"] == [f"{theirs} is not as it should be"]
    site.run("install")
    assert theirs.read_bytes() == written


def test_a_file_of_ours_that_was_edited_is_told_of_and_kept(site: Site) -> None:
    """Installing refuses, removing leaves it; with --force both go on."""
    site.run("install")
    ours = site.etc / GOSUBS
    ours.write_bytes(ours.read_bytes() + b"; mine\n")
    for command in ("check", "install"):
        assert f"{ours} is not as we wrote it" in site.run(command, status=1)
    assert "--force takes it" in site.run("remove", status=1)
    assert b"; mine\n" in ours.read_bytes()
    assert "interact" not in (site.etc / "extensions.conf").read_text("latin-1")
    assert site.ask("check", status=1)["missing"] == [
        f"{ours} is not as we wrote it: remove --force takes it"
    ]
    site.run("remove", "--force")
    assert site.now() == site.before


def test_what_was_in_our_files_place_comes_back(site: Site) -> None:
    """Replaced by --force only; an older version that was copied by hand, with its own line."""
    theirs = site.etc / "extensions.conf"
    (site.etc / GOSUBS).write_text("; an older one\n")
    (site.etc / GOSUBS).chmod(0o600)
    theirs.write_bytes(theirs.read_bytes() + f"#include {GOSUBS}\n".encode())
    before = site.now()
    assert "--force replaces it" in site.run("install", status=1)
    assert site.now() == before
    site.run("install", "--force")
    assert b"interact-guard" in (site.etc / GOSUBS).read_bytes()
    assert theirs.read_bytes().count(GOSUBS.encode()) == 1, "theirs is there already"
    site.run("remove")
    assert site.now() == before


def test_what_was_copied_by_hand_and_is_the_same_stays_theirs(site: Site) -> None:
    """It is neither written nor removed."""
    from interact_ivr.asterisk.shipped import gosubs

    (site.etc / GOSUBS).write_bytes(gosubs())
    before = site.now()
    site.run("install")
    assert site.ask("check")["state"] == "installed"
    site.run("remove")
    assert site.now() == before


def test_another_choice_takes_back_what_is_not_chosen_any_more(site: Site) -> None:
    """What is not named stays as it was chosen."""
    site.run("install", "--ari", "--ami", "--agi", "127.0.0.1:4580")
    site.run("install", "--no-ami", "--query", "pbx=one")
    ours = sorted(path.name for path in site.etc.glob("*interact*"))
    variables = (site.etc / "extensions_interact_globals.conf").read_text()
    assert "manager_interact.conf" not in ours
    assert "ari_interact.conf" in ours
    assert variables.endswith("INTERACT_AGI=127.0.0.1:4580\nINTERACT_QUERY=pbx=one\n")
    assert b'("127.0.0.1", 4580)' in (site.place.agi_bin / "interact-ivr-agi").read_bytes()
    assert "interact" not in (site.etc / "manager.conf").read_text()
    site.run("remove")
    assert site.now() == site.before


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("install", "--agi", "pbx.example:4573"), "--agi"),
        (("install", "--query", "pbx=a,b"), "--query"),
        (("install", "--name", "../x"), "--name"),
    ],
)
def test_what_no_dialplan_could_bear_is_refused(
    site: Site, arguments: tuple[str, ...], told: str
) -> None:
    """A name could block a call, and a comma would end an argument."""
    assert told in site.run(*arguments, status=2)
    assert site.now() == site.before


def test_a_user_of_that_name_is_not_taken(site: Site) -> None:
    """Two users of one name would be somebody's secret changed."""
    theirs = site.etc / "ari.conf"
    theirs.write_bytes(theirs.read_bytes() + b"[interact-ivr]\ntype=user\n")
    before = site.now()
    assert f"{theirs} has a user interact-ivr already" in site.run("install", "--ari", status=1)
    assert site.now() == before


def test_where_nothing_is_it_says_so(tmp_path: Path) -> None:
    """No Asterisk there; nothing of ours there; nothing to ask."""
    site = Site(tmp_path / "site", "freepbx")
    assert site.ask("check", status=1) == {
        "state": "not installed",
        "missing": [],
        "not_loaded": "",
        "advice": "`interact-ivr asterisk install` does",
        "etc": str(site.etc),
        "agi_bin": str(site.place.agi_bin),
        "freepbx": True,
    }
    assert "nothing of ours is there" in site.run("remove")
    assert site.now() == site.before
    (site.etc / "extensions.conf").unlink()
    assert f"no extensions.conf in {site.etc}" in site.run("install", status=1)


def test_freepbxs_own_files_are_not_touched(tmp_path: Path) -> None:
    """It writes them anew: the lines stand in its custom files."""
    site = Site(tmp_path / "site", "freepbx")
    written = site.ask("install", "--ari", "--ami", "--query", "pbx=one")["paths"]
    theirs = {Path(path).name for path in written if "interact" not in Path(path).name}
    custom = {f"{name}_custom.conf" for name in ("extensions", "http", "manager", "ari_additional")}
    assert {name for name in theirs if name.endswith(".conf")} == custom
    assert read(site.etc, "extensions.conf").value("globals", "INTERACT_QUERY") == "pbx=one"
    assert read(site.etc, "http.conf").is_on("general", "enabled")
    (site.etc / "ari.conf").write_text("[general]\n")
    assert "includes no ari_additional_custom.conf" in site.run("install", status=1)


def test_lines_that_still_ask_are_named_before_they_end_calls(site: Site) -> None:
    """Asterisk hangs up where a Gosub leads nowhere: whose lines stay is told, before and then."""
    theirs = site.etc / "extensions.conf"
    theirs.write_bytes(
        theirs.read_bytes()
        + b"[mine]\n; Gosub(interact-retrieve,s,1)\n"
        + b"exten => 1,1,Gosub(interact-retrieve,s,1)\nexten => 2,1,AGI(interact-ivr-agi,x)\n"
    )
    site.run("install")
    for arguments in (("remove", "--dry-run"), ("remove",)):
        told = [line for line in site.run(*arguments).splitlines() if "ends its calls" in line]
        assert [line.rpartition(": ")[2] for line in told] == [
            "exten => 1,1,Gosub(interact-retrieve,s,1)",
            "exten => 2,1,AGI(interact-ivr-agi,x)",
        ]
        assert all(str(theirs) in line for line in told)
