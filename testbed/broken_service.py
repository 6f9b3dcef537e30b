"""What can be broken in a service that was well, and in its store; then it is put right."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Final

from testbed.agi_peer import Peer, environment
from testbed.certificate import make_certificate
from testbed.line import control
from testbed.monitoring_tools import bring_monitoring
from testbed.patient import NUMBERS, POLL_SECONDS, Patient
from testbed.ports import LOOPBACK
from testbed.service import Service, ServiceError

NOBODY: Final = 1
"""A port on which nothing listens."""
_LATER: Final = 999
"""A schema that no release has yet."""
_DEADLINE_SECONDS: Final = 20.0


@contextmanager
def service_down(patient: Patient) -> Iterator[None]:
    """Stop it."""
    patient.service.stop()
    try:
        yield
    finally:
        patient.service.start()


@contextmanager
def port_taken(patient: Patient) -> Iterator[None]:
    """Let another program listen where the service would."""
    with service_down(patient), socket.create_server((LOOPBACK, patient.service.agi_port)):
        yield


@contextmanager
def taken_over(patient: Patient) -> Iterator[None]:
    """Let a second service register the same ARI application."""
    with Service(patient.folder / "second", patient.table):
        wait(lambda: control(patient.service, "status")["pbx"][0]["ari"] == "taken over")
        yield


@contextmanager
def pool_empty(patient: Patient) -> Iterator[None]:
    """Take every number out."""
    control(patient.service, "number.remove", numbers=NUMBERS)
    try:
        yield
    finally:
        patient.service.import_numbers(*NUMBERS)


@contextmanager
def store_read_only(patient: Patient) -> Iterator[None]:
    """Forbid the file to be written, and have the service open it anew."""
    with _restarted(patient, *_HELD_BACK):
        database = patient.service.database
        with closing(sqlite3.connect(database, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")  # the service lets go of a file that it cannot write
            database.chmod(0o400)
            _let_go(patient.service)
            other.execute("ROLLBACK")
        try:
            yield
        finally:
            for file in patient.service.folder.glob("interact-ivr.db*"):
                file.chmod(0o600)


@contextmanager
def store_full(patient: Patient) -> Iterator[None]:
    """Put the store on a small disk, and fill that."""
    disk = patient.folder / "disk"
    disk.mkdir(exist_ok=True)
    _run("mount", "-t", "tmpfs", "-o", "size=4m", "none", str(disk))
    moved = f"sqlite:///{disk}/interact-ivr.db"
    text = patient.service.config.read_text("utf-8")
    try:
        with service_down(patient):
            patient.service.config.write_text(text.replace(patient.service.store, moved), "utf-8")
            patient.service.start()
            patient.service.import_numbers(*NUMBERS)
            _fill(disk / "filler")
            yield
            (disk / "filler").unlink()
            patient.service.stop()
            patient.service.config.write_text(text, "utf-8")
    finally:
        patient.service.config.write_text(text, "utf-8")
        _run("umount", "-l", str(disk))


def _fill(file: os.PathLike[str]) -> None:
    with open(file, "wb", buffering=0) as out:  # noqa: PTH123  unbuffered
        try:
            while True:
                out.write(b"\0" * 4096)
        except OSError:
            return


@contextmanager
def schema_too_new(patient: Patient) -> Iterator[None]:
    """Let a later release have written the store."""
    with service_down(patient):
        before = _schema(patient, _LATER)
        try:
            yield
        finally:
            _schema(patient, before)


def _schema(patient: Patient, version: int) -> int:
    with closing(sqlite3.connect(patient.service.database)) as store:
        (before,) = store.execute("PRAGMA user_version").fetchone()
        store.execute(f"PRAGMA user_version = {version:d}")
    return int(before)


@contextmanager
def secret_exposed(patient: Patient) -> Iterator[None]:
    """Let others read the ARI password."""
    patient.password.chmod(0o644)
    try:
        yield
    finally:
        patient.password.chmod(0o600)


@contextmanager
def certificate_expired(patient: Patient) -> Iterator[None]:
    """Serve HTTPS with a certificate that has ended."""
    before = dict(os.environ)
    os.environ.update(bring_monitoring().at_another_time("-10d"))
    try:
        made = make_certificate(patient.folder)
    finally:
        for name in ("LD_PRELOAD", "FAKETIME"):
            os.environ.pop(name)
        os.environ.update(before)
    keys = f'tls_certificate = "{made.file}"\ntls_key = "{made.key}"\n'
    text = patient.service.config.read_text("utf-8")
    patient.service.stop()
    patient.service.config.write_text(text.replace("[control]", f"{keys}[control]"), "utf-8")
    patient.service.start()
    try:
        yield
    finally:
        patient.service.stop()
        patient.service.config.write_text(text, "utf-8")
        patient.service.start()


@contextmanager
def database_unreachable(patient: Patient) -> Iterator[None]:
    """Keep the store in a PostgreSQL that does not run."""
    text = patient.service.config.read_text("utf-8")
    there = f"postgresql://interact@{LOOPBACK}:{NOBODY}/interact"
    with service_down(patient):
        patient.service.config.write_text(text.replace(patient.service.store, there), "utf-8")
        try:
            yield
        finally:
            patient.service.config.write_text(text, "utf-8")


@contextmanager
def _restarted(patient: Patient, *wrapper: str) -> Iterator[None]:
    """Run the service in a wrapper, and then without."""
    patient.service.stop()
    patient.service.wrapper = wrapper
    patient.service.start()
    try:
        yield
    finally:
        patient.service.stop()
        patient.service.wrapper = ()
        patient.service.start()


_HELD_BACK: Final = (
    ("setpriv", "--bounding-set", "-dac_override,-dac_read_search") if os.geteuid() == 0 else ()
)


def _let_go(service: Service) -> None:
    with Peer.call(service.agi_port) as peer:
        peer.send(environment("health"))
        peer.converse()


def wait_until_watching(patient: Patient) -> None:
    """Wait until the service watches the PBX again."""
    wait(lambda: control(patient.service, "status")["pbx"][0]["ari"] == "watching")


def wait(holds: Callable[[], bool]) -> None:
    """Wait until it *holds*."""
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while not holds():
        if time.monotonic() > deadline:
            raise ServiceError("it did not come to it")
        time.sleep(POLL_SECONDS)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
