"""Places calls on a test's Asterisk with SIPp, and says how each was answered.

Calls that differ in their headers or in when the caller hangs up are different kinds: SIPp runs
once for each kind, all kinds side by side.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from testbed.children import argv, stop
from testbed.pbx import Pbx
from testbed.ports import LOOPBACK, PortBlock
from testbed.scenario import Caller
from testbed.tools import Tools

MARGIN_SECONDS = 5.0  # SIPp ends by its own time-out; this is for one that does not
ALL_WELL, SOME_FAILED = 0, 1
USER = re.compile(r"[^;\r\n<>@]+")

#: A line of SIPp's short trace: date, time, Unix time, R or S, Call-ID, CSeq, first line.
TRACED = re.compile(
    r"(?P<at>\d+\.\d+)\t(?P<way>[RS])\t(?P<call_id>\S+)\tCSeq:\s*\d+ INVITE\s*\t"
    r"(?:SIP/2\.0 (?P<status>\d{3}))?"
)


class SippError(Exception):
    """Raised when SIPp itself fails or a call does not come to its end; holds what SIPp said."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call to be placed: *dnis* is the Request-URI's user, *ani* the From's.

    *headers* are added; a ``From`` or ``To`` among them takes the place of the written one, without
    a tag. *hang_up_after_seconds* counts from the INVITE: CANCEL when not yet answered, else BYE.
    None waits for the PBX to hang up.
    """

    dnis: str
    ani: str = "1000"
    headers: Mapping[str, str] = field(default_factory=dict)
    hang_up_after_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call went: the final status of its INVITE, and the seconds until it came."""

    call: Call
    call_id: str
    status: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Calls:
    """The outcomes of placed calls, in the order of the calls."""

    outcomes: tuple[Outcome, ...]

    @property
    def statuses(self) -> tuple[int, ...]:
        """Give the final statuses: 200 answered, 487 canceled by the caller, others refused."""
        return tuple(outcome.status for outcome in self.outcomes)


def place_calls(
    tools: Tools,
    pbx: Pbx,
    calls: Sequence[Call],
    *,
    at_once: bool = False,
    rate: float = 50.0,
    timeout_seconds: float = 20.0,
) -> Calls:
    """Place *calls* and wait for their ends; raises SippError when one has none.

    Each kind starts *rate* calls a second, or with *at_once* all of them within a few milliseconds.
    """
    kinds: dict[Caller, list[int]] = {}
    for index, call in enumerate(calls):
        if not (USER.fullmatch(call.dnis) and USER.fullmatch(call.ani)):
            raise ValueError(f"not users of SIP addresses: {call.dnis!r}, {call.ani!r}")
        caller = Caller.of(call.headers, call.hang_up_after_seconds)
        kinds.setdefault(caller, []).append(index)
    outcomes: dict[int, Outcome] = {}
    with ExitStack() as stack:
        runs = {}
        for caller, indexes in kinds.items():
            run = _Run(pbx, caller, [calls[index] for index in indexes])
            stack.callback(run.close)
            run.start(tools, rate=None if at_once else rate, timeout_seconds=timeout_seconds)
            runs[run] = indexes
        for run, indexes in runs.items():
            outcomes.update(zip(indexes, run.wait(), strict=True))
    return Calls(tuple(outcomes[index] for index in range(len(calls))))


class _Run:
    """One SIPp, placing the calls of one kind."""

    def __init__(self, pbx: Pbx, caller: Caller, calls: list[Call]) -> None:
        self._calls = calls
        self._target = f"{LOOPBACK}:{pbx.sip_port}"
        self._ports = PortBlock()
        self._child: subprocess.Popen[bytes] | None = None
        self._folder = Path(tempfile.mkdtemp(prefix="sipp-", dir=pbx.folder))
        self._output = self._folder / "output"
        (self._folder / "scenario.xml").write_text(caller.scenario(), encoding="utf-8")
        lines = "".join(f"{call.dnis};{call.ani}\n" for call in calls)
        (self._folder / "calls.csv").write_text(f"SEQUENTIAL\n{lines}", encoding="utf-8")

    def start(self, tools: Tools, *, rate: float | None, timeout_seconds: float) -> None:
        """Start SIPp; without a *rate* all calls at once."""
        count = len(self._calls)
        port = self._ports.first
        options = {
            "-sf": "scenario.xml",
            "-inf": "calls.csv",
            "-i": LOOPBACK,
            "-p": port,
            "-cp": port + 1,
            "-mp": port + 2,
            "-cid_str": f"%u-{self._folder.name}",
            "-m": count,
            "-l": count,
            "-r": count if rate is None else round(rate * 10),
            "-rp": 1 if rate is None else 10_000,
            "-timeout": f"{timeout_seconds:.0f}s",
            "-shortmessage_file": "messages",
        }
        words = [str(word) for option in options.items() for word in option]
        flags = ["-trace_shortmsg", "-timeout_error", "-nostdin"]
        self._deadline = time.monotonic() + timeout_seconds + MARGIN_SECONDS
        with self._output.open("wb") as output:
            self._child = subprocess.Popen(
                argv(tools.sipp_command, self._target, *words, *flags),
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def wait(self) -> list[Outcome]:
        """Wait for SIPp's end and give the outcomes in the order of the calls."""
        if self._child is None:
            raise SippError("this SIPp was not started")
        try:
            code = self._child.wait(max(0.0, self._deadline - time.monotonic()))
        except subprocess.TimeoutExpired as error:
            raise SippError(f"SIPp did not end in time:\n{self._tail()}") from error
        outcomes = list(self._outcomes())
        refused = [outcome.status >= 300 for outcome in outcomes]
        complete = len(outcomes) == len(self._calls)
        # SIPp counts a refusal by a code it was not told of as failed; to us it is an outcome.
        if complete and (code == ALL_WELL or (code == SOME_FAILED and any(refused))):
            return outcomes
        raise SippError(
            f"SIPp exited {code}, {len(outcomes)} of {len(self._calls)} calls had an outcome:\n"
            f"{self._tail()}"
        )

    def close(self) -> None:
        """End SIPp where it still runs, and let its ports go. Its files stay."""
        if self._child is not None:
            stop(self._child, patience_seconds=1.0)
        self._ports.close()

    def _outcomes(self) -> Iterator[Outcome]:
        """Read the short trace: the INVITE's first sending, and its final status."""
        sent: dict[str, float] = {}
        final: dict[str, tuple[int, float]] = {}
        trace = self._folder / "messages"
        text = trace.read_text(encoding="utf-8", errors="replace") if trace.exists() else ""
        for found in TRACED.finditer(text):
            call_id, at = found["call_id"], float(found["at"])
            if found["way"] == "S":
                sent.setdefault(call_id, at)
            elif found["status"] and found["status"] >= "200":
                final.setdefault(call_id, (int(found["status"]), at))
        for number, call in enumerate(self._calls, start=1):
            call_id = f"{number}-{self._folder.name}"
            if call_id in final:
                status, at = final[call_id]
                yield Outcome(call, call_id, status, at - sent[call_id])

    def _tail(self) -> str:
        """Give the last lines before SIPp's screens of statistics, which fill the output's end."""
        text = self._output.read_text(encoding="utf-8", errors="replace")
        lines = text.partition("------------------------------ Scenario Screen")[0].splitlines()
        return "\n".join([f"{self._output}:", *lines[-20:]])
