"""Asterisk's own command line, `asterisk -rx`, where this machine has it: for who gave no AMI."""

import re
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from interact_ivr.doctor import gosubs
from interact_ivr.doctor.asterisk_dialplan import of_listing
from interact_ivr.doctor.facts import FileFacts, PbxFacts

_WITHIN_SECONDS: Final = 10.0
_FOLDER: Final = re.compile(r"(?m)^\s*Configuration directory:\s*(.+?)\s*$")
_ADDRESS: Final = re.compile(r"(?m)^\s*INTERACT_AGI=(.*?)\s*$")
_NO_MODULES: Final = "0 modules loaded"


class CommandLineError(Exception):
    """Asterisk's command line does not answer, for the reason given."""


class CommandLine:
    """Says commands to the Asterisk of this machine."""

    def __init__(self, command: str = "asterisk") -> None:
        """*command* is how it is called, perhaps with options: ``asterisk -C /etc/...``."""
        self._command: Sequence[str] = shlex.split(command)

    def say(self, command: str) -> str:
        """Give what Asterisk prints.

        Raises:
            CommandLineError: there is none here, it does not run, or we may not ask it.
        """
        if shutil.which(self._command[0]) is None:
            raise CommandLineError(f"there is no {self._command[0]} on this machine")
        try:
            done = subprocess.run(
                [*self._command, "-rx", command],
                capture_output=True,
                check=False,
                encoding="utf-8",
                errors="replace",
                timeout=_WITHIN_SECONDS,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise CommandLineError(f"asterisk -rx does not answer: {error}") from error
        if done.returncode:
            raise CommandLineError(f"asterisk -rx: {(done.stderr or done.stdout).strip()}")
        return done.stdout

    def added_to(self, facts: PbxFacts) -> PbxFacts:
        """Add what it tells of the dialplan and the modules, or why it does not."""
        try:
            dialplan = of_listing(self.say("dialplan show"))
            missing = tuple(each for each in gosubs.needed_modules() if not self._has(each))
            found = _ADDRESS.search(self.say("dialplan show globals"))
            folder = _FOLDER.search(self.say("core show settings"))
        except CommandLineError as error:
            return replace(facts, unseen=f"no AMI is configured, and {error}")
        return replace(
            facts,
            dialplan=dialplan,
            missing_modules=missing,
            address=found[1] if found else "",
            files=_files(Path(folder[1])) if folder else None,
        )

    def _has(self, module: str) -> bool:
        return _NO_MODULES not in self.say(f"module show like {module}.so")


def _files(folder: Path) -> FileFacts:
    """Say what is there; what its files would make of the dialplan, Asterisk alone can say."""
    return FileFacts(has_ours=(folder / gosubs.FILE).exists())
