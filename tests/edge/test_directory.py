"""Tenants, applications, users and tokens at a running service: what people ask, what calls see."""

from __future__ import annotations

import itertools
import os
import pty
import re
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from interact_ivr.control.client import Refused
from interact_ivr.domain.access import digest
from testbed.agi_peer import Peer, environment
from testbed.line import control
from testbed.service import INTERACT_IVR, Service

SEED_KEY = "53475e5f1463f9ab2052ead"
NUMBER = "380974520200"
_COUNT = itertools.count(1)


@pytest.fixture
def live(service: Service) -> str:
    """Give the name of a new tenant's environment, at the running service."""
    tenant = f"tenant-{next(_COUNT)}"
    control(service, "tenant.add", tenant=tenant)
    control(service, "environment.add", environment=f"{tenant}/live")
    return f"{tenant}/live"


@pytest.fixture
def stopped(tmp_path: Path) -> Iterator[Service]:
    """Give a service that does not run."""
    service = Service(tmp_path / "stopped")
    yield service
    service.close()


def take_in(service: Service, *numbers: str, **where: str) -> None:
    rows = [{"line": 1, "number": number} for number in numbers]
    control(service, "number.import", rows=rows, **where)


def dial(service: Service, query: str, number: str = NUMBER) -> dict[str, str]:
    """Lead a call's whole session with an AGI address that has *query*."""
    script = f"retrieve_interaction{query}"
    with Peer.call(service.agi_port) as peer:
        peer.send(environment(script, dnid=number, uniqueid=f"directory.{next(_COUNT)}"))
        return peer.converse().variables


def refusal(service: Service, request: str, **arguments: Any) -> str:
    with pytest.raises(Refused) as refused:
        control(service, request, **arguments)
    return str(refused.value)


def failure(done: subprocess.CompletedProcess[str]) -> str:
    assert (done.returncode, done.stdout) == (1, ""), done
    return done.stderr.removeprefix("error: ").rstrip("\n")


def stored(service: Service, query: str) -> list[Any]:
    file = f"file:{service.database}?mode=ro"
    with closing(sqlite3.connect(file, uri=True)) as connection:
        return connection.execute(query).fetchall()


# What people ask


@pytest.mark.parametrize("running", [True, False])
def test_everything_is_added_listed_and_removed(stopped: Service, running: bool) -> None:
    """By the same commands whether the service runs or not."""
    if running:
        stopped.start()
    ask = stopped.ask
    ask("tenant", "add", "acme")
    ask("environment", "add", "acme/live", "--dial-plan", "nanp")
    where = ("--environment", "acme/live")
    key = ask("application", "add", "sales", "resting=strict", *where)["key"]
    ask("application", "add", "web", "--allocates-from", "sales", *where)
    ask("user", "add", "acme", "admin", text="correct horse\n")
    token = ask("token", "add", "agent", "--extension", "1000", *where)["token"]
    assert re.fullmatch("[0-9a-f]{24}", key)
    assert re.fullmatch("[0-9a-f]{64}", token)

    assert [each["tenant"] for each in ask("tenant", "list")] == ["acme", "default"]
    assert ask("environment", "list") == [
        {"environment": "acme/live", "dial_plan": "nanp", "default": False},
        {"environment": "default/default", "dial_plan": None, "default": True},
    ]
    sales = ask("application", "list")[1]
    assert sales["settings"] == {"resting": "strict"}
    assert [each["prefix"] for each in sales["keys"]] == [key[:6]]
    for role in ("viewer", None):
        ask("user", "set", "acme", "admin", *(["--role", role] if role else []))
        assert [(each["user"], each["role"]) for each in ask("user", "list")] == [("admin", role)]
    (listed,) = ask("token", "list")
    assert (listed["prefix"], listed["extensions"]) == (token[:12], ["1000"])

    ask("token", "remove", token[:12])
    ask("user", "remove", "acme", "admin")
    ask("application", "remove", "web", *where)
    ask("application", "remove", "sales", *where)
    ask("environment", "remove", "acme/live")
    ask("tenant", "remove", "acme")
    assert ask("tenant", "list") == [{"tenant": "default", "quotas": {}}]
    assert ask("user", "list") == ask("token", "list") == []


