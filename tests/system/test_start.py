"""README.md and the ten-minute page, followed command by command on someone else's Asterisk."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed.cookbook import ROOT, Block, blocks, read
from testbed.line import control
from testbed.others_pbx import command, others_pbx
from testbed.service import Service
from testbed.shell import shell
from testbed.sipp import Call, place_calls
from testbed.tools import Tools

CUSTOMER = "380501234567"
HERE = "run by test_a_call_is_found_by_the_page"
INSTALLED = "run by test_it_installs_as_the_page_says"
INSTALL_SECONDS = 400
PATIENCE_SECONDS, POLL_SECONDS = 60.0, 0.05
ALLOCATE = "interact-ivr allocate basket-4711"
SERVE = "interact-ivr serve\n"
LOGS = "/var/log/asterisk"
ETC, OUR_ETC = "/etc/asterisk", "/etc/interact-ivr"
INSTALL = "interact-ivr asterisk install"
OTHERS_OF_ASTERISK = tuple(
    f"interact-ivr asterisk {each}" for each in ("check", "configuration", "remove")
)
"""Commands that look for Asterisk in its usual folder, where the test's is not."""
NEEDED = ("asterisk-config", "requirements")
"""Of the checkout in which the reader is."""


class Reader:
    """Somebody at a shell on the PBX, who does what a page says."""

    def __init__(self, tools: Tools, folder: Path) -> None:
        self.tools = tools
        self.folder = folder
        self.service = Service(folder / "service")
        self.pbx = others_pbx(tools, folder / "pbx")
        self.said = ""
        """What the last block has printed."""
        self.programs: tuple[Path, ...] = (folder / "bin",)
        self.programs[0].mkdir()
        command(self.pbx, tools, self.programs[0])
        self._checkout = folder / "checkout"
        self._checkout.mkdir()
        for name in NEEDED:
            (self._checkout / name).symlink_to(ROOT / name)
        self.as_it_was = self.foreign_files()
        """What the folder has without us: what it came with, and what the reader has written."""
        at = f"--etc {self.pbx.etc}"
        self._places = {
            ETC: str(self.pbx.etc),
            OUR_ETC: str(self.service.folder),
            LOGS: str(self.pbx.folder / "log"),
            INSTALL: f"{INSTALL} {at} --agi {self.service.agi}",
            **{each: f"{each} {at}" for each in OTHERS_OF_ASTERISK},
        }

    def follow(self, block: Block) -> None:
        """Do what *block* says: commands are run, and all else goes into the Asterisk dialplan."""
        if block.language != "sh":
            self.extend(block.text)
        elif block.text == SERVE:
            self.service.start()
        else:
            self.said = self.run(block.text)

    def extend(self, text: str) -> None:
        """Write *text* at the end of extensions.conf."""
        with (self.pbx.etc / "extensions.conf").open("a", encoding="utf-8") as file:
            file.write(text)
        self.as_it_was["extensions.conf"] += text.encode()

    def foreign_files(self) -> dict[str, bytes]:
        """Give what there is in Asterisk's folder."""
        etc = self.pbx.etc
        return {
            str(file.relative_to(etc)): file.read_bytes()
            for file in etc.rglob("*")
            if file.is_file()
        }

    def run(self, commands: str) -> str:
        """Run *commands* in a checkout, with this Asterisk's folders, and give what they said."""
        return shell(
            self.service,
            commands,
            folder=self._checkout,
            programs=self.programs,
            places=self._places,
        )

    def wait_for_watching(self) -> None:
        """Wait until the service watches each PBX that it was told of, if any."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while any(pbx["ari"] != "watching" for pbx in control(self.service, "status")["pbx"]):
            assert time.monotonic() < deadline, self.service.tail()
            time.sleep(POLL_SECONDS)

    def dial(self, number: str) -> None:
        """Call *number* as a customer does."""
        outcomes = place_calls(self.tools, self.pbx, [Call(number, CUSTOMER)])
        assert outcomes.statuses == (200,)


@pytest.fixture
def reader(tools: Tools, tmp_path: Path) -> Iterator[Reader]:
    """Give a reader whose Asterisk runs, and knows nothing of us."""
    reader = Reader(tools, tmp_path)
    try:
        with reader.pbx:
            yield reader
    finally:
        reader.service.close()


@pytest.mark.parametrize("page", ["README.md", "docs/start.md"])
def test_a_call_is_found_by_the_page(reader: Reader, page: str) -> None:
    """Each block in its order; the number that it prints is dialed, and the call knows whose.

    What was installed is taken out again by the last one, and nothing of it is left.
    """
    follow(reader, [block for block in read(ROOT / page) if block.remark == HERE])
    assert reader.foreign_files() == reader.as_it_was


@pytest.mark.long
def test_a_call_is_found_by_hand(reader: Reader) -> None:
    """The same with two commands in the place of `interact-ivr asterisk`."""
    (by_hand,) = blocks("By hand", "docs/start.md")
    reader.extend(f"[globals](+)\nINTERACT_AGI={reader.service.agi}\n")
    reader.run(by_hand)
    steps = [block for block in read(ROOT / "docs/start.md") if block.remark == HERE]
    follow(reader, [block for block in steps if "interact-ivr asterisk" not in block.text])


@pytest.mark.long
def test_the_doctor_is_asked_as_it_is_shown(reader: Reader) -> None:
    """Behind the ten minutes nothing is wrong, and its own call through the PBX is found."""
    steps = [block for block in read(ROOT / "docs/start.md") if block.remark == HERE]
    follow(reader, [block for block in steps if "asterisk remove" not in block.text])
    for block in read(ROOT / "docs/doctor.md"):
        assert reader.run(block.text)


def follow(reader: Reader, steps: list[Block]) -> None:
    """Do all *steps*, dial the number that one of them prints, and see that it was found."""
    dialed = 0
    for step in steps:
        reader.follow(step)
        if ALLOCATE in step.text:
            reader.wait_for_watching()
            reader.dial(reader.said.split()[-1])
            dialed += 1
    assert dialed == 1
    log = (reader.pbx.folder / "log/messages.log").read_text("utf-8", errors="replace")
    assert "basket-4711 calls after" in log
    entries = reader.service.ask("journal", "--interaction", "basket-4711")
    assert [entry["event"] for entry in entries] == ["allocated", "retrieved"]


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("page", ["README.md", "docs/start.md"])
def test_it_installs_as_the_page_says(reader: Reader, tmp_path: Path, page: str) -> None:
    """From a checkout, by pip, into an environment that has nothing else, which does the rest."""
    (step,) = (block for block in read(ROOT / page) if block.remark == INSTALLED)
    environment, programs = tmp_path / "opt", tmp_path / "local"
    programs.mkdir()
    places = {"/opt/interact-ivr": str(environment), "/usr/local/bin": str(programs)}
    shell(reader.service, step.text, folder=ROOT, places=places, seconds=INSTALL_SECONDS)
    reader.programs = (programs, *reader.programs)
    reader.service.program = (str(programs / "interact-ivr"),)
    found = reader.run("readlink -f $(command -v interact-ivr)")
    assert found.startswith(str(environment))
    follow(reader, [block for block in read(ROOT / page) if block.remark == HERE])
