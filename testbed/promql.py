"""What PromQL expressions name: metrics and labels, without evaluating anything.

As much of the language as the shipped rules and panels use; promtool says whether it is PromQL.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MONITORING = Path(__file__).parent.parent / "interact_ivr/monitoring"
_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')
_SELECTOR = re.compile(
    r"\b(?P<metric>(?:interact_ivr|process|up)\w*)\b(?:\{(?P<matchers>[^}]*)\})?"
)
_MATCHER = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)")
_GROUPED = re.compile(r"\b(?:by|without|on)\s*\(([^)]*)\)")
_ADDED = frozenset({"instance", "job"})
"""Labels that Prometheus adds to what it scrapes."""


@dataclass(frozen=True, slots=True)
class Named:
    """A metric with labels that an expression takes it to have."""

    metric: str
    labels: frozenset[str]


def named(expression: str) -> Iterator[Named]:
    """Give each metric of an expression; what is grouped by is looked for in every one of them."""
    plain = _TEXT.sub('""', expression)
    grouped = {
        label.strip() for group in _GROUPED.findall(plain) for label in group.split(",") if label
    }
    for found in _SELECTOR.finditer(plain):
        labels = {*_MATCHER.findall(found["matchers"] or ""), *grouped} - _ADDED
        yield Named(found["metric"], frozenset(labels))


def shipped() -> Mapping[str, str]:
    """Give every expression of the shipped rules and the dashboard, by where it is."""
    rules = (MONITORING / "alerts.yml").read_text("utf-8")
    return {**dict(_of_rules(rules)), **dict(_of_dashboard())}


def _of_rules(text: str) -> Iterator[tuple[str, str]]:
    """Read the rules' expressions: of one line, or of an indented block."""
    for rule in re.split(r"(?m)^ +- alert: ", text)[1:]:
        found = re.search(r"(?m)^ +expr: (?:\|\n((?: {10,}.*\n)+)|(.*)\n)", rule)
        assert found, rule
        yield f"alert {rule.splitlines()[0]}", (found[1] or found[2]).strip()


def _of_dashboard() -> Iterator[tuple[str, str]]:
    dashboard: Any = json.loads((MONITORING / "dashboard.json").read_text("utf-8"))
    for panel in dashboard["panels"]:
        for target in panel.get("targets", ()):
            expression = target["expr"].replace("$instance", ".*")
            yield f"panel {panel['title']}, {target['refId']}", expression
