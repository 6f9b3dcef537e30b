"""The blocks of the documentation, for the tests that run them as they stand there.

A block is run by the test that asks for it here. Above one that is not stands a comment that says
why: ``<!-- not run: ... -->``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).parent.parent
HEADING = re.compile(r"#{1,6} (.*)")
FENCE = re.compile(r"( *)```(\w*)")
REMARK = re.compile(r" *<!-- (.*) -->")
PAGES = (
    *sorted(ROOT.glob("*.md")),
    *sorted(ROOT.glob("docs/*.md")),
    ROOT / "asterisk-config/README.md",
)


@dataclass(frozen=True, slots=True)
class Block:
    """What stands between two fences: its language, the heading above it and the remark on it."""

    heading: str
    language: str
    remark: str
    text: str


def read(page: Path) -> list[Block]:
    """Give all blocks of *page*, in their order."""
    found = []
    heading = remark = ""
    lines = iter(page.read_text("utf-8").splitlines(keepends=True))
    for line in lines:
        if begun := FENCE.match(line):
            text = dedent("".join(_until_closed(lines, f"{begun[1]}```\n")))
            found.append(Block(heading, begun[2], remark, text))
        elif said := HEADING.match(line):
            heading = said[1]
        said = REMARK.match(line)
        remark = said[1] if said else ""
    return found


def _until_closed(lines: Iterator[str], fence: str) -> Iterator[str]:
    """Give the lines of a block; raises ValueError where it has no end."""
    for line in lines:
        if line == fence:
            return
        yield line
    raise ValueError(f"a block without an end, {fence!r}")


def blocks(heading: str, page: str = "docs/cookbook.md") -> list[str]:
    """Give the texts of the blocks under *heading*; raises KeyError where there is none."""
    found = [each.text for each in read(ROOT / page) if each.heading == heading]
    if not found:
        raise KeyError(heading)
    return found
