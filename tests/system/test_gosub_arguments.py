"""What the Gosubs tell a call script beside its own arguments, read on the wire."""

import re
import socket
from collections.abc import Callable

from testbed.broken_agi import broken_agi
from testbed.ivr import extensions
from testbed.pbx import Pbx
from testbed.sipp import Call, place_calls
from testbed.tools import Tools

NUMBER = "380974520200"

LEGS = f"""
exten => leg,1,Gosub(testbed-report,s,1(arrived))
 same => n,Dial(Local/asks@legs/n)
 same => n,Hangup(17)
exten => free,1,Set(__INTERACT_FREE_STATUS=FREED)
 same => n,Gosub(interact-free,s,1({NUMBER}))
 same => n,Goto(default-ivr,s,1)

[legs]
exten => asks,1,Gosub(interact-retrieve,s,1({NUMBER}))
 same => n,Gosub(testbed-report,s,1(asked))
 same => n,Hangup(17)
"""


class Recorder:
    """A server that reads what a call opens with, says *then*, and closes."""

    def __init__(self, then: bytes = b"") -> None:
        self._then = then
        self.openings: list[dict[str, str]] = []
        self.answers: list[bytes] = []

    def __call__(self, call: socket.socket) -> None:
        """Keep the variables of one call."""
        opening = b""
        while not opening.endswith(b"\n\n"):
            opening += call.recv(4096)
        lines = opening.decode().splitlines()
        self.openings.append(dict(line.split(": ", 1) for line in lines if ": " in line))
        if self._then:
            call.sendall(self._then)
            self.answers.append(call.recv(4096))

    def named(self) -> dict[str, str]:
        """Give the ``key=value`` arguments of the only call."""
        (opening,) = self.openings
        arguments = (value for name, value in opening.items() if name.startswith("agi_arg_"))
        pairs = (argument.partition("=") for argument in arguments)
        return {key: value for key, equals, value in pairs if equals}


def test_a_look_up_tells_the_age_of_the_call_by_the_pbx_s_own_clock(
    tools: Tools, pbx_factory: Callable[..., Pbx]
) -> None:
    """`now` is when it asks; `linkedid` is the first channel's, also where another leg asks."""
    recorder = Recorder()
    with broken_agi(recorder) as address:
        pbx = pbx_factory(extensions=extensions(address, LEGS))
        place_calls(tools, pbx, [Call("leg")])
        (asked,) = pbx.wait_seen("asked")
    (arrived,) = pbx.seen("arrived")
    named = recorder.named()
    assert arrived.uniqueid != asked.uniqueid
    assert named["linkedid"] == arrived.uniqueid
    assert re.fullmatch(r"\d+", named["now"])
    assert int(arrived.at) <= int(named["now"]) <= int(asked.at)
    assert named["exten"] == "asks"


def test_a_free_status_of_before_is_gone_before_the_script_is_asked(
    tools: Tools, pbx_factory: Callable[..., Pbx]
) -> None:
    """A script that dies in mid-session leaves UNAVAILABLE, and finds it there itself."""
    recorder = Recorder(b"GET VARIABLE INTERACT_FREE_STATUS\n")
    with broken_agi(recorder) as address:
        pbx = pbx_factory(extensions=extensions(address, LEGS))
        place_calls(tools, pbx, [Call("free")])
    (seen,) = pbx.wait_seen("ivr")
    assert recorder.answers == [b"200 result=1 (UNAVAILABLE)\n"]
    assert seen.values["INTERACT_FREE_STATUS"] == "UNAVAILABLE"
