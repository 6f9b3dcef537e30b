"""The service as an administrator runs it: a process with a configuration file, in a folder."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass, fields
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from testbed.children import argv, stop
from testbed.ports import LOOPBACK, PortBlock

READY_SECONDS = 30.0
STOP_SECONDS = 5.0
COMMAND_SECONDS = 30.0
POLL_SECONDS = 0.01
FREE_GUESSES = 1_000_000
"""All tests ask from one address, and show wrong keys by the hundred."""
SLACK = 3
"""Of tasks, descriptors and threads: some come and go."""
INTERACT_IVR = (sys.executable, "-m", "interact_ivr")


class ServiceError(Exception):
    """Raised when the service does not come up or a command fails; has what it said."""


@dataclass(frozen=True, slots=True)
class Held:
    """How many things the service's process has."""

    tasks: int
    descriptors: int
    threads: int

    def exceeds(self, before: Held) -> list[str]:
        """Name what is more than *before*, by more than what comes and goes."""
        return [
            f"{now} {each.name}, not {then}"
            for each in fields(self)
            if (now := getattr(self, each.name)) > (then := getattr(before, each.name)) + SLACK
        ]


class Service:
    """``interact-ivr serve`` over a store in *folder*, and its command line.

    *settings* is added to the configuration file, whose addresses and paths are written already.
    The ports, *agi_port* or a free one and another, stay the same over restarts.
    """

    def __init__(
        self, folder: Path, settings: str = "", *, agi_port: int | None = None, store: str = ""
    ) -> None:
        """*store* is the address of a shared one; else it has its own file."""
        self.folder = folder.absolute()
        self.folder.mkdir(parents=True, exist_ok=True)
        self._run = tempfile.TemporaryDirectory(prefix="ivr-")
        self._ports = PortBlock()
        self.control_socket = Path(self._run.name) / "control.sock"
        self.agi_port = agi_port or self._ports.first
        self.agi = f"{LOOPBACK}:{self.agi_port}"
        self.http_port = self._ports.first + 1
        self.http = f"http://{LOOPBACK}:{self.http_port}"
        self.config = self.folder / "interact-ivr.toml"
        self.database = self.folder / "interact-ivr.db"
        self.store = store or f"sqlite:///{self.database}"
        self.log_path = self.folder / "service.log"
        self.environment: dict[str, str] = {}
        """What the service's environment has beside ours."""
        self.wrapper: tuple[str, ...] = ()
        """The command that runs the service, where it is not run by itself."""
        self.program: tuple[str, ...] = INTERACT_IVR
        """Which ``interact-ivr`` it is."""
        self._child: subprocess.Popen[bytes] | None = None
        self.configure(settings)

    def configure(self, settings: str = "") -> None:
        """Write the configuration file anew; a running service goes on with the old one."""
        self.config.write_text(
            f'[store]\nurl = "{self.store}"\n'
            f'[agi]\nhost = "{LOOPBACK}"\nport = {self.agi_port}\n'
            f'[http]\nhost = "{LOOPBACK}"\nport = {self.http_port}\nfree_guesses = {FREE_GUESSES}\n'
            f'[control]\nsocket = "{self.control_socket}"\n{settings}',
            "utf-8",
        )

    @property
    def pid(self) -> int:
        """Give the process id of the running service."""
        if self._child is None:
            raise ServiceError("the service was not started")
        return self._child.pid

    def start(self) -> None:
        """Start it, and return when it says that it is ready."""
        begun = len(self.log())
        self._end_line()
        with self.log_path.open("ab") as log:
            self._child = subprocess.Popen(
                argv((*self.wrapper, *self.program), "serve", "--config", str(self.config)),
                env={**os.environ, "PYTHONWARNINGS": "default", **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + READY_SECONDS
        while not any(line.get("event") == "ready" for line in self.log()[begun:]):
            if self._child.poll() is not None or time.monotonic() > deadline:
                raise ServiceError(f"the service did not come up:\n{self.tail()}")
            time.sleep(POLL_SECONDS)

    def _end_line(self) -> None:
        """End the line that a kill has cut off, so that the next one stands alone."""
        if self.log_path.exists() and self.log_path.read_bytes()[-1:] not in (b"", b"\n"):
            with self.log_path.open("ab") as log:
                log.write(b"\n")

    def stop(self) -> None:
        """Ask it to stop, and wait; a second time does nothing."""
        if self._child is not None:
            self.signal(signal.SIGCONT)
            stop(self._child, STOP_SECONDS)
            self._child = None

    def kill(self) -> None:
        """End it as a power cut would."""
        self.signal(signal.SIGKILL)
        if self._child is not None:
            self._child.wait()
            self._child = None

    def signal(self, number: signal.Signals) -> None:
        """Send the service a signal, if it still runs."""
        if self._child is not None and self._child.poll() is None:
            self._child.send_signal(number)

    def command(self, *arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run ``interact-ivr`` with this service's configuration, whatever its exit status."""
        return subprocess.run(
            [*self.program, *arguments],
            env={**os.environ, **self.environment, "INTERACT_IVR_CONFIG": str(self.config)},
            input=text or "",
            capture_output=True,
            encoding="utf-8",
            timeout=COMMAND_SECONDS,
            check=False,
        )

    def ask(self, *arguments: str, text: str | None = None) -> Any:
        """Give a command's answer as ``--json`` has it; raises ServiceError where it fails."""
        end = arguments.index("--") if "--" in arguments else len(arguments)
        done = self.command(*arguments[:end], "--json", *arguments[end:], text=text)
        if done.returncode:
            raise ServiceError(f"interact-ivr {' '.join(arguments)}: {done.stderr}")
        return json.loads(done.stdout)

    def import_numbers(self, *numbers: str) -> None:
        """Take *numbers* into the pool."""
        self.ask("number", "import", "-", text="\n".join(["number", *numbers]) + "\n")

    def log(self, event: str | None = None) -> list[dict[str, Any]]:
        """Give what the service logged, of one *event* or at all."""
        if not self.log_path.exists():
            return []
        lines = self.log_path.read_text("utf-8", errors="replace").splitlines(keepends=True)
        whole = [line for line in lines if line.startswith("{") and line.endswith("}\n")]
        facts = [json.loads(line) for line in whole]
        return [line for line in facts if event in (None, line.get("event"))]

    def wait_log(self, event: str, count: int = 1, timeout_seconds: float = 5.0) -> list[Any]:
        """Wait until *event* was logged *count* times, and give all its lines."""
        deadline = time.monotonic() + timeout_seconds
        while len(found := self.log(event)) < count:
            if time.monotonic() > deadline:
                raise ServiceError(f"{event!r} was not logged {count} times:\n{self.tail()}")
            time.sleep(POLL_SECONDS)
        return found

    def metric(self, series: str) -> float:
        """Give the value of a series of /metrics, as ``failed_logins_total{why="wrong"}``."""
        with urllib.request.urlopen(f"{self.http}/metrics", timeout=5) as answer:
            text = answer.read().decode()
        found = re.search(rf"(?m)^interact_ivr_{re.escape(series)} (.*)$", text)
        if found is None:
            raise ServiceError(f"/metrics has no {series}")
        return float(found[1])

    def held(self) -> Held:
        """Count the running service's tasks, descriptors and threads."""
        tasks = self.metric("tasks")
        process = Path(f"/proc/{self.pid}")
        descriptors, threads = (sum(1 for _ in (process / of).iterdir()) for of in ("fd", "task"))
        return Held(int(tasks), descriptors, threads)

    def tail(self, lines: int = 30) -> str:
        """Give the end of the log."""
        text = self.log_path.read_text("utf-8", errors="replace") if self.log_path.exists() else ""
        return "\n".join([f"{self.log_path}:", *text.splitlines()[-lines:]])

    def close(self) -> None:
        """Stop it and let its port go; the folder stays."""
        self.stop()
        self._ports.close()
        self._run.cleanup()

    def __enter__(self) -> Self:
        """Start, and give the running service."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        self.close()