def test_tables_show_how_a_secret_begins(service: Service, live: str) -> None:
    """And no more of it."""
    key = service.ask("application", "add", "sales", "--environment", live)["key"]
    token = service.ask("token", "add", "admin", "--environment", live)["token"]
    shown = "".join(service.command(kind, "list").stdout for kind in ("application", "token"))
    assert key[:6] in shown
    assert token[:12] in shown
    assert key[:7] not in shown
    assert token[:13] not in shown


def test_what_something_hangs_on_is_not_removed(service: Service, live: str) -> None:
    """The command says what it is, and all stays."""
    tenant = live.split("/")[0]
    take_in(service, NUMBER, environment=live)
    command = service.command
    assert failure(command("tenant", "remove", tenant)) == (
        f"tenant '{tenant}' cannot be removed: it has environments (1)"
    )
    assert failure(command("environment", "remove", live)) == (
        f"environment '{live}' cannot be removed: it has numbers (1)"
    )
    control(service, "application.add", application="sales", environment=live)
    take_in(service, "380974520201", environment=live, application="sales")
    assert failure(command("application", "remove", "sales", "--environment", live)) == (
        "application 'sales' cannot be removed: it has numbers (1)"
    )
    assert failure(command("environment", "remove", "default")) == (
        "environment 'default/default' cannot be removed: it is the configured environment.default"
    )
    assert dial(service, f"?environment={live}")["INTERACT_STATUS"] == "NOT_ALLOCATED"


@pytest.mark.parametrize(
    ("request_", "arguments", "fault"),
    [
        ("tenant.add", {"tenant": "a b"}, "tenant: expected 1 to 64 ASCII letters"),
        ("environment.add", {"environment": "a/b/c"}, "environment: expected 1 to 64 ASCII"),
        ("environment.add", {"environment": "nobody/live"}, "tenant 'nobody' was not found"),
        (
            "environment.add",
            {"environment": "x", "dial_plan": "mars"},
            "dial_plan: expected a path, or the name of a shipped plan "
            "(e164, example, extensions, nanp), got 'mars'",
        ),
        (
            "application.add",
            {"application": "x", "settings": {"hold_for_seconds": "0"}},
            "hold_for_seconds: expected 0.000001 to 604800",
        ),
        (
            "application.add",
            {"application": "x", "allocates_from": "none"},
            "application 'none' was not found",
        ),
        (
            "application.add",
            {"application": "x", "allocates_from": "default", "settings": {"resting": "strict"}},
            "settings: expected none for a consumer application, got resting",
        ),
        ("application.add", {"application": "x", "key": ""}, "key: expected 16 to 128 letters"),
        (
            "application.set",
            {"application": "default", "settings": {"speed": "9"}},
            "settings: expected one of hold_for_seconds",
        ),
        (
            "application.key.remove",
            {"application": "default", "prefix": "abcdef"},
            "key 'abcdef' was not found",
        ),
        (
            "user.add",
            {"tenant": "default", "user": "ann", "password": "short77"},
            "password: expected 8 to 256 characters, got 7 characters",
        ),
        (
            "user.add",
            {"tenant": "default", "user": "ann", "password": "correct horse", "role": "boss"},
            "role: expected agent, viewer or admin, got 'boss'",
        ),
        (
            "user.add",
            {
                "tenant": "default",
                "user": "ann",
                "password": "correct horse",
                "role": "application",
            },
            "role: expected agent, viewer or admin, got 'application'",
        ),
        (
            "user.set",
            {"tenant": "default", "user": "nobody", "role": "admin"},
            "user 'nobody' was not found",
        ),
        ("user.remove", {"tenant": "default", "user": "nobody"}, "user 'nobody' was not found"),
        ("token.add", {"role": "boss"}, "role: expected one of application, agent, viewer, admin"),
        ("token.add", {"role": "admin", "extensions": ["1"]}, "extensions: expected none, unless"),
        ("token.add", {"role": "admin", "expires_in_days": 0}, "expires_in_days: expected 1 to"),
        ("token.add", {"role": "admin", "expires_in_days": 3651}, "expires_in_days: expected 1"),
        ("token.remove", {"prefix": "abc"}, "token 'abc' was not found"),
    ],
)
def test_what_is_wrong_is_named(
    service: Service, request_: str, arguments: dict[str, Any], fault: str
) -> None:
    """The field, or what was not found; nothing of it is done."""
    lists = ("tenant.list", "environment.list", "application.list", "user.list", "token.list")
    before = [control(service, each) for each in lists]
    assert refusal(service, request_, **arguments).startswith(fault)
    assert [control(service, each) for each in lists] == before


