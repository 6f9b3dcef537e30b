"""One tenant's credentials and names never reach another's: nothing is seen, nothing changed."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import click
import pytest
from click.testing import CliRunner

from interact_ivr.cli import main
from interact_ivr.cli.commands import children
from testbed.agi_peer import Peer, environment
from testbed.line import control, without_use
from testbed.service import Service
from testbed.wire import Answer, Program, Wire, envelope
from tests.edge.programs import program_of

V2 = "/interact/version/2/dnis"
V1 = "/interact/version/1/dnis"
THEIRS, OTHER_OF_THEIRS, OURS = "380974520200", "380974520201", "380974520300"
NOBODYS = "380974520999"
SECRET = "their-interaction"
GROUP = "their-group"
_COUNT = itertools.count(1)


@dataclass(frozen=True)
class Tenants:
    """Them, who have an allocation, and us, who try to reach it."""

    service: Service
    them: Program
    us: Program

    def theirs(self) -> list[Any]:
        """Give all there is of them, as the command line would."""
        return self._all_of(self.them)

    def everything(self) -> list[Any]:
        """Give all there is of both."""
        return [*self._all_of(self.them), *self._all_of(self.us)]

    def _all_of(self, program: Program) -> list[Any]:
        where = {"environment": program.environment}
        kinds = ("application", "user", "token")
        lists = [without_use(control(self.service, f"{kind}.list")) for kind in kinds]
        return [
            control(self.service, "number.list", **where)["numbers"],
            control(self.service, "journal.list", **where)["entries"],
            control(self.service, "status", **where)["pool"],
            *([each for each in these if program.tenant in str(each)] for these in lists),
        ]


@pytest.fixture(scope="module")
def tenants(shared_service: Service) -> Tenants:
    """Give two tenants with an environment of the same name each."""
    them, us = program_of(shared_service), program_of(shared_service, OURS)
    rows = [
        {"line": 1, "number": THEIRS, "group": GROUP, "dnid": "7001"},
        {"line": 2, "number": OTHER_OF_THEIRS, "dnid": "7002"},
    ]
    control(shared_service, "number.import", rows=rows, environment=them.environment)
    control(
        shared_service,
        "allocate",
        interaction=SECRET,
        group=GROUP,
        environment=them.environment,
    )
    control(shared_service, "application.add", application="sales", environment=them.environment)
    return Tenants(shared_service, them, us)


# The vendor's API


def _rest(phone: str) -> Iterator[tuple[str, str, bytes]]:
    """Give every REST method, about a phone."""
    for base in (V1, V2):
        body = b'{"phoneNumber": "%s", "groupName": "%s"}' % (phone.encode(), GROUP.encode())
        yield "POST", base, body
        yield "POST", f"{base}/allocate/new", b'{"id": "%s"}' % SECRET.encode()
        yield "POST", f"{base}/allocate/new", b'{"id": "x", "group": "%s"}' % GROUP.encode()
        yield "GET", f"{base}/allocate/get/{phone}", b""
        yield "POST", f"{base}/allocate/free/{phone}", b""


def _soap(phone: str) -> Iterator[tuple[str, str, bytes]]:
    """Give every SOAP operation at every address, about a phone."""
    for name, base in itertools.product(("agent", "dnis"), (V1, V2)):
        for address in ("soap", f"soap/{name}.wsdl"):
            path = f"{base.removesuffix('dnis')}{name}/{address}"
            yield "POST", path, envelope("FreeDnisAllocationRequest", phone=phone)
            yield "POST", path, envelope("GetDnisAllocationRequest", phone=phone)
            yield "POST", path, envelope("AllocateDnisRequest", uniqueId=SECRET)
            yield "POST", path, envelope("AllocateDnisRequest", uniqueId="x", group=GROUP)
            yield "POST", path, envelope("CreatePhoneRequest", phoneNumber=phone)


def _masks(tenants: Tenants) -> Iterator[dict[str, str]]:
    """Give what we could show to be taken for them; none of it is good for anything."""
    them, us = tenants.them, tenants.us
    for ours in (us.by_user(), us.as_consumer()):
        yield ours | {"Tenant-Id": them.tenant}
        for tenant in (
            them.environment,
            f"{us.tenant}/../{them.tenant}",
            f"{us.tenant},{them.tenant}",
            f"{them.tenant}/",
            f"/{them.tenant}",
            them.tenant.upper(),
            "*",
            "",
            "default",
        ):
            yield ours | {"Tenant-Id": tenant}
        for name in (
            them.environment,
            f"../{them.environment}",
            f"/{them.environment}",
            f"../{them.tenant}/live",
            f"live/../../{them.tenant}/live",
            f"{them.tenant}%2Flive",
            "*",
            ".",
            "..",
        ):
            yield ours | {"Environment-Name": name}
    for key in (them.dnis_key, them.consumer_key):
        yield us.by_user() | {"Application-Key": key}
        yield us.by_user() | {"Application-Key": key, "Environment-Name": them.environment}
    stolen = them.by_key() | {"Environment-Name": "live"}
    del stolen["Application-Key"]
    yield us.by_user() | stolen
    yield us.by_user() | {"Authorization": f"Bearer {them.dnis_key}", "Tenant-Id": them.tenant}


def _refused(told: Answer) -> bool:
    return told.status == 401 or (told.status == 500 and b"<faultcode>0x7000000<" in told.body)


def test_no_mask_is_good_for_anything(tenants: Tenants) -> None:
    """On any route: each is refused, and nothing of theirs or of ours has changed."""
    before = tenants.everything()
    requests = [*_rest(THEIRS), *_soap(THEIRS)]
    tried = 0
    with Wire(tenants.service.http_port) as wire:
        for mask in _masks(tenants):
            for method, path, body in requests:
                told = wire.ask(method, path, mask, body)
                assert _refused(told), (mask, method, path, told)
                assert SECRET not in told.text
                tried += 1
    assert tried > 1000
    assert tenants.everything() == before


def test_another_tenants_user_is_none_of_ours(tenants: Tenants) -> None:
    """Even with our key, their user and password let nobody in here."""
    control(tenants.service, "user.add", tenant=tenants.them.tenant, user="eve", password="x" * 12)
    before = tenants.everything()
    headers = tenants.us.by_user("eve", "x" * 12)
    with Wire(tenants.service.http_port) as wire:
        for method, path, body in [*_rest(OURS), *_soap(OURS)]:
            if b"AllocateDnis" in body or b"GetDnis" in body or "/new" in path or "/get/" in path:
                continue  # no user is asked for
            assert _refused(wire.ask(method, path, headers, body)), (method, path)
    assert tenants.everything() == before


@pytest.mark.parametrize("phone", [THEIRS, f"+{THEIRS}", "7001", OTHER_OF_THEIRS, "7002"])
def test_their_numbers_are_nobodys_here(tenants: Tenants, phone: str) -> None:
    """With credentials that are good for us, each answer is that for a number there is not."""
    before = tenants.everything()
    user = tenants.us.by_user()
    with Wire(tenants.service.http_port) as wire:
        for ask in (_rest, _soap):
            for (method, path, body), (_, elsewhere, other) in zip(
                ask(phone), ask(NOBODYS), strict=True
            ):
                if b"AllocateDnis" in body or b"CreatePhone" in body or body.startswith(b"{"):
                    continue  # these make something of ours
                told = wire.ask(method, path, user, body)
                same = wire.ask(method, elsewhere, user, other)
                assert told.status == same.status
                assert told.text.replace(phone, NOBODYS) == same.text
    assert tenants.everything() == before


def test_what_we_make_is_ours_alone(tenants: Tenants) -> None:
    """Their number may be ours too, their interaction and their group mean nothing here."""
    service, us = tenants.service, tenants.us
    theirs = tenants.theirs()
    with Wire(service.http_port) as wire:
        body = b'{"phoneNumber": "%s"}' % THEIRS.encode()
        assert wire.ask("POST", V2, us.by_user(), body).status == 200
        same = b'{"id": "%s"}' % SECRET.encode()
        lent = wire.ask("POST", f"{V2}/allocate/new", us.as_consumer(), same)
        assert lent.status == 200
        group = b'{"id": "x", "group": "%s"}' % GROUP.encode()
        none = wire.ask("POST", f"{V2}/allocate/new", us.as_consumer(), group)
        assert none.status == 403
        free = wire.ask("POST", f"{V2}/allocate/free/{lent.text}", us.by_user())
        assert free.status == 200
    assert tenants.theirs() == theirs
    control(service, "number.remove", numbers=[THEIRS], environment=us.environment, force=True)


def test_a_call_of_ours_does_not_reach_theirs(tenants: Tenants) -> None:
    """Whatever environment its dialplan names, but theirs."""
    before = tenants.theirs()
    us, them = tenants.us, tenants.them
    names = (us.environment, f"{us.tenant}/../{them.tenant}/live", "live", f"{them.tenant}", "")
    for name in names:
        with Peer.call(tenants.service.agi_port) as peer:
            script = f"retrieve_interaction?environment={name}"
            peer.send(environment(script, dnid=THEIRS, uniqueid=f"tenants.{next(_COUNT)}"))
            told = peer.converse().variables
        assert told["INTERACT_STATUS"] in ("UNKNOWN", "UNAVAILABLE")
        assert SECRET not in str(told)
    assert tenants.theirs() == before


# The command line

COMMANDS: dict[str, list[str]] = {
    "allocate": ["x"],
    "application add": ["new"],
    "application key add": ["sales"],
    "application key remove": ["sales", "KEY"],
    "application remove": ["sales"],
    "application set": ["sales", "resting=strict"],
    "explain": [THEIRS],
    "free": [THEIRS],
    "journal": [],
    "journal forget": ["--interaction", SECRET, "--yes"],
    "number add": ["380974520777"],
    "number disable": [THEIRS],
    "number enable": [THEIRS],
    "number export": [],
    "number import": ["-"],
    "number list": [],
    "number remove": [OTHER_OF_THEIRS],
    "plan activate": ["-"],
    "plan back": [],
    "pool size": [],
    "token add": ["viewer"],
}
"""Every command that may name an environment or an application, with what it needs besides."""


def _commands(command: click.Command, *path: str) -> Iterator[str]:
    options = {option for parameter in command.params for option in parameter.opts}
    if options & {"--environment", "--application"}:
        yield " ".join(path)
    for name, inner in children(command):
        yield from _commands(inner, *path, name)


def _run(tenants: Tenants, *arguments: str) -> Any:
    settings = {"INTERACT_IVR_CONFIG": str(tenants.service.config)}
    return CliRunner().invoke(main, arguments, input="number\n380974520777\n", env=settings)


def _arguments(tenants: Tenants, command: str, environment: str) -> list[str]:
    """Write a command line."""
    given = [tenants.them.dnis_key[:6] if each == "KEY" else each for each in COMMANDS[command]]
    return [*command.split(), *given, "--environment", environment]


def test_every_command_is_tried() -> None:
    """That names an environment or an application."""
    assert {*_commands(main)} == COMMANDS.keys()


@pytest.mark.parametrize("command", COMMANDS)
def test_no_name_resolves_to_another_tenants(tenants: Tenants, command: str) -> None:
    """Bare ones, wrong ones, with slashes: refused by name, nothing seen, nothing changed."""
    them, us = tenants.them.tenant, tenants.us.tenant
    before = tenants.everything()
    for name in (
        "live",
        them,
        f"{us}/../{them}/live",
        f"{us}/{them}/live",
        f"{them}//live",
        f"/{them}/live",
        f"{them}/live/",
        f" {them}/live",
        f"{them}/live ",
        f"{them}\\live",
        f"{them}/LIVE",
        f"{them.upper()}/live",
        f"{them}%2Flive",
        f"{them}/live\0",
        f"{them}/liv\u0435",
        f"{them}/*",
        f"{them}/",
        "/live",
        "/",
        "..",
    ):
        done = _run(tenants, *_arguments(tenants, command, name))
        assert done.exit_code == 1, (name, done.output)
        assert done.output.startswith("error: "), done.output
        assert SECRET not in done.output
        assert THEIRS not in done.output
    assert tenants.everything() == before


@pytest.mark.parametrize("command", [each for each in COMMANDS if each.startswith(("free", "num"))])
def test_their_number_is_not_found_in_ours(tenants: Tenants, command: str) -> None:
    """Nor listed, exported, changed or removed; an application of theirs is none of ours."""
    before = tenants.theirs()
    done = _run(tenants, *_arguments(tenants, command, tenants.us.environment))
    if COMMANDS[command] and THEIRS[:8] in COMMANDS[command][0] and command != "number add":
        assert (done.exit_code, "was not found" in done.output) == (1, True), done.output
    assert SECRET not in done.output
    assert f"+{THEIRS}\n" not in done.output
    if command != "free":
        done = _run(
            tenants,
            *_arguments(tenants, command, tenants.us.environment),
            *("--application", "sales"),
        )
        assert (done.exit_code, "'sales' was not found" in done.output) == (1, True), done.output
    assert tenants.theirs() == before
