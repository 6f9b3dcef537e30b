"""Child processes that end with their parent; nothing here knows what they run."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

#: ``setpriv`` (util-linux) asks the kernel to kill the child when the thread that started it is
#: gone, then becomes it, so the process id is the child's own. A child is started by a thread that
#: outlives it.
DIES_WITH_PARENT = ("setpriv", "--pdeathsig", "KILL", "--")


def stop(child: subprocess.Popen[bytes], patience_seconds: float) -> None:
    """End *child* by its own process id: ask, wait, then kill; one that has ended is left alone."""
    if child.poll() is None:
        child.terminate()
    try:
        child.wait(patience_seconds)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def argv(command: Sequence[str], *arguments: str) -> list[str]:
    """Join *command* and *arguments* under the rule that the child ends with its parent."""
    return [*DIES_WITH_PARENT, *command, *arguments]
