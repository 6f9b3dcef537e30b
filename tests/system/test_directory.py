"""Whose extensions are, by a real Asterisk: known as they change, and kept while it is away."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from testbed.line import control
from testbed.office import Office
from testbed.tools import Tools

OfficeFactory = Callable[..., Office]
NOBODYS = ("none", "", False)


@pytest.fixture
def office_factory(tools: Tools, tmp_path: Path) -> Iterator[OfficeFactory]:
    """Give a maker of offices; all close at the end."""
    with ExitStack() as stack:

        def make(**keywords: str) -> Office:
            return stack.enter_context(Office(tools, tmp_path / "office", **keywords))

        yield make


@pytest.fixture
def office(office_factory: OfficeFactory) -> Office:
    """Give a running office."""
    return office_factory()


def said(office: Office, number: str) -> tuple[str, str, bool]:
    """Give whose *number* is, and whether a caller may leave a message there."""
    details = office.details(number)
    return details["queue_type"], details["queue_name"], details["voicemail_capable"]


def has_degraded(office: Office) -> Any:
    """Give what `/readyz` says is missing and hinders no answer."""
    with urllib.request.urlopen(f"{office.service.http}/readyz", timeout=5) as answer:
        return json.load(answer)["degraded"]


@pytest.mark.parametrize("rights", ["", "system,call,reporting"])
def test_each_type_is_right(office_factory: OfficeFactory, rights: str) -> None:
    """Types 2 to 6 by the sample's user, and by one who may also list parking lots."""
    office = office_factory(rights=rights)
    for number, expected in {
        "6929": ("user", "User Queue: Alice Müller", True),
        "6930": ("station", "Station Queue: Lobby", False),
        "6931": ("station", "Station Queue: carol", False),
        "6500": ("workgroup", "Workgroup Queue: support", False),
        "6000": ("workgroup", "Workgroup Queue: 6000", False),
        "700": ("orbit", "Orbit Queue: default", False),
        "702": ("orbit", "Orbit Queue: default", False),
        "90": ("line", "Line Queue: provider", False),
        "6999": NOBODYS,
    }.items():
        assert said(office, number) == expected, number
        assert office.details(number)["internal"]
    told = office.service.ask("explain", "6929")
    assert told["owner"] == {
        "extension": "6929",
        "type": "user",
        "id": "Alice Müller",
        "mailbox": "6929@default",
    }
    standing = office.standing()
    assert standing["refused"] == []
    assert standing["extensions"]["user"] == 1
    assert "directory office" in office.service.command("status").stdout
    assert has_degraded(office) == {}


def test_changes_are_known_within_five_seconds(office: Office) -> None:
    """A phone by `pjsip reload`, a queue's member, a mailbox, a queue, a hint and a parking lot."""
    for file, text, command, number, expected in (
        (
            "pjsip.conf",
            "\n[6940]\ntype = endpoint\ncontext = office\ncallerid = Kitchen <6940>\n",
            "pjsip reload",
            "6940",
            ("station", "Station Queue: Kitchen", False),
        ),
        (
            "queues.conf",
            "",
            "queue add member PJSIP/6940 to support",
            "6940",
            ("user", "User Queue: Kitchen", False),
        ),
        (
            "voicemail.conf",
            "6940 => 1234,Kitchen\n",
            "voicemail reload",
            "6940",
            ("user", "User Queue: Kitchen", True),
        ),
        (
            "queues.conf",
            "[6001]\n",
            "queue reload all",
            "6001",
            ("workgroup", "Workgroup Queue: 6001", False),
        ),
        (
            "extensions.conf",
            "\n[office](+)\nexten => 91,hint,PJSIP/provider\n",
            "dialplan reload",
            "91",
            ("line", "Line Queue: provider", False),
        ),
        (
            "queues.conf",
            "",
            "queue remove member PJSIP/6940 from support",
            "6940",
            ("user", "User Queue: Kitchen", True),
        ),
    ):
        office.add(file, text)
        office.pbx.cli(command)
        office.wait_for(lambda n=number, e=expected: said(office, n) == e)  # type: ignore[misc]


