"""What is shipped for Prometheus and Grafana asks for metrics that there are."""

from __future__ import annotations

import json
import re
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from testbed.agi_peer import Peer, environment
from testbed.certificate import make_certificate
from testbed.children import argv, stop
from testbed.fetch import bring
from testbed.line import control
from testbed.monitoring_tools import MonitoringTools, bring_monitoring
from testbed.patient import NUMBERS, Patient
from testbed.ports import LOOPBACK, PortBlock
from testbed.promql import MONITORING, named, shipped

UNITS = ("_total", "_seconds", "_bytes", "_info", "_ratio", "_seconds_bucket", "_seconds_count")
COUNTED = {
    "numbers",
    "pool_warning",
    "agi_sessions",
    "icws_sessions",
    "console_sessions",
    "nodes_alive",
    "event_streams",
    "tasks",
    "pbx_watching",
    "directory_up",
    "directory_extensions",
}
"""Gauges of things, or of yes and no: these have no unit."""
UNAVAILABLE = "InteractIvrCallsUnavailable"
FIRING = f'alertname="{UNAVAILABLE}",alertstate="firing",severity="critical"'
START_SECONDS = 30.0
POLL_SECONDS = 0.1


@pytest.fixture(scope="module")
def tools() -> MonitoringTools:
    """Give promtool and Prometheus."""
    return bring_monitoring()


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Patient]:
    """Give a service with a PBX, on which something of everything has happened."""
    folder = tmp_path_factory.mktemp("monitored")
    with Patient(bring(), folder) as running:
        happen(running)
        yield running


def happen(patient: Patient) -> None:
    """Find, free, refuse and forbid, so that every counter has a series."""
    service = patient.service
    control(service, "allocate", interaction="waits")
    call(patient, "retrieve_interaction", NUMBERS[0], uniqueid="1.1")
    call(patient, "retrieve_interaction", NUMBERS[0])  # no uniqueid: UNAVAILABLE
    call(patient, "free_number", NUMBERS[1], uniqueid="1.2")
    with Peer.call(service.agi_port) as peer:  # hangs up instead of an answer
        peer.send(environment("retrieve_interaction", NUMBERS[0], uniqueid="1.3"))
        peer.command()
    for path in ("/healthz", "/readyz", "/metrics"):
        text(patient, path)
    asked = urllib.request.Request(f"{service.http}/icws/connection", method="POST", data=b"{}")
    asked.add_header("Authorization", "Basic bm9ib2R5Onh5eg==")
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(asked, timeout=5)
    service.wait_log("the call was not told")


def call(patient: Patient, script: str, *arguments: str, uniqueid: str = "") -> None:
    """Lead a call's session to its end."""
    with Peer.call(patient.service.agi_port) as peer:
        peer.send(environment(script, *arguments, uniqueid=uniqueid))
        peer.converse()


def text(patient: Patient, path: str = "/metrics") -> str:
    """Give what is answered at a path."""
    with urllib.request.urlopen(patient.service.http + path, timeout=10) as answer:
        told: bytes = answer.read()
    return told.decode()


def labels_of(metrics: str) -> dict[str, frozenset[str]]:
    """Give the labels of every series, by its name; a metric without a series is there, too."""
    found: dict[str, frozenset[str]] = {}
    for family in text_string_to_metric_families(metrics):
        suffix = "_total" if family.type == "counter" else ""
        found.setdefault(family.name + suffix, frozenset())
        for sample in family.samples:
            found[sample.name] = found.get(sample.name, frozenset()) | frozenset(sample.labels)
    return found


def test_every_metric_and_label_that_is_asked_for_is_there(patient: Patient) -> None:
    """After calls, requests, refusals and a look at the PBX; by what was scraped for real."""
    known = labels_of(text(patient))
    # beside Prometheus's own, what a plain HTTP service has not
    known |= {"up": frozenset(), "interact_ivr_certificate_end_timestamp_seconds": frozenset()}
    missing = [
        f"{where}: {each.metric} has no {sorted(each.labels - known.get(each.metric, frozenset()))}"
        for where, expression in shipped().items()
        for each in named(expression)
        if each.metric not in known or not each.labels <= known[each.metric]
    ]
    assert missing == []
    assert len(shipped()) > 40


def test_every_metric_of_ours_has_its_unit_in_its_name(patient: Patient) -> None:
    """Seconds, bytes, or a count's total; else it counts things that are there now."""
    ours = [name for name in labels_of(text(patient)) if name.startswith("interact_ivr_")]
    plain = {name.removeprefix("interact_ivr_") for name in ours if not name.endswith(UNITS)}
    assert {name for name in plain if not name.endswith("_sum")} == COUNTED


def test_every_metric_of_ours_is_documented(patient: Patient) -> None:
    """By its name, as it is scraped."""
    page = (MONITORING.parents[1] / "docs/monitoring.md").read_text("utf-8")
    told = re.findall(r"(?m)^# HELP (interact_ivr_\S+)", text(patient))
    assert [name for name in told if f"`{name}`" not in page] == []


