"""Where a runnable Asterisk, SIPp and wrk are, and how each is started; nothing here fetches.

Packages unpacked into a folder run by the loader and the libraries of that folder, never by
``LD_LIBRARY_PATH``: that would reach the AGI programs that Asterisk starts, and these must have the
machine's own libraries.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

OLDEST, NEWEST = 20, 22
MULTIARCH = "x86_64-linux-gnu"


class ToolsError(Exception):
    """Raised when what was named cannot serve; says what was looked for and where."""


@dataclass(frozen=True, slots=True)
class Tools:
    """An Asterisk, SIPp and wrk: commands to add to, and folders that Asterisk must be told."""

    asterisk_command: tuple[str, ...]
    sipp_command: tuple[str, ...]
    wrk_command: tuple[str, ...]
    modules: Path
    data: Path
    version: str


def unpacked_tools(tree: Path) -> Tools:
    """Give the tools of packages unpacked into *tree*; raises ToolsError when it does not start."""
    asterisk = _under_loader(tree, tree / "usr/sbin/asterisk")
    sipp = _under_loader(tree, tree / "usr/bin/sipp")
    wrk = _under_loader(tree, tree / "usr/bin/wrk")
    modules = tree / "usr/lib" / MULTIARCH / "asterisk/modules"
    return Tools(asterisk, sipp, wrk, modules, tree / "usr/share/asterisk", _version(asterisk))


def named_tools(named: Path) -> Tools:
    """Give the tools of an Asterisk that the user has: *named* is its binary or its prefix.

    SIPp is then the one on the PATH, unless *named* is a tree like the cache's own.
    """
    binary = _first("an Asterisk binary", _binaries(named), Path.is_file).resolve()
    prefix = binary.parent.parent
    if _loader(prefix.parent).exists():
        return unpacked_tools(prefix.parent)
    folders = [prefix / part / "asterisk/modules" for part in ("lib", f"lib/{MULTIARCH}", "lib64")]
    modules = _first("Asterisk's modules", folders, Path.is_dir)
    places = [prefix / "share/asterisk", prefix / "var/lib/asterisk", Path("/var/lib/asterisk")]
    # Asterisk refuses modules whose documentation it cannot read, so that tells the right folder.
    data = _first("Asterisk's data", places, lambda place: (place / "documentation").is_dir())
    sipp = shutil.which("sipp")
    if sipp is None:
        raise ToolsError("sipp is not on the PATH: install Debian's sip-tester")
    command = (str(binary),)
    wrk = shutil.which("wrk") or "wrk"  # benchmarks only; these say what they miss
    return Tools(command, (sipp,), (wrk,), modules, data, _version(command))


def _binaries(named: Path) -> list[Path]:
    if named.is_dir():
        return [named / "sbin/asterisk", named / "usr/sbin/asterisk"]
    return [named]


def _first(what: str, places: list[Path], fits: Callable[[Path], bool]) -> Path:
    for place in places:
        if fits(place):
            return place
    raise ToolsError(f"{what} was looked for at {', '.join(map(str, places))}, and is not there")


def _loader(tree: Path) -> Path:
    return tree / "usr/lib64/ld-linux-x86-64.so.2"


def _under_loader(tree: Path, binary: Path) -> tuple[str, ...]:
    libraries = str(tree / "usr/lib" / MULTIARCH)
    loader = str(_loader(tree))
    return (loader, "--library-path", libraries, "--argv0", binary.name, str(binary))


def _version(command: tuple[str, ...]) -> str:
    """Ask Asterisk for its version, such as ``22.10.1``; also the proof that it can be started."""
    try:
        done = subprocess.run(
            [*command, "-V"], capture_output=True, timeout=20, check=False, encoding="utf-8"
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ToolsError(f"Asterisk does not start: {error}") from error
    found = re.search(r"Asterisk (?:certified[-/])?(\d+)([.\d]*)", done.stdout)
    if found is None:
        raise ToolsError(f"Asterisk does not say its version: {done.stdout}{done.stderr}".strip())
    if not OLDEST <= int(found[1]) <= NEWEST:
        raise ToolsError(f"Asterisk {OLDEST} to {NEWEST} is needed, this is {found[0]}")
    return found[1] + found[2]
