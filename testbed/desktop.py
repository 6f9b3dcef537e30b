"""What administrators have around us: systemd-analyze, mandoc, zsh and fish, of Debian.

Unpacked into the user's cache like the rest; the machine's own loader and C library run them.
"""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from testbed.sources import machine_suite
from testbed.tools import MULTIARCH, ToolsError
from testbed.trees import Tree, brought, cache_folder

SECONDS: Final = 60.0
#: The machine's own C library is used; and what install scripts and a desktop would want.
LEFT_OUT: Final = re.compile(
    r"(adduser|bc|dbus.*|debconf|dpkg|gcc-.*|groff.*|init-.*|libc6|libdebconf.*|libgcc-s1|libperl.*|libpython.*"
    r"|libstdc\+\+6|lynx.*|man-db|mount|passwd|perl.*|procps|python.*|sysvinit-.*|tar|usrmerge|xsel)"
)
PROGRAMS: Final = ("systemd-analyze", "mandoc", "zsh", "fish")


@dataclass(frozen=True, slots=True)
class Desktop:
    """Where they are."""

    tree: Path

    def run(self, program: str, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
        """Run *program* in *folder*, which is also its home, whatever its exit status."""
        libraries = self.tree / "usr/lib" / MULTIARCH
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "LD_LIBRARY_PATH": f"{libraries}:{libraries}/systemd",
            "LC_ALL": "C.UTF-8",
            "SYSTEMD_LOG_LEVEL": "warning",
        }
        return subprocess.run(
            [self.tree / "usr/bin" / program, *arguments],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=SECONDS,
            check=False,
        )


def bring_desktop() -> Desktop:
    """Give them, fetched first when the cache has none.

    Raises StepError, NoMirrorError and ToolsError.
    """
    tree = Tree(
        name="desktop",
        packages=("systemd", "mandoc", "zsh", "fish"),
        suites=(machine_suite(),),
        layout=1,
        left_out=LEFT_OUT,
        prove=_prove,
    )
    return Desktop(brought(tree, cache_folder()))


def _prove(tree: Path) -> None:
    for program in PROGRAMS[:1] + PROGRAMS[2:]:
        done = Desktop(tree).run(program, "--version", folder=tree)
        if done.returncode:
            raise ToolsError(f"{program} does not start: {done.stderr}")
