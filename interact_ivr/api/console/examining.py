"""The doctor's examination as the Service page has it: one at a time, as long as people wait."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

WITHIN_SECONDS = 20.0
WORST_FIRST = ("problem", "warning", "not looked at", "ok")
"""The severities, as the doctor calls them."""


class Finding(Protocol):
    """What the doctor says of what it has looked at."""

    @property
    def check(self) -> str:
        """What was looked at."""

    @property
    def about(self) -> str:
        """The PBX's name where it is one's own; else empty."""

    @property
    def code(self) -> str:
        """A stable one."""

    @property
    def severity(self) -> str:
        """How bad it is."""

    @property
    def facts(self) -> str:
        """What is so."""

    @property
    def advice(self) -> str:
        """What to do."""


Examine = Callable[[], Awaitable[Sequence[Finding]]]


async def nothing() -> Sequence[Finding]:
    """Find nothing, where there is no service to examine."""
    return ()


@dataclass(slots=True)
class Examinations:
    """Has *examine* done; who asks while it is done waits for the same one."""

    examine: Examine = nothing
    within: float = WITHIN_SECONDS
    """Seconds; what takes longer goes on, as its threads cannot be ended."""
    _run: "asyncio.Task[Sequence[Finding]] | None" = field(default=None, init=False, repr=False)

    async def findings(self) -> Sequence[Finding] | None:
        """Give what is found; None: it takes longer."""
        if self._run is None or self._run.done():
            self._run = asyncio.create_task(self._examined())
        done, _ = await asyncio.wait({self._run}, timeout=self.within)
        return next(iter(done)).result() if done else None

    async def _examined(self) -> Sequence[Finding]:
        return await self.examine()


def grouped(findings: Sequence[Finding]) -> Sequence[tuple[str, Sequence[Finding]]]:
    """Give the findings of each severity that there is, the worst first."""
    groups = [(name, [each for each in findings if each.severity == name]) for name in WORST_FIRST]
    return [(name, group) for name, group in groups if group]
