"""What the console's page of a pool's size says, as machines read it, beside the API's answer."""

from __future__ import annotations

import html
import re
from typing import Any


def said(page: str) -> dict[str, str]:
    """Give the figures that a page says, by their names."""
    found = re.findall(r'<data data-name="(\w+)" value="([^"]*)">', page)
    assert len(found) == len({name for name, _ in found})
    return {name: html.unescape(value) for name, value in found}


def figures(answer: Any) -> dict[str, str]:
    """Give the figures of an answer of the API, or a command's, that a page says."""
    measured = answer["measured"] or {}
    known = {**answer["size"], **measured.get("forecast", {}), **measured.get("hold", {})}
    if measured:
        known["allocations"] = measured["allocations"]
    return {
        name: str(value) for name, value in known.items() if value is not None and name != "fewest"
    }