def test_the_first_application_goes_with_its_environment(service: Service, live: str) -> None:
    """Whatever else there is: without it, no name would mean an application that is not there."""
    control(service, "application.add", application="sales", environment=live)
    for where in (live, "default/default"):
        assert failure(
            service.command("application", "remove", "default", "--environment", where)
        ) == ("application 'default' cannot be removed: it goes with its environment")
    names = [each["application"] for each in control(service, "application.list")]
    assert names.count("default") == len(control(service, "environment.list"))
    nowhere = service.command("application", "remove", "default", "--environment", f"{live}2")
    assert failure(nowhere) == f"environment '{live}2' was not found"


# What calls and apps see


def test_environments_do_not_see_each_other(service: Service, live: str) -> None:
    """The same number and the same interaction are two of each, for calls and for commands."""
    control(service, "environment.add", environment=live.replace("live", "test"))
    other = live.replace("live", "test")
    for where in (live, other):
        take_in(service, NUMBER, environment=where)
    mine = service.ask("allocate", "order 1", "--environment", live)
    assert dial(service, f"?environment={other}")["INTERACT_STATUS"] == "NOT_ALLOCATED"
    assert service.ask("free", NUMBER, "--environment", other)["status"] == "NOT_ALLOCATED"
    theirs = service.ask("allocate", "order 1", "--environment", other)
    assert theirs["number"] == mine["number"] == f"+{NUMBER}"
    assert theirs["id"] != mine["id"]
    states = [each["state"] for each in service.ask("number", "list", "--environment", live)]
    assert states == ["allocated"]
    told = dial(service, f"?environment={live}")
    assert (told["INTERACT_STATUS"], told["INTERACT_ALLOCATION"]) == ("FOUND", mine["id"])
    told = dial(service, f"?environment={other}")
    assert (told["INTERACT_STATUS"], told["INTERACT_ALLOCATION"]) == ("FOUND", theirs["id"])
    assert dial(service, "")["INTERACT_STATUS"] == "UNKNOWN"
    forget = ("journal", "forget", "--interaction", "order 1", "--yes")
    assert service.ask(*forget, "--environment", live)["entries"] == 2
    for where, lent, whose in ((live, mine, "forgotten"), (other, theirs, "order 1")):
        entries = service.ask("journal", "--environment", where)
        assert {entry["allocation"] for entry in entries} == {lent["id"]}
        assert all(entry["interaction"].startswith(whose) for entry in entries)


@pytest.mark.parametrize("query", ["live", "nobody/live", "/live", "%2e%2e/live", "a/b/c", "%00"])
def test_a_call_of_no_environment_is_not_given_another(
    service: Service, live: str, query: str
) -> None:
    """A bare name is of the default tenant, whoever else has one of that name."""
    take_in(service, NUMBER, environment=live)
    control(service, "allocate", interaction="order 1", environment=live)
    assert dial(service, f"?environment={query}")["INTERACT_STATUS"] == "UNAVAILABLE"
    assert dial(service, f"?environment={live}")["INTERACT_STATUS"] == "FOUND"


def test_a_bare_name_is_of_the_default_tenant(service: Service) -> None:
    """As the configuration names it, also when another tenant has the same."""
    control(service, "environment.add", environment="branch")
    take_in(service, NUMBER, environment="default/branch")
    control(service, "allocate", interaction="order 1", environment="branch")
    assert dial(service, "?environment=branch")["INTERACT_ID"] == "order 1"


def test_each_application_has_its_own_pool(service: Service, live: str) -> None:
    """An app of one is not lent a number of the other; a call finds both by their numbers."""
    control(service, "application.add", application="sales", environment=live)
    take_in(service, NUMBER, environment=live)
    take_in(service, "380974520201", environment=live, application="sales")
    where = ("--environment", live, "--application", "sales")
    assert service.ask("allocate", "order 1", *where)["number"] == "+380974520201"
    assert "no number is available" in failure(service.command("allocate", "order 2", *where))
    assert [each["number"] for each in service.ask("number", "list", *where)] == ["+380974520201"]
    assert dial(service, f"?environment={live}", "380974520201")["INTERACT_ID"] == "order 1"
    fault = refusal(service, "allocate", interaction="x", environment=live, application="none")
    assert fault == f"application 'none' was not found in environment '{live}'"


