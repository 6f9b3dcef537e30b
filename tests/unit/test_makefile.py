"""The Makefile: which Python the environment is built with, and when it is built anew."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

MAKEFILE = Path(__file__).parents[2] / "Makefile"
MAKE = shutil.which("make") or "make"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Give a checkout whose environment is ready, and was built with this Python."""
    shutil.copy(MAKEFILE, tmp_path)
    (tmp_path / "requirements").mkdir()
    for name in ("requirements/dev.txt", "pyproject.toml"):
        (tmp_path / name).touch()
    (tmp_path / ".venv/bin").mkdir(parents=True)
    _script(tmp_path / ".venv/bin/python", f'exec {shlex.quote(sys.executable)} "$@"')
    (tmp_path / ".venv/ready").touch()
    return tmp_path


def _script(file: Path, text: str) -> Path:
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return file


def _would_do(checkout: Path, *arguments: str) -> str:
    """Say what `make lint` would run."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name != "PYTHON" and not name.startswith("MAKE")
    }
    done = subprocess.run(
        [MAKE, "-n", "lint", *arguments],
        cwd=checkout,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "ruff" in done.stdout
    return done.stdout


def test_the_environment_is_built_anew_for_another_python(checkout: Path) -> None:
    """The one that is named builds it from nothing; nothing of the old one is left in it."""
    other = _script(checkout / "other-python", "echo /opt/other 3.99")
    assert f"{other} -m venv --clear .venv" in _would_do(checkout, f"PYTHON={other}")


@pytest.mark.parametrize("arguments", [[], [f"PYTHON={sys.executable}"]])
def test_the_environment_stays_with_its_own_python(checkout: Path, arguments: list[str]) -> None:
    """Named or not; whoever named another one once need not name it each time."""
    assert "-m venv" not in _would_do(checkout, *arguments)
