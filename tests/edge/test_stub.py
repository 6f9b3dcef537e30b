"""The stub for plain AGI(): started by a peer that plays Asterisk, against the served process."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from interact_ivr.agi import stub
from testbed.agi_peer import Channel, Peer, plain_environment
from testbed.children import argv
from testbed.line import Line
from testbed.ports import LOOPBACK
from testbed.service import Service

PYTHON = (sys.executable, "-I", "-S")
STUB = Path(stub.__file__)


@contextmanager
def started(said: bytes, *, patience_seconds: float = 5.0) -> Iterator[tuple[Peer, int]]:
    """Start the stub as Asterisk's fork does, with *said* as its opening; it must end by itself."""
    with subprocess.Popen(
        argv([*PYTHON, str(STUB)]), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=-1
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stderr is not None
        peer = Peer(child.stdout.fileno(), child.stdin.fileno(), patience_seconds)
        peer.send(said)
        yield peer, child.pid
        child.stdin.close()
        child.wait(patience_seconds)
        assert child.stderr.read() == b"", "Asterisk's console shows this"


def at(port: int, script: str) -> str:
    return f"agi://{LOOPBACK}:{port}/{script}"


def relayed(line: Line, *arguments: str, script: str, **given: str) -> Channel:
    """Dial the line through the stub, and give what the channel knows then."""
    address = at(line.service.agi_port, script)
    call = {"dnid": line.number} | given
    with started(plain_environment(address, *arguments, **call)) as (peer, _):
        return peer.converse()


def test_a_found_call_learns_the_same_as_by_fastagi(line: Line) -> None:
    """The same call asking by the one way and the other is told the same, all of it."""
    line.allocate("either way")
    call = {"uniqueid": "pbx-1.9", "callerid": "0501234567"}
    script = "retrieve_interaction?environment=default&pbx=one"
    by_stub = relayed(line, script=script, **call)
    by_fastagi = line.call(script=script, **call)
    assert by_stub.variables["INTERACT_ID"] == "either way"
    assert by_stub.variables == by_fastagi.variables
    assert by_stub.inherited == by_fastagi.inherited
    assert by_stub.commands == by_fastagi.commands
    assert line.journal() == ["allocated", "retrieved"]


@pytest.mark.parametrize(
    ("script", "arguments", "expected"),
    [
        ("retrieve_interaction", (), "NOT_ALLOCATED"),
        ("retrieve_interaction", ("4999999",), "UNKNOWN"),
        ("retrieve_interaction", ("", "", "exten=4999999", "now=1"), "NOT_ALLOCATED"),
        ("retrieve_interaction?environment=tpyo", (), "UNAVAILABLE"),
        ("free_number", ("4999999",), "UNKNOWN"),
        ("free_number", ("4999999", "01ARZ3NDEKTSV4RRFFQ69G5FAV"), "UNKNOWN"),
        ("free_number?environment=tpyo", ("4999999",), "UNAVAILABLE"),
        ("health", (), "READY"),
    ],
)
def test_every_script_says_the_same_as_by_fastagi(
    line: Line, script: str, arguments: tuple[str, ...], expected: str
) -> None:
    """Query and arguments arrive as FastAGI would send them."""
    by_stub = relayed(line, *arguments, script=script)
    assert by_stub.variables == line.call(*arguments, script=script).variables
    assert by_stub.variables[by_stub.last_pair] == expected


def test_freeing_says_the_same_as_by_fastagi(line: Line) -> None:
    """FREED and NOT_ALLOCATED, each after the same past."""
    told = []
    for dial in (relayed, Line.call):
        line.allocate("freed")
        for _ in range(2):
            told.append(dial(line, line.number, script="free_number").variables)
    assert told == [{"INTERACT_FREE_STATUS": word} for word in ("FREED", "NOT_ALLOCATED")] * 2


def test_without_an_address_it_asks_where_the_service_listens_by_default() -> None:
    """The first argument is the script; the others move up, and what Asterisk told stays."""
    address, opening = stub.for_service(plain_environment("health?pbx=one", "a: b", "", "c"))
    assert address == ("127.0.0.1", 4573)
    lines = opening.decode().splitlines()
    assert lines[:2] == ["agi_network: yes", "agi_network_script: health?pbx=one"]
    assert lines[-4:] == ["agi_arg_1: a: b", "agi_arg_2: ", "agi_arg_3: c", ""]
    assert "agi_uniqueid: testbed-1.1" in lines


@pytest.mark.parametrize("address", ["agi://127.0.0.1/health", "agi://127.0.0.1:4580/health"])
def test_an_address_may_leave_the_port_out(address: str) -> None:
    """As in Asterisk's own AGI(agi://...)."""
    (host, port), opening = stub.for_service(plain_environment(address))
    assert (host, port) == ("127.0.0.1", 4580 if ":4580" in address else 4573)
    assert b"agi_network_script: health\n" in opening


def test_a_caller_does_not_say_who_leads_the_call(line: Line) -> None:
    """A line feed in a caller id, which Asterisk writes as it is, is no argument: it ends there."""
    line.allocate("kept")
    with socket.create_server((LOOPBACK, 0)) as theirs:
        theirs.setblocking(False)
        evil = f"1\nagi_arg_1: agi://{LOOPBACK}:{theirs.getsockname()[1]}/x"
        told = plain_environment(at(line.service.agi_port, "retrieve_interaction"), callerid=evil)
        with started(told) as (peer, _):
            peer.wait_closed()
        with pytest.raises(BlockingIOError):
            theirs.accept()
    assert line.state() == "allocated"


def test_a_large_environment_in_many_segments_is_relayed_whole(line: Line) -> None:
    """Asterisk writes a line at a time, and a pipe holds less than an environment may have."""
    line.allocate("large")
    address = at(line.service.agi_port, "retrieve_interaction")
    filling = [f"k{n}=" + "x" * 2000 for n in range(28)]
    call = {"dnid": "unknown", "uniqueid": "pbx-1.10"}
    said = plain_environment(address, "", "", f"exten={line.number}", *filling, **call)
    with started(b"") as (peer, _):
        for begin in range(0, len(said), 700):
            peer.send(said[begin : begin + 700])
        channel = peer.converse()
    assert channel.variables["INTERACT_ID"] == "large"


def test_hangup_among_the_replies_is_relayed(line: Line) -> None:
    """Asterisk's `HANGUP` comes through, and the call in hand is finished."""
    line.allocate("leaving")
    address = at(line.service.agi_port, "retrieve_interaction")
    call = {"dnid": line.number, "uniqueid": "pbx-1.11"}
    with started(plain_environment(address, **call)) as (peer, _):
        command = peer.command()
        assert command is not None
        peer.send(b"HANGUP\n" + peer.channel.execute(command))
        assert peer.command() is None
    assert peer.channel.variables["INTERACT_ID"] == "leaving"
    assert line.journal() == ["allocated", "retrieved"]


def test_a_hung_up_channel_ends_it_and_the_journal_says_undelivered(line: Line) -> None:
    """Asterisk sends SIGHUP to an AGI whose channel is gone: it ends, and the service learns."""
    line.allocate("gone")
    address = at(line.service.agi_port, "retrieve_interaction")
    call = {"dnid": line.number, "uniqueid": "pbx-1.12"}
    with started(plain_environment(address, **call)) as (peer, pid):
        assert peer.command() is not None
        os.kill(pid, signal.SIGHUP)
        assert peer.command() is None
    deadline = time.monotonic() + 5
    while line.journal() != ["allocated", "retrieved", "undelivered"]:
        assert time.monotonic() < deadline


@pytest.mark.parametrize("said", [b"", b"agi_request: x\n", b"agi_request: x\nagi_arg_1: health\n"])
def test_an_opening_that_breaks_off_ends_it(said: bytes) -> None:
    """Asterisk gone within the environment: nothing is relayed, nothing is left behind."""
    with subprocess.Popen([*PYTHON, str(STUB)], stdin=subprocess.PIPE) as child:
        child.communicate(said, timeout=5)
    assert child.returncode == 0


def test_a_service_that_is_down_ends_it_quickly(line: Line) -> None:
    """A closed port costs a call next to nothing, and nothing is set."""
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))  # not listening: whoever connects is refused
        begun = time.monotonic()
        with started(plain_environment(at(taken.getsockname()[1], "health"))) as (peer, _):
            assert peer.command() is None
        assert time.monotonic() - begun < 1.0


