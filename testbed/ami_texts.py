"""What a real Asterisk 22 said over AMI, recorded from the office's PBX (`testbed/office.py`)."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from panoramisk.message import Message as Parsed

from interact_ivr.ami.told import Message

FOLDER: Final = Path(__file__).parent.parent / "tests/fixtures/ami"


def recorded(name: str) -> list[Message]:
    """Give the messages of a recording, read as they are in the service."""
    return messages((FOLDER / f"{name}.txt").read_bytes().decode())


def messages(text: str) -> list[Message]:
    """Take a text apart, whose lines end as AMI's do."""
    found = (Parsed.from_line(part) for part in text.split("\r\n\r\n"))
    return [message for message in found if message is not None]
