"""Three sites on one PostgreSQL: a node and an Asterisk each, and customers who call at all.

A customer is given a number by whichever node answers, and dials it at one site; now and then a
stranger dials it at another one at the same moment, and some never call. What was asked, answered
and heard is kept for `testbed.fates`.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from testbed.api import Api
from testbed.ivr import extensions
from testbed.pbx import Pbx
from testbed.report import Seen
from testbed.service import Service
from testbed.sipp import Call, Outcome, SippError, place_calls
from testbed.tools import Tools

NAMES = ("one", "two", "three")
EVERY_SECONDS = 1.2
"""Each time two are given a number and two call, at each site: a hundred a minute."""
SIPP_SECONDS = 10.0
AT_ONCE = 4
NOBODYS = "380974599999"
"""Is dialed by who was given none."""
_PROGRESS = " same => n,Progress()\n"
_ANSWERED = ' same => n,ExecIf($["${INTERACT_STATUS}" = "FOUND"]?Answer())\n'


@dataclass
class Site:
    """A node and its Asterisk, whose callers are answered where their interaction was found."""

    name: str
    node: Service
    pbx: Pbx
    gone: list[tuple[float, float]] = field(default_factory=list)
    """From when to when the node was away, in Unix time."""

    @classmethod
    def of(cls, name: str, node: Service, tools: Tools, folder: Path) -> Site:
        """Give one that is not started."""
        text = extensions(node.agi, query=f"pbx={name}")
        return cls(name, node, Pbx(tools, folder, extensions=text.replace(_PROGRESS, _ANSWERED)))

    def seen(self, label: str) -> dict[str, Seen]:
        """Give what the Asterisk dialplan reported of each call, by its caller."""
        return {each.ani: each for each in self.pbx.seen(label)}

    def was_away(self, begin: float, end: float) -> bool:
        """Say whether the node was away at any time between two."""
        return any(since < end and begin < until for since, until in self.gone)


class Customers:
    """They come at each of *sites* until the end of ``with``; *seed* says who does what."""

    def __init__(self, tools: Tools, sites: Sequence[Site], token: str, seed: int) -> None:
        self.acknowledged: dict[str, Any] = {}
        """What was answered to each interaction that was."""
        self.asked: list[str] = []
        self.heard: dict[str, Outcome] = {}
        """What each caller's telephone said, by the calling number."""
        self._tools, self._sites, self._token = tools, sites, token
        self._seed = seed
        self._over = threading.Event()
        self._stack = ExitStack()
        self._working: list[Future[None]] = []

    def __enter__(self) -> Self:
        """Begin."""
        threads = self._stack.enter_context(ThreadPoolExecutor(len(self._sites)))
        self._working = [threads.submit(self._come, at) for at in range(len(self._sites))]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let nobody come any more, and wait until all have hung up."""
        self._over.set()
        self._stack.close()
        if error is None:
            for each in self._working:
                each.result()

    def _come(self, at: int) -> None:
        """Let two at a time come to a site, for as long as they do."""
        chance = random.Random(f"{self._seed} {at}")
        coming: list[Future[None]] = []
        with ThreadPoolExecutor(AT_ONCE) as threads:
            turn = 0
            while not self._over.wait(EVERY_SECONDS):
                turn += 1
                names = [f"{self._sites[at].name}-{turn}-{which}" for which in "ab"]
                draws = [chance.random() for _ in names]
                coming.append(threads.submit(self._two, at, names, draws))
        for each in coming:
            each.result()

    def _two(self, at: int, names: Sequence[str], draws: Sequence[float]) -> None:
        numbers = [self._given(name, draw) for name, draw in zip(names, draws, strict=True)]
        customer, other = (number or NOBODYS for number in numbers)
        calls = [Call(customer, _ani(names[0])), Call(other, _ani(names[1]))]
        if draws[0] < 0.3:  # a stranger, and the other customer never calls
            calls[1] = Call(customer, _ani(names[1]))
        elsewhere = self._sites[at if draws[1] < 0.7 else (at + 1) % len(self._sites)]
        if elsewhere is self._sites[at]:
            self._place(elsewhere, calls)
        else:
            with ThreadPoolExecutor(1) as beside:
                second = beside.submit(self._place, elsewhere, calls[1:])
                self._place(self._sites[at], calls[:1])
                second.result()

    def _given(self, name: str, draw: float) -> str | None:
        """Ask any node for a number, as some dial it; None: it is away, or did not say."""
        self.asked.append(name)
        node = self._sites[int(draw * 1000) % len(self._sites)].node
        with suppress(OSError, HTTPException):
            answer = Api(node, self._token).ask("POST", "/allocations", {"interaction": name})
            if answer.status == 201:
                self.acknowledged[name] = answer.json
                number = str(answer.json["number"])
                return number if draw < 0.5 else number.removeprefix("+")
        return None

    def _place(self, site: Site, calls: Sequence[Call]) -> None:
        with suppress(SippError):  # what nobody has heard is known by the Asterisk dialplan alone
            placed = place_calls(
                self._tools, site.pbx, calls, at_once=True, timeout_seconds=SIPP_SECONDS
            )
            self.heard |= {each.call.ani: each for each in placed.outcomes}


def kill_at_random(sites: Sequence[Site], seconds: float, chance: random.Random) -> int:
    """Kill one node after the other (-9) and start it again for *seconds*; say how often."""
    begun, kills = time.monotonic(), 0
    while time.monotonic() < begun + seconds:
        site = chance.choice(sites)
        time.sleep(chance.uniform(0.5, 2.5))
        since = time.time()
        site.node.kill()
        kills += 1
        time.sleep(chance.uniform(0.0, 1.5))
        site.node.start()
        site.gone.append((since, time.time()))
    return kills


def _ani(name: str) -> str:
    """Give each caller a number of their own."""
    site, turn, which = name.split("-")
    return f"4416329{NAMES.index(site)}{int(turn):04}{'ab'.index(which)}"
