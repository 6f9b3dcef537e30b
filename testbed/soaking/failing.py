"""What fails during a soak, one after another and again: links and programs; reloads, too."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from testbed.soaking.centre import Centre
from testbed.soaking.fates import Fates

KILLED_AFTER_SECONDS = 1.0
MANY = 10**6
SETTLE_SECONDS = 30.0


@dataclass
class Failing:
    """Breaks something when it is told to, in turns."""

    centre: Centre
    fates: Fates
    folder: Path
    done: Counter[str] = field(default_factory=Counter)
    """How often each was done."""
    _clients: int = 0

    def next(self) -> str:
        """Do the next one, and say what it was."""
        failures: Sequence[tuple[str, Callable[[], None]]] = (
            ("ARI cut", self.centre.watched.relay.cut),
            ("AMI cut", self.centre.watched.ami_relay.cut),
            ("client killed", self._kill_client),
            ("reload", lambda: self.centre.service.signal(signal.SIGHUP)),
        )
        name, fail = failures[self.done.total() % len(failures)]
        fail()
        self.done[name] += 1
        return name

    def settle(self) -> str:
        """Wait until the PBX is watched again; say what stands in the way of it, if it does."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while (standing := self.centre.watched.standing())["ari"] != "watching":
            if time.monotonic() > deadline:
                return f"the PBX is not watched again: {standing}"
            threading.Event().wait(0.1)
        return ""

    def _kill_client(self) -> None:
        """Have a program ask as fast as it can, and kill it in the middle."""
        self._clients += 1
        name, record = f"client{self._clients}", self.folder / f"client-{self._clients}"
        service = self.centre.service
        words = [str(service.control_socket), str(service.agi_port), name, str(MANY), str(record)]
        child = subprocess.Popen([sys.executable, "-m", "testbed.client", *words])
        deadline = time.monotonic() + SETTLE_SECONDS
        while not (record.exists() and record.stat().st_size) and time.monotonic() < deadline:
            threading.Event().wait(0.05)
        threading.Event().wait(KILLED_AFTER_SECONDS)
        child.kill()
        child.wait()
        self.fates.read_record(record)
        record.unlink()
