"""The test bed itself: a real Asterisk boots, SIPp calls it, and what it saw is read back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from testbed.pbx import Pbx, PbxError
from testbed.phone import Phone
from testbed.ports import SIZE, PortBlock
from testbed.report import CutReportError, read_log, report
from testbed.sipp import Call, SippError, place_calls
from testbed.tools import Tools

AWKWARD = {
    "QUOTES": "\"double\" 'single' `back`",
    "COMMAS": "a,b,,c;d|e&f",
    "BACKSLASHES": "\\ \\\\ \\n \\",
    "EXPRESSIONS": "${CALLERID(num)} $[1 + 1] ${x} $ { }",
    "PARENTHESES": ") ( [] ) => same",
    "SPACES": "  two before and two after  ",
    "UTF_8": "Grüße, 東京 ☎",
    "FIELDS": "label=x at=1 whole",
    "LONG": "0123456789" * 50,
    "EMPTY": "",
}

# Asterisk's Answer() waits up to half a second for the caller's voice, which SIPp does not send.
EXTENSIONS = """
[inbound]
exten => 100,1,Answer()
 same => n,Gosub(testbed-report,s,1(answered))
 same => n,Hangup()
exten => 101,1,Progress()
 same => n,Gosub(testbed-report,s,1(ringing))
 same => n,Wait(8)
exten => 102,1,Answer()
 same => n,Wait(8)
exten => 103,1,Hangup(17)
exten => 104,1,Hangup(58)
exten => h,1,Gosub(testbed-report,s,1(hung-up))
"""

PbxFactory = Callable[..., Pbx]


def test_what_the_dialplan_saw_is_read_back_whole(tools: Tools, pbx_factory: PbxFactory) -> None:
    """Any value survives the way from the Asterisk dialplan to the test."""
    # From the environment, since extensions.conf itself gives some characters a meaning.
    sets = "".join(f" same => n,Set({name}=${{ENV(T_{name})}})\n" for name in AWKWARD)
    pbx = pbx_factory(
        extensions=(
            f"[inbound]\nexten => 100,1,NoOp()\n{sets}"
            " same => n,Gosub(testbed-report,s,1(awkward))\n same => n,Hangup(17)\n"
            + report([*AWKWARD, "UNSET"])
        ),
        environment={f"T_{name}": value for name, value in AWKWARD.items()},
    )
    before = time.time()
    assert place_calls(tools, pbx, [Call("100", ani="4711")]).statuses == (486,)
    (seen,) = pbx.wait_seen("awkward")
    assert seen.values == {**AWKWARD, "UNSET": ""}
    assert seen.ani == "4711"
    assert before - 0.01 < seen.at < time.time() + 0.01
    assert seen.uniqueid.startswith("testbed-")
    assert seen.channel.startswith("PJSIP/sipp-")


def test_a_report_too_long_for_a_log_line_is_an_error(
    tools: Tools, pbx_factory: PbxFactory
) -> None:
    """Asterisk cuts such a line in silence; no test is to go on with half of it."""
    names = [f"V{index}" for index in range(12)]
    sets = "".join(f" same => n,Set({name}=${{ENV(LONG)}})\n" for name in names)
    pbx = pbx_factory(
        extensions=(
            f"[inbound]\nexten => 100,1,NoOp()\n{sets}"
            " same => n,Gosub(testbed-report,s,1(long))\n same => n,Hangup(17)\n" + report(names)
        ),
        environment={"LONG": "x" * 500},
    )
    place_calls(tools, pbx, [Call("100")])
    with pytest.raises(CutReportError, match="cut at 8191 bytes: label=long"):
        pbx.wait_seen("long")
    line = "NOTICE: TESTBED-SEEN label=x at=1.5 ani= uniqueid=1 channel= A=Yg==\n"
    assert [seen.values for seen in read_log(line + line[:-1])] == [{"A": "b"}]
    with pytest.raises(CutReportError):
        list(read_log(line[:-1] + line))


def test_calls_end_as_they_were_asked_to(tools: Tools, pbx_factory: PbxFactory) -> None:
    """Answer, busy, an unknown number, a caller who hangs up early and one who hangs up late."""
    pbx = pbx_factory(extensions=EXTENSIONS + report())
    calls = [
        Call("100"),
        Call("103"),
        Call("104"),
        Call("999"),
        Call("101", hang_up_after_seconds=0.0),
        Call("101", hang_up_after_seconds=0.3),
        Call("102", hang_up_after_seconds=0.4),
        Call("100", hang_up_after_seconds=5.0),
    ]
    start = time.monotonic()
    outcomes = place_calls(tools, pbx, calls).outcomes
    assert [outcome.status for outcome in outcomes] == [200, 486, 488, 404, 487, 487, 200, 200]
    assert 0.25 <= outcomes[5].seconds < 1.0  # SIPp counts in steps of its own
    assert time.monotonic() - start < 3.0, "the PBX's BYE came before the caller's"
    assert len(pbx.wait_seen("answered", 2)) == 2
    pbx.wait_seen("hung-up", 7)


def test_headers_arrive_as_written(tools: Tools, pbx_factory: PbxFactory) -> None:
    """Separators and brackets of SIPp in a header are the header's own."""
    headers = {
        "To": '"a[b]\\\\c" <sip:7001@pbx.invalid>',
        "From": '"Anonymous" <sip:anonymous@anonymous.invalid>',
        "Diversion": "<sip:5551@pbx.invalid>;reason=unconditional;counter=1",
        "P-Asserted-Identity": '"Grüße" <sip:0815@pbx.invalid>',
    }
    names = ["CALLERID(rdnis)", "CALLERID(name)", "PJSIP_HEADER(read,To)"]
    pbx = pbx_factory(extensions=EXTENSIONS + report(names))
    place_calls(tools, pbx, [Call("101", headers=headers, hang_up_after_seconds=0.1)])
    (seen,) = pbx.wait_seen("ringing")
    assert seen.ani == "0815"
    assert [seen.values[name] for name in names] == ["5551", "Grüße", headers["To"]]


