"""Dial plans of a running service, explained and reloaded; and checked by commands."""

from __future__ import annotations

import itertools
import json
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from testbed.api import Api
from testbed.line import control
from testbed.service import INTERACT_IVR, Service

_COUNT = itertools.count(1)
PLAN = """name = "ours"
extends = "nanp"
directory = "people.csv"

[[rule]]
name = "{name}"
pattern = '+1317NXXXXXX'
classifications = "{name}"
"""
NUMBER = "317 872 3000"


@pytest.fixture
def stopped(tmp_path: Path) -> Iterator[Service]:
    """Give a service that does not run."""
    service = Service(tmp_path / "stopped")
    yield service
    service.close()


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    """Give a site's own plan with a directory beside it."""
    path = tmp_path / "ours.toml"
    path.write_text(PLAN.format(name="Near"))
    path.with_name("people.csv").write_text("extension,user\n6929,ann\n")
    return path


def live(service: Service, plan: str) -> str:
    """Make an environment with *plan*, and give its name."""
    tenant = f"plans-{next(_COUNT)}"
    control(service, "tenant.add", tenant=tenant)
    control(service, "environment.add", environment=f"{tenant}/live", dial_plan=plan)
    return f"{tenant}/live"


def explained(service: Service, number: str, environment: str = "") -> Any:
    """Give the details of *number* as the service has them."""
    return control(service, "explain", number=number, environment=environment)["details"]


def reloaded(service: Service, event: str) -> dict[str, Any]:
    """Have the configuration read again, and give the log line."""
    before = len(service.log(event))
    service.signal(signal.SIGHUP)
    told: dict[str, Any] = service.wait_log(event, before + 1)[-1]
    return told


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [*INTERACT_IVR, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=False)


# In force


def test_an_environments_plan_is_read_again(
    service_factory: Callable[..., Service], plan: Path
) -> None:
    """With its directory, at a reload and not before it; in one step."""
    service = service_factory()
    here = live(service, str(plan))
    assert explained(service, NUMBER, here)["default_classification"] == "Near"
    assert explained(service, "6929", here)["queue_name"] == "User Queue: ann"
    plan.write_text(PLAN.format(name="Close"))
    plan.with_name("people.csv").write_text("extension,workgroup\n6929,sales\n")
    control(service, "tenant.add", tenant="another")
    assert explained(service, NUMBER, here)["default_classification"] == "Near"
    reloaded(service, "reloaded")
    assert explained(service, NUMBER, here)["default_classification"] == "Close"
    assert explained(service, "6929", here)["queue_name"] == "Workgroup Queue: sales"


def test_a_bad_plan_keeps_the_old_ones(service_factory: Callable[..., Service], plan: Path) -> None:
    """Of all environments; every fault of every plan is in the log, with file and line."""
    service = service_factory()
    other = plan.with_name("other.toml")
    other.write_text(PLAN.format(name="Other"))
    here, there = live(service, str(plan)), live(service, str(other))
    plan.write_text(PLAN.format(name="Close"))
    people = plan.with_name("people.csv")
    people.write_text("extension,user\nx,ann\n")
    other.write_text(PLAN.format(name="Other") + "speed = 1\n")
    faults = reloaded(service, "the old configuration stays")["faults"]
    assert [fault.partition(": ")[0] for fault in faults] == [
        f"{other}:9", f"{people}:2", f"{people}:2",
    ]  # fmt: skip
    assert explained(service, NUMBER, here)["default_classification"] == "Near"
    assert explained(service, NUMBER, there)["default_classification"] == "Other"


# Explained


def test_a_number_is_explained_by_the_plan_in_force(service: Service, plan: Path) -> None:
    """In text, in JSON and over the native API; of this environment and no other."""
    here = live(service, str(plan))
    text = service.command("explain", NUMBER, "--environment", here).stdout
    assert "1 Near: +1317NXXXXXX matches +13178723000" in text
    answer = service.ask("explain", NUMBER, "--environment", here)
    assert answer["details"]["normalized_text"] == "+13178723000"
    assert answer == control(service, "explain", number=NUMBER, environment=here)
    viewer = Api.of(service, "viewer", here)
    assert viewer.get("/numbers/explain", number=NUMBER) == answer
    assert explained(service, NUMBER)["default_classification"] != "Near"


def test_a_number_is_explained_without_a_service(stopped: Service) -> None:
    """By the configured plan, or a named one without any configuration."""
    assert "3178723000" in stopped.command("explain", NUMBER).stdout
    done = run("explain", "8004562354", "--plan", "example", "--json")
    assert json.loads(done.stdout)["details"]["display_text"] == "(Tool Free) 1 (800) 456-2354"


def test_what_is_no_number_is_explained(service: Service) -> None:
    """And ends with 1, whatever was written."""
    for number in ("()", "\x1b", "1" * 10_001):
        done = service.command("explain", "--", number)
        assert done.returncode == 1, done
        assert "refused" in done.stdout
        assert "\x1b" not in done.stdout
        assert done.stderr == ""
    viewer = Api.of(service, "viewer", "default/default")
    assert viewer.get("/numbers/explain", number="()")["details"] is None


# Checked, tried, compared


def test_a_plan_is_checked(plan: Path) -> None:
    """Exit status 1 where it has faults or a rule that can never be the first to match."""
    done = run("plan", "check", plan)
    assert (done.returncode, done.stderr) == (0, "")
    assert "112, 911" in done.stdout
    twice = PLAN.format(name="Near") + PLAN.format(name="Again").partition("\n\n")[2]
    plan.write_text(twice)
    done = run("plan", "check", plan)
    assert done.returncode == 1
    assert f"{plan}:9" in done.stdout
    assert "shadowed" in done.stdout
    plan.write_text("speed = 1")
    told = json.loads(run("plan", "check", plan, "--json").stdout)
    assert [(each["about"], each["is_serious"]) for each in told] == [("fault", True)] * 2


def test_a_plan_is_tried(plan: Path) -> None:
    """With the cases beside it, or others; exit status 1 where one does not hold."""
    assert run("plan", "test", "nanp").stdout == "9 of 9 cases hold\n"
    cases = plan.with_name("cases.toml")
    cases.write_text('[[case]]\nnumber = "6929"\nqueue_name = "User Queue: bob"\n')
    done = run("plan", "test", plan, "--cases", cases)
    assert done.returncode == 1
    assert "User Queue: ann" in done.stdout
    assert "0 of 1 cases hold" in done.stdout
    missing = run("plan", "test", plan)
    assert (missing.returncode, missing.stdout) == (1, "")
    assert missing.stderr.startswith(f"error: {plan.with_name('ours.cases.toml')}: expected a file")


def test_plans_are_compared(plan: Path) -> None:
    """Number by number; exit status 1 where one changes."""
    numbers = plan.with_name("numbers.txt")
    numbers.write_text("3178723000\n6929\n8004562354\n")
    assert run("plan", "diff", "nanp", "nanp", "--numbers", numbers).stdout == "0 numbers change\n"
    done = run("plan", "diff", "nanp", plan, "--numbers", numbers)
    assert done.returncode == 1
    assert "2 numbers change" in done.stdout
    (first, second) = json.loads(
        run("plan", "diff", "nanp", plan, "--numbers", numbers, "--json").stdout
    )
    assert first["new"] == {"default_classification": "Near", "classifications": ["Near"]}
    assert (second["number"], second["new"]["queue_type"]) == ("6929", "user")
    assert run("plan", "diff", "nanp", "mars", "--numbers", numbers).returncode == 1
    assert run("plan", "diff", "nanp", plan).returncode == 2
