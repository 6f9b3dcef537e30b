"""The console's Service page: the nodes, the links to PBXes, and what the doctor finds."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from interact_ivr.api.console.examining import Examinations, Finding, grouped
from interact_ivr.doctor import finding
from interact_ivr.doctor.kinds import Severity
from interact_ivr.domain.access import Role
from testbed.desk import Desk
from testbed.line import control
from testbed.service import Service
from testbed.visitor import HERE, PASSWORD, Visitor, words
from testbed.wire import Answer, ask

PAGE = f"{HERE}/service"
UNREACHABLE = """
[[pbx]]
name = "far"
inbound_contexts = ["from-trunk"]
ari_url = "http://127.0.0.1:1"
ari_user = "u"
ari_password = "$NOWHERE"
ami_host = "127.0.0.1"
ami_port = 1
ami_user = "u"
ami_secret = "$NOWHERE"
"""


def made(code: str, severity: Severity) -> finding.Finding:
    """Give a finding."""
    return finding.Finding("store", "", code, severity, f"<b>{code}</b>", "mend it")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Give a desk whose doctor would find a problem."""
    with Desk(tmp_path, '[environment]\ndefault = "acme/live"\n') as desk:
        found = [made("store.fine", Severity.OK), made("store.bad", Severity.PROBLEM)]

        async def examine() -> Sequence[Finding]:
            return found

        desk.house.console.service.examinations.examine = examine
        yield desk


def test_administrators_alone_have_it_examined(desk: Desk) -> None:
    """Others are offered nothing, and refused; nothing is examined before it is asked for."""
    admin, viewer = Visitor.of(desk, Role.ADMIN), Visitor.of(desk, Role.VIEWER)
    assert (viewer.look(PAGE).status, viewer.look(f"{PAGE}?examine=1").status) == (200, 403)
    assert "Examine" not in words(viewer.look(PAGE))
    before = admin.look(PAGE).text
    assert ("examine=1" in before, "store.bad" in before) == (True, False)
    shown = admin.look(f"{PAGE}?examine=1").text
    assert shown.index("store.bad") < shown.index("store.fine")
    assert "&lt;b&gt;store.bad" in shown
    assert "mend it" in shown


def test_what_takes_too_long_is_said(desk: Desk) -> None:
    """In plain words; the page is there all the same."""
    endless = asyncio.Event()

    async def examine() -> Sequence[Finding]:
        await endless.wait()
        return ()

    desk.house.console.service.examinations = Examinations(examine, within=0.01)
    answer = Visitor.of(desk, Role.ADMIN).look(f"{PAGE}?examine=1")
    assert answer.status == 200
    assert "It takes longer" in words(answer)
    desk.do(endless.set)


async def test_one_examination_is_done_at_a_time() -> None:
    """Who asks meanwhile waits for the same one; afterwards it is done anew."""
    go, begun = asyncio.Event(), []

    async def examine() -> Sequence[Finding]:
        begun.append(1)
        await go.wait()
        return [made("store.bad", Severity.PROBLEM)]

    slow = Examinations(examine, within=0.01)
    assert await slow.findings() is None
    assert await slow.findings() is None
    go.set()
    slow.within = 10
    first = await slow.findings()
    assert first is not None
    assert len(begun) == 1
    await slow.findings()
    assert len(begun) == 2


def test_every_severity_has_a_group() -> None:
    """None of the doctor's is left out, the worst is first."""
    found = [made(each.name, each) for each in Severity]
    assert [name for name, _ in grouped(found)] == [each.value for each in reversed(Severity)]


def test_it_says_what_the_command_line_says(tmp_path: Path) -> None:
    """The doctor's codes, and the nodes of status, of a service whose PBX cannot be reached."""
    with Service(tmp_path / "service", UNREACHABLE) as service:
        added = service.command(
            *("user", "add", "default", "ann", "--role", "admin", "--password", "-"),
            text=PASSWORD,
        )
        assert added.returncode == 0, added.stderr
        page = seen(service)
        told = json.loads(service.command("doctor", "--json").stdout)
        codes = re.findall("<code>([^<]+)</code>", page.text)
        assert sorted(codes) == sorted(each["code"] for each in told)
        (node,) = control(service, "status")["nodes"]
        for fact in ("name", "version", "address"):
            assert str(node[fact]) in words(page)
        assert "this one alive" in words(page)
        assert "far : ARI" in words(page)


def seen(service: Service) -> Answer:
    """Sign in, and have it examined."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    body = f"user=ann&password={PASSWORD.replace(' ', '+')}".encode()
    entered = ask(service.http_port, "POST", "/console/sign-in", form, body)
    cookie = {"Cookie": entered.headers["set-cookie"].partition(";")[0]}
    return ask(service.http_port, "GET", "/console/default/service?examine=1", cookie)
