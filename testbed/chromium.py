"""Debian's Chromium, unpacked into the user's cache.

Chromium starts itself again for each page, so it cannot run under another loader as Asterisk does.
It runs under the machine's own C library, of Debian 12 or later, for which it was built; its other
libraries come with it, and its fonts, so that a page looks the same on every machine.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from testbed.tools import MULTIARCH, ToolsError
from testbed.trees import Tree, brought, cache_folder

START_SECONDS: Final = 30.0

#: The machine's own C library is used, and no display, sound card or message bus.
LEFT_OUT: Final = re.compile(
    r"(adwaita.*|dbus.*|debconf|dmsetup|dpkg|gcc-.*|init-.*|libc6|libgcc-s1|libgl1-mesa-dri|libllvm.*"
    r"|libperl.*|libpython.*|libstdc\+\+6|lsb-base|mount|perl.*|procps|python.*|systemd.*|sysvinit-.*|tar"
    r"|usrmerge|x11-.*|xdg-utils)"
)

#: The families that a style sheet asks for; fontconfig's own files name absolute folders.
FONTS: Final = """\
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir prefix="relative">usr/share/fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
  <alias><family>sans-serif</family><prefer><family>DejaVu Sans</family></prefer></alias>
  <alias><family>system-ui</family><prefer><family>DejaVu Sans</family></prefer></alias>
  <alias><family>serif</family><prefer><family>DejaVu Serif</family></prefer></alias>
  <alias><family>monospace</family><prefer><family>DejaVu Sans Mono</family></prefer></alias>
</fontconfig>
"""


@dataclass(frozen=True, slots=True)
class Chromium:
    """Where Chromium is, and what it must be told."""

    tree: Path

    @property
    def binary(self) -> Path:
        """Give the program."""
        return self.tree / "usr/lib/chromium/chromium"

    def environment(self, home: Path) -> dict[str, str | float | bool]:
        """Give its environment: its libraries and fonts, and *home* for what it writes."""
        libraries = self.tree / "usr/lib" / MULTIARCH
        return {
            **os.environ,
            "LD_LIBRARY_PATH": f"{libraries}:{libraries}/pulseaudio",
            "FONTCONFIG_FILE": str(self.tree / "fonts.conf"),
            "HOME": str(home),
            "XDG_CACHE_HOME": str(home),
            "XDG_CONFIG_HOME": str(home),
        }


def bring_chromium() -> Chromium:
    """Give Chromium, fetched first when the cache has none; parallel callers wait for one another.

    Raises StepError, NoMirrorError and ToolsError.
    """
    return Chromium(brought(TREE, cache_folder()))


def _prove(tree: Path) -> None:
    """Add the fonts' file, and have Chromium say its version; raises ToolsError where it cannot."""
    (tree / "fonts.conf").write_text(FONTS, encoding="utf-8")
    chromium = Chromium(tree)
    with tempfile.TemporaryDirectory(prefix="ivr-chromium-") as home:
        environment = {key: str(value) for key, value in chromium.environment(Path(home)).items()}
        try:
            done = subprocess.run(
                [chromium.binary, "--version"],
                env=environment,
                capture_output=True,
                timeout=START_SECONDS,
                check=False,
                encoding="utf-8",
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ToolsError(f"Chromium does not start: {error}") from error
    if "Chromium" not in done.stdout:
        raise ToolsError(f"Chromium does not say its version: {done.stdout}{done.stderr}".strip())


TREE: Final = Tree(
    name="chromium",
    packages=("chromium", "fonts-dejavu-core"),
    suites=("bookworm",),
    layout=1,
    left_out=LEFT_OUT,
    prove=_prove,
)
