"""`interact-ivr asterisk install` on a real Asterisk with the dialplan that Asterisk ships."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from testbed.pbx import Pbx
from testbed.pbx_trees import seen, without_times
from testbed.samples import bring_samples
from testbed.service import INTERACT_IVR, Service
from testbed.sipp import Call, place_calls
from testbed.tools import Tools

PATIENCE = 20.0
POLL_SECONDS = 0.05
NUMBER = "380974520200"
INBOUND = """

[inbound]
exten => _X.,1,Gosub(interact-retrieve,s,1)
 same => n,Verbose(1,found ${INTERACT_STATUS} ${INTERACT_ID})
 same => n,Hangup()

[by-stub]
exten => _X.,1,Set(__INTERACT_STATUS=UNAVAILABLE)
 same => n,AGI(interact-ivr-agi,retrieve_interaction,${EXTEN})
 same => n,Verbose(1,relayed ${INTERACT_STATUS} ${INTERACT_ID})
 same => n,Hangup()"""
"""What the administrator writes; without an end of the last line."""


class Site:
    """The PBX of someone who has begun with Asterisk's samples, and a service beside it."""

    def __init__(self, folder: Path, tools: Tools) -> None:
        self.service = Service(folder / "service")
        self.pbx = Pbx(tools, folder / "pbx", extensions="")
        for name in ("extensions.conf", "features.conf", "indications.conf"):
            (self.pbx.etc / name).write_bytes((bring_samples() / name).read_bytes())
        theirs = self.pbx.etc / "extensions.conf"
        theirs.write_text(theirs.read_text("utf-8").rstrip("\n") + INBOUND, "utf-8")
        http, manager = self.pbx.etc / "http.conf", self.pbx.etc / "manager.conf"
        http.write_text(http.read_text().replace("enabled = yes", "enabled = no"))
        manager.write_text(manager.read_text().replace("enabled = yes", "enabled = no"))
        self.program = folder / "asterisk"
        self.program.write_text("#!/bin/sh\nexec " + " ".join(tools.asterisk_command) + ' "$@"\n')
        self.program.chmod(0o755)

    def run(self, command: str, *arguments: str, program: str = "", status: int = 0) -> str:
        """Say a command as the administrator would; give what it prints."""
        where = ("--etc", str(self.pbx.etc), "--asterisk", program or str(self.program))
        done = subprocess.run(
            [*INTERACT_IVR, "asterisk", command, *where, *arguments],
            env={**os.environ, "INTERACT_IVR_CONFIG": str(self.service.config)},
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    def check(self, status: int = 0) -> Any:
        """Say how it stands."""
        return json.loads(self.run("check", "--json", status=status))

    def wait_for_directory(self) -> None:
        """Wait until the service knows whose the PBX's extensions are."""
        deadline = time.monotonic() + PATIENCE
        while self.service.ask("status")["directories"][0]["read_seconds_ago"] is None:
            assert time.monotonic() < deadline, self.service.tail()
            time.sleep(POLL_SECONDS)

    def wait_for_line(self, text: str) -> None:
        """Wait until Asterisk's log says *text*."""
        deadline = time.monotonic() + PATIENCE
        while text not in self.pbx.log_path.read_text("utf-8", errors="replace"):
            assert time.monotonic() < deadline, self.pbx.tail()
            time.sleep(POLL_SECONDS)

    def files(self) -> list[tuple[str, object, int, object]]:
        """Give all that is in the PBX's folders."""
        etc, agi = (without_times(seen(each)) for each in (self.pbx.etc, self.pbx.agi_bin))
        return etc + agi


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, tools: Tools) -> Iterator[Site]:
    """Give the site; its PBX runs, its service does not yet."""
    site = Site(tmp_path_factory.mktemp("site"), tools)
    with site.pbx:
        yield site
        site.service.close()


def test_installed_it_finds_a_call_and_is_watched_and_removed_it_is_gone(
    site: Site, tools: Tools
) -> None:
    """Asterisk has taken in what was written, each part proved by its own use; then nothing."""
    before = site.files()
    agi = ("--agi", site.service.agi, "--query", "pbx=one", "--name", "one")
    site.run("install", *agi, "--ari", "--ami")
    assert site.check()["state"] == "installed"
    with site.service.config.open("a", encoding="utf-8") as config:
        config.write(site.run("configuration"))
    site.service.start()
    assert site.service.wait_log("the pbx is watched")[0]["pbx"] == "one"
    site.wait_for_directory()
    site.service.import_numbers(NUMBER)
    for place, word in (("inbound", "found"), ("by-stub", "relayed")):
        site.service.ask("allocate", f"order-{word}")
        if place == "inbound":
            place_calls(tools, site.pbx, [Call(NUMBER)])
        else:
            site.pbx.cli(f"channel originate Local/{NUMBER}@{place} application Wait 1")
        site.wait_for_line(f"{word} FOUND order-{word}")
    assert site.service.ask("journal")[-1]["call"]["pbx"] == "one"
    site.run("remove")
    assert "no existence" in site.pbx.cli("dialplan show interact-retrieve")
    assert "interact-ivr" not in site.pbx.cli("ari show users")
    assert "interact-ivr" not in site.pbx.cli("manager show users")
    assert site.files() == before
    assert site.check(status=1)["state"] == "not installed"


def test_an_asterisk_that_was_not_told_is_known(site: Site) -> None:
    """Files alone are no installation; nor are files that Asterisk has not loaded."""
    before = site.files()
    told = site.run("install", program="/bin/false", status=1)
    assert "Asterisk was not told 'dialplan reload': exit status 1" in told
    assert site.check(status=1)["state"] == "installation begun and not finished"
    site.run("install", "--no-reload")
    told = site.check(status=1)
    assert (told["state"], told["missing"]) == ("installed", [])
    assert "not loaded" in told["not_loaded"]
    site.run("install")
    assert site.check()["not_loaded"] == ""
    site.run("remove", program="/nowhere/asterisk", status=1)
    site.run("remove")
    assert site.files() == before
