"""`interact-ivr print`: each file is read by what it is for, systemd, man and shells."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import click
import pytest

from interact_ivr.cli import main
from interact_ivr.cli.commands import children
from interact_ivr.cli.printing import FILES
from interact_ivr.config import keys, sample
from testbed.desktop import Desktop, bring_desktop
from testbed.service import INTERACT_IVR

MOST_EXPOSED = 2.0
PROGRAM = Path(sys.executable).parent / "interact-ivr"


@pytest.fixture(scope="module")
def desktop() -> Desktop:
    """Give systemd-analyze, mandoc and shells."""
    return bring_desktop()


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with all that can be printed, named as it is named where it belongs."""
    folder = tmp_path_factory.mktemp("printed")
    for what, (place, _) in FILES.items():
        done = subprocess.run([*INTERACT_IVR, "print", what], capture_output=True, check=True)
        (folder / Path(place).name).write_bytes(done.stdout)
    return folder


def test_the_unit_is_understood_and_shut_in(desktop: Desktop, printed: Path) -> None:
    """Systemd has no complaint, and rates what the service may do at no more than 2 of 10."""
    unit = printed / "interact-ivr.service"
    assert f"ExecStart={PROGRAM} serve\n" in unit.read_text()
    told = desktop.run("systemd-analyze", "verify", "--man=no", str(unit), folder=printed)
    about_it = [line for line in told.stderr.splitlines() if "interact-ivr" in line]
    assert (told.returncode, about_it) == (0, [])
    asked = ("security", "--offline=yes", "--no-pager", str(unit))
    rated = desktop.run("systemd-analyze", *asked, folder=printed).stdout
    (exposed,) = re.findall(r"Overall exposure level for interact-ivr.service: ([0-9.]+)", rated)
    assert float(exposed) <= MOST_EXPOSED, rated


def test_the_unit_agrees_with_the_service(printed: Path) -> None:
    """Its folders are those of the configuration's defaults, its user the one that is made."""
    unit = dict(re.findall(r"(?m)^(\w+)=(.*)$", (printed / "interact-ivr.service").read_text()))
    for kind, top in (("Configuration", "/etc"), ("State", "/var/lib"), ("Runtime", "/run")):
        assert f"{top}/{unit[f'{kind}Directory']}/" in sample() + "/etc/interact-ivr/", kind
    assert (unit["Type"], int(unit["WatchdogSec"]) > 0) == ("notify", True)
    made = [line.split() for line in FILES["sysusers"][1]().splitlines() if line[:2] == "u "]
    assert [words[1] for words in made] == [unit["User"]] == [unit["Group"]]


def test_systemd_reads_the_user_and_the_folders(desktop: Desktop, printed: Path) -> None:
    """Its own parsers, on a root of their own where nothing else is."""
    root = printed / "root"
    for kind in ("sysusers.d", "tmpfiles.d"):
        (root / "etc" / kind).mkdir(parents=True)
        (root / "etc" / kind / "interact-ivr.conf").write_text(FILES[kind[:-2]][1]())
    users = desktop.run("systemd-sysusers", "--root", str(root), folder=printed)
    assert (users.returncode, users.stderr.count("rror")) == (0, 0), users.stderr
    made = (root / "etc/passwd").read_text()
    assert re.fullmatch("interact-ivr:.*:/var/lib/interact-ivr:/usr/sbin/nologin\n", made)
    asked = ("--root", str(root), "--create", "--prefix=/nowhere")
    folders = desktop.run("systemd-tmpfiles", *asked, folder=printed)
    assert (folders.returncode, folders.stderr) == (0, ""), "it complains of what it cannot read"


def test_man_reads_the_page(desktop: Desktop, printed: Path) -> None:
    """Without a complaint; each command is there with each of its options, as it helps."""
    page = printed / "interact-ivr.1"
    complaints = desktop.run("mandoc", "-T", "lint", str(page), folder=printed).stdout.splitlines()
    real = [each for each in complaints if re.search("ERROR|WARNING", each)]
    assert [each for each in real if "missing date" not in each] == []
    shown = desktop.run("mandoc", "-T", "ascii", "-O", "width=200", str(page), folder=printed)
    text = " ".join(re.sub(".\b", "", shown.stdout).split())
    for path, command in commands(main, ()):
        assert f" {' '.join(path)} " in text
        for option in (each for each in command.params if isinstance(each, click.Option)):
            assert f"{option.opts[0]}" in text, (path, option.name)
            assert " ".join((option.help or "").split()) in text, (path, option.name)
    assert "Exit status: 0 done, 1 the thing asked failed" in text


def commands(
    command: click.Command, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Give every command that can be said, with its words."""
    if isinstance(command, click.Group):
        for name, below in children(command):
            yield from commands(below, (*path, name))
    else:
        yield path, command


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_takes_the_completion(desktop: Desktop, printed: Path, shell: str) -> None:
    """It is that shell's language, and what it asks us for is answered."""
    file = printed / Path(FILES[f"completion-{shell}"][0]).name
    if shell == "bash":
        words = 'COMP_WORDS=(interact-ivr asterisk ""); COMP_CWORD=2; COMPREPLY=()'
        call = f'{words}; _interact_ivr_completion {PROGRAM}; echo "${{COMPREPLY[@]}}"'
        done = subprocess.run(
            ["bash", "-c", f". {file}; {call}"], capture_output=True, check=True, encoding="utf-8"
        )
        assert done.stdout.split() == ["check", "configuration", "install", "remove"]
        return
    assert desktop.run(shell, "-n", str(file), folder=printed).returncode == 0
    given = {"COMP_WORDS": "interact-ivr asterisk i", "COMP_CWORD": "2" if shell == "zsh" else "i"}
    environment = {**os.environ, **given, "_INTERACT_IVR_COMPLETE": f"{shell}_complete"}
    answered = subprocess.run([PROGRAM], env=environment, capture_output=True, encoding="utf-8")
    assert "install" in answered.stdout


def test_each_key_of_the_sample_is_explained(printed: Path) -> None:
    """Right above it, by what it is and by what is expected; none is there that is not known."""
    lines = (printed / "interact-ivr.toml").read_text("utf-8").splitlines()
    explained = {}
    section = ""
    for above, line in pairwise(lines):
        bare = line.removeprefix("# ") if section == "pbx" or "[[" in line else line
        if heading := re.fullmatch(r"\[+(\w+)\]+", bare):
            section = heading[1]
        elif pair := re.match(r"(\w+) = ", bare):
            explained[f"{section}.{pair[1]}"] = above
    assert explained == {name: f"# {what}: {expected}" for name, _, what, expected in keys()}
    assert [name for name, _, what, expected in keys() if not (what and expected)] == []
