"""What the documentation shows of the APIs is what is run here, as it is printed there."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from testbed.cookbook import ROOT, blocks
from testbed.icws import EXAMPLE
from testbed.line import control
from testbed.service import Service
from tests.edge.test_icws import TOLL_FREE

HTTP, PLANS = "docs/http.md", "docs/plans.md"
SEED = ("YWRtaW4=", "cGFzc3dvcmQ=", "12345678", "53475e5f1463f9ab2052ead", "380974520200")
ADDRESS = "http://127.0.0.1:8018"


def run(service: Service, commands: str) -> str:
    """Run *commands* in a shell, with the service's port where they have the default one."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands.replace(ADDRESS, service.http)],
        cwd=service.folder,
        env={**os.environ, "PATH": path, "INTERACT_IVR_CONFIG": str(service.config)},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_vendors_own_example_frees_the_number(service_factory: Callable[..., Service]) -> None:
    """POST .../version/2/dnis/allocate/free/380974520200, with the headers of seed 000."""
    service = service_factory()
    setting_up, curl = blocks("The vendor's DNIS API", HTTP)
    assert [value for value in SEED if value not in curl] == []
    assert ADDRESS in curl
    assert run(service, setting_up).splitlines()[-1] == "380974520200"

    head, _, body = run(service, curl).replace("\r", "").partition("\n\n")
    assert head.splitlines()[0] == "HTTP/1.1 200 OK"
    assert "Content-Length: 0" in head.splitlines()
    assert body == ""
    where = {"environment": "12345678/live"}
    (number,) = control(service, "number.list", **where)["numbers"]
    assert (number["number"], number["state"]) == ("+380974520200", "resting")


@pytest.mark.parametrize("begun_with", ["an empty pool", "a CSV file"])
def test_the_native_api_is_asked_as_it_is_shown(
    service_factory: Callable[..., Service], begun_with: str
) -> None:
    """By who has come here at once, or by the steps before it; and by who does it once more."""
    service = service_factory()
    if begun_with == "a CSV file":
        _, table, take_in = blocks("On your PBX", "docs/start.md")
        (service.folder / "pool.csv").write_text(table)
        assert "380974520200" in run(service, take_in)
        run(service, "interact-ivr allocate basket-4711")
    (asking,) = blocks("The native API", HTTP)
    assert asking.count(f"{ADDRESS}/api/v1/allocations") == 2
    for renewed in (begun_with == "a CSV file", True):
        added, _, told = run(service, asking).partition("\n")
        assert re.match("(0|10) numbers added", added)
        made, listed = map(json.loads, told.replace("}{", "}\n{").splitlines())
        assert (made["interaction"], made["renewed"]) == ("basket-4711", renewed)
        assert [each["id"] for each in listed["allocations"]] == [made["id"]]
    assert control(service, "status")["pool"]["allocated"] == 1


def test_what_a_number_is_by_every_way(service_factory: Callable[..., Service]) -> None:
    """The vendor's example over ICWS, and the same by the command line and by a token."""
    service = service_factory(EXAMPLE)
    user, icws = blocks("ICWS", HTTP)
    others, _ = blocks("What a number is", PLANS)
    run(service, user)
    assert json.loads(run(service, icws)) == TOLL_FREE
    by_command, by_token = json.JSONDecoder(), run(service, others)
    told, end = by_command.raw_decode(by_token)
    assert told == json.loads(by_token[end:])
    assert told["details"]["display_text"] == TOLL_FREE["displayText"]


def test_the_gosub_is_there() -> None:
    """What the page calls is in the shipped configuration."""
    _, gosub = blocks("What a number is", PLANS)
    config = (ROOT / "asterisk-config/extensions_interact.conf").read_text("utf-8")
    for context in re.findall(r"Gosub\(([a-z-]+),s,1", gosub):
        assert f"[{context}]" in config
