"""How a store on PostgreSQL fails, and how that ends: what lasts, and what passes by itself."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from testbed.failing_store import NODE, FailingStore


@dataclass(frozen=True)
class Failure:
    """How something fails, how that ends, and what `/readyz` says meanwhile."""

    name: str
    begin: Callable[[FailingStore], object]
    end: Callable[[FailingStore], object]
    missing: str = ""

    @contextmanager
    def lasting(self, store: FailingStore) -> Iterator[None]:
        """Let it last, and end."""
        self.begin(store)
        try:
            yield
        finally:
            self.end(store)


def cut(store: FailingStore) -> None:
    """Reset all connections, and every new one."""
    store.relay.lets_in = False
    store.relay.cut()


def let_in(store: FailingStore) -> None:
    """Let connections in again."""
    store.relay.lets_in = True


def reset(store: FailingStore) -> None:
    """Reset what was half-open, and go on."""
    store.relay.cut()
    store.relay.thaw()


def let_nobody_in(store: FailingStore) -> None:
    """Have the server say that there are too many connections (53300)."""
    store.ask(f"ALTER ROLE {NODE} CONNECTION LIMIT 0")
    store.end_sessions()


def change_password(store: FailingStore) -> None:
    """Let the node in by another password from now on."""
    store.ask(f"ALTER ROLE {NODE} PASSWORD 'second'")
    store.end_sessions()


def promote_elsewhere(store: FailingStore) -> None:
    """Have the server be a standby, which nothing can be written to, in every session."""
    store.server.set("default_transaction_read_only", "on")
    while store.ask("SHOW default_transaction_read_only") != [("on",)]:
        pass  # it reads its settings beside what it is asked
    store.end_sessions()


def as_before(_: FailingStore) -> None:
    """It is over by itself."""


_BEHIND = "|no answer within"
"""Whoever waits behind others that try again may be told no more in time."""
_AWAY = "it cannot be reached|it is being shut down or started" + _BEHIND
_SILENT = "it took too long|it cannot be reached" + _BEHIND
LASTING_LONG = [
    Failure("half open", lambda store: store.relay.freeze(), reset, _SILENT),
    Failure(
        "password changed",
        change_password,
        lambda store: store.password.write_text("second", "utf-8"),
        "it does not let us in" + _BEHIND,
    ),
    Failure(
        "server frozen",
        lambda store: store.server.send(signal.SIGSTOP),
        lambda store: store.server.send(signal.SIGCONT),
        _SILENT,
    ),
    Failure(
        "packets vanish",
        lambda store: store.relay.freeze(),
        lambda store: store.relay.thaw(),
        _SILENT,
    ),
    Failure(
        "shut down", lambda store: store.server.stop(), lambda store: store.server.start(), _AWAY
    ),
]
LASTING = [
    Failure(
        "primary killed",
        lambda store: store.server.kill(),
        lambda store: store.server.start(),
        _AWAY,
    ),
    Failure("network cut", cut, let_in, _AWAY),
    Failure(
        "no connection left",
        let_nobody_in,
        lambda store: store.ask(f"ALTER ROLE {NODE} CONNECTION LIMIT -1"),
        "it has no connection left" + _BEHIND,
    ),
    Failure(
        "promoted elsewhere",
        promote_elsewhere,
        lambda store: store.server.set("default_transaction_read_only", "off"),
        "its primary has become a standby|it cannot be reached" + _BEHIND,
    ),
]
PASSING = [
    Failure("sessions ended", lambda store: store.end_sessions(), as_before),
    Failure(
        "others came between",
        lambda store: store.fail("40001", times=3),
        lambda store: store.fail("40001", times=0),
    ),
    Failure(
        "deadlocked",
        lambda store: store.fail("40P01", times=3),
        lambda store: store.fail("40P01", times=0),
    ),
    Failure("reset at a commit", lambda store: store.relay.lose("commit"), as_before),
    Failure("reset at its answer", lambda store: store.relay.lose("answer"), as_before),
    Failure("reset at the answer to a call", lambda store: store.relay.lose("plain"), as_before),
]
DISK_FULL = Failure(
    "disk full",
    lambda store: store.fail("53100", times=100_000),
    lambda store: store.fail("53100", times=0),
)
