"""The service under its keeper: what systemd is told, reloading, and stopping at once."""

from __future__ import annotations

import json
import signal
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from interact_ivr.control.client import NotRunning
from testbed.agi_peer import Peer
from testbed.line import Line, control
from testbed.service import Service
from tests.edge.test_killed import exit_status

PATIENCE = 5.0


class Keeper:
    """Systemd's end: a datagram socket that services tell how they stand."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.settimeout(PATIENCE)
        self.socket.bind("\0" + address[1:] if address.startswith("@") else address)

    def told(self) -> dict[str, str]:
        """Wait for the next datagram."""
        lines = self.socket.recv(4096).decode().splitlines()
        return dict(line.split("=", 1) for line in lines)

    def told_until(self, name: str) -> list[dict[str, str]]:
        """Wait for a datagram that has *name*, and give all until then."""
        seen = [self.told()]
        while name not in seen[-1]:
            seen.append(self.told())
        return seen


@pytest.fixture(params=["a file", "an abstract one"])
def keeper(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Keeper]:
    """Give a notify socket of each kind."""
    name = f"@interact-ivr-{tmp_path}" if "abstract" in request.param else f"{tmp_path}/notify"
    keeper = Keeper(name[:100])
    yield keeper
    keeper.socket.close()


@pytest.fixture
def kept(tmp_path: Path, keeper: Keeper) -> Iterator[Service]:
    """Give a service whose keeper wants a sign of life every 0.4 seconds; it is not started."""
    service = Service(tmp_path / "kept")
    service.environment = {"NOTIFY_SOCKET": keeper.address, "WATCHDOG_USEC": "400000"}
    yield service
    service.close()


def test_a_life_as_systemd_is_told_it(keeper: Keeper, kept: Service) -> None:
    """Ready when calls are answered, alive twice in the watchdog's time, reloading, stopping."""
    kept.environment["WATCHDOG_USEC"] = "2000000"
    kept.start()
    ready = keeper.told()
    assert ready == {"READY": "1", "STATUS": f"answering calls on 127.0.0.1:{kept.agi_port}"}
    begun = time.monotonic()
    for _ in range(3):
        assert keeper.told() == {"WATCHDOG": "1"}
    assert time.monotonic() - begun < 2 * 2
    kept.signal(signal.SIGHUP)
    reloading = keeper.told_until("RELOADING")[-1]
    assert int(reloading["MONOTONIC_USEC"]) <= time.monotonic_ns() // 1000
    assert keeper.told_until("READY")[-1] == {"READY": "1"}
    kept.signal(signal.SIGTERM)
    assert keeper.told_until("STOPPING")[-1]["STOPPING"] == "1"
    assert exit_status(kept.pid) == 0


