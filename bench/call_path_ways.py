"""The ways in which a call may learn whose it is, each with what it needs running beside Asterisk.

A way is a few steps of the Asterisk dialplan, which set a variable to the number's interaction: the
number itself. Where a look-up ends what it finds, every number is lent again before a run.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.call_path_dialplan import EACH, FIRST
from bench.call_path_odbc import Peers
from bench.call_path_servers import SCRIPT
from testbed.children import argv, stop
from testbed.line import control
from testbed.ports import LOOPBACK, PortBlock
from testbed.postgres import Cluster
from testbed.service import Service

CHANNELS = (1, 20)
SETTINGS = """
[pool]
rest_for_seconds = 0
redial_for_seconds = 0
"""
ANI_KEY = "sixteen bytes or more"
ALLOCATING = 16
"""Programs that allocate at once, before a run."""

Lend = Callable[[int, int], None]
"""Lets so many channels have so many numbers each, of which each is some interaction's."""


def nothing(_channels: int, _each: int) -> None:
    """Do nothing: what is only read stays."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way: *steps* of the Asterisk dialplan, which set *told*; *pids* are its servers'."""

    name: str
    title: str
    steps: str
    told: str = "ANSWER"
    lend: Lend = nothing
    pids: Sequence[int] = ()
    durable: bool = False
    agi: str = ""
    """Where the Gosubs ask, if by these."""


@contextmanager
def ways(folder: Path, server: Cluster, peers: Peers) -> Iterator[Sequence[Way]]:
    """Start what is asked, and give the ways to ask it."""
    with ExitStack() as stack:
        ports = {kind: stack.enter_context(PortBlock()).first for kind in ("http", "bare", "agi")}
        http = stack.enter_context(_serving("http", ports["http"], peers.sqlite))
        bare = stack.enter_context(_serving("listener", ports["bare"], peers.sqlite))
        agi = stack.enter_context(_serving("panoramisk", ports["agi"], peers.sqlite))
        url = server.url("ours")
        embedded = stack.enter_context(_service(folder / "sqlite", ""))
        shared = stack.enter_context(_service(folder / "postgres", url))
        yield [
            *_asterisks_own(peers, server),
            Way("curl", "CURL() to a bare handler", _curl(ports["http"]), pids=[http]),
            Way("forked", "AGI: forked Python, SQLite", "AGI(look,${number})"),
            Way("panoramisk", "FastAGI: panoramisk, SQLite", _agi(ports["agi"]), pids=[agi]),
            Way("listener", "our listener, no store", _agi(ports["bare"]), pids=[bare]),
            _guarded(ports["bare"], bare),
            *_ours(embedded, shared, server),
        ]


def _asterisks_own(peers: Peers, server: Cluster) -> Iterator[Way]:
    backends = [_postmaster(server)]
    yield Way("none", "no look-up", "NoOp()", told="number")
    yield Way("astdb", "AstDB", "Set(ANSWER=${DB(bench/${number})})")
    read = "Set(ANSWER=${SQLITE_READ(${number})})"
    yield Way("sqlite", "func_odbc: SQLite, read", read)
    free = "Set(ANSWER=${SQLITE_LENT(${number})})\n same => n,Set(SQLITE_END(${number})=)"
    lend = _each_time(peers.lend_sqlite)
    yield Way("sqlitefree", "func_odbc: SQLite, read and free", free, lend=lend, durable=True)
    read = "Set(ANSWER=${POSTGRES_READ(${number})})"
    yield Way("postgres", "func_odbc: PostgreSQL, read", read, pids=backends)
    yield Way(
        "postgresfree",
        "func_odbc: PostgreSQL, read and free",
        "Set(ANSWER=${POSTGRES_FREE(${number})})",
        lend=_each_time(peers.lend_postgres),
        pids=backends,
        durable=True,
    )


def _ours(embedded: Service, shared: Service, server: Cluster) -> Iterator[Way]:
    alone, both = [embedded.pid], [shared.pid, _postmaster(server)]
    gosub = "Gosub(interact-retrieve,s,1(${number}))"
    address = f"agi://{embedded.agi}/retrieve_interaction?pbx=bench,${{number}}"
    kinds: Mapping[str, tuple[str, str, Service, Sequence[int]]] = {
        "ours": ("ours: SQLite", gosub, embedded, alone),
        "oursagi": ("ours: SQLite, without the guard", f"AGI({address})", embedded, alone),
        "ourspostgres": ("ours: PostgreSQL", gosub, shared, both),
        "stub": ("ours: SQLite, by the stub", f"AGI(interact-ivr-agi,{address})", embedded, alone),
    }
    for name, (title, steps, service, pids) in kinds.items():
        lend = _allocating(service)
        yield Way(name, title, steps, "INTERACT_ID", lend, pids, durable=True, agi=service.agi)


def _curl(port: int) -> str:
    return f"Set(ANSWER=${{CURL(http://{LOOPBACK}:{port}/${{number}})}})"


def _agi(port: int) -> str:
    return f"AGI(agi://{LOOPBACK}:{port}/{SCRIPT},${{number}})"


def _guarded(port: int, server: int) -> Way:
    steps = f"Set(interact_ask={SCRIPT},${{number}})\n same => n,Gosub(interact-guard,s,1)"
    agi = f"{LOOPBACK}:{port}"
    return Way("guarded", "our listener, no store, in the guard", steps, pids=[server], agi=agi)


def _each_time(lend: Callable[[], None]) -> Lend:
    def lent(_channels: int, _each: int) -> None:
        lend()

    return lent


def _allocating(service: Service) -> Lend:
    """Each number is a group of its own, so whoever asks for the group is given it."""

    def allocate(number: str) -> None:
        control(service, "allocate", interaction=number, group=number)

    def lend(channels: int, each: int) -> None:
        numbers = [str(FIRST + me * EACH + at) for me in range(channels) for at in range(each)]
        with ThreadPoolExecutor(ALLOCATING) as threads:
            list(threads.map(allocate, numbers))

    return lend


@contextmanager
def _service(folder: Path, store: str) -> Iterator[Service]:
    made = Service(folder, SETTINGS, store=store)
    made.environment["INTERACT_IVR_ANI_KEY"] = ANI_KEY
    with made as service:
        numbers = range(FIRST, FIRST + CHANNELS[-1] * EACH)
        table = "\n".join(["number,group", *(f"{number},{number}" for number in numbers)])
        service.ask("number", "import", "-", text=table)
        yield service


@contextmanager
def _serving(kind: str, port: int, database: Path) -> Iterator[int]:
    command = argv((sys.executable, "-m", "bench.call_path_servers"), kind, str(port))
    child = subprocess.Popen([*command, str(database)])
    try:
        yield child.pid
    finally:
        stop(child, 5.0)


def _postmaster(server: Cluster) -> int:
    return int((server.data / "postmaster.pid").read_text("ascii").split()[0])
