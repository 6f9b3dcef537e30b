"""A PBX with hundreds of agents, each with a number of the pool; one SIPp is all their phones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from testbed.phone import Phone
from testbed.ports import LOOPBACK, PortBlock
from testbed.tools import Tools
from testbed.watched import Watched

RINGS_FOR_MS: Final = 500
EXTENSIONS: Final = """
exten => _38097452XXXX,1,Gosub(interact-retrieve,s,1)
 same => n,Dial(PJSIP/${EXTEN:-4},60)
"""
TEMPLATE: Final = """
[phone](!)
type = endpoint
context = phones
disallow = all
allow = ulaw
direct_media = no
[place](!)
type = aor
"""


class ManyAgents:
    """A service that watches such a PBX."""

    def __init__(self, tools: Tools, folder: Path, count: int) -> None:
        """Write all files, for *count* agents from 1000 on."""
        self.extensions: Sequence[str] = [str(1000 + index) for index in range(count)]
        self.watched = Watched(tools, folder, _POOL, more=EXTENSIONS)
        self.tools = tools
        self._ports = PortBlock()
        with (self.watched.pbx.etc / "pjsip.conf").open("a", encoding="utf-8") as conf:
            conf.write(TEMPLATE)
            for each in self.extensions:
                conf.write(
                    f"[{each}](phone)\naors = {each}\n[{each}](place)\n"
                    f"contact = sip:{each}@{LOOPBACK}:{self._ports.first}\n"
                )

    @contextmanager
    def running(self) -> Iterator[Phone]:
        """Start all; give the phones."""
        with (
            self.watched,
            Phone(
                self.tools,
                self.watched.pbx,
                "agents",
                ports=self._ports,
                answers_after_ms=RINGS_FOR_MS,
            ) as phones,
        ):
            yield phones


def number(extension: str) -> str:
    """Give the number whose calls come to *extension*."""
    return f"38097452{extension}"


_POOL: Final = "[pool]\nrest_for_seconds = 0\nredial_for_seconds = 0\n"
