"""The doctor names the cause: a real Asterisk, broken in one way after the other."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext

import pytest

from interact_ivr.config import load_config
from interact_ivr.doctor.examining import AT_THE_PBX, examination
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
        found = patient.wait_until_found(codes)
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


@pytest.mark.parametrize("way", ["AMI", "ARI", "the command line"])
def test_a_test_call_is_found_and_leaves_the_number_free(
    patient: Patient, tools: Tools, way: str
) -> None:
    """Over whatever lets one place calls; the journal has it, and every number is idle or rests."""
    patient.wait_until_well()
    before = len(patient.pbx.seen("arrived"))
    with may_place_calls(patient, way):
        found = patient.service.command(
            "doctor", "--call", "--json", "--asterisk", asterisk_command(patient, tools, way)
        )
    assert found.returncode == 0, found.stdout
    (call,) = [each for each in json.loads(found.stdout) if each["check"] == "call"]
    assert call["code"] == "ok", call
    assert "was FOUND" in call["facts"]
    assert len(patient.pbx.wait_seen("arrived", before + 1)) == before + 1
    states = {each["state"] for each in patient.service.ask("number", "list")}
    assert "allocated" not in states


def may_place_calls(patient: Patient, way: str) -> AbstractContextManager[None]:
    """Give who is asked over AMI or ARI the right to place calls."""
    match way:
        case "AMI":
            rights = "write=system,reporting,call,originate"
            return patient.edited("manager.conf", "^write=.*", rights, "manager reload")
        case "ARI":
            return patient.edited(
                "ari.conf", "^read_only = yes", "read_only = no", "module reload res_ari.so"
            )
    return nullcontext()


def asterisk_command(patient: Patient, tools: Tools, way: str) -> str:
    """Say how Asterisk's command line is run, where that is the way."""
    if way != "the command line":
        return "no-asterisk-here"
    return " ".join((*tools.asterisk_command, "-C", str(patient.pbx.etc / "asterisk.conf")))


def test_a_call_that_nobody_may_place_is_said_to_be_none(patient: Patient) -> None:
    """With the samples' rights and no command line: a warning with what to do, no number kept."""
    patient.wait_until_well()
    found = patient.service.command("doctor", "--call", "--json", "--asterisk", "no-asterisk-here")
    assert found.returncode == 0, found.stdout
    assert json.loads(found.stdout)[-1]["code"] == "call.not_placed"
    assert "allocated" not in {each["state"] for each in patient.service.ask("number", "list")}


def test_a_look_leaves_no_trace_among_the_calls(patient: Patient) -> None:
    """The doctor's own question is told to its end, and nothing is warned of."""
    patient.wait_until_well()
    before = len(patient.service.log())
    patient.findings()
    lines = patient.service.wait_log(
        "the call was told", len(patient.service.log("the call was told"))
    )
    assert lines[-1]["call"] == "interact-ivr-doctor"
    later = patient.service.log()[before:]
    assert [each for each in later if each["level"] not in ("info", "debug")] == []


async def test_the_same_is_found_from_within_an_event_loop(patient: Patient) -> None:
    """As a console would have it, of a configuration that is read already."""
    await asyncio.to_thread(patient.wait_until_well)
    config = load_config(patient.service.config)
    found = await examination(patient.service.config, config, patient.command_line)
    assert len(found) > len(AT_THE_PBX)
    assert wrong(found) == []


@pytest.mark.parametrize(
    ("table", "contexts"),
    [
        ('[[pbx]]\nname = "testbed"\nari_url = ""\nami_host = ""\n', "ok"),
        ("", "not_looked_at"),
    ],
)
def test_without_ami_the_machine_s_own_asterisk_is_asked(
    patient: Patient, tools: Tools, table: str, contexts: str
) -> None:
    """By `asterisk -rx`: what is loaded is known, and equal to what is shipped."""
    patient.wait_until_well()
    command = asterisk_command(patient, tools, "the command line")
    with patient.configured(table):
        found = patient.service.command("doctor", "--json", "--asterisk", command)
    by_check = {each["check"]: each["code"] for each in json.loads(found.stdout)}
    assert by_check["gosubs"] == by_check["modules"] == by_check["places"] == "ok", found.stdout
    assert by_check["contexts"] == contexts