@pytest.mark.parametrize("rights", ["", "system,call,reporting"])
def test_parking_lots_are_known_within_five_seconds(
    office_factory: OfficeFactory, rights: str
) -> None:
    """Other spaces, another extension to park at, one lot more and one less, after a reload."""
    office = office_factory(rights=rights)
    file = office.pbx.etc / "res_parking.conf"
    vip = "[vip]\nparkext => 750\nparkpos => 751-752\ncontext => parkedcalls\n"
    of_vip = "750\nparkext_exclusive => yes\n"
    default, another = (f"Orbit Queue: {name}" for name in ("default", "vip"))
    for old, new, known, gone in (
        ("701-703", "711-712", {"711": default, "712": default}, ["701", "703"]),
        ("700", "710", {"710": default, "711": default}, ["700"]),
        ("[default]", f"{vip}[default]", {"750": default, "752": another, "710": default}, ["753"]),
        ("750\n", of_vip, {"750": another, "751": another, "710": default}, []),
        (vip.replace("750\n", of_vip), "", {"710": default, "712": default}, ["750", "751"]),
    ):
        file.write_text(file.read_text("utf-8").replace(old, new), "utf-8")
        office.pbx.cli("module reload res_parking.so")
        right = {number: ("orbit", queue, False) for number, queue in known.items()}
        right |= dict.fromkeys(gone, NOBODYS)
        office.wait_for(lambda r=right: {each: said(office, each) for each in r} == r)  # type: ignore[misc]


def test_what_is_gone_is_nobody_s(office: Office) -> None:
    """A phone that is taken out of its file is no extension any more."""
    file = office.pbx.etc / "pjsip.conf"
    text = file.read_text("utf-8").replace("[6930]", "[lobby]").replace("<6930>", "<6939>")
    file.write_text(text, "utf-8")
    assert said(office, "6930")[0] == "station"
    office.pbx.cli("pjsip reload")
    office.wait_for(lambda: said(office, "6939")[0] == "station")
    assert said(office, "6930") == NOBODYS


def test_a_mailbox_that_is_gone_is_nobody_s(office: Office) -> None:
    """Asterisk tells only of those that are left, as if they were news."""
    office.add("voicemail.conf", "6930 => 1234,Lobby\n")
    office.pbx.cli("voicemail reload")
    office.wait_for(lambda: said(office, "6930")[2])
    file = office.pbx.etc / "voicemail.conf"
    file.write_text(file.read_text("utf-8").replace("6930 => 1234,Lobby\n", ""), "utf-8")
    office.pbx.cli("voicemail reload")
    office.wait_for(lambda: not said(office, "6930")[2])


def test_the_plan_s_own_directory_comes_first(
    office_factory: OfficeFactory, tmp_path: Path
) -> None:
    """Line by line: of its extensions it says whose they are, of the others the PBX does."""
    plan = tmp_path / "own.toml"
    plan.write_text('name = "own"\nextends = "nanp"\ndirectory = "own.csv"\n')
    (tmp_path / "own.csv").write_text("extension,workgroup\n6929,Front desk\n")
    office = office_factory()
    config = office.service.config
    config.write_text(config.read_text() + f'[dial_plan]\nplan = "{plan}"\n')
    office.service.stop()
    office.service.start()
    office.wait_until_known()
    assert said(office, "6929") == ("workgroup", "Workgroup Queue: Front desk", False)
    assert said(office, "6930") == ("station", "Station Queue: Lobby", False)


