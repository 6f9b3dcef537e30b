"""The pages on the doctor and on monitoring: each block of commands is run as printed there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed.service import Service

DOCS = Path(__file__).parents[2] / "docs"
ADDRESS = "http://127.0.0.1:8018"
EXPECTED = {
    "doctor.md": "gosubs|pool",
    "monitoring.md": "interact_ivr_build_info",
}
"""What one of the page's commands prints."""


def blocks(page: str) -> list[str]:
    """Give the page's commands; what is no command has its language named."""
    text = (DOCS / page).read_text("utf-8")
    found = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return [commands for language, commands in found if not language]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Give a running service that is well; a number is in its pool."""
    with Service(tmp_path_factory.mktemp("service")) as running:
        running.import_numbers("380974520200")
        yield running


@pytest.mark.parametrize("page", EXPECTED)
def test_every_command_of_the_page_runs(service: Service, tmp_path: Path, page: str) -> None:
    """One after the other, and each of them succeeds."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    commands = "\n".join(blocks(page)).replace(ADDRESS, service.http)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands],
        cwd=tmp_path,
        env={**os.environ, "PATH": path, "INTERACT_IVR_CONFIG": str(service.config)},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert re.search(EXPECTED[page], done.stdout)


def test_where_something_is_wrong_the_exit_status_is_1_and_of_nonsense_2(tmp_path: Path) -> None:
    """A configuration that cannot be read; an option that there is none of."""
    service = Service(tmp_path / "service", "[nonsense]\n")
    try:
        wrong = service.command("doctor")
        assert wrong.returncode == 1
        assert "nonsense" in wrong.stdout
        assert "not looked at" in wrong.stdout
        assert service.command("doctor", "--nonsense").returncode == 2
    finally:
        service.close()
