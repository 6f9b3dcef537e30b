"""A real Asterisk on another machine: neither the password nor the secret goes in the clear."""

from __future__ import annotations

from pathlib import Path

from testbed.certificate import Certificate, make_certificate
from testbed.office import Office
from testbed.pbx import Pbx
from testbed.ports import LOOPBACK
from testbed.tools import Tools
from testbed.watched import Watched


def speaks_tls(pbx: Pbx, file: str, port_key: str, port: int, shown: Certificate) -> None:
    """Have one of Asterisk's servers speak TLS on *port*, too."""
    keys = (
        "[general]",
        "tlsenable = yes",
        f"tlsbindaddr = {LOOPBACK}{port_key.format(port)}",
        f"tlscertfile = {shown.file}",
        f"tlsprivatekey = {shown.key}",
    )
    path = pbx.etc / file
    path.write_text(path.read_text("utf-8").replace("[general]", "\n".join(keys), 1), "utf-8")


def rewrite(file: Path, *changes: tuple[str, str]) -> None:
    """Replace in *file* what is there."""
    text = file.read_text("utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file.write_text(text, "utf-8")


def test_calls_are_watched_over_https(tools: Tools, tmp_path: Path) -> None:
    """The websocket and what is asked beside it, from whom the file of the moment vouches for."""
    shown = make_certificate(tmp_path)
    vouching = tmp_path / "vouching.pem"
    vouching.write_bytes(shown.file.read_bytes())
    watched = Watched(tools, tmp_path / "watched", ca_file=f'"{vouching}"')
    port = watched.pbx.http_port + 2
    speaks_tls(watched.pbx, "http.conf", ":{}", port, shown)
    http = f"http://{LOOPBACK}:{watched.pbx.http_port}"
    rewrite(watched.service.config, (http, f"https://localhost:{port}"))
    with watched:
        assert watched.standing()["version"].startswith("2")
        (tmp_path / "other").mkdir()
        vouching.write_bytes(make_certificate(tmp_path / "other").file.read_bytes())
        watched.pbx.kill()
        watched.pbx.start()
        watched.wait_for(lambda pbx: "verify failed" in pbx["reason"], "to a refusal")


def test_extensions_are_asked_over_tls(tools: Tools, tmp_path: Path) -> None:
    """With the sample's user, and by the certificate's own name."""
    shown = make_certificate(tmp_path)
    office = Office(
        *(tools, tmp_path / "office"),
        ami_host='"localhost"',
        ami_tls="true",
        ca_file=f'"{shown.file}"',
    )
    port = office.pbx.ami_port + 1
    speaks_tls(office.pbx, "manager.conf", ":{}", port, shown)
    rewrite(office.service.config, (f"ami_port = {office.relay.port}", f"ami_port = {port}"))
    with office:
        assert office.details("6929")["queue_name"] == "User Queue: Alice Müller"
