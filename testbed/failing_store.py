"""A PostgreSQL behind a relay, and a node that logs in by password: it fails on demand.

Its user is no superuser, so that limits and passwords are meant for it, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from testbed.commit_relay import CommitRelay
from testbed.fetch import bring_postgres
from testbed.ports import LOOPBACK, PortBlock
from testbed.postgres import Cluster, cluster
from testbed.service import Service

NODE = "node"
KEY = {"INTERACT_IVR_ANI_KEY": "the same for all nodes"}


@dataclass(frozen=True)
class FailingStore:
    """A running cluster with a database of the node's own, and the relay before it."""

    server: Cluster
    relay: CommitRelay
    password: Path
    """What the node shows."""

    def node(self, folder: Path, settings: str = "") -> Service:
        """Give a service on it, not started yet, that goes by the relay."""
        service = Service(folder, store=self.url(self.relay.port))
        service.environment |= KEY
        service.configure(settings)
        text = service.config.read_text("utf-8")
        shown = f'[store]\npassword = "{self.password}"\n'
        service.config.write_text(text.replace("[store]\n", shown), "utf-8")
        return service

    def url(self, port: int, parameters: str = "sslmode=disable") -> str:
        """Give the database's address at *port*; the relay reads no TLS."""
        return f"postgresql://{NODE}@127.0.0.1:{port}/{NODE}?{parameters}"

    def ask(self, *statements: str) -> list[tuple[object, ...]]:
        """Say *statements* as the server's operator, past the relay; give the last one's rows."""
        with psycopg.connect(self.server.url(NODE), autocommit=True) as operator:
            for statement in statements:
                cursor = operator.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def end_sessions(self) -> None:
        """End what the node has open, as a server does that is restarted (57P01)."""
        self.ask(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{NODE}'")

    def fail(self, code: str, times: int) -> None:
        """Let the server fail with *code* so many *times*, whenever the clock is read."""
        self.ask(
            "DROP SEQUENCE IF EXISTS failures; CREATE SEQUENCE failures",
            f"GRANT USAGE ON failures TO {NODE}",
            f"CREATE OR REPLACE FUNCTION store_now() RETURNS BIGINT LANGUAGE plpgsql AS $$ BEGIN"
            f" IF nextval('failures') <= {times} THEN"
            f" RAISE 'injected' USING ERRCODE = '{code}'; END IF;"
            f" RETURN (extract(epoch FROM clock_timestamp()) * 1000000)::BIGINT; END $$",
        )


@contextmanager
def failing_store(folder: Path) -> Iterator[FailingStore]:
    """Give one, gone afterwards."""
    with ExitStack() as stack:
        ports = stack.enter_context(PortBlock())
        made = cluster(bring_postgres(), port=ports.first, listens=True)
        server = stack.enter_context(made)
        password = folder / "password"
        password.touch(mode=0o600)
        password.write_text("first", "utf-8")
        server.say(
            f"CREATE ROLE {NODE} LOGIN PASSWORD 'first'", f"CREATE DATABASE {NODE} OWNER {NODE}"
        )
        _ask_for_passwords(server)
        relay = stack.enter_context(CommitRelay(server.port))
        yield FailingStore(server, relay, password)


def _ask_for_passwords(server: Cluster) -> None:
    """Let the node in by password only; the operator comes by the socket."""
    rules = server.data / "pg_hba.conf"
    text = rules.read_text("utf-8")
    rules.write_text(f"host all {NODE} {LOOPBACK}/32 scram-sha-256\n{text}", "utf-8")
    server.say("SELECT pg_reload_conf()")
