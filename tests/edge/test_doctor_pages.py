"""The pages on the doctor and on monitoring: each block of commands is run as printed there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed.cookbook import ROOT, read
from testbed.service import Service
from testbed.shell import shell

EXPECTED = {
    "docs/doctor.md": "gosubs|pool",
    "docs/monitoring.md": "interact_ivr_build_info",
}
"""What one of the page's commands prints."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Give a running service that is well; a number is in its pool."""
    with Service(tmp_path_factory.mktemp("service")) as running:
        running.import_numbers("380974520200")
        yield running


@pytest.mark.parametrize("page", EXPECTED)
def test_every_command_of_the_page_runs(service: Service, page: str) -> None:
    """One after the other, and each of them succeeds."""
    commands = [block.text for block in read(ROOT / page) if block.language == "sh"]
    assert commands
    assert re.search(EXPECTED[page], shell(service, "\n".join(commands)))


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
