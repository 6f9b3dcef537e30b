"""A synchronous standby of a test's PostgreSQL: what is committed is there, too."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from testbed.postgres import POLL_SECONDS, START_SECONDS, Cluster, unprivileged, unprivileged_folder

NAME = "standby"


@contextmanager
def standby_of(primary: Cluster, port: int) -> Iterator[Cluster]:
    """Give a running standby that *primary* waits for at each commit, gone afterwards."""
    folder = unprivileged_folder(Path(tempfile.mkdtemp(prefix="interact-ivr-pg-")))
    made = Cluster(primary.tools, folder, port, primary.listens)
    try:
        _copy(primary, made)
        made.start()
        primary.set("synchronous_standby_names", NAME)
        _wait_until_synchronous(primary)
        yield made
    finally:
        made.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _copy(primary: Cluster, made: Cluster) -> None:
    """Copy the primary as it runs, with what a standby needs to follow it."""
    source = f"host={primary.folder} port={primary.port} user=interact application_name={NAME}"
    command = (
        *primary.tools.command("pg_basebackup"),
        *("-d", source, "-D", str(made.data), "-R", "-X", "stream", "-c", "fast", "--no-sync"),
    )
    subprocess.run(
        unprivileged(command), env=primary.tools.environment, cwd=made.folder, check=True
    )


def _wait_until_synchronous(primary: Cluster) -> None:
    deadline = time.monotonic() + START_SECONDS
    while "sync\n" not in primary.say("SELECT sync_state FROM pg_stat_replication"):
        if time.monotonic() > deadline:
            raise AssertionError(f"the standby does not follow: {primary.said()}")
        time.sleep(POLL_SECONDS)
