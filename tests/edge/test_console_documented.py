"""What docs/console.md shows is what is run here, and what it says is so."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from interact_ivr.api.console.frames import may_see
from interact_ivr.domain.access import Role
from testbed.line import control
from testbed.service import Service
from testbed.wire import ask

PAGE = (Path(__file__).parents[2] / "docs/console.md").read_text("utf-8")


def test_a_user_comes_in_as_it_is_shown(service_factory: Callable[..., Service]) -> None:
    """By the commands as they stand there; the service's own facts are on its page."""
    service = service_factory()
    commands, *_ = re.findall(r"^```\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "INTERACT_IVR_CONFIG": str(service.config)}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands],
        env=environment,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"default\W+ann\W+viewer", done.stdout)
    (user,) = control(service, "user.list")
    assert (user["user"], user["role"]) == ("ann", "viewer")

    form = {"Content-Type": "application/x-www-form-urlencoded"}
    entered = ask(
        service.http_port, "POST", "/console/sign-in", form, b"user=ann&password=correct+horse"
    )
    cookie = {"Cookie": entered.headers["set-cookie"].partition(";")[0]}
    shown = ask(service.http_port, "GET", "/console/default/service", cookie)
    assert shown.status == 200
    status = control(service, "status")
    for fact in ("version", "process", "agi", "config"):
        assert str(status[fact]) in shown.text


def test_the_table_of_roles_is_what_they_see() -> None:
    """Of each page's name, in the order of the navigation."""
    for role in (Role.AGENT, Role.VIEWER):
        row = re.search(rf"^\| `{role}` \| ([^|]+) \|", PAGE, re.MULTILINE)
        assert row is not None
        said = [each.partition(" ")[0] for each in row[1].split(", ")]
        assert said == [each.title for each in may_see(role)]
