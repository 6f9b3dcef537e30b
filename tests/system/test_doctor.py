"""The doctor names the cause: a real Asterisk and a running service, broken one way after the other."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

import pytest

from testbed.breakages import BREAKAGES
from testbed.monitoring_tools import bring_monitoring
from testbed.patient import Patient, wrong
from testbed.tools import Tools

SAME_CAUSE = 2
"""Lines that one cause may take: one module more is another line."""


@pytest.fixture(scope="module")
def patient(tools: Tools, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Patient]:
    """Give a set-up that is well, one for all tests."""
    with Patient(tools, tmp_path_factory.mktemp("patient")) as well:
        yield well


@pytest.mark.parametrize("name", BREAKAGES)
def test_the_cause_is_named_once_and_is_gone_when_it_is_mended(patient: Patient, name: str) -> None:
    """Its code and no other; before and after it nothing is wrong, and nothing is doubtful."""
    breakage, codes = BREAKAGES[name]
    assert wrong(patient.wait_until_well()) == []
    with breakage(patient):
        found = wrong(patient.findings())
    assert set(found) == codes, name
    assert len(found) <= SAME_CAUSE
    patient.wait_until_well()


def test_a_clock_that_differs_from_the_pbx_s_is_named(patient: Patient) -> None:
    """The command on a machine whose clock is an hour late says so, and exits with 1."""
    patient.wait_until_well()
    before = dict(patient.service.environment)
    patient.service.environment.update(bring_monitoring().at_another_time("-1h"))
    try:
        done = patient.service.command("doctor", "--json")
    finally:
        patient.service.environment = before
    assert done.returncode == 1, done.stderr
    found = [each for each in json.loads(done.stdout) if each["advice"]]
    assert [each["code"] for each in found] == ["clock.differs"]
    assert "ahead of ours" in found[0]["facts"]


def test_who_is_well_is_told_so_and_exits_with_0(patient: Patient) -> None:
    """As a table for people, every check in order."""
    patient.wait_until_well()
    done = patient.service.command("doctor")
    assert done.returncode == 0, done.stdout
    assert "gosubs of testbed" in done.stdout
    assert "problem" not in done.stdout


def test_without_ami_the_machine_s_own_asterisk_is_asked(patient: Patient, tools: Tools) -> None:
    """By `asterisk -rx`: what is loaded is known, and equal to what is shipped."""
    patient.wait_until_well()
    command = " ".join((*tools.asterisk_command, "-C", str(patient.pbx.etc / "asterisk.conf")))
    with patient.configured('[[pbx]]\nname = "testbed"\nari_url = ""\nami_host = ""\n'):
        found = patient.service.command("doctor", "--json", "--asterisk", command)
    by_check = {each["check"]: each["code"] for each in json.loads(found.stdout)}
    assert by_check["gosubs"] == by_check["modules"] == by_check["contexts"] == "ok", found.stdout
    assert os.access(patient.service.config, os.R_OK)
