"""Certificates that a test makes for itself, for this machine alone."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

from testbed.ports import LOOPBACK


@dataclass(frozen=True, slots=True)
class Certificate:
    """Where one is, which vouches for itself."""

    file: Path
    key: Path

    def server(self) -> ssl.SSLContext:
        """Give what a server needs to show it."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.file, self.key)
        return context


def make_certificate(folder: Path, name: str = "test", kind: str = "rsa:2048") -> Certificate:
    """Make a certificate for localhost and 127.0.0.1, called *name*, of a *kind* openssl knows."""
    assert shutil.which("openssl"), "openssl is missing"
    made = Certificate(folder / "certificate.pem", folder / "key.pem")
    curve = ["-pkeyopt", "ec_paramgen_curve:P-256"] if kind == "ec" else []
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-nodes", "-newkey", kind, *curve, "-days", "2"),
            *("-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:localhost,IP:{LOOPBACK}"),
            *("-keyout", str(made.key), "-out", str(made.file)),
        ],
        check=True,
        capture_output=True,
    )
    return made
