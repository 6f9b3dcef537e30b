"""A PostgreSQL of the tests' own: a cluster in a folder of theirs, run by a user without rights.

It keeps its promises (`fsync` is on), listens on a Unix socket and, where a port is given, on
loopback, and ends with the process that started it. Databases are copied from a template.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from testbed.children import DIES_WITH_PARENT, stop
from testbed.postgres_tools import PostgresTools

USER = "interact"
UNPRIVILEGED = 65534
"""The user `nobody`, for a suite that runs as root: PostgreSQL refuses to."""
START_SECONDS = 30.0
STOP_SECONDS = 20.0
SHELL_SECONDS = 90.0
POLL_SECONDS = 0.02
SETTINGS = """\
fsync = on
synchronous_commit = on
full_page_writes = on
shared_buffers = 64MB
max_connections = 100
jit = off
autovacuum = on
timezone = 'GMT'
log_timezone = 'GMT'
log_line_prefix = '%m [%p] '
log_lock_waits = on
shared_preload_libraries = 'pg_stat_statements'
"""


@dataclass
class Cluster:
    """A running PostgreSQL; `stop`, `kill` and `start` are for tests of what happens then."""

    tools: PostgresTools
    folder: Path
    port: int
    listens: bool = False
    """On loopback, too, beside the socket."""
    _server: subprocess.Popen[bytes] | None = None

    @property
    def data(self) -> Path:
        """Where the cluster is."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.folder / "postgres.log"

    def url(self, database: str, port: int | None = None) -> str:
        """Give the address of a database: by the socket, or by a *port* on loopback."""
        if port is not None:
            return f"postgresql://{USER}@127.0.0.1:{port}/{database}"
        return f"postgresql://{USER}@/{database}?host={self.folder}&port={self.port}"

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        addresses = "127.0.0.1" if self.listens else ""
        command = (
            *self.tools.command("postgres"),
            *("-D", str(self.data), "-k", str(self.folder), "-p", str(self.port)),
            *("-c", f"listen_addresses={addresses}"),
        )
        with self.log.open("ab") as log:
            self._server = subprocess.Popen(
                unprivileged(command), env=self.tools.environment, stdout=log, stderr=log
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if time.monotonic() > deadline:
                raise AssertionError(f"PostgreSQL does not start: {self.said()}")
            time.sleep(POLL_SECONDS)

    def stop(self) -> None:
        """Let it shut down: sessions are ended, nothing is lost."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """End all of its processes at once (-9), as a power cut would."""
        self.send(signal.SIGKILL)
        self._end(signal.SIGKILL)

    def send(self, number: signal.Signals) -> None:
        """Send all of its processes a signal; the first one begins, so that it begins no others."""
        if self._server is None:
            return
        pid = self._server.pid
        children = Path(f"/proc/{pid}/task/{pid}/children")
        self._server.send_signal(number)
        for child in children.read_text("ascii").split():
            with suppress(ProcessLookupError):
                os.kill(int(child), number)

    def run(self, program: str, *arguments: str) -> str:
        """Run a client program against the cluster, and give what it printed."""
        at = ("-h", str(self.folder), "-p", str(self.port), "-U", USER)
        done = subprocess.run(
            [*self.tools.command(program), *at, *arguments],
            env=self.tools.environment,
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=600,
        )
        if done.returncode:
            raise AssertionError(f"{program}: {done.stderr}")
        return done.stdout

    def shell(self, script: str, **variables: str) -> str:
        """Run a shell script as the server's user, who has its programs and its address."""
        at = {"PGHOST": str(self.folder), "PGPORT": f"{self.port}", "PGUSER": USER}
        path = f"{self.tools.programs}:{os.environ['PATH']}"
        done = subprocess.run(
            unprivileged(["bash", "-euc", script]),
            env={**self.tools.environment, **at, "PATH": path, **variables},
            cwd=self.folder,
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=SHELL_SECONDS,
        )
        if done.returncode:
            raise AssertionError(f"{script}: {done.stdout}{done.stderr}")
        return done.stdout

    def say(self, *statements: str) -> str:
        """Say *statements* as the operator, each by itself, and give what they answered."""
        each = (word for statement in statements for word in ("-c", statement))
        return self.run("psql", "-q", "-A", "-t", "-d", "postgres", *each)

    def set(self, setting: str, value: str) -> None:
        """Have a setting another value from now on."""
        self.say(f"ALTER SYSTEM SET {setting} = {value}", "SELECT pg_reload_conf()")

    def said(self) -> str:
        """Give the end of what the server said."""
        return self.log.read_text("utf-8", "replace")[-4000:]

    def _answers(self) -> bool:
        if self._server is not None and self._server.poll() is not None:
            raise AssertionError(f"PostgreSQL ended: {self.said()}")
        at = ("-h", str(self.folder), "-p", str(self.port))
        command = [*self.tools.command("pg_isready"), *at]
        environment = self.tools.environment
        return not subprocess.run(command, env=environment, capture_output=True).returncode

    def _end(self, by: signal.Signals) -> None:
        if self._server is not None:
            self._server.send_signal(by)
            stop(self._server, STOP_SECONDS)
            self._server = None


@contextmanager
def cluster(tools: PostgresTools, *, port: int = 5432, listens: bool = False) -> Iterator[Cluster]:
    """Give a running cluster, gone afterwards; without *listens* the port is a socket's name."""
    folder = unprivileged_folder(Path(tempfile.mkdtemp(prefix="interact-ivr-pg-")))
    if os.geteuid() == 0:
        tools = tools.copied(folder / "programs")
    made = Cluster(tools, folder, port, listens)
    try:
        _make(made)
        made.start()
        yield made
    finally:
        made.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _make(made: Cluster) -> None:
    command = (
        *made.tools.command("initdb"),
        *("-D", str(made.data), "-U", USER, "--auth=trust", "--no-sync"),
        *("--encoding=UTF8", "--locale=C"),
    )
    done = subprocess.run(
        unprivileged(command),
        env=made.tools.environment,
        cwd=made.folder,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode:
        raise AssertionError(f"initdb: {done.stdout}{done.stderr}")
    with (made.data / "postgresql.conf").open("a", encoding="utf-8") as conf:
        conf.write(SETTINGS)


def unprivileged_folder(folder: Path) -> Path:
    """Let the server's user have *folder*, and everybody look into it."""
    folder.chmod(0o755)
    if os.geteuid() == 0:
        os.chown(folder, UNPRIVILEGED, UNPRIVILEGED)
    return folder


def unprivileged(command: Sequence[str]) -> list[str]:
    """Give *command*, to end with its parent; root's runs as nobody.

    In one step, as a change of user undoes what is asked of the parent's death.
    """
    *setpriv, end = DIES_WITH_PARENT
    if os.geteuid() == 0:
        setpriv += ["--reuid", str(UNPRIVILEGED), "--regid", str(UNPRIVILEGED), "--clear-groups"]
    return [*setpriv, end, *command]