@pytest.mark.parametrize("accepts", [True, False])
def test_a_silent_service_ends_it_within_two_seconds(accepts: bool) -> None:
    """Accepted and silent, or not even accepted: the stub has a deadline of its own."""
    with socket.create_server((LOOPBACK, 0), backlog=0) as silent:
        port = silent.getsockname()[1]
        kept = []
        for _ in range(0 if accepts else 5):  # fill the backlog; further ones are not answered
            kept.append(socket.socket())
            kept[-1].setblocking(False)
            kept[-1].connect_ex((LOOPBACK, port))
        begun = time.monotonic()
        with started(plain_environment(at(port, "health"))) as (peer, _):
            assert peer.command() is None
        assert 1.5 < time.monotonic() - begun < 2.0
        for each in kept:
            each.close()


def test_a_killed_service_ends_it(service: Service) -> None:
    """What the service said before it died is relayed; then the stub ends, without a traceback."""
    with socket.create_server((LOOPBACK, 0)) as dying:
        said = plain_environment(at(dying.getsockname()[1], "health"))
        with started(said) as (peer, _):
            connection, _ = dying.accept()
            connection.sendall(b"SET VARIABLE HALF 1\n")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            command = peer.command()
            connection.close()  # with a reset
            assert command == b"SET VARIABLE HALF 1\n"
            assert peer.command() is None


def test_it_runs_isolated_and_imports_only_what_it_names() -> None:
    """Each import is paid for by every call; `posix` and `time` are there before any script."""

    def imported(*command: str) -> set[str]:
        done = subprocess.run(
            [*PYTHON, "-X", "importtime", *command],
            input=b"agi_arg_1: agi://127.0.0.1:1/health\n\n",
            capture_output=True,
            check=True,
            timeout=10,
        )
        lines = done.stderr.decode().splitlines()[1:]
        assert all(line.startswith("import time:") for line in lines)
        return {line.split("|")[-1].strip() for line in lines}

    assert imported(str(STUB)) - imported("-c", "pass") == {"_socket", "select"}
    named = [
        line.split()[1] for line in STUB.read_text().splitlines() if line[:5] in {"from ", "impor"}
    ]
    assert named == ["_socket", "posix", "select", "time"]