def test_a_store_that_another_holds_is_no_reason_for_a_restart(
    keeper: Keeper, kept: Service
) -> None:
    """Systemd learns why no call is answered, with every sign of life."""
    kept.environment["WATCHDOG_USEC"] = "2000000"
    kept.start()
    keeper.told_until("WATCHDOG")
    with closing(sqlite3.connect(kept.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        signs = [keeper.told_until("STATUS")[-1], keeper.told()]
        for sign in signs:
            assert sign["WATCHDOG"] == "1"
            assert sign["STATUS"] == (
                "not answering calls: the store is unavailable: another program holds its file"
            )
        other.execute("ROLLBACK")
    while (told := keeper.told())["STATUS"] != "answering calls again":
        assert told["WATCHDOG"] == "1"
    assert kept.log("the store fails")[0]["reason"].endswith("another program holds its file")


def test_no_sign_of_life_while_the_store_does_not_answer(keeper: Keeper, kept: Service) -> None:
    """Not within the sign's time; systemd learns so instead, and the signs come back with it."""
    kept.start()
    keeper.told_until("WATCHDOG")
    with closing(sqlite3.connect(kept.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        failed = keeper.told_until("STATUS")[-1]
        assert "WATCHDOG" not in failed
        assert failed["STATUS"].startswith("not answering calls: the store is unavailable")
        assert "WATCHDOG" not in keeper.told()
        other.execute("ROLLBACK")
    assert keeper.told_until("WATCHDOG")[-1]["STATUS"] == "answering calls again"
    while keeper.told() != {"WATCHDOG": "1"}:
        pass  # on a busy machine it may take more than one


def test_the_watchdog_of_another_process_is_left_alone(tmp_path: Path) -> None:
    """What a parent was told by its own keeper is not for us."""
    keeper = Keeper(f"{tmp_path}/notify")
    with closing(keeper.socket):
        service = Service(tmp_path / "service")
        service.environment = {
            "NOTIFY_SOCKET": keeper.address,
            "WATCHDOG_USEC": "1000",
            "WATCHDOG_PID": "1",
        }
        with service:
            assert "READY" in keeper.told()
        assert "STOPPING" in keeper.told()


def test_a_keeper_that_is_gone_disturbs_nobody(tmp_path: Path) -> None:
    """It is logged; calls are answered."""
    service = Service(tmp_path / "service")
    service.environment = {"NOTIFY_SOCKET": f"{tmp_path}/nobody", "WATCHDOG_USEC": "100000"}
    with service:
        service.wait_log("systemd was not told", 3)
        assert Line.taken_into(service).call().variables["INTERACT_STATUS"] == "NOT_ALLOCATED"


# Reloading


def _reloaded(service: Service, settings: str, event: str) -> dict[str, Any]:
    before = len(service.log(event))
    service.configure(settings)
    service.signal(signal.SIGHUP)
    told: dict[str, Any] = service.wait_log(event, before + 1)[-1]
    return told


def _hold(line: Line, interaction: str) -> timedelta:
    line.allocate(interaction)
    lent = control(line.service, "allocate", interaction=interaction, group=line.group)
    now = control(line.service, "status")["at"]
    return datetime.fromisoformat(lent["expires_at"]) - datetime.fromisoformat(now)


def test_a_reload_changes_what_can_change_at_once(service_factory: Callable[..., Service]) -> None:
    """Hold, log level and dial plan are the new ones for the next request, and back again."""
    service = service_factory()
    line = Line.taken_into(service)
    settings = '[pool]\nhold_for_seconds = 60\n[log]\nlevel = "debug"\n[dial_plan]\nplan = "nanp"\n'
    told = _reloaded(service, settings, "reloaded")
    assert told["changed"] == ["pool.hold_for_seconds", "dial_plan.plan", "log.level"]
    assert timedelta(seconds=55) < _hold(line, "a") <= timedelta(seconds=60)
    Peer.call(service.agi_port).close()
    service.wait_log("probe")
    Line.taken_into(service, number="202 555 0143")
    numbers = control(service, "number.list")["numbers"]
    assert "+12025550143" in [number["number"] for number in numbers]
    assert len(_reloaded(service, "", "reloaded")["changed"]) == 3
    assert _hold(line, "a") > timedelta(seconds=800)


@pytest.mark.parametrize(
    "settings",
    [
        "[pool]\nhold_for_seconds = 60\nrest_for_seconds = -1\n[nonsense]\n",
        '[pool]\nhold_for_seconds = 60\n[dial_plan]\nplan = "/nowhere.toml"\n',
        "[pool]\nhold_for_seconds = 60\n[",
        "[pool]\nhold_for_seconds = 60\n[journal]\ndays = 1\n",
        f"[pool]\nhold_for_seconds = 60\n[journal]\ndays = {'[' * 5000}\n",
        '[pool]\nhold_for_seconds = 60\n[journal]\nani = "hash"\n',
        '[pool]\nhold_for_seconds = 60\n[environment]\ndefault = "default/live"\n',
    ],
    ids=["keys", "dial plan", "no TOML", "application", "depth", "key", "environment"],
)
def test_a_bad_configuration_changes_nothing(
    service_factory: Callable[..., Service], settings: str
) -> None:
    """Not even its good half; every fault is in the log line, and calls are answered meanwhile."""
    service = service_factory()
    line = Line.taken_into(service)
    own = {"late_for_seconds": "86401"}
    control(service, "application.add", application="sales", settings=own)
    key = service.database.with_name(f"{service.database.name}.ani-key")
    whole = key.read_bytes()
    if "hash" in settings:
        key.write_text("too short")
    faults = _reloaded(service, settings, "the old configuration stays")["faults"]
    key.write_bytes(whole)
    assert len(faults) == (2 if "nonsense" in settings else 1)
    assert _hold(line, "a") > timedelta(seconds=800)
    assert line.call().variables["INTERACT_ID"] == "a"
    assert _reloaded(service, "", "reloaded")["changed"] == []


SHORT = "[journal]\ndays = 1\n"
CONTRADICTION = (
    "journal.days: expected 0, or at least late_for_seconds of application 'sales' in "
    "default/default (86401 seconds), got 1"
)


def test_a_configuration_that_an_application_contradicts_is_refused(
    service_factory: Callable[..., Service],
) -> None:
    """At a reload the old one stays, at the start the service ends; a command sets it right."""
    service = service_factory()
    service.ask("application", "add", "sales", "late_for_seconds=86401")
    refused = _reloaded(service, SHORT, "the old configuration stays")
    assert refused["faults"] == [CONTRADICTION]
    service.ask("application", "set", "sales", "late_for_seconds=86402")  # still as it was
    service.ask("application", "set", "sales", "late_for_seconds=86401")
    service.stop()
    done = service.command("serve")
    assert (done.returncode, done.stderr) == (1, f"error: {service.config}: {CONTRADICTION}\n")
    done = service.command("application", "set", "sales", "late_for_seconds=86400.5")
    assert done.stderr == (
        "error: late_for_seconds: expected at most 86400, as long as the journal is kept "
        "(journal.days), got 86400.5\n"
    )
    service.ask("application", "set", "sales", "late_for_seconds=86400")
    service.start()
    assert _reloaded(service, SHORT, "reloaded")["changed"] == []


def test_an_application_that_may_tell_callers_to_choose_is_warned_of(
    service_factory: Callable[..., Service],
) -> None:
    """Who sets it so, at a terminal and in JSON; and the log, then, at a reload and at a start."""
    service = service_factory()
    doubtful = "redial_for_seconds=301"
    done = service.command("application", "add", "sales", doubtful)
    warning = "application 'sales' in default/default: rest_for_seconds is less than "
    assert f"warning: {warning}" in done.stderr
    assert service.ask("application", "set", "sales", doubtful)["warnings"][0].startswith(warning)
    done = service.command("application", "set", "sales", doubtful)
    assert (done.returncode, done.stderr.startswith(f"warning: {warning}")) == (0, True)
    assert len(service.log("configuration")) == 3
    _reloaded(service, "", "reloaded")
    service.wait_log("configuration", 4)
    service.stop()
    assert service.command("application", "set", "sales", doubtful).stderr.count(warning) == 1
    service.start()
    told = service.log("configuration")
    assert len(told) == 5
    assert all(each["warning"].startswith(warning) for each in told)
    assert service.ask("application", "set", "sales", "redial_for_seconds=")["warnings"] == []


def test_what_needs_a_restart_is_named(service_factory: Callable[..., Service]) -> None:
    """The service goes on where it listens, and takes the rest."""
    service = service_factory()
    line = Line.taken_into(service)
    text = service.config.read_text().replace(f"port = {service.agi_port}", "port = 1")
    text = text.replace("[http]\n", '[http]\nsupport_url = "https://a.example"\nbody_seconds = 3\n')
    service.config.write_text(text + "[pool]\nhold_for_seconds = 60\n")
    service.signal(signal.SIGHUP)
    told = service.wait_log("needs a restart")[0]
    assert told["keys"] == ["agi.port", "http.body_seconds", "http.support_url"]
    assert told["level"] == "warning"
    assert service.log("reloaded")[0]["changed"] == ["pool.hold_for_seconds"]
    assert _hold(line, "a") <= timedelta(seconds=60)
    assert line.call().variables["INTERACT_ID"] == "a"


# Stopping


def test_a_request_in_flight_is_answered(service_factory: Callable[..., Service]) -> None:
    """Who had begun to ask when the service was told to stop gets an answer; nobody else does."""
    service = service_factory()
    line = Line.taken_into(service)
    text = json.dumps(
        {"request": "allocate", "arguments": {"interaction": "in flight", "group": line.group}}
    ).encode()
    with socket.socket(socket.AF_UNIX) as asking:
        asking.settimeout(PATIENCE)
        asking.connect(str(service.control_socket))
        asking.sendall(text[:20])
        control(service, "status")  # answered after it: so ours was accepted
        service.signal(signal.SIGTERM)
        service.wait_log("stopping")
        with pytest.raises(NotRunning):
            _until_away(service)
        asking.sendall(text[20:])
        asking.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: asking.recv(65536), b""))
    assert json.loads(answer)["answer"]["interaction"] == "in flight"
    assert exit_status(service.pid) == 0
    assert line.journal() == ["allocated"]


def test_how_it_is_is_told_while_it_stops(service_factory: Callable[..., Service]) -> None:
    """Where it listened, too: other nodes see it until it is gone, and nothing of that fails."""
    service = service_factory()
    before = control(service, "status")
    with socket.socket(socket.AF_UNIX) as asking:
        asking.settimeout(PATIENCE)
        asking.connect(str(service.control_socket))
        asking.sendall(b'{"request": ')
        control(service, "status")  # answered after it: so ours was accepted
        service.signal(signal.SIGTERM)
        service.wait_log("stopping")
        with pytest.raises(NotRunning):
            _until_away(service)
        asking.sendall(b'"status", "arguments": {}}')
        asking.shutdown(socket.SHUT_WR)
        told = json.loads(b"".join(iter(lambda: asking.recv(65536), b"")))["answer"]
    assert [told[each] for each in ("agi", "http")] == [before[each] for each in ("agi", "http")]
    assert exit_status(service.pid) == 0


def _until_away(service: Service) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        control(service, "status")


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
def test_asked_twice_it_stops_at_once(
    service_factory: Callable[..., Service], second: signal.Signals
) -> None:
    """The call in flight is not waited for; what it was told is on disk all the same."""
    service = service_factory()
    line = Line.taken_into(service)
    line.allocate("a")
    with line.dial(uniqueid="1") as peer:
        assert peer.command() is not None
        service.signal(signal.SIGTERM)
        service.wait_log("stopping")
        begun = time.monotonic()
        service.signal(second)
        assert exit_status(service.pid) == -second
        assert time.monotonic() - begun < 0.8
    service.stop()
    service.start()
    assert line.call(uniqueid="1").variables["INTERACT_ID"] == "a"
