"""Phones of a test's Asterisk, which are SIPp: they ring, answer, hold and transfer when told to.

A `Phone` is one SIPp: it is called at its port, or has dialed. What it has done is read from SIPp's
own short trace, with the times at which SIPp sent and received each message.
"""

from __future__ import annotations

import re
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self
from urllib.parse import quote

from testbed.children import argv, stop
from testbed.pbx import Pbx
from testbed.phone_scenario import ASKED, SECOND_OF_SILENCE, SILENCE, Command, dials, rings
from testbed.ports import LOOPBACK, PortBlock
from testbed.tools import Tools

POLL_SECONDS: Final = 0.01
PATIENCE_SECONDS: Final = 10.0
KEY_SECONDS: Final = 0.25
"""A key is held for as long as its INFO says, and let go; Asterisk loses what comes faster."""

#: A line of SIPp's short trace: Unix time, R or S, Call-ID, CSeq, first line.
TRACED: Final = re.compile(
    r"(?P<at>\d+\.\d+)\t(?P<way>[RS])\t(?P<call>\S+)"
    r"\tCSeq:\s*(?P<number>\d+) (?P<of>\w+)\s*\t(?P<first>[^\r\n]*)"
)
TAG: Final = re.compile(r";tag=([^;\s]+)")


class PhoneError(Exception):
    """Raised when a phone does not come to what was waited for; has what it did."""


@dataclass(frozen=True, slots=True)
class Step:
    """A message that a phone sent or received: of which call, when in Unix time, and what."""

    at: float
    sent: bool
    call: str
    number: int
    """By which a response belongs to its request."""
    of: str
    """The method; of a response, of what it answers."""
    first: str

    def is_a(self, what: str) -> bool:
        """Say whether it is *what*: ``INVITE``, or ``200 INVITE``, a response and to what."""
        code, _, method = what.rpartition(" ")
        if code:
            return self.of == method and self.first.startswith(f"SIP/2.0 {code}")
        return self.first.startswith(f"{method} ")


