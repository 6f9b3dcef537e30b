"""Asterisk's .conf files, read as far as an installation must know them; nothing is written here.

Of a section what counts is its name and its last values; templates, as ``[name](!)``, are none.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import Path

import msgspec

_BLOCK = re.compile(r";--(?!-).*?--;", re.DOTALL)
_COMMENT = re.compile(r"(?<!\\);.*")
_SECTION = re.compile(r"\[([^\]]*)\]\s*(\(([^)]*)\))?")
_INCLUDE = re.compile(r"#\s*(?:try)?include\s+[\"<]?([^\">]+)[\">]?", re.IGNORECASE)
_VALUE = re.compile(r"([^=]+?)\s*=>?\s*(.*)")
_DEEPEST = 10


class Conf(msgspec.Struct):
    """What a file and those that it includes say."""

    sections: dict[str, dict[str, str]] = msgspec.field(default_factory=dict)
    included: set[str] = msgspec.field(default_factory=set)
    """Names as they are written, ``manager.d/*.conf``; also of files that are not there."""

    def value(self, section: str, key: str) -> str:
        """Give a value, empty where there is none."""
        return self.sections.get(section, {}).get(key, "")

    def is_on(self, section: str, key: str) -> bool:
        """Whether Asterisk would take the value for a yes."""
        return self.value(section, key).lower() in ("yes", "true", "y", "t", "1", "on")


def read(etc: Path, name: str, without: Collection[str] = ()) -> Conf:
    """Read ``etc/name`` as Asterisk would, but for includes of what is named in *without*.

    A file that is not there says nothing.

    Raises:
        OSError: a file is there and cannot be read.
    """
    conf = Conf()
    _read(conf, etc, etc / name, "", without, _DEEPEST)
    return conf


def includes(text: bytes) -> set[str]:
    """Give the names of what *text* itself includes."""
    found = (_INCLUDE.fullmatch(line) for line in _lines(text))
    return {each[1].strip() for each in found if each}


def _read(
    conf: Conf, etc: Path, file: Path, section: str, without: Collection[str], deepest: int
) -> str:
    """Add what *file* says, which begins within *section*; give the one in which it ends."""
    if not file.exists() or not deepest:
        return section
    for line in _lines(file.read_bytes()):
        if heading := _SECTION.match(line):
            section = "" if "!" in (heading[3] or "") else heading[1].strip()
            conf.sections.setdefault(section, {})
        elif include := _INCLUDE.fullmatch(line):
            name = include[1].strip()
            conf.included.add(name)
            if name not in without:
                for each in sorted(etc.glob(name)) if name[0] != "/" else [Path(name)]:
                    section = _read(conf, etc, each, section, without, deepest - 1)
        elif pair := _VALUE.fullmatch(line):
            conf.sections.setdefault(section, {})[pair[1].strip()] = pair[2].strip()
    return section


def _lines(text: bytes) -> Iterator[str]:
    for line in _BLOCK.sub("", text.decode("latin-1")).splitlines():
        bare = _COMMENT.sub("", line).strip()
        if bare:
            yield bare
