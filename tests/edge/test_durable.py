"""Nothing acknowledged is lost, whatever ends the service, and whatever happens to its file."""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from interact_ivr.control.client import Refused
from testbed.agi_peer import Peer, environment
from testbed.children import argv
from testbed.line import Line, control
from testbed.service import Service, ServiceError
from tests.edge.acknowledged import Checker, Record, Row, read_journal

CLIENTS = 8
NUMBERS = 60
PATIENCE = 60.0


# Killed


@dataclass
class Clients:
    """Eight processes that ask a service for many things, and their records."""

    service: Service
    folder: Path
    each: int

    def start(self, stack: ExitStack) -> None:
        """Begin to ask."""
        here = (str(self.service.control_socket), str(self.service.agi_port))
        self.children = [
            stack.enter_context(_child(*here, f"client{at}", str(self.each), str(self._record(at))))
            for at in range(CLIENTS)
        ]

    def _record(self, at: int) -> Path:
        return self.folder / f"client{at}.jsonl"

    def asked(self) -> int:
        """Count the requests that were answered, or lost, by now."""
        files = (self._record(at) for at in range(CLIENTS))
        return sum(file.read_bytes().count(b"\n") for file in files if file.exists())

    def wait_asked(self, count: int) -> None:
        """Wait until so many requests were made."""
        deadline = time.monotonic() + PATIENCE
        while self.asked() < count and any(child.poll() is None for child in self.children):
            assert time.monotonic() < deadline, f"{self.asked()} of {count}"
            time.sleep(0.01)

    def records(self) -> list[Record]:
        """Wait for the end, and give all that was asked and answered."""
        for child in self.children:
            assert child.wait(PATIENCE * 10) == 0
        files = (self._record(at) for at in range(CLIENTS))
        lines = [line for file in files for line in file.read_text("utf-8").splitlines()]
        return [tuple(json.loads(line)) for line in lines]