@pytest.mark.parametrize("context", ["inbound", "inbound@acme/live"])
def test_only_whose_calls_come_in_there_sees_it(
    office_factory: OfficeFactory, context: str
) -> None:
    """Another tenant's environment is told of no extension; without a name it is the default's."""
    office = office_factory(inbound_contexts=f'["{context}"]')
    control(office.service, "tenant.add", tenant="acme")
    for environment in ("acme/live", "acme/test"):
        control(office.service, "environment.add", environment=environment)
    whose = "acme/live" if "@" in context else "default/default"
    for environment in ("default/default", "acme/live", "acme/test"):
        told = control(office.service, "explain", number="6500", environment=environment)
        assert bool(told.get("owner")) is (environment == whose)
        assert (told["details"]["queue_type"] == "workgroup") is (environment == whose)


def test_what_was_told_last_stands_while_asterisk_is_away(office: Office) -> None:
    """The gap is in the status, `/readyz` and the metrics; and all is right soon after it."""
    office.pbx.kill()
    office.wait_for(lambda: office.standing()["missing"])
    assert said(office, "6929") == ("user", "User Queue: Alice Müller", True)
    (degraded,) = has_degraded(office).items()
    assert degraded[0] == "directory office"
    assert degraded[1].startswith("its extensions are as they were told last, ")
    with urllib.request.urlopen(f"{office.service.http}/metrics", timeout=5) as answer:
        metrics = answer.read().decode()
    assert 'interact_ivr_directory_up{pbx="office"} 0.0' in metrics
    assert 'interact_ivr_directory_extensions{pbx="office",type="user"} 1.0' in metrics
    office.add("pjsip.conf", "\n[6940]\ntype = endpoint\ncallerid = Kitchen <6940>\n")
    office.pbx.start()
    office.wait_for(lambda: said(office, "6940")[0] == "station")
    assert said(office, "6929") == ("user", "User Queue: Alice Müller", True)
    assert has_degraded(office) == {}


def test_a_refused_login_is_told_and_gets_over(office: Office) -> None:
    """The secret is another one for a while."""
    office.secret.write_text("wrong\n")
    office.relay.cut()
    office.wait_for(lambda: office.standing()["missing"])
    office.wait_for(lambda: office.standing()["missing"] == "refused: Login: Authentication failed")
    assert said(office, "6500")[0] == "workgroup"
    office.secret.write_text("change-me-ami\n")
    office.wait_until_known()


def test_a_frozen_asterisk_is_noticed(office: Office) -> None:
    """Its connection stays open, and says nothing."""
    office.relay.freeze()
    office.wait_for(lambda: office.standing()["missing"])
    assert said(office, "6500")[0] == "workgroup"
    office.relay.thaw()
    office.wait_until_known()


def test_what_may_not_be_read_is_said(office_factory: OfficeFactory) -> None:
    """A user with fewer rights than the sample's knows less, and why is in the status."""
    office = office_factory(rights="system")
    refused = ("VoicemailUsersList", "ShowDialPlan", "ExtensionStateList")
    assert office.standing()["refused"] == [f"{each}: Permission denied" for each in refused]
    assert said(office, "6929") == ("user", "User Queue: Alice Müller", True)
    assert said(office, "701") == said(office, "6500") == NOBODYS


@pytest.mark.timeout(600)
@pytest.mark.parametrize("times", [8, pytest.param(200, marks=pytest.mark.long)])
def test_nothing_is_left_after_many_reconnects(office: Office, times: int) -> None:
    """Cut as soon as it is back, again and again: neither a task nor a descriptor nor a thread."""
    for turn in range(times + 3):
        if turn == 3:
            before = office.service.held()
        sessions = office.standing()["sessions"]
        office.relay.cut()
        office.wait_for(lambda n=sessions: office.standing()["sessions"] > n)  # type: ignore[misc]
    office.wait_for(lambda: office.service.held().exceeds(before) == [])
    assert said(office, "6929") == ("user", "User Queue: Alice Müller", True)
    assert office.service.log_path.read_text("utf-8").count("Traceback") == 0
