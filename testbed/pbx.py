"""One running Asterisk in a folder of its own; any number run side by side.

Its ports are its own and on loopback, and it ends with the thread that started it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

from testbed.children import argv, stop
from testbed.conf import conf_files
from testbed.ports import PortBlock
from testbed.report import Seen, read_log
from testbed.tools import Tools

BOOT_SECONDS = 20.0
CLI_SECONDS = 10.0
STOP_SECONDS = 3.0
POLL_SECONDS = 0.02
RUN_PATH_LIMIT = 80  # a Unix socket's path ends at 108 bytes, and /asterisk.ctl follows
NOTHING: Mapping[str, str] = MappingProxyType({})


class PbxError(Exception):
    """Raised when Asterisk does not boot, answer or see what was waited for; has its log's tail."""


class Pbx:
    """An Asterisk with the Asterisk dialplan *extensions*, whose ``inbound`` gets SIPp's calls.

    *extra* maps names of .conf files to their text, added to the written ones or in their place;
    *environment* is added to this process's own, for Asterisk and the AGI programs it starts.
    """

    def __init__(
        self,
        tools: Tools,
        folder: Path,
        *,
        extensions: str,
        extra: Mapping[str, str] = NOTHING,
        environment: Mapping[str, str] = NOTHING,
    ) -> None:
        self._tools = tools
        self._environment = {**os.environ, **environment}
        self._child: subprocess.Popen[bytes] | None = None
        self.folder = folder.absolute()
        self.agi_bin = self.folder / "agi-bin"
        self.etc = self.folder / "etc"
        self.log_path = self.folder / "log/full"
        self._seen_path = self.folder / "log/seen"
        self._console_path = self.folder / "log/console"
        for name in ("agi-bin", "etc", "lib/keys", "spool", "cache", "log", "run"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self._ports = PortBlock()
        self.sip_port = self._ports.first
        self.http_port = self._ports.first + 1
        self.ami_port = self._ports.first + 2
        self.run_folder = self._make_run_folder()
        files = conf_files(
            tools, self.folder, self.run_folder, self.sip_port, self.http_port, self.ami_port
        )
        for name, text in {**files, "extensions.conf": extensions, **extra}.items():
            (self.etc / name).write_text(text, encoding="utf-8")

    @property
    def pid(self) -> int:
        """Give the process id of the running Asterisk."""
        if self._child is None:
            raise PbxError("this Asterisk was not started")
        return self._child.pid

    def start(self) -> None:
        """Boot, and return when every module is up; raises PbxError after BOOT_SECONDS."""
        with self._console_path.open("wb") as console:
            self._child = subprocess.Popen(
                argv(self._tools.asterisk_command, "-f", "-C", str(self.etc / "asterisk.conf")),
                cwd=self.folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + BOOT_SECONDS
        while not self._is_booted():
            if self._child.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise PbxError(f"Asterisk did not boot within {BOOT_SECONDS:.0f} s:\n{self.tail()}")
            time.sleep(POLL_SECONDS)

    def kill(self) -> None:
        """End Asterisk as a power cut would; it can be started again on the same ports."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()
            self._child = None
        (self.run_folder / "asterisk.ctl").unlink(missing_ok=True)

    def stop(self) -> None:
        """End Asterisk and let its ports go; a second time does nothing. The folder stays."""
        if self._child is not None:
            if self._child.poll() is None:
                self._ask("core stop now")
            stop(self._child, STOP_SECONDS)
        self._ports.close()
        if self.run_folder.parent != self.folder:
            shutil.rmtree(self.run_folder, ignore_errors=True)

    def cli(self, command: str) -> str:
        """Say *command* on Asterisk's command line and give what it printed."""
        done = self._ask(command)
        if done.returncode:
            raise PbxError(f"Asterisk's command line refused {command!r}: {done.stdout}")
        return done.stdout

    def reload(self) -> None:
        """Have the Asterisk dialplan and every module read their files again."""
        self.cli("core reload")

    def seen(self, label: str | None = None) -> list[Seen]:
        """Give what the Asterisk dialplan reported, under *label* or at all, oldest first."""
        if not self._seen_path.exists():
            return []
        text = self._seen_path.read_text(encoding="utf-8", errors="replace")
        return [seen for seen in read_log(text) if label in (None, seen.label)]

    def wait_seen(
        self, label: str | None, count: int = 1, timeout_seconds: float = 5.0
    ) -> list[Seen]:
        """Wait until *count* reports, of *label* or any, are there, and give all there are."""
        deadline = time.monotonic() + timeout_seconds
        while len(found := self.seen(label)) < count:
            if time.monotonic() > deadline:
                raise PbxError(
                    f"{len(found)} of {count} reports {label!r} came within {timeout_seconds} s:\n"
                    f"{self.tail()}"
                )
            time.sleep(POLL_SECONDS)
        return found

    def wait_until(self, command: str, says: str, timeout_seconds: float = 5.0) -> None:
        """Wait until Asterisk's command line answers *command* with *says* in it."""
        deadline = time.monotonic() + timeout_seconds
        while says not in (said := self.cli(command)):
            if time.monotonic() > deadline:
                raise PbxError(f"{command!r} did not say {says!r} but:\n{said}")
            time.sleep(POLL_SECONDS)

    def tail(self, lines: int = 30) -> str:
        """Give the last lines of the log, or of the console where it did not get that far."""
        for path in (self.log_path, self._console_path):
            if path.exists() and path.stat().st_size:
                text = path.read_text(encoding="utf-8", errors="replace")
                # Booting, modules complain of the .conf files that a test does not have.
                since_boot = text.partition(" Asterisk Ready.\n")[2] or text
                return "\n".join([f"{path}:", *since_boot.splitlines()[-lines:]])
        return f"{self.log_path} is empty"

    def __enter__(self) -> Self:
        """Start, and give the running Asterisk."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        self.stop()

    def _make_run_folder(self) -> Path:
        run = self.folder / "run"
        if len(os.fsencode(run)) < RUN_PATH_LIMIT:
            return run
        return Path(tempfile.mkdtemp(prefix="ivr-"))

    def _is_booted(self) -> bool:
        if not (self.run_folder / "asterisk.ctl").exists():
            return False
        return "fully booted" in self._ask("core waitfullybooted").stdout

    def _ask(self, command: str) -> subprocess.CompletedProcess[str]:
        conf = str(self.etc / "asterisk.conf")
        try:
            return subprocess.run(
                [*self._tools.asterisk_command, "-C", conf, "-rx", command],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=CLI_SECONDS,
                check=False,
                encoding="utf-8",
                errors="replace",
            )
        except subprocess.TimeoutExpired as error:
            raise PbxError(
                f"no answer to {command!r} in {CLI_SECONDS} s:\n{self.tail()}"
            ) from error
