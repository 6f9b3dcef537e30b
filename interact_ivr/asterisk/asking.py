"""Which lines of others still call what we install: without it Asterisk ends their calls."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from interact_ivr.asterisk import shipped
from interact_ivr.asterisk.finding import Place
from interact_ivr.asterisk.wanted import OURS

_KINDS = (".conf", ".ael", ".lua")
_NAMES = "|".join(map(re.escape, (*shipped.CONTEXTS, shipped.STUB)))
_ASKING = re.compile(rf"(?<![\w-])(?:{_NAMES})(?![\w-])")
_COMMENT = re.compile(r"^\s*(?:;|//|--)")


def asking_lines(place: Place) -> Iterator[str]:
    """Give ``file:line: text`` of each line that names a Gosub of ours, or the stub.

    Raises:
        OSError: a file cannot be read.
    """
    for file in sorted(place.etc.rglob("*")):
        is_theirs = file.name not in OURS and not file.is_relative_to(place.ours)
        if is_theirs and file.suffix in _KINDS and file.is_file():
            yield from _of(file)


def _of(file: Path) -> Iterator[str]:
    for number, line in enumerate(file.read_text("latin-1").splitlines(), 1):
        if _ASKING.search(line) and not _COMMENT.match(line):
            yield f"{file}:{number}: {line.strip()}"
