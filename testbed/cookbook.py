"""The blocks of the cookbook, for the tests that run them as they stand there."""

from __future__ import annotations

import re
from pathlib import Path

COOKBOOK = Path(__file__).parent.parent / "docs/cookbook.md"


def blocks(heading: str) -> list[str]:
    """Give the blocks under *heading*, in their order."""
    text = COOKBOOK.read_text("utf-8")
    _, found, section = text.partition(f"\n## {heading}\n")
    if not found:
        raise KeyError(heading)
    section = section.partition("\n## ")[0]
    return [
        each[1] for each in re.finditer(r"^```\w*\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)
    ]


def count() -> int:
    """Count all of them."""
    return len(re.findall(r"^```", COOKBOOK.read_text("utf-8"), re.MULTILINE)) // 2
