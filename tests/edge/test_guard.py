"""Who guesses, tries out or takes too much over HTTP: slowed, refused in each form, and counted."""

from __future__ import annotations

import select
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from interact_ivr.api.rest import NO_NUMBER_AVAILABLE
from interact_ivr.control.client import Refused
from testbed.api import Api
from testbed.line import control
from testbed.service import FREE_GUESSES, Service
from testbed.wire import Answer, Program, Wire, ask, envelope, request
from tests.edge.programs import program_of

V2 = "/interact/version/2/dnis"
NUMBER = "380974520200"
GET = f"{V2}/allocate/get/{NUMBER}"
GUESSER, ELSEWHERE = "127.0.0.9", "127.0.0.10"
FREE = 3
REACHED = "quota_reached"
PATIENCE = 20.0


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Give a running service at which few guesses are free, and one allocation is open."""
    service = Service(tmp_path_factory.mktemp("strict"), "[pool]\nmost_allocations = 1\n")
    text = service.config.read_text("utf-8")
    few = text.replace(f"free_guesses = {FREE_GUESSES}", f"free_guesses = {FREE}")
    service.config.write_text(few, "utf-8")
    with service:
        yield service


@contextmanager
def refused(service: Service, source: str, requests: list[bytes]) -> Iterator[Answer]:
    """Send *requests*, more than may wait, and give the first answer while the others wait."""
    with ExitStack() as stack:
        wires = {}
        for each in requests:
            wire = stack.enter_context(Wire(service.http_port, source=source)).send(each)
            wires[wire.socket] = wire
        ready, _, _ = select.select(list(wires), [], [], PATIENCE)
        yield wires[ready[0]].answer(requests[0].split()[0].decode())


def test_guesses_wait_over_every_api(strict: Service) -> None:
    """Keys, tokens and sessions of one source together; who was good there still is, at once."""
    program = program_of(strict, NUMBER)
    port, good = strict.http_port, program.by_key()
    body = envelope("GetDnisAllocationRequest", phone=NUMBER)
    assert ask(port, "GET", GET, good, source=GUESSER).status == 200
    for at in range(FREE):
        bad = good | {"Application-Key": f"free {at}"}
        assert ask(port, "GET", GET, bad, source=GUESSER).status == 401

    def guesses(api: str, secret: str) -> bytes:
        key, cookie = good | {"Application-Key": secret}, f"icws_123={secret}"
        return {
            "rest": request("GET", GET, key),
            "soap": request("POST", f"{V2}/soap", key, body),
            "native": request("GET", "/api/v1/groups", {"Authorization": f"Bearer {secret}"}),
            "screen": request("GET", "/screen/1000", {"Cookie": f"interact_screen={secret}"}),
            "console": request("GET", "/console/", {"Cookie": f"interact_console={secret}"}),
            "icws": request(
                *("GET", "/icws/123/connection"),
                {"ININ-ICWS-CSRF-Token": secret, "Cookie": cookie},
            ),
        }[api]

    for api in ("rest", "soap", "native", "screen", "console", "icws"):
        with refused(strict, GUESSER, [guesses(api, f"{api}-{at}") for at in range(30)]) as told:
            assert (api, told.status) == (api, 429)
            assert int(told.headers["retry-after"]) >= 1
            assert ask(port, "GET", GET, good, source=GUESSER).status == 200
    assert ask(port, "GET", GET, good, source=ELSEWHERE).status == 200
    assert ask(port, "GET", GET, bad, source=ELSEWHERE).status == 401
    for what in ("key", "token", "session"):
        assert strict.metric(f'failed_secrets_total{{what="{what}",why="too many"}}') > 0
    lines = strict.log("secret not accepted")
    assert {line["source"] for line in lines} == {GUESSER, ELSEWHERE}
    assert len(lines) < 60, "a line now and then"


def test_who_asks_for_many_foreign_numbers_waits(strict: Service) -> None:
    """Its own are answered at once all the while, and each foreign one is counted."""
    program = program_of(strict, "380974520201")
    own = f"{V2}/allocate/get/380974520201"
    before = strict.metric("foreign_numbers_total")

    for at in range(FREE):
        path = f"{V2}/allocate/get/38097452980{at}"
        assert ask(strict.http_port, "GET", path, program.by_key()).status == 404
    foreign = [
        request("GET", f"{V2}/allocate/get/3809745299{at:02}", program.by_key()) for at in range(30)
    ]
    with refused(strict, "", foreign) as told:
        assert told.status == 429
        assert ask(strict.http_port, "GET", own, program.by_key()).status == 200
    assert strict.log("many foreign numbers")
    assert strict.metric("foreign_numbers_total") >= before + FREE


def test_a_quota_is_refused_in_each_form(strict: Service) -> None:
    """As no number over the vendor's API, as a quota over ours and on the command line; counted."""
    program: Program = program_of(strict, "380974520202", "380974520203")
    where = {"environment": program.environment}
    admin = Api.of(strict, "admin", **where)
    consumer, port = program.as_consumer(), strict.http_port
    new = f"{V2}/allocate/new"
    assert ask(port, "POST", new, consumer, b'{"id": "first"}').status == 200
    assert ask(port, "POST", new, consumer, b'{"id": "first"}').status == 200, "it renews"
    told = ask(port, "POST", new, consumer, b'{"id": "second"}')
    assert (told.status, told.text) == (403, NO_NUMBER_AVAILABLE)
    assert int(told.headers["retry-after"]) >= 1
    body = envelope("AllocateDnisRequest", uniqueId="second")
    told = ask(port, "POST", f"{V2}/soap", consumer, body)
    assert (told.status, NO_NUMBER_AVAILABLE in told.text) == (500, True)
    answer = admin.ask("POST", "/allocations", {"interaction": "second"})
    assert (answer.status, answer.json["code"]) == (429, "quota_reached")
    with pytest.raises(Refused) as refused:
        control(strict, "allocate", interaction="second", **where)
    assert refused.value.code == "quota_reached"
    assert strict.metric('quota_refusals_total{quota="open at once"}') == 4


