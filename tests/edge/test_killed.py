"""A service that dies or stops in the middle of a call: no answer is lost, none is given twice."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing

import pytest

from testbed.agi_peer import Channel, Peer
from testbed.line import Line
from testbed.service import Service

CALL = {"uniqueid": "pbx-1.7", "script": "retrieve_interaction?pbx=one"}


@pytest.fixture
def line(service_factory: Callable[..., Service]) -> Line:
    """Give a number of a service of the test's own, which it may kill."""
    return Line.taken_into(service_factory())


def exit_status(pid: int) -> int:
    """Wait for a child's end and give its exit status, minus the signal that killed it."""
    ended = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)  # its Popen still wants to reap it
    assert ended is not None
    return ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status


def refuses_calls(service: Service) -> bool:
    try:
        Peer.call(service.agi_port).close()
    except ConnectionRefusedError:
        return True
    return False


def told(peer: Peer) -> Channel:
    """Give what a channel knows that carries out a command whose reply nobody will read."""
    command = peer.command()
    assert command is not None
    channel = Channel()
    channel.execute(command)
    return channel


def test_killed_between_commit_and_reply(line: Line) -> None:
    """The same call asking after kill -9 is told the same, and no other call anything of it.

    A command on the wire says that it is committed.
    """
    line.allocate("waiting customer")
    with line.dial(**CALL) as peer:
        answer = told(peer)
        line.service.kill()
        assert peer.wait_closed() < 1.0
    assert answer.variables["INTERACT_ID"] == "waiting customer"
    line.service.start()

    other = line.call(uniqueid="pbx-1.8", script=CALL["script"])
    assert other.variables["INTERACT_STATUS"] == "LATE"
    assert line.call(**CALL).variables == answer.variables
    line.allocate("the next customer")
    assert line.call(**CALL).variables == answer.variables
    assert line.call().variables["INTERACT_ID"] == "the next customer"
    assert line.journal() == ["allocated", "retrieved", "lent early", "retrieved"]


def test_killed_before_commit(line: Line) -> None:
    """What is not committed has not happened: the number is still allocated, and is found."""
    line.allocate("waiting customer")
    with closing(sqlite3.connect(line.service.database, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with line.dial(**CALL) as peer:
            assert peer.still_waits(0.1)  # the writer waits for the lock, for 0.25 s
            line.service.kill()
            assert peer.wait_closed() < 1.0
    line.service.start()
    assert line.state() == "allocated"
    assert line.journal() == ["allocated"]
    assert line.call().variables["INTERACT_ID"] == "waiting customer"


def test_killed_again_and_again(line: Line) -> None:
    """Each time after another retrieval: every answer is kept, none is mixed up with another's."""
    answers = {}
    for count in range(3):
        line.allocate(f"customer {count}")
        call = CALL | {"uniqueid": f"pbx-1.{count}"}
        with line.dial(**call) as peer:
            answers[count] = told(peer).variables
            line.service.kill()
        line.service.start()
    for count, answer in answers.items():
        assert answer["INTERACT_ID"] == f"customer {count}"
        assert line.call(**CALL | {"uniqueid": f"pbx-1.{count}"}).variables == answer


def test_asked_to_stop_it_finishes_the_calls_in_flight(line: Line) -> None:
    """On SIGTERM it takes no new call, but one that was told is heard out, and it ends with 0."""
    line.allocate("in flight")
    service = line.service
    with line.dial() as peer, Peer.call(service.agi_port) as opening:
        command = peer.command()
        assert command is not None
        opening.send(b"agi_network: yes\n")
        service.signal(signal.SIGTERM)
        service.wait_log("stopping")
        deadline = time.monotonic() + 1.0
        while not refuses_calls(service):
            assert time.monotonic() < deadline
        peer.send(peer.channel.execute(command))
        assert peer.command() is None
        assert opening.wait_closed() < 1.5
    assert peer.channel.variables["INTERACT_ID"] == "in flight"
    assert exit_status(service.pid) == 0
    assert line.journal() == ["allocated", "retrieved"]


def test_asked_to_stop_it_puts_on_record_who_was_not_told(line: Line) -> None:
    """A call that never acknowledges holds the stop up for a bounded time, and is journaled."""
    line.allocate("never acknowledged")
    service = line.service
    with line.dial() as peer:
        assert peer.command() is not None
        begun = time.monotonic()
        service.signal(signal.SIGTERM)
        assert exit_status(service.pid) == 0
        assert time.monotonic() - begun < 3.0
    assert line.journal() == ["allocated", "retrieved", "undelivered"]


def test_stopping_an_idle_service_takes_no_time(line: Line) -> None:
    """Silent connections do not hold a stop up beyond their own limit."""
    service = line.service
    with Peer.call(service.agi_port) as peer:
        peer.send(b"agi_network: yes\n")
        begun = time.monotonic()
        service.signal(signal.SIGTERM)
        assert exit_status(service.pid) == 0
        assert time.monotonic() - begun < 1.9  # what a session in flight may take