@contextmanager
def _child(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    child = subprocess.Popen(argv([sys.executable, "-m", "testbed.client"], *arguments))
    try:
        yield child
    finally:
        child.kill()
        child.wait()


@pytest.mark.parametrize(
    ("operations", "kills"),
    [
        pytest.param(5_000, 20, marks=pytest.mark.timeout(1200)),
        pytest.param(20_000, 200, marks=[pytest.mark.long, pytest.mark.timeout(3600)]),
    ],
)
def test_what_was_acknowledged_is_there(
    service_factory: Callable[..., Service], tmp_path: Path, operations: int, kills: int
) -> None:
    """Eight clients, kill -9 at any moment: all that was told is there, once, nothing by halves.

    What was not told is there whole or not at all; the same call asking again is told the same.
    """
    service = service_factory()
    service.import_numbers(*(f"3809745{number:05}" for number in range(NUMBERS)))
    clients = Clients(service, tmp_path, operations // CLIENTS)
    with ExitStack() as stack:
        clients.start(stack)
        for kill in range(1, kills + 1):
            clients.wait_asked(kill * operations // (kills + 1))
            service.kill()
            service.start()
        records = clients.records()
    assert len(records) >= operations
    lost = sum(answer is None for _, _, answer in records)
    assert lost > 0, "no kill met a request in flight"
    checker = Checker(records, read_journal(service.database))
    checker.check(control(service, "number.list")["numbers"])
    found = [answer for _, _, answer in records if answer and answer.get("INTERACT_ID")]
    assert len(found) > operations // 5


# On disk before it is told

_CALL = re.compile(r"(?P<thread>\d+) +(?:<\.\.\. )?(?P<name>\w+)(?P<rest>.*)")


@dataclass(frozen=True)
class Trace:
    """What a traced service did: WAL writes, syncs of it that ended, and answers, in order."""

    events: list[tuple[str, str]]

    @classmethod
    def read(cls, file: Path, wal: str) -> Trace:
        """Read what strace wrote; *wal* is the path of the write-ahead log."""
        syncing: set[str] = set()
        events = []
        for line in file.read_text("utf-8").splitlines():
            found = _CALL.match(line)
            if found is None:
                continue
            thread, name, rest = found["thread"], found["name"], found["rest"]
            begins, ends = not rest.startswith(" resumed"), "<unfinished" not in rest
            if name in ("fsync", "fdatasync"):
                if begins and f"<{wal}>" in rest:
                    syncing.add(thread)
                if ends and thread in syncing:
                    syncing.discard(thread)
                    events.append(("synced" if rest.endswith("= 0") else "failed", ""))
            elif begins and f"<{wal}>" in rest:
                events.append(("written", rest))
            elif begins and re.match(r"\(\d+<(TCP|UNIX)", rest):
                events.append(("told", rest))
        return cls(events)

    def steps(self, written: str, told: str) -> list[str]:
        """Give what lies between the first WAL write of one text and the answer with another."""
        names = [name for name, _ in self.events]
        first = next(at for at, each in enumerate(self.events) if _has(each, "written", written))
        answer = next(at for at, each in enumerate(self.events) if _has(each, "told", told))
        return names[first:answer]


def _has(event: tuple[str, str], name: str, text: str) -> bool:
    return event[0] == name and text in event[1]


@pytest.fixture
def traced(tmp_path: Path) -> Iterator[Service]:
    """Give a running service whose system calls are written to a file, whatever it is told."""
    assert shutil.which("strace"), "strace is missing: make debian-packages"
    service = Service(tmp_path / "traced")
    service.wrapper = (
        *("strace", "-D", "-f", "-yy", "-s", "9000", "-e", "signal=none"),
        *("-e", "trace=pwrite64,fdatasync,fsync,write,writev,sendto,sendmsg"),
        *("-o", str(tmp_path / "trace")),
    )
    try:
        service.start()
    except ServiceError as error:
        pytest.fail(f"the service cannot be traced (is ptrace forbidden?): {error}")
    yield service
    service.close()


def _led(line: Line) -> Iterator[tuple[str, str]]:
    """Allocate and dial a few times: give what must be on disk before which answer is told."""
    for turn in range(5):
        lent = line.allocate(f"{line.group}-{turn}")
        yield lent["id"], lent["id"]
        call = f"{line.group}.call.{turn}"
        assert line.call(uniqueid=call).variables["INTERACT_ID"] == lent["interaction"]
        yield call, f"INTERACT_ID={lent['interaction']}"


def test_every_answer_was_on_disk_before(traced: Service, tmp_path: Path) -> None:
    """By a trace of system calls: between a group's WAL writes and its answers, the WAL is synced.

    Nothing a client is told, by the control socket or by AGI, overtakes the disk.
    """
    lines = [Line.taken_into(traced) for _ in range(CLIENTS)]
    with ThreadPoolExecutor(CLIENTS) as threads:
        pairs = [pair for led in threads.map(lambda line: [*_led(line)], lines) for pair in led]
    traced.stop()
    seen = Trace.read(tmp_path / "trace", f"{traced.database}-wal")
    assert len(pairs) == CLIENTS * 10
    for written, told in pairs:
        steps = seen.steps(written, told)
        assert "synced" in steps, (written, told, steps)
        assert "failed" not in steps


# Files that fail


def _unavailable(line: Line, why: str) -> None:
    """Both edges tell it, and nothing is done: AGI by its status, the control socket in words."""
    told = line.call(uniqueid="unavailable").variables
    assert told["INTERACT_STATUS"] == "UNAVAILABLE"
    assert told.get("INTERACT_ID", "") == ""
    with pytest.raises(Refused, match=why) as refused:
        line.allocate("waiting")
    assert refused.value.code == "store_unavailable"


def _works_again(line: Line) -> None:
    """Without a restart; who waited is found."""
    assert line.call().variables["INTERACT_ID"] == "waiting"
    line.allocate("next")
    assert line.call().variables["INTERACT_ID"] == "next"
    assert line.journal() == ["allocated", "retrieved", "lent early", "retrieved"]


def _health(service: Service) -> str:
    with Peer.call(service.agi_port) as peer:
        peer.send(environment("health"))
        return peer.converse().variables["INTERACT_HEALTH"]


@pytest.fixture
def waiting(service_factory: Callable[..., Service]) -> Line:
    """Give a number on which somebody waits, of a service of the test's own."""
    line = Line.taken_into(service_factory())
    line.allocate("waiting")
    return line


@contextmanager
def _locked(database: Path) -> Iterator[None]:
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def test_a_file_locked_by_another(waiting: Line) -> None:
    """Calls go on without it for as long as the other has it."""
    with _locked(waiting.service.database):
        _unavailable(waiting, "another program holds its file")
    _works_again(waiting)


def test_a_file_that_may_not_grow(waiting: Line) -> None:
    """By the limit of a file's size, as on a full disk; with room again, all works."""
    pid, database = waiting.service.pid, waiting.service.database
    size = waiting.service.log_path.stat().st_size + 6000  # the limit is for the log, too
    assert size < database.stat().st_size
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    _unavailable(waiting, "full|cannot be read or written")
    resource.prlimit(pid, resource.RLIMIT_FSIZE, before)
    _works_again(waiting)


def test_a_file_that_is_gone(waiting: Line) -> None:
    """It could still be written to, and all of it would be lost: so it is not, until it is back."""
    database = waiting.service.database
    elsewhere = database.with_name("elsewhere")
    database.rename(elsewhere)
    _unavailable(waiting, "its file cannot be opened")
    elsewhere.rename(database)
    _works_again(waiting)


def test_a_file_that_may_not_be_written(tmp_path: Path) -> None:
    """Once it is opened again as read-only, until it may be written; root has to be held back."""
    service = Service(tmp_path / "service")
    if os.geteuid() == 0:
        service.wrapper = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search")
    with service:
        line = Line.taken_into(service)
        line.allocate("waiting")
        with _locked(service.database):
            service.database.chmod(0o400)
            _unavailable(line, "another program holds its file|it is read-only")
        _unavailable(line, "it is read-only")
        assert _health(service) == "UNAVAILABLE"
        for file in service.folder.glob("interact-ivr.db*"):  # SQLite gives the others its mode
            file.chmod(0o600)
        assert _health(service) == "READY"
        _works_again(line)


def test_a_file_whose_header_is_overwritten(waiting: Line) -> None:
    """Calls go on without it; a service does not start on it; put right, all works again."""
    service = waiting.service
    with _locked(service.database):
        _unavailable(waiting, "another program holds its file")  # and it will be opened anew
    with service.database.open("r+b") as file:
        header = file.read(100)
        file.seek(0)
        file.write(b"\xff" * 100)
    _unavailable(waiting, "its file is no database")
    service.kill()
    with pytest.raises(ServiceError, match="its file is no database"):
        service.start()
    with service.database.open("r+b") as file:
        file.write(header)
    service.stop()
    service.start()
    _works_again(waiting)


@pytest.mark.parametrize(("begin", "end"), [(60, 64), (68, 72), (60, 72)], ids=str)
def test_a_header_whose_version_is_overwritten(waiting: Line, begin: int, end: int) -> None:
    """Its magic is whole, its user_version or application_id is not: calls go on without it.

    For as long as it lasts, without a hang; put right, all works again without a restart.
    """
    service = waiting.service
    with _locked(service.database):
        _unavailable(waiting, "another program holds its file")  # and it will be opened anew
    with service.database.open("r+b") as file:
        header = file.read(100)
        file.seek(begin)
        file.write(bytes(end - begin))
    if begin == 60:
        for _ in ("first", "again"):
            _unavailable(waiting, "the file is a database of another program")
        assert _health(service) == "UNAVAILABLE"
    with service.database.open("r+b") as file:
        file.write(header)
    assert _health(service) == "READY"
    _works_again(waiting)
    service.stop()


def test_another_program_s_database_at_its_place(waiting: Line, tmp_path: Path) -> None:
    """It is left as it is; the right one put back, all works again without a restart."""
    database = waiting.service.database
    with _locked(database):
        _unavailable(waiting, "another program holds its file")
    away = database.rename(tmp_path / "away.db")
    with closing(sqlite3.connect(database)) as other:
        other.execute("CREATE TABLE x (a)")
    before = database.read_bytes()
    _unavailable(waiting, "the file is a database of another program")
    assert database.read_bytes() == before
    away.replace(database)
    _works_again(waiting)


# The checker itself

_NUMBER = {"number": "+1", "interaction": "b"}
_LENT = {"interaction": "a", "id": "A", "number": "+1", "expires_at": "1970-01-01T00:00:01Z"}
_FOUND = {"INTERACT_STATUS": "FOUND", "INTERACT_ID": "a", "INTERACT_ALLOCATION": "A"}
_RECORDS: list[Record] = [
    ("allocate", {"interaction": "a"}, _LENT),
    ("retrieve", {"uniqueid": "1", "number": "+1"}, _FOUND),
    ("allocate", {"interaction": "b"}, None),
]
_ROWS = [
    Row("1", "allocated", "+1", "A", "a", 1_000_000, None),
    Row("2", "retrieved", "+1", "A", "a", None, "1"),
    Row("3", "lent early", "+1", "B", "b", 2_000_000, None),
]


@pytest.mark.parametrize(
    ("rows", "numbers"),
    [
        (_ROWS[:1] + _ROWS[2:], [_NUMBER]),
        (_ROWS[1:], [_NUMBER]),
        (_ROWS[:2] + _ROWS[1:], [_NUMBER]),
        (_ROWS[:2], [_NUMBER]),
        (_ROWS, []),
        ([_ROWS[0], _ROWS[1]._replace(uniqueid="2"), _ROWS[2]], [_NUMBER]),
        ([_ROWS[0], _ROWS[1]._replace(event="freed", uniqueid=None), _ROWS[2]], [_NUMBER]),
        ([_ROWS[0]._replace(expires_at=5), *_ROWS[1:]], [_NUMBER]),
        ([*_ROWS[:2], _ROWS[2]._replace(interaction="c")], [_NUMBER | {"interaction": "c"}]),
    ],
)
def test_the_checker_sees(rows: list[Row], numbers: list[dict[str, str]]) -> None:
    """Lost, doubled, half or made up: each breaks a law that holds for the whole journal."""
    Checker(_RECORDS, _ROWS).check([_NUMBER])
    with pytest.raises((AssertionError, KeyError)):
        Checker(_RECORDS, rows).check(numbers)
