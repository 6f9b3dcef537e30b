"""The PBX and the service of a soak: agents' phones, links that can be cut, and numbers to dial.

Who dials a number of the application ``default`` is told and refused; of ``agents``, put through to
the agent of its last two digits; those of ``quiet`` nobody ever allocates.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from testbed.conf import LOGGER
from testbed.ivr import CONFIG
from testbed.line import control
from testbed.many_agents import RINGS_FOR_MS, TEMPLATE
from testbed.phone import Phone
from testbed.ports import LOOPBACK, PortBlock
from testbed.report import report
from testbed.soaking import hasty
from testbed.tools import Tools
from testbed.watched import Watched

AGENTS: Final = [str(1000 + index) for index in range(20)]
HOLD_SECONDS: Final = 30
SETTINGS: Final = f"""
[pool]
hold_for_seconds = {HOLD_SECONDS}
rest_for_seconds = 1
redial_for_seconds = 5
late_for_seconds = 20
"""
POOLS: Final = {
    "default": [f"38097452{digit}xxx" for digit in range(4)],
    "agents": [f"3809745280{each[-2:]}" for each in AGENTS],
    "quiet": ["3809745290xx"],
}
"""By application, its numbers."""
REPORTED: Final = ("BEGAN", "INTERACT_STATUS", "INTERACT_ID", "INTERACT_ALLOCATION")


class Centre:
    """A service whose journal is kept for *keep* seconds, and the PBX that it watches and asks."""

    def __init__(self, tools: Tools, folder: Path, keep: float, purge: float) -> None:
        """Write all files; it purges every *purge* seconds."""
        self.tools = tools
        self.watched = Watched(tools, folder, SETTINGS, relayed=True, asked=True)
        self.service, self.pbx = self.watched.service, self.watched.pbx
        self.service.program = hasty.PROGRAM
        as_the_unit = {"MALLOC_ARENA_MAX": "2"}
        self.service.environment = {
            **as_the_unit,
            hasty.KEEP: str(keep),
            hasty.EVERY: str(purge),
        }
        self._ports = PortBlock()
        quiet = LOGGER.replace("notice,warning,error,verbose", "warning,error")
        (self.pbx.etc / "logger.conf").write_text(quiet, "utf-8")
        dialplan = _asterisk_dialplan(self.service.agi)
        (self.pbx.etc / "extensions.conf").write_text(dialplan, "utf-8")
        with (self.pbx.etc / "pjsip.conf").open("a", encoding="utf-8") as conf:
            conf.write(TEMPLATE)
            for each in AGENTS:
                conf.write(
                    f"[{each}](phone)\naors = {each}\n[{each}](place)\n"
                    f"contact = sip:{each}@{LOOPBACK}:{self._ports.first}\n"
                )

    @contextmanager
    def running(self) -> Iterator[None]:
        """Start all, with their numbers; stop it in the end."""
        phones = Phone(
            self.tools, self.pbx, "agents", ports=self._ports, answers_after_ms=RINGS_FOR_MS
        )
        with self.watched, phones:
            self._stock()
            yield

    def _stock(self) -> None:
        for application, numbers in POOLS.items():
            if application != "default":
                control(self.service, "application.add", application=application)
            self.stock(application, *numbers)

    def stock(self, application: str, *numbers: str) -> None:
        """Take numbers into the pool of an application."""
        rows = [{"line": line, "number": each} for line, each in enumerate(numbers, start=1)]
        control(self.service, "number.import", rows=rows, application=application)


def _asterisk_dialplan(agi: str) -> str:
    """Write extensions.conf for a service at *agi*."""
    return f"""
[globals]
INTERACT_AGI={agi}
INTERACT_QUERY=pbx=testbed

[inbound]
exten => _[+0-9].,1,Set(BEGAN=${{STRFTIME(,,%s.%6q)}})
 same => n,Gosub(interact-retrieve,s,1)
 same => n,Gosub(testbed-report,s,1(told))
 same => n,GotoIf($["${{INTERACT_STATUS}}/${{EXTEN:8:1}}" = "FOUND/8"]?agent)
 same => n,Progress()
 same => n,Hangup(17)
 same => n(agent),Dial(PJSIP/10${{EXTEN:-2}},60)

exten => h,1,Gosub(testbed-report,s,1(over))

#include "{CONFIG}/extensions_interact.conf"
{report(REPORTED)}
"""
