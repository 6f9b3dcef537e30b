"""README.md and the ten-minute page, followed command by command on someone else's Asterisk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed.cookbook import ROOT, Block, read
from testbed.others_pbx import command, others_pbx
from testbed.pbx import Pbx
from testbed.service import Service
from testbed.shell import shell
from testbed.sipp import Call, place_calls
from testbed.tools import Tools

CUSTOMER = "380501234567"
HERE = "run by test_a_call_is_found_by_the_page"
INSTALLED = "run by test_it_installs_as_the_page_says"
INSTALL_SECONDS = 100
SERVE = "interact-ivr serve\n"
LOGS = "/var/log/asterisk"
ETC = "/etc/asterisk"
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
        self._programs = folder / "bin"
        self._programs.mkdir()
        command(self.pbx, tools, self._programs)
        self._checkout = folder / "checkout"
        self._checkout.mkdir()
        for name in NEEDED:
            (self._checkout / name).symlink_to(ROOT / name)
        # The test's port for FastAGI is not the usual one.
        self.extend(f"[globals](+)\nINTERACT_AGI={self.service.agi}\n")

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
            file.write(f"\n{text}")

    def run(self, commands: str) -> str:
        """Run *commands* in a checkout, with this Asterisk's folders, and give what they said."""
        return shell(
            self.service,
            commands,
            folder=self._checkout,
            programs=(self._programs,),
            places={ETC: str(self.pbx.etc), LOGS: str(self.pbx.folder / "log")},
        )

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
    """Each block in its order; the number that it prints is dialed, and the call knows whose."""
    steps = [block for block in read(ROOT / page) if block.remark == HERE]
    dialed = 0
    for block in steps:
        reader.follow(block)
        if "interact-ivr allocate basket-4711" in block.text:
            reader.dial(reader.said.split()[-1])
            dialed += 1
    assert dialed == 1
    assert "basket-4711 calls after" in _log(reader.pbx)
    entries = reader.service.ask("journal", "--interaction", "basket-4711")
    assert [entry["event"] for entry in entries] == ["allocated", "retrieved"]


def _log(pbx: Pbx) -> str:
    return (pbx.folder / "log/messages.log").read_text("utf-8", errors="replace")


@pytest.mark.long
@pytest.mark.parametrize("page", ["README.md", "docs/start.md"])
def test_it_installs_as_the_page_says(tmp_path: Path, page: str) -> None:
    """From a checkout, by pip, into an environment that has nothing else; then it runs."""
    (step,) = (block for block in read(ROOT / page) if block.remark == INSTALLED)
    (tmp_path / "bin").mkdir()
    service = Service(tmp_path / "service")
    places = {
        "/opt/interact-ivr": str(tmp_path / "opt"),
        "/usr/local/bin": str(tmp_path / "bin"),
    }
    try:
        shell(service, step.text, folder=ROOT, places=places, seconds=INSTALL_SECONDS)
        said = shell(service, "interact-ivr --version", programs=(tmp_path / "bin",))
        assert said.startswith("interact-ivr, version ")
    finally:
        service.close()