def test_a_consumer_application_allocates_from_its_own_and_does_nothing_else(
    service: Service, live: str
) -> None:
    """It is lent the numbers of the DNIS application it names; it has no pool to be shown."""
    control(service, "application.add", application="sales", environment=live)
    control(service, "application.add", application="web", allocates_from="sales", environment=live)
    take_in(service, NUMBER, environment=live)
    take_in(service, "380974520201", environment=live, application="sales")
    where = ("--environment", live, "--application", "web")
    lent = service.ask("allocate", "order 1", *where)
    assert lent["number"] == "+380974520201"
    again = control(
        service, "allocate", interaction="order 1", environment=live, application="sales"
    )
    assert (again["id"], again["renewed"]) == (lent["id"], True)
    for command in (("list",), ("add", "380974520202"), ("disable", NUMBER), ("remove", NUMBER)):
        assert failure(service.command("number", *command, *where)) == (
            f"application 'web' was not found in environment '{live}'"
        )


def test_an_application_s_own_hold_counts(service: Service, live: str) -> None:
    """From the next allocation on, without a restart; given up, the configuration's does."""
    take_in(service, NUMBER, environment=live)

    def held() -> timedelta:
        allocation = control(service, "allocate", interaction="order 1", environment=live)
        return datetime.fromisoformat(allocation["expires_at"]) - datetime.now(UTC)

    usual = timedelta(seconds=900)
    assert usual - timedelta(seconds=30) < held() < usual
    service.ask("application", "set", "default", "hold_for_seconds=60", "--environment", live)
    assert timedelta(seconds=30) < held() < timedelta(seconds=60)
    service.ask("application", "set", "default", "hold_for_seconds=", "--environment", live)
    assert held() > timedelta(seconds=870)


def test_an_application_s_own_hold_ends_by_itself(service: Service, live: str) -> None:
    """The expiry is at the instant, as any other."""
    take_in(service, NUMBER, environment=live)
    settings = {"hold_for_seconds": "0.2"}
    control(service, "application.set", application="default", settings=settings, environment=live)
    control(service, "allocate", interaction="order 1", environment=live)
    ended = "SELECT ended_as FROM allocation ORDER BY id DESC LIMIT 1"
    until(lambda: stored(service, ended) == [("expired",)])
    assert dial(service, f"?environment={live}")["INTERACT_STATUS"] == "LATE"


def test_an_environment_s_own_dial_plan_counts(service: Service, live: str) -> None:
    """The same digits are a number of the United States here, and none of the world there."""
    nanp = live.replace("live", "nanp")
    service.ask("environment", "add", nanp, "--dial-plan", "nanp")
    take_in(service, "8004562354", environment=nanp)
    control(service, "allocate", interaction="order 1", environment=nanp)
    assert dial(service, f"?environment={nanp}", "18004562354")["INTERACT_DNIS"] == "+18004562354"


def test_a_removed_environment_answers_nobody(service: Service, live: str) -> None:
    """At once, without a restart."""
    assert dial(service, f"?environment={live}")["INTERACT_STATUS"] == "UNKNOWN"
    control(service, "environment.remove", environment=live)
    assert dial(service, f"?environment={live}")["INTERACT_STATUS"] == "UNAVAILABLE"
    assert refusal(service, "number.list", environment=live) == (
        f"environment '{live}' was not found"
    )


def test_all_is_there_after_a_restart(service_factory: Callable[..., Service]) -> None:
    """Environments, their applications' settings, and what they hold."""
    service = service_factory()
    control(service, "tenant.add", tenant="acme")
    control(service, "environment.add", environment="acme/live")
    control(
        service,
        "application.set",
        application="default",
        settings={"resting": "strict"},
        environment="acme/live",
    )
    take_in(service, NUMBER, environment="acme/live")
    control(service, "allocate", interaction="order 1", environment="acme/live")
    service.kill()
    service.start()
    assert dial(service, "?environment=acme/live")["INTERACT_ID"] == "order 1"
    fault = refusal(service, "allocate", interaction="order 2", environment="acme/live")
    assert fault == "no number is available in the pool"