def test_a_minute_s_quota_is_taken_at_once_and_told(tmp_path: Path) -> None:
    """Whoever asks again and again, also for the same interaction."""
    with Service(tmp_path / "s", "[pool]\nmost_allocations_per_minute = 2\n") as service:
        control(service, "number.add", numbers=["380974520204-380974520209"])
        for _ in range(2):
            control(service, "allocate", interaction="a")
        with pytest.raises(Refused) as refused:
            control(service, "allocate", interaction="a")
        assert refused.value.code == "quota_reached"
        assert service.metric('quota_refusals_total{quota="a minute"}') == 1
        (line,) = service.log("quota reached")
        assert line["quota"] == "2 a minute"


def test_an_application_s_own_quotas_count_at_once(tmp_path: Path) -> None:
    """Set from the command line while the service runs; what is wrong is named, and not set."""
    with Service(tmp_path / "s", "[pool]\nmost_allocations = 2\n") as service:
        control(service, "number.add", numbers=["380974520204-380974520209"])
        service.ask("application", "set", "default", "most_allocations=1")
        assert _allocated(service, "a") == ""
        assert _allocated(service, "b") == "quota_reached"
        wrong = service.command("application", "set", "default", "most_allocations=-1")
        assert (wrong.returncode, "most_allocations: expected 0 to" in wrong.stderr) == (1, True)
        service.ask("application", "set", "default", "most_allocations=0")
        assert [_allocated(service, each) for each in "bcd"] == ["", "", ""]
        (shown,) = service.ask("application", "list")
        assert shown["settings"] == {"most_allocations": 0}
        service.ask("application", "set", "default", "most_allocations=")
        assert _allocated(service, "e") == "quota_reached"
        both = ("most_allocations=0", "most_allocations_per_minute=1")
        service.ask("application", "set", "default", *both)
        assert [_allocated(service, each) for each in "ef"] == ["", "quota_reached"]


def test_a_tenant_s_quotas_count_at_once_and_over_its_environments(tmp_path: Path) -> None:
    """An application's own are beside them; what is wrong is named, and not set."""
    with Service(tmp_path / "s") as service:
        control(service, "number.add", numbers=["380974520204-380974520209"])
        service.ask("environment", "add", "default/test")
        there = {"environment": "default/test"}
        control(service, "number.add", numbers=["380974520204-380974520209"], **there)
        assert service.ask("tenant", "set", "default", "most_allocations=2")["quotas"] == {
            "most_allocations": 2
        }
        assert [_allocated(service, "a"), _allocated(service, "a", **there)] == ["", ""]
        assert [_allocated(service, "b"), _allocated(service, "b", **there)] == 2 * [REACHED]
        (line,) = service.log("quota reached")[:1]
        assert (line["whose"], line["quota"]) == ("tenant", "2 open at once")
        for given, expected in [
            ("most_allocations=-1", "most_allocations: expected 0 to"),
            ("resting=strict", "quotas: expected one of most_allocations, most"),
        ]:
            wrong = service.command("tenant", "set", "default", given)
            assert (wrong.returncode, expected in wrong.stderr) == (1, True), wrong.stderr
        none = service.command("tenant", "set", "globex", "most_allocations=1")
        assert (none.returncode, "tenant 'globex' was not found" in none.stderr) == (1, True), (
            none.stderr
        )
        both = ("most_allocations=", "most_allocations_per_minute=1")
        service.ask("tenant", "set", "default", *both)
        assert service.ask("tenant", "list") == [
            {"tenant": "default", "quotas": {"most_allocations_per_minute": 1}}
        ]
        assert [_allocated(service, "b"), _allocated(service, "b", **there)] == ["", REACHED]
        service.ask("application", "set", "default", "most_allocations=1")
        service.ask("tenant", "set", "default", "most_allocations_per_minute=")
        assert [_allocated(service, "c"), _allocated(service, "c", **there)] == [REACHED, ""]
        assert "no quotas" in service.command("tenant", "set", "default", both[0]).stdout


def _allocated(service: Service, interaction: str, **where: str) -> str:
    """Give by which code an allocation is refused, if it is."""
    try:
        control(service, "allocate", interaction=interaction, **where)
    except Refused as refused:
        return refused.code
    return ""