class Phone:
    """A SIPp as *user*, at the first of *ports* or where there is room; it may call *number*.

    Commands are for its newest call, unless another one is named.
    """

    def __init__(
        self,
        tools: Tools,
        pbx: Pbx,
        user: str,
        number: str = "",
        *,
        ports: PortBlock | None = None,
        answers_after_ms: int | None = None,
    ) -> None:
        """*answers_after_ms*: it answers by itself; it is not told to."""
        self.user = user
        self._ports = ports or PortBlock()
        self._owns_ports = ports is None
        self.port = self._ports.first
        self._pbx = pbx
        self._tools = tools
        self._number = number
        self._child: subprocess.Popen[bytes] | None = None
        self._count = 0
        self._folder = Path(tempfile.mkdtemp(prefix=f"phone-{user}-", dir=pbx.folder))
        scenario = dials() if number else rings(answers_after_ms=answers_after_ms)
        (self._folder / "scenario.xml").write_text(scenario, encoding="utf-8")
        (self._folder / SILENCE).write_bytes(SECOND_OF_SILENCE)
        (self._folder / "calls.csv").write_text(f"SEQUENTIAL\n{number};{user}\n", encoding="utf-8")

    def start(self) -> None:
        """Start SIPp; who dials has dialed then."""
        with (self._folder / "output").open("wb") as output:
            self._child = subprocess.Popen(
                argv(self._tools.sipp_command, *self._words()),
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        if self._number:
            self.wait("INVITE")
        else:
            self._until(lambda: _is_bound(self.port), "to listen")

    def _words(self) -> list[str]:
        """Give SIPp's command line."""
        options = {
            "-sf": "scenario.xml",
            "-i": LOOPBACK,
            "-p": self.port,
            "-cp": self._ports.first + 1,
            "-mp": self._ports.first + 2,
            "-shortmessage_file": "messages",
            "-log_file": "dialogs",
        }
        if self._number:
            options |= {"-inf": "calls.csv", "-m": 1, "-cid_str": f"%u-{self._folder.name}"}
        target = f"{LOOPBACK}:{self._pbx.sip_port}"
        flags = ["-trace_shortmsg", "-trace_logs", "-trace_err", "-trace_msg", "-nostdin"]
        return [target, *(str(word) for option in options.items() for word in option), *flags]

    def steps(self, call: str = "") -> list[Step]:
        """Give what was sent and received, of a call or of all, oldest first."""
        trace = self._folder / "messages"
        text = trace.read_text(encoding="utf-8", errors="replace") if trace.exists() else ""
        steps = [
            Step(
                float(found["at"]),
                found["way"] == "S",
                found["call"],
                int(found["number"]),
                found["of"],
                found["first"],
            )
            for found in TRACED.finditer(text[: text.rfind("\n") + 1])
        ]
        return [step for step in steps if call in ("", step.call)]

    def messages(self) -> str:
        """Give all that was sent and received, as it was."""
        (traced,) = self._folder.glob("*_messages.log")
        return traced.read_text(encoding="utf-8", errors="replace")

    @property
    def call(self) -> str:
        """Give the Call-ID of the newest call; raises PhoneError where there is none."""
        began = [step.call for step in self.steps() if step.is_a("INVITE")]
        if not began:
            raise PhoneError(f"{self.user} has no call:\n{self.tail()}")
        return began[-1]

    def wait(self, what: str, count: int = 1, call: str = "") -> Step:
        """Wait until *what* was sent or received so often, and give the last one.

        *what* is a method, or the code of a response and its method: ``200 INVITE``.
        """
        found: list[Step] = []

        def is_there() -> bool:
            found[:] = [step for step in self.steps(call) if step.is_a(what)]
            return len(found) >= count

        self._until(is_there, f"to {count} times {what}")
        return found[count - 1]

    def tell(self, command: Command, call: str = "", header: str = "") -> None:
        """Tell what to do now; SIPp reads it as a request of the call that nobody else sends.

        SIPp gives a call up that is asked a third thing before it has answered the first.
        """
        call = call or self.call
        self._until(lambda: self._has_answered(call), "to answer what it was asked")
        self._count += 1
        lines = (
            f"{command} sip:{self.user} SIP/2.0",
            f"Via: SIP/2.0/UDP {LOOPBACK};branch=z9hG4bK-told-{self._count}",
            "From: <sip:test>;tag=test",
            "To: <sip:phone>",
            f"Call-ID: {call}",
            f"CSeq: {self._count} {command}",
            *([header] if header else []),
            "Content-Length: 0",
        )
        told = "".join(f"{line}\r\n" for line in (*lines, "")).encode()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as teller:
            teller.sendto(told, (LOOPBACK, self.port))

    def ring(self, count: int = 1) -> Step:
        """Wait until it rings for the *count*-th time."""
        return self.wait("180 INVITE", count)

    def answer(self, call: str = "") -> Step:
        """Answer the call that rings, and give when it did."""
        call = call or self.call
        self.tell(Command.ANSWER, call)
        self.wait("ACK", call=call)
        return self.wait("200 INVITE", call=call)

    def offer(self, command: Command) -> Step:
        """Put the other side on hold, or take it back, and give when that was confirmed."""
        call = self.call
        before = sum(step.is_a("ACK") for step in self.steps(call))
        self.tell(command, call)
        return self.wait("ACK", before + 1, call)

    def transfer(self, number: str, consulted: Phone | None = None) -> None:
        """Transfer to *number*: blind, or in the place of who *consulted* them, by ``Replaces``."""
        replaces = f"?Replaces={quote(consulted.dialog(), safe='')}" if consulted else ""
        to = f"<sip:{number}@{LOOPBACK}:{self._pbx.sip_port}{replaces}>"
        self.tell(Command.TRANSFER, header=f"Refer-To: {to}")
        self.wait("202 REFER")

    def press(self, digits: str) -> None:
        """Press keys, each told by an INFO that was confirmed before the next one."""
        call = self.call
        for digit in digits:
            before = sum(step.is_a("200 INFO") for step in self.steps(call))
            self.tell(Command.DIGIT, call, f"Signal: {digit}")
            self.wait("200 INFO", before + 1, call)
            time.sleep(KEY_SECONDS)

    def hang_up(self, call: str = "") -> Step:
        """End the call, if Asterisk does not end it first, and give when that was confirmed."""
        call = call or self.call
        answered = any(step.is_a("ACK") for step in self.steps(call))
        self.tell(Command.HANG_UP, call)
        return self.wait("200 BYE" if answered else "487 INVITE", call=call)

    def _has_answered(self, call: str) -> bool:
        steps = [step for step in self.steps(call) if step.of in ASKED]
        asked = {(step.number, step.of) for step in steps if not step.sent}
        return asked <= {(step.number, step.of) for step in steps if step.sent}

    def dialog(self) -> str:
        """Give the newest call as ``Replaces`` names it, by Asterisk's tag and our own."""
        call = self.call
        said = (self._folder / "dialogs").read_text(encoding="utf-8", errors="replace")
        for line in reversed(said.splitlines()):
            if line.startswith(f"{call}|"):
                remote, local = (TAG.search(side) for side in line.split("|")[1:3])
                if remote and local:
                    return f"{call};to-tag={remote[1]};from-tag={local[1]}"
        raise PhoneError(f"{self.user} has no dialog {call}:\n{self.tail()}")

    def close(self) -> None:
        """End SIPp; its files stay, and ports that were given to it stay their owner's."""
        if self._child is not None:
            stop(self._child, patience_seconds=1.0)
        if self._owns_ports:
            self._ports.close()

    def __enter__(self) -> Self:
        """Start, and give the phone."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self.close()

    def tail(self) -> str:
        """Give what it did."""
        steps = "\n".join(
            f"{step.at:.3f} {'->' if step.sent else '<-'} {step.of} {step.first}"
            for step in self.steps()[-20:]
        )
        output = (self._folder / "output").read_text(encoding="utf-8", errors="replace")
        head = output.partition("------------------------------ Scenario Screen")[0]
        return f"{self._folder}:\n{steps}\n{head[:2000]}"

    def _until(self, holds: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not holds():
            if time.monotonic() > deadline:
                raise PhoneError(f"{self.user} did not come {what}:\n{self.tail()}")
            time.sleep(POLL_SECONDS)


def _is_bound(port: int) -> bool:
    """Say whether somebody listens on UDP *port*, as the kernel tells it."""
    listed = Path("/proc/net/udp").read_text(encoding="ascii")
    return f"0100007F:{port:04X} " in listed
