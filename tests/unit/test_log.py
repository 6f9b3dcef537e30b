"""The log, where nobody can take it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TELLS = """
import asyncio
from structlog import get_logger
from interact_ivr.log import RequestLine, RequestLines, configure_logging

configure_logging("info")
for _ in range(10_000):
    get_logger("test").info("something", about="x" * 100)
lines = RequestLines()

async def request():
    lines.tell(RequestLine("r", "GET", "/", 200, 0.1, "s", None, None, "info"))
    lines.write()

asyncio.run(request())
print("goes on")
"""


@pytest.mark.parametrize("away", ["full", "gone"])
def test_who_has_something_to_say_goes_on_where_it_cannot_be_written(away: str) -> None:
    """A full disk, a collector that has gone: what watches a PBX would else die by its own log."""
    if away == "full":
        to = os.open(Path("/dev/full"), os.O_WRONLY)
    else:
        reader, to = os.pipe()
        os.close(reader)
    try:
        done = subprocess.run(
            [sys.executable, "-c", TELLS],
            stdout=subprocess.PIPE,
            stderr=to,
            timeout=60,
            check=False,
        )
    finally:
        os.close(to)
    assert done.stdout == b"goes on\n"
