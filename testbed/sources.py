"""Which Debian mirrors this machine uses, by its own apt sources; nothing here uses the network.

Both formats of sources.list(5) are understood: one-line ``.list`` files and deb822 ``.sources``
files. Only archives of Debian itself are of use: security archives, third parties and media are
passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

APT_FOLDER = Path("/etc/apt")
RELEASES = ("stable", "testing", "bullseye", "bookworm", "trixie", "forky", "sid", "unstable")
POCKETS = ("", "-updates", "-backports", "-proposed-updates")
SUITES = frozenset(release + pocket for release in RELEASES for pocket in POCKETS)
SCHEMES = ("http:", "https:", "file:", "copy:", "tor+http", "tor+https", "mirror")

ONE_LINE = re.compile(r"deb\s+(?:\[[^]]*\]\s*)?(?P<uri>\S+)\s+(?P<suite>\S+)\s+(?P<components>.+)")


OS_RELEASE = Path("/etc/os-release")


class NoMirrorError(Exception):
    """Raised when no source names a Debian archive; says what was looked for, and where."""


@dataclass(frozen=True, slots=True)
class Source:
    """An archive as apt is told of it: every URI offers every suite with every component."""

    uris: tuple[str, ...]
    suites: tuple[str, ...]
    components: tuple[str, ...]

    @property
    def is_debian(self) -> bool:
        """Say whether this is the main archive of Debian, under whatever address."""
        return "main" in self.components and bool(SUITES.intersection(self.suites))


def parse_one_line(text: str) -> Iterator[Source]:
    """Read the lines ``deb [options] uri suite component...`` of a ``.list`` file."""
    for line in text.splitlines():
        found = ONE_LINE.fullmatch(line.partition("#")[0].strip())
        if found:
            components = tuple(found["components"].split())
            yield Source((found["uri"],), (found["suite"],), components)


def parse_deb822(text: str) -> Iterator[Source]:
    """Read the stanzas of a ``.sources`` file that are enabled and have binary packages."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    for stanza in re.split(r"\n\s*\n", "\n".join(lines)):
        fields = dict(_fields(stanza))
        disabled = fields.get("enabled", ("yes",))[0].lower() in ("no", "false", "0")
        if not disabled and "deb" in fields.get("types", ()):
            nothing: tuple[str, ...] = ()
            uris = fields.get("uris", nothing)
            yield Source(uris, fields.get("suites", nothing), fields.get("components", nothing))


def _fields(stanza: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Split a stanza into fields: names in lower case, values as words, continued lines joined."""
    for line in re.sub(r"\n[ \t]+", " ", stanza).splitlines():
        name, colon, value = line.partition(":")
        if colon:
            yield name.strip().lower(), tuple(value.split())


def debian_mirrors(sources: Iterable[Source]) -> tuple[str, ...]:
    """Give the usable mirrors, each once, those first whose address says "debian"."""
    uris = [
        uri.rstrip("/")
        for source in sources
        if source.is_debian
        for uri in source.uris
        if uri.startswith(SCHEMES)
    ]
    once = dict.fromkeys(uris)
    return tuple(sorted(once, key=lambda uri: "debian" not in uri))


def machine_mirrors(folder: Path = APT_FOLDER) -> tuple[str, ...]:
    """Read every source of the machine and give its Debian mirrors; raises NoMirrorError."""
    files = [
        path
        for path in (folder / "sources.list", *sorted((folder / "sources.list.d").glob("*")))
        if path.is_file() and path.suffix in (".list", ".sources")
    ]
    sources: list[Source] = []
    for path in files:
        parse = parse_deb822 if path.suffix == ".sources" else parse_one_line
        sources += parse(path.read_text(encoding="utf-8", errors="replace"))
    mirrors = debian_mirrors(sources)
    if not mirrors:
        seen = ", ".join(str(path) for path in files) or f"nothing under {folder}"
        raise NoMirrorError(
            "no Debian mirror among this machine's apt sources: looked for an enabled `deb` source "
            "with the component `main` and a suite of Debian such as bookworm or trixie, "
            f"and read {seen}"
        )
    return mirrors


def machine_suite(file: Path = OS_RELEASE) -> str:
    """Give the suite that the machine is installed from, such as ``bookworm``."""
    found = re.search(r"^VERSION_CODENAME=\"?(\w+)", file.read_text(encoding="utf-8"), re.MULTILINE)
    if found is None:
        raise NoMirrorError(f"{file} names no suite")
    return found[1]