def test_many_calls_at_once(tools: Tools, pbx_factory: PbxFactory) -> None:
    """At once means that all calls are up together, and each outcome is its own call's."""
    pbx = pbx_factory(extensions=EXTENSIONS + report(["CHANNEL(pjsip,call-id)"]))
    calls = [Call("101", ani=str(2000 + n), hang_up_after_seconds=0.5) for n in range(40)]
    outcomes = place_calls(tools, pbx, calls, at_once=True).outcomes
    assert {outcome.status for outcome in outcomes} == {487}
    seen = pbx.wait_seen("ringing", len(calls))
    assert max(each.at for each in seen) - min(each.at for each in seen) < 0.5
    anis = {each.values["CHANNEL(pjsip,call-id)"]: each.ani for each in seen}
    assert [anis[outcome.call_id] for outcome in outcomes] == [call.ani for call in calls]


def test_two_instances_side_by_side(tools: Tools, pbx_factory: PbxFactory) -> None:
    """Each has its own ports, calls, command line and files, which a reload reads again."""
    one = pbx_factory(extensions="[inbound]\n")
    two = pbx_factory(extensions=EXTENSIONS + report())
    assert one.sip_port != two.sip_port
    place_calls(tools, two, [Call("100")])
    two.wait_seen("answered")
    assert one.seen() == []
    for pbx in (one, two):
        assert f"testbed-{pbx.sip_port}" in pbx.cli("core show settings")
        assert str(pbx.etc) in Path(f"/proc/{pbx.pid}/cmdline").read_text()
    assert place_calls(tools, one, [Call("103")]).statuses == (404,)
    (one.etc / "extensions.conf").write_text(EXTENSIONS + report(), encoding="utf-8")
    one.reload()
    assert place_calls(tools, one, [Call("103")]).statuses == (486,)


def test_a_call_without_an_end_is_an_error(tools: Tools, pbx_factory: PbxFactory) -> None:
    """Neither SIPp nor the test waits for ever."""
    pbx = pbx_factory(extensions=EXTENSIONS + report())
    with pytest.raises(SippError, match="timed out"):
        place_calls(tools, pbx, [Call("102")], timeout_seconds=1.0)
    with pytest.raises(PbxError, match="0 of 1 reports 'answered'"):
        pbx.wait_seen("answered", timeout_seconds=0.1)


def test_a_broken_configuration_is_said(tools: Tools, tmp_path: Path) -> None:
    """An Asterisk that does not boot raises at once, with what it printed."""
    pbx = Pbx(tools, tmp_path, extensions="", extra={"asterisk.conf": "[directories]\nnonsense"})
    with pytest.raises(PbxError, match="did not boot"):
        pbx.start()


def test_stopping_leaves_nothing_behind(tools: Tools, tmp_path: Path) -> None:
    """The process is gone, a long folder too, and a second stop does nothing."""
    folder = tmp_path / "a-name-too-long-for-a-socket" / ("x" * 60)
    with Pbx(tools, folder, extensions="") as pbx:
        pid = pbx.pid
        assert len(os.fsencode(pbx.run_folder)) < 95
    pbx.stop()
    assert not Path(f"/proc/{pid}").exists()
    assert not pbx.run_folder.exists()


ORPHAN = """
import pathlib, sys, time
from testbed.fetch import bring
from testbed.pbx import Pbx
pbx = Pbx(bring(), pathlib.Path(sys.argv[1]), extensions="")
pbx.start()
print(pbx.pid, flush=True)
time.sleep(60)
"""


def test_an_asterisk_ends_with_a_killed_parent(tools: Tools, tmp_path: Path) -> None:
    """A test run that is killed leaves no Asterisk behind."""
    command = [sys.executable, "-c", ORPHAN, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        asterisk = Path(f"/proc/{int(parent.stdout.readline())}/cmdline")
        assert str(tmp_path) in asterisk.read_text()
        parent.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 5
    while asterisk.exists() and asterisk.read_text():  # an unreaped process has an empty one
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_the_ports_of_a_phone_that_is_gone_stay_its_pbxs(
    tools: Tools, pbx_factory: PbxFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The PBX goes on calling them, so that nobody else may be given them meanwhile."""
    with PortBlock() as ports:
        with Phone(tools, pbx_factory(extensions=EXTENSIONS), "6929", ports=ports):
            pass
        monkeypatch.setattr("testbed.ports.FIRST", ports.first)
        monkeypatch.setattr("testbed.ports.END", ports.first + SIZE)
        with pytest.raises(OSError, match="no 10 consecutive free ports"):
            PortBlock()
