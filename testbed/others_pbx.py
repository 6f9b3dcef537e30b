"""An Asterisk with someone else's configuration: what it ships as a sample, and a trunk.

What a test must have of its own is put in its place: folders, ports on loopback, and no module that
asks for hardware. All else is as Debian's asterisk-config leaves it.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from testbed.conf import MODULES, PJSIP
from testbed.pbx import Pbx
from testbed.ports import LOOPBACK
from testbed.samples import bring_samples
from testbed.tools import Tools

TRUNKS_CONTEXT = "public"
"""Where the shipped Asterisk dialplan wants strangers' calls."""
THEIR_AMI = "port = 5038"


def others_pbx(tools: Tools, folder: Path) -> Pbx:
    """Give an Asterisk that is not started yet, and knows nothing of us."""
    samples = bring_samples()
    pbx = Pbx(tools, folder, extensions=(samples / "extensions.conf").read_text("utf-8"))
    ours = (pbx.etc / "asterisk.conf").read_text("utf-8")
    shutil.copytree(samples, pbx.etc, dirs_exist_ok=True)
    (pbx.etc / "asterisk.conf").write_text(ours, "utf-8")
    trunk = PJSIP.format(loopback=LOOPBACK, sip_port=pbx.sip_port)
    trunk = trunk.replace("context = inbound", f"context = {TRUNKS_CONTEXT}")
    _append(pbx.etc / "pjsip.conf", trunk)
    _append(pbx.etc / "modules.conf", MODULES.replace("[modules]", "[modules](+)"))
    _append(pbx.etc / "http.conf", f"[general](+)\nbindport = {pbx.http_port}\n")
    manager = (pbx.etc / "manager.conf").read_text("utf-8")
    manager = manager.replace(THEIR_AMI, f"port = {pbx.ami_port}")
    (pbx.etc / "manager.conf").write_text(manager, "utf-8")
    return pbx


def command(pbx: Pbx, tools: Tools, folder: Path) -> Path:
    """Write a program ``asterisk`` into *folder*, which is that of *pbx*, and give its path."""
    words = " ".join(f"'{word}'" for word in tools.asterisk_command)
    program = folder / "asterisk"
    program.write_text(f'#!/bin/sh\nexec {words} -C "{pbx.etc}/asterisk.conf" "$@"\n', "utf-8")
    program.chmod(0o755)
    return program


def _append(file: Path, text: str) -> None:
    file.write_text(f"{file.read_text('utf-8')}\n{text}", "utf-8")
