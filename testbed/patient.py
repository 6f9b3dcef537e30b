"""A service and its PBX, both well, for the doctor to examine; what is broken in them is put right.

The PBX's users are those of the samples in `asterisk-config`, with no more rights.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, Self

from interact_ivr.doctor.command_line import CommandLine
from interact_ivr.doctor.examining import examined, gathered, is_well
from interact_ivr.doctor.finding import Finding
from testbed.conf import MODULES, PASSWORD, READER
from testbed.ivr import CONFIG, extensions
from testbed.office import OTHER_VOICEMAILS
from testbed.pbx import Pbx
from testbed.ports import LOOPBACK
from testbed.service import Service, ServiceError
from testbed.tools import Tools

NUMBERS: Final = tuple(f"38097452020{last}" for last in range(9))
"""A test call leaves one that rests for five minutes."""
POLL_SECONDS: Final = 0.05
WELL_SECONDS: Final = 30.0
OURS: Final = "extensions_interact.conf"
AMI_SECRET: Final = "change-me-ami"
_INCLUDE: Final = f'#include "{CONFIG}/{OURS}"'
INCLUDE: Final = f'#include "{OURS}"'


class Patient:
    """A running service that watches and asks a running Asterisk."""

    def __init__(self, tools: Tools, folder: Path) -> None:
        """Write all files."""
        self.folder = folder
        self.service = Service(folder / "service")
        dialplan = extensions(self.service.agi).replace(_INCLUDE, INCLUDE)
        extra = {
            OURS: (CONFIG / OURS).read_text("utf-8"),
            "modules.conf": MODULES + OTHER_VOICEMAILS,
        }
        self.pbx = Pbx(tools, folder / "pbx", extensions=dialplan, extra=extra)
        manager = (CONFIG / "samples/manager.conf").read_text("utf-8")
        self.write("manager.conf", manager.replace("5038", str(self.pbx.ami_port)))
        self.password = self._secret("ari-password", PASSWORD)
        self.secret = self._secret("ami-secret", AMI_SECRET)
        self.table = self._table()
        self.service.configure(self.table)
        self.command_line = CommandLine("no-asterisk-here")
        self._stack = ExitStack()

    def _secret(self, name: str, text: str) -> Path:
        file = self.folder / name
        file.touch(0o600)
        file.write_text(f"{text}\n", "utf-8")
        return file

    def _table(self) -> str:
        keys = {
            "name": '"testbed"',
            "ari_url": f'"http://{LOOPBACK}:{self.pbx.http_port}/ari"',
            "ari_user": f'"{READER}"',
            "ari_password": f'"{self.password}"',
            "ari_application": '"interact-ivr-test"',
            "ami_port": str(self.pbx.ami_port),
            "ami_secret": f'"{self.secret}"',
        }
        return "[[pbx]]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items())

    def write(self, name: str, text: str) -> None:
        """Write one of Asterisk's files."""
        (self.pbx.etc / name).write_text(text, "utf-8")

    @contextmanager
    def edited(self, name: str, pattern: str, by: str, *reload: str) -> Iterator[None]:
        """Have one of Asterisk's files changed, and read again by commands; then as it was."""
        file = self.pbx.etc / name
        before = file.read_text("utf-8")
        after, count = re.subn(pattern, lambda _: by, before, flags=re.MULTILINE)
        assert count, f"{pattern!r} is not in {name}"
        try:
            file.write_text(after, "utf-8")
            self._say(reload)
            yield
        finally:
            file.write_text(before, "utf-8")
            self._say(reload)

    def _say(self, commands: Sequence[str]) -> None:
        for command in commands:
            self.pbx.cli(command)

    @contextmanager
    def configured(self, settings: str) -> Iterator[None]:
        """Have the service's file say something else; a running service goes on with the old."""
        before = self.service.config.read_text("utf-8")
        self.service.configure(settings)
        try:
            yield
        finally:
            self.service.config.write_text(before, "utf-8")

    def findings(self) -> Sequence[Finding]:
        """Have it examined."""
        return examined(asyncio.run(gathered(self.service.config, self.command_line)))

    def wait_until_well(self) -> Sequence[Finding]:
        """Wait until nothing is wrong, and give what is found then."""
        deadline = time.monotonic() + WELL_SECONDS
        while not is_well(found := self.findings()):
            if time.monotonic() > deadline:
                raise ServiceError(f"it did not get well: {wrong(found)}\n{self.tail()}")
            time.sleep(POLL_SECONDS)
        return found

    def wait_until_found(self, codes: frozenset[str]) -> Sequence[str]:
        """Wait until just *codes* are found, and give them; what is found last where it is others.

        The service may just have been started, and take a while to come to watching the PBX.
        """
        deadline = time.monotonic() + WELL_SECONDS
        while set(found := wrong(self.findings())) != codes and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        return found

    def __enter__(self) -> Self:
        """Start both, and wait until they are well."""
        with ExitStack() as stack:
            for each in (self.pbx, self.service):
                stack.enter_context(each)
            self.service.import_numbers(*NUMBERS)
            self.wait_until_well()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop both."""
        self._stack.close()

    def tail(self) -> str:
        """Give the end of both logs."""
        return f"{self.service.tail()}\n{self.pbx.tail()}"


def wrong(findings: Sequence[Finding]) -> list[str]:
    """Name the codes of what is found wrong, or doubtful."""
    return [each.code for each in findings if each.advice]
