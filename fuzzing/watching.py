"""Watches one input being read: how long it takes, and that nothing of it is evaluated.

Time is the processor's, not the clock's, so that a busy machine finds nothing that is not there.
What Python's own audit would tell (PEP 578) of code, processes, sockets and files is a finding.
"""

from __future__ import annotations

import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import get_ident
from types import FrameType
from typing import Any, Final

_EVALUATED: Final = frozenset(
    {
        *("exec", "compile", "code.__new__", "pickle.find_class", "ctypes.dlopen", "import"),
        *("os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.startfile"),
        *("subprocess.Popen", "pty.spawn", "os.rename", "os.link", "os.symlink"),
        *("socket.connect", "socket.bind", "socket.sendto", "socket.getaddrinfo"),
        *("socket.gethostbyname", "urllib.Request", "sqlite3.connect", "sqlite3.execute"),
    }
)
"""What no input may bring about."""
_PLANS: Final = str(Path(__file__).parent.parent / "dialplan" / "plans")
_READABLE: Final = (tempfile.gettempdir(), "/dev/shm", _PLANS)
"""Where a file may be opened: a plan that is tried stands in a folder of its own."""


_ABOUT_FILES: Final = frozenset({"open", "os.remove", "os.rmdir", "os.mkdir", "os.truncate"})
_TRIED: Final = "plan.toml"
"""How a plan that is tried is called in its folder."""


class Evaluated(BaseException):
    """An input was taken for code, or for the name of something; nothing catches it."""


class Hung(BaseException):
    """An input took too long; nothing catches it."""


class _Watch:
    """Who is watched now."""

    thread = 0
    is_installed = False


@contextmanager
def watched(seconds: float) -> Iterator[None]:
    """Watch what is done in the body, by this thread, which is the main one.

    Raises:
        Evaluated, Hung: what was read was not only read, or took more than *seconds*.
    """
    if not _Watch.is_installed:  # there is no way to take one back
        _Watch.is_installed = True
        sys.addaudithook(_heard)
    before = signal.signal(signal.SIGPROF, _hung)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    _Watch.thread = get_ident()
    try:
        yield
    finally:
        _Watch.thread = 0
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _hung(_number: int, _frame: FrameType | None) -> None:
    raise Hung("it takes too long")


def _heard(event: str, arguments: tuple[Any, ...]) -> None:
    if _Watch.thread == 0 or _Watch.thread != get_ident():
        return
    is_elsewhere = event in _ABOUT_FILES and not str(arguments[0]).startswith((*_READABLE, _TRIED))
    if is_elsewhere or event in _EVALUATED:
        _Watch.thread = 0  # what follows, as a traceback, may open what it likes
        raise Evaluated(f"{event} {str(arguments)[:200]}")
