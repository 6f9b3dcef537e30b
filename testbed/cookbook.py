"""The blocks of the cookbook and other pages, for the tests that run them as they stand there."""

from __future__ import annotations

import re
from pathlib import Path

COOKBOOK = Path(__file__).parent.parent / "docs/cookbook.md"


def blocks(heading: str, page: Path = COOKBOOK, language: str = r"\w*") -> list[str]:
    """Give the blocks under *heading* of a *page*, those of one *language* or all, in order."""
    text = page.read_text("utf-8")
    _, found, section = text.partition(f"\n## {heading}\n")
    if not found:
        raise KeyError(heading)
    section = section.partition("\n## ")[0]
    return [
        each[1]
        for each in re.finditer(rf"^```{language}\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)
    ]


def count(page: Path = COOKBOOK, language: str = "") -> int:
    """Count all of a page's, or those of one *language*."""
    if language:
        return len(re.findall(rf"^```{language}$", page.read_text("utf-8"), re.MULTILINE))
    return len(re.findall(r"^```", page.read_text("utf-8"), re.MULTILINE)) // 2
