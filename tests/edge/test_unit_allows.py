"""What the service does is what systemd's unit lets it do: seen by strace, not believed."""

from __future__ import annotations

import re
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from interact_ivr.cli.printing import FILES
from testbed.desktop import Desktop, bring_desktop
from testbed.line import Line
from testbed.service import Service
from testbed.vendor import Shop

AS_ROOT = {"fchown"}
"""What SQLite calls as root only, which the unit's service is not."""
MAPS = ("mmap", "mprotect", "pkey_mprotect", "shmat")
BEGUN = re.compile(r"^\d+ +(\w+)\((.*)$")


@pytest.fixture(scope="module")
def unit() -> dict[str, list[str]]:
    """Give what the unit says, by key."""
    found: dict[str, list[str]] = {}
    for key, value in re.findall(r"(?m)^(\w+)=(.*)$", FILES["unit"][1]()):
        found.setdefault(key, []).append(value)
    return found


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str]]:
    """Have a service do what it does; give its system calls, each with what was passed."""
    assert shutil.which("strace"), "strace is missing: make debian-packages"
    folder = tmp_path_factory.mktemp("traced")
    file = folder / "trace"
    service = Service(folder / "service")
    service.wrapper = ("strace", "-D", "-f", "-qq", "-e", "signal=none", "-o", str(file))
    with service:
        line = Line.taken_into(service)
        line.allocate("a")
        assert line.call().variables["INTERACT_ID"] == "a"
        Shop.opened(service).stocked()  # keys, over HTTP
        service.command("user", "add", "alice", text="a password of alice\n")
        service.command("db", "backup", str(folder / "backup"))
        _reload(service)
        assert service.ask("status")["pool"]
    return [*_calls(file)]


def _reload(service: Service) -> None:
    service.config.write_text(service.config.read_text() + "[pool]\nhold_for_seconds = 60\n")
    service.signal(signal.SIGHUP)
    service.wait_log("reloaded", timeout_seconds=20)


def _calls(file: Path) -> Iterator[tuple[str, str]]:
    for text in file.read_text("utf-8", errors="replace").splitlines():
        if found := BEGUN.match(text):
            yield found[1], found[2]


def test_it_makes_no_call_that_is_filtered(
    unit: dict[str, list[str]], trace: list[tuple[str, str]], tmp_path: Path
) -> None:
    """As systemd itself names what is in each of its groups."""
    desktop = bring_desktop()
    allowed, taken = unit["SystemCallFilter"]
    names = _named(desktop, allowed, tmp_path) - _named(desktop, taken.removeprefix("~"), tmp_path)
    made = {name for name, _ in trace}
    assert {"execve", "epoll_ctl", "fdatasync", "socket"} <= made
    assert made - names <= AS_ROOT


def test_it_makes_no_memory_both_written_and_run(trace: list[tuple[str, str]]) -> None:
    """MemoryDenyWriteExecute: nothing is mapped for both, and nothing made executable later."""
    mapped = [(name, passed) for name, passed in trace if name in MAPS]
    assert mapped
    refused = [
        (name, passed)
        for name, passed in mapped
        if "PROT_EXEC" in passed and (name != "mmap" or "PROT_WRITE" in passed)
    ]
    assert refused == []


def test_its_sockets_are_of_the_families_that_are_let(
    unit: dict[str, list[str]], trace: list[tuple[str, str]]
) -> None:
    """RestrictAddressFamilies refuses any other."""
    (families,) = unit["RestrictAddressFamilies"]
    asked = {passed.split(",")[0] for name, passed in trace if name == "socket"}
    assert asked
    assert asked <= {*families.split()}


def _named(desktop: Desktop, group: str, folder: Path) -> set[str]:
    """Give the calls of a group, and of those that it is made of."""
    told = desktop.run("systemd-analyze", "syscall-filter", "--no-pager", group, folder=folder)
    assert told.returncode == 0, told.stderr
    words = {line.strip() for line in told.stdout.splitlines()[1:] if line[:1] == " "}
    words = {word for word in words if word and word[0] != "#"}
    return {
        name
        for word in words
        for name in (_named(desktop, word, folder) if word[0] == "@" else {word})
    }