def test_another_default_may_be_configured(service_factory: Callable[..., Service]) -> None:
    """And one that is not there is told at the start, while calls go on to their default IVR."""
    service = service_factory('[environment]\ndefault = "acme/live"\n')
    assert any("'acme/live'" in str(line) for line in service.log("configuration"))
    assert dial(service, "")["INTERACT_STATUS"] == "UNAVAILABLE"
    control(service, "tenant.add", tenant="acme")
    control(service, "environment.add", environment="live")
    assert dial(service, "")["INTERACT_STATUS"] == "UNKNOWN"


# Secrets


def test_no_secret_is_kept(service_factory: Callable[..., Service], tmp_path: Path) -> None:
    """Neither in the store's files nor in the log; nor is one that was refused."""
    service = service_factory('[log]\nlevel = "debug"\n')
    password, key_file = "correct horse battery", tmp_path / "key"
    key_file.touch(0o600)
    key_file.write_text(f"{SEED_KEY}\n")
    made = service.ask("application", "add", "web", "--allocates-from", "default")["key"]
    service.ask("application", "key", "add", "default", "--key", str(key_file))
    assert "key" not in service.ask("application", "add", "x", "--key", "-", text=SEED_KEY[::-1])
    token = service.ask("token", "add", "admin")["token"]
    service.ask("user", "add", "default", "admin", text=f"{password}\n")
    assert service.command("user", "add", "default", "b", text="short77\n").returncode == 1
    assert service.command(
        "application", "key", "add", "x", "--key", "-", text="a b c d"
    ).returncode
    service.stop()
    files = [path for path in service.folder.iterdir() if path != service.config]
    kept = b"".join(path.read_bytes() for path in files)
    for secret in (made, SEED_KEY, SEED_KEY[::-1], token, password, "short77", "a b c d"):
        assert secret.encode() not in kept
    assert bytes(digest(SEED_KEY)) in kept
    assert b"$argon2id$v=19$m=19456,t=2,p=1$" in kept


def test_a_removed_key_is_gone(service: Service, live: str) -> None:
    """Of the application, and with it; what is left in the table is the others'."""

    def kept(key: str) -> bool:
        digests = [row[0] for row in stored(service, "SELECT digest FROM application_key")]
        return digest(key) in digests

    old = control(service, "application.add", application="sales", environment=live)["key"]
    where = ("sales", "--environment", live)
    new = service.ask("application", "key", "add", *where)["key"]
    assert kept(old)
    assert kept(new)
    service.ask("application", "key", "remove", "sales", old[:6], "--environment", live)
    assert not kept(old)
    assert kept(new)
    service.ask("application", "remove", *where)
    assert not kept(new)


def test_a_password_is_asked_for_unseen(service: Service) -> None:
    """At a terminal: twice, and not echoed; the command line that ``ps`` shows has none."""
    password = "correct horse battery"
    theirs, ours = pty.openpty()
    command = [*INTERACT_IVR, "user", "add", "default", "ann", "--config", str(service.config)]
    with subprocess.Popen(
        command, stdin=ours, stdout=ours, stderr=ours, start_new_session=True
    ) as child:
        os.close(ours)
        said = read_until(theirs, b"Password: ")
        assert password.encode() not in Path(f"/proc/{child.pid}/cmdline").read_bytes()
        os.write(theirs, f"{password}\n".encode())
        said += read_until(theirs, b"confirmation: ")
        os.write(theirs, f"{password}\n".encode())
        said += read_until(theirs, b"added")
        assert child.wait(10) == 0
    os.close(theirs)
    assert password.encode() not in said


def test_no_option_takes_a_secret(service: Service) -> None:
    """A secret that is given as an option's value is the name of a file that is not there."""
    for arguments in (
        ("user", "add", "default", "bob", "--password", "correct horse"),
        ("application", "add", "x", "--key", SEED_KEY),
    ):
        assert "cannot be read" in failure(service.command(*arguments))


def until(holds: Callable[[], bool], seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come to hold"


def read_until(terminal: int, end: bytes) -> bytes:
    said = b""
    while end not in said:
        said += os.read(terminal, 1024)
    return said
