"""What docs/soak.md shows of the last soak kept in ``bench/results``; nothing is soaked here."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from docs.generated import table
from docs.measured import NOT_YET, RESULTS
from testbed.soaking.samples import ALLOWED, ROWS_ALLOWED, risen

LATENCIES = ("call_p50_ms", "call_p99_ms", "api_p50_ms", "api_p99_ms")


def soak() -> str:
    """Give when and where it was, what it was loaded with, and what each figure did."""
    file = RESULTS / "soak.json"
    if not file.exists():
        return NOT_YET
    report = json.loads(file.read_text("utf-8"))
    headings = ("figure", "begin", "end", "the line rises by", "may rise by")
    return "\n\n".join(
        [
            _facts(report),
            "![Each figure over the minutes](../bench/results/soak.svg)",
            table(headings, _figures(report["samples"])),
            _faults(report["faults"]),
        ]
    )


def _facts(report: dict[str, Any]) -> str:
    machine, calls = report["machine"], report["samples"][-1]["calls"]
    share = report["calls_per_second"] / report["clean_calls_per_second"]
    versions = ", ".join(f"{name} {which}" for name, which in report["versions"].items())
    return (
        f"{report['date'][:16].replace('T', ' ')} UTC, commit `{report['commit']}`, "
        f"{report['minutes']:g} minutes on {machine['processor']}, {machine['cores']} cores, "
        f"load {machine['load']:g}, shared with other work; {versions}.\n\n"
        f"{calls:,} calls, {report['calls_per_second']:g} a second: {share:.3f} of what this "
        f"machine takes cleanly of calls alone ({report['clean_calls_per_second']:.0f}/s). "
        f"The calls were told: {_counted(report['statuses'])}. "
        f"Allocations ended so: {_counted(report['allocations'])}. "
        f"Meanwhile: {_counted(report['failures'])}."
    )


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())


def _figures(samples: Sequence[dict[str, Any]]) -> Iterator[tuple[str, ...]]:
    late = samples[len(samples) // 3 :]
    at = [each["seconds"] for each in late]
    rows = {f"rows of {name}": [each["rows"][name] for each in late] for name in late[-1]["rows"]}
    figures = {name: [each[name] for each in late] for name in (*ALLOWED, *LATENCIES)}
    for name, values in (figures | rows).items():
        least, share = ALLOWED.get(name, ROWS_ALLOWED)
        allowed = max(least, share * sum(values) / len(values))
        has_bar = name not in LATENCIES
        yield (
            f"`{name}`",
            f"{values[0]:,.5g}",
            f"{values[-1]:,.5g}",
            f"{risen(at, values):,.1f}",
            f"{allowed:,.1f}" if has_bar else "",
        )


def _faults(faults: Sequence[str]) -> str:
    if not faults:
        return "Nothing grew beyond that, nothing was lost, nothing was told twice."
    return "\n".join(["**It failed:**", "", *(f"- `{each}`" for each in faults)])