def test_the_certificate_s_end_is_told_where_there_is_one(tmp_path: Path) -> None:
    """The metric that the plain service has not."""
    from interact_ivr.doctor.machine import certificate

    made = make_certificate(tmp_path)
    ends = certificate("", str(made.file)).ends
    assert ends is not None
    assert 1 < (ends.timestamp() - time.time()) / 86_400 < 3


def test_promtool_takes_the_rules_and_every_expression(
    tools: MonitoringTools, tmp_path: Path
) -> None:
    """The dashboard's as rules of a file of our own."""
    rules = tmp_path / "expressions.yml"
    lines = [
        f"      - {{record: 'e{at}', expr: {json.dumps(expression)}}}"
        for at, expression in enumerate(shipped().values())
    ]
    rules.write_text("groups:\n  - name: e\n    rules:\n" + "\n".join(lines) + "\n", "utf-8")
    for file in (MONITORING / "alerts.yml", rules):
        done = subprocess.run(
            [tools.promtool, "check", "rules", file], capture_output=True, encoding="utf-8"
        )
        assert done.returncode == 0, done.stderr


def test_the_first_calls_that_fail_are_an_alert(tools: MonitoringTools, tmp_path: Path) -> None:
    """Prometheus takes a series that begins with 50 for no rise: the alert asks for it itself."""
    labels = {"instance": "a", "script": "retrieve_interaction", "code": "store_unavailable"}
    matchers = ",".join(f'{name}="{value}"' for name, value in labels.items())
    series = f"interact_ivr_calls_unavailable_total{{{matchers}}}"
    alerting = [{"labels": f'{{__name__="ALERTS",{matchers},{FIRING}}}', "value": 1}]
    asked = f'ALERTS{{alertname="{UNAVAILABLE}"}}'
    unit = {
        "rule_files": [str(MONITORING / "alerts.yml")],
        "evaluation_interval": "15s",
        "tests": [
            {
                "interval": "15s",
                "input_series": [{"series": series, "values": "_x20 50x80"}],
                "promql_expr_test": [
                    {"expr": asked, "eval_time": at, "exp_samples": expected}
                    for at, expected in (("4m", []), ("6m", alerting), ("12m", []))
                ],
            }
        ],
    }
    file = tmp_path / "unit.yml"
    file.write_text(json.dumps(unit), "utf-8")
    done = subprocess.run([tools.promtool, "test", "rules", file], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_command_prints_what_is_shipped(patient: Patient) -> None:
    """Byte by byte."""
    for what, file in (("alerts", "alerts.yml"), ("dashboard", "dashboard.json")):
        done = patient.service.command("monitoring", what)
        assert done.stdout == (MONITORING / file).read_text("utf-8")


@pytest.mark.long
def test_a_real_prometheus_scrapes_and_answers_every_panel(
    tools: MonitoringTools, patient: Patient, tmp_path: Path
) -> None:
    """It loads the rules, and each panel's expression has an answer once it was scraped."""
    with PortBlock() as ports:
        address = f"{LOOPBACK}:{ports.first}"
        with (tmp_path / "log").open("wb") as log:
            server = subprocess.Popen(
                argv(
                    (str(tools.prometheus),),
                    f"--config.file={configuration(tmp_path, patient)}",
                    f"--storage.tsdb.path={tmp_path}/data",
                    f"--web.listen-address={address}",
                ),
                stdout=log,
                stderr=log,
            )
        try:
            wait_until_scraped(address)
            for where, expression in shipped().items():
                answer = query(address, expression)
                assert answer["status"] == "success", where
                if "rate(" not in expression and "alert" not in where:
                    assert answer["data"]["result"], where
        finally:
            stop(server, 5.0)


def configuration(folder: Path, patient: Patient) -> Path:
    """Write prometheus.yml."""
    file = folder / "prometheus.yml"
    target = re.sub("^http://", "", patient.service.http)
    file.write_text(
        f"global: {{scrape_interval: 500ms}}\nrule_files: [{MONITORING}/alerts.yml]\n"
        f"scrape_configs:\n  - job_name: interact-ivr\n    static_configs:\n"
        f"      - targets: ['{target}']\n",
        "utf-8",
    )
    return file


def wait_until_scraped(address: str) -> None:
    """Wait until Prometheus has what we say."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            if query(address, 'up{job="interact-ivr"} == 1')["data"]["result"]:
                return
        except OSError:
            pass
        assert time.monotonic() < deadline, "Prometheus did not scrape"
        time.sleep(POLL_SECONDS)


def query(address: str, expression: str) -> Any:
    """Ask Prometheus."""
    asked = urllib.parse.urlencode({"query": expression})
    with urllib.request.urlopen(f"http://{address}/api/v1/query?{asked}", timeout=10) as answer:
        return json.load(answer)
