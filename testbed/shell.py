"""Commands of the documentation, run as a reader types them: in bash, each of which must hold."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from testbed.service import Service

ADDRESS = "http://127.0.0.1:8018"
"""Where the documentation has the service; a test's own is elsewhere."""
DEADLINE_SECONDS = 60
ELSEWHERE: Mapping[str, str] = MappingProxyType({})


def shell(
    service: Service,
    commands: str,
    *,
    folder: Path | None = None,
    programs: tuple[Path, ...] = (),
    places: Mapping[str, str] = ELSEWHERE,
    typed: str = "",
    seconds: float = DEADLINE_SECONDS,
) -> str:
    """Run *commands* by the configuration of *service*, in its folder or another.

    Folders of *programs* come first on the PATH; *places* are what the test has elsewhere than the
    commands say; *typed* is standard input, and *seconds* how long they may take. Raises
    AssertionError, with what was said, where one fails.
    """
    for said, ours in {ADDRESS: service.http, **places}.items():
        commands = commands.replace(said, ours)
    path = [*map(str, programs), str(Path(sys.executable).parent), os.environ["PATH"]]
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands],
        cwd=folder or service.folder,
        env={
            **os.environ,
            "PATH": os.pathsep.join(path),
            "INTERACT_IVR_CONFIG": str(service.config),
        },
        input=typed,
        capture_output=True,
        encoding="utf-8",
        timeout=seconds,
        check=False,
    )
    assert done.returncode == 0, f"{commands}\n{done.stdout}{done.stderr}"
    return done.stdout
