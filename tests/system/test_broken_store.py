"""The law of the call path where the store's file fails: real calls, one Asterisk, one service.

Each fault comes and goes under the same running service. While it lasts, a call reaches the
default IVR with UNAVAILABLE in time and takes nothing; afterwards whoever waits is found, without a
restart.
"""

import os
import re
import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager

import pytest

from interact_ivr.agi.variables import Variable
from testbed.agi_peer import Peer, environment
from testbed.ivr import VARIABLES, extensions
from testbed.line import control
from testbed.pbx import Pbx
from testbed.report import Seen
from testbed.service import Service
from testbed.sipp import Call, place_calls
from testbed.tools import Tools

NUMBER = "380974520200"
WITHIN = 2.5
ROOM = 6000
"""Bytes that the service's log may still grow by, and a transaction's pages may not."""


@pytest.fixture
def service(service_factory: Callable[..., Service]) -> Service:
    """Give a running service that a file's mode can stop; root has to be held back."""
    held_back = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search")
    return service_factory(wrapper=held_back if os.geteuid() == 0 else ())


@contextmanager
def full(service: Service) -> Iterator[None]:
    """Let no file of the service's grow, as on a full disk."""
    size = service.log_path.stat().st_size + ROOM
    assert size < service.database.stat().st_size
    limits = (size, resource.RLIM_INFINITY)
    before = resource.prlimit(service.pid, resource.RLIMIT_FSIZE, limits)
    yield
    resource.prlimit(service.pid, resource.RLIMIT_FSIZE, before)


@contextmanager
def locked(service: Service) -> Iterator[None]:
    """Let another program begin to write, and not end."""
    with closing(sqlite3.connect(service.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")


@contextmanager
def read_only(service: Service) -> Iterator[None]:
    """Forbid the file to be written, and have the service open it anew."""
    with locked(service):
        service.database.chmod(0o400)
        let_go(service)
    yield
    for file in service.folder.glob("interact-ivr.db*"):  # SQLite gives the others its mode
        file.chmod(0o600)


@contextmanager
def corrupted(service: Service) -> Iterator[None]:
    """Overwrite the file's header, and have the service open it anew; then put it right."""
    with locked(service):
        let_go(service)
    with service.database.open("r+b") as file:
        header = file.read(100)
        file.seek(0)
        file.write(b"\xff" * 100)
    yield
    with service.database.open("r+b") as file:
        file.write(header)


def let_go(service: Service) -> None:
    """Make the service close the file, which it does where it cannot write."""
    with Peer.call(service.agi_port) as peer:
        peer.send(environment("health"))
        assert peer.converse().variables["INTERACT_HEALTH"] == "UNAVAILABLE"


FAULTS: dict[Callable[[Service], AbstractContextManager[None]], str] = {
    full: "its file cannot be read or written|its disk, or its file, is full",
    locked: "another program holds its file",
    read_only: "it is read-only",
    corrupted: "its file is no database",
}


def test_a_call_goes_on_whatever_is_wrong_with_the_file_and_is_found_afterwards(
    tools: Tools, service: Service, pbx_factory: Callable[..., Pbx]
) -> None:
    """Full, locked, read-only, overwritten: one after the other, and never a restart."""
    pbx = pbx_factory(extensions=extensions(service.agi))
    service.import_numbers(NUMBER)
    for fault, why in FAULTS.items():
        interaction = f"waits while {fault.__name__}"
        control(service, "allocate", interaction=interaction)
        with fault(service):
            went_on, took = look_up(tools, pbx)
        assert went_on == {Variable.STATUS: "UNAVAILABLE"}, fault
        assert took < WITHIN, fault
        assert re.search(why, service.log("the call was told UNAVAILABLE")[-1]["reason"]), fault
        found, _ = look_up(tools, pbx)
        assert (found[Variable.STATUS], found.get(Variable.ID)) == ("FOUND", interaction), fault
    assert len(service.log("ready")) == 1


def look_up(tools: Tools, pbx: Pbx) -> tuple[dict[str, str], float]:
    """Place a call; give the variables that the default IVR finds set, and after how long."""
    before = len(pbx.seen("ivr"))
    place_calls(tools, pbx, [Call(NUMBER)])
    seen: Seen = pbx.wait_seen("ivr", before + 1)[-1]
    arrived = pbx.seen("arrived")[-1]
    assert seen.uniqueid == arrived.uniqueid
    values = {name: seen.values[name] for name in VARIABLES if seen.values[name]}
    return values, seen.at - arrived.at
