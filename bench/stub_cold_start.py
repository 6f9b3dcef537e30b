"""What starting the AGI stub costs a call, against a Python that does nothing.

Every process of a round follows the other kinds' ones, so that a noisy machine is noisy for all.
"""

from __future__ import annotations

import os
import socket
import sys
import tempfile
import time
from collections.abc import Sequence

from bench.row import Row
from interact_ivr.agi import stub
from testbed.agi_peer import plain_environment
from testbed.ports import LOOPBACK

ROUNDS = 15
STARTS = 10
"""Processes of each kind in a round."""
BAR = 2.0
PYTHON = (sys.executable, "-I", "-S")
STUB = (*PYTHON, stub.__file__)


def measure() -> Sequence[Row]:
    """Start both, in turn, and give milliseconds and ratios."""
    with socket.socket() as closed, tempfile.NamedTemporaryFile() as opening:
        closed.bind((LOOPBACK, 0))  # not listening: whoever connects is refused
        address = f"agi://{LOOPBACK}:{closed.getsockname()[1]}/health"
        opening.write(plain_environment(address))
        opening.flush()
        kinds = {
            "python -I -S -c pass": ((*PYTHON, "-c", "pass"), os.devnull),
            "stub, Asterisk gone at once": (STUB, os.devnull),
            "stub, service down": (STUB, opening.name),
        }
        for command, said in kinds.values():
            _start(command, said)  # warms the file cache
        rounds: dict[str, list[float]] = {name: [] for name in kinds}
        for _ in range(ROUNDS):
            sums = dict.fromkeys(kinds, 0.0)
            for _ in range(STARTS):
                for name, (command, said) in kinds.items():
                    sums[name] += _start(command, said)
            for name, seconds in sums.items():
                rounds[name].append(seconds / STARTS * 1000)
    nothing, *stubs = kinds
    rows = [Row.of(name, "ms", values) for name, values in rounds.items()]
    for name in stubs:
        ratios = [mine / bare for mine, bare in zip(rounds[name], rounds[nothing], strict=True)]
        rows.append(Row.of(f"{name}: ratio", "x", ratios, BAR))
    return rows


def _start(command: tuple[str, ...], said: str) -> float:
    """Run *command* on the file *said*, and give the seconds until it has ended."""
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, said, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
    ]
    begun = time.perf_counter()
    child = os.posix_spawn(command[0], command, os.environ, file_actions=actions)
    _, status = os.waitpid(child, 0)
    seconds = time.perf_counter() - begun
    if status:
        raise RuntimeError(f"{' '.join(command)}: status {os.waitstatus_to_exitcode(status)}")
    return seconds
