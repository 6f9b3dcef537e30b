"""The tables of docs/benchmarks.md, from what is kept in bench/results; they measure nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bench.comparing import rows_of
from bench.row import Row
from docs.generated import table

RESULTS = Path(__file__).parent.parent / "bench/results"
NOT_YET = "_Not measured yet._"
AT_ONCE = (1, 20)
OURS, LISTENER = "ours: SQLite", "our listener, no store"
OTHERS = "others' processor"
BAR = 0.75
"""Of the listener's look-ups."""
FACTS = (
    ("look-ups", "/s"),
    ("half within", "ms"),
    ("99 of 100 within", "ms"),
    ("Asterisk's processor", "us"),
    (OTHERS, "us"),
)


def bars() -> str:
    """Give every bar of every measurement, and whether it is met."""
    lines = [
        (f"`{name}`", row.name, _spread(row), row.wanted, _verdict(row))
        for name, result in _results()
        for row in rows_of(result)
        if row.wanted
    ]
    return table(("measurement", "what", "median, and its spread", "bar", ""), lines)


def runs() -> str:
    """Give when, where and how long each was measured."""
    lines = [
        (
            f"`{name}`",
            result["date"].replace("T", " ").removesuffix("+00:00"),
            f"`{result.get('commit', '-')}`",
            "{processor}, {cores} cores, load {load}".format(**result["machine"]),
            ", ".join(f"{each} {which}" for each, which in result["versions"].items()),
            f"{result['seconds']} s" if "seconds" in result else "",
        )
        for name, result in _results()
    ]
    return table(("measurement", "when (UTC)", "commit", "machine", "versions", "took"), lines)


def call_path() -> str:
    """Give what a look-up costs a call, by one channel and by twenty."""
    rows = _rows("call_path")
    ways = list(dict.fromkeys(name.rpartition(",")[0] for name in rows if "look-ups" in name))
    if not ways:
        return NOT_YET
    headings = ["way", *(f"{what}, {unit}" for what, unit in FACTS)]
    parts = []
    for count in AT_ONCE:
        lines = [
            (way, *(_short(rows[f"{way}, {count} at once: {what}"]) for what, _ in FACTS))
            for way in ways
        ]
        channels = "One channel" if count == 1 else f"{count} channels at once"
        parts.append(f"{channels}:\n\n{table(headings, lines)}")
    return "\n\n".join(parts)


def call_path_room() -> str:
    """Say what the call path's bar leaves to the service, which shares the cores with Asterisk."""
    rows = _rows("call_path")
    if not rows:
        return NOT_YET
    cores = dict(_results())["call_path"]["machine"]["cores"]

    def of(way: str, what: str) -> float:
        return rows[f"{way}, {AT_ONCE[-1]} at once: {what}"].median

    rate = of(LISTENER, "look-ups")
    room = cores * 1e6 / (BAR * rate)
    asterisk, theirs = (of(way, "Asterisk's processor") for way in (OURS, LISTENER))
    return (
        f"{BAR:g} of its {rate:,.0f} look-ups a second leave {room:,.0f} us of the {cores} cores "
        f"to each. Asterisk alone takes {asterisk:,.0f} of them for the guard and twelve "
        f"variables ({theirs:,.0f} for the listener's one), which leaves {room - asterisk:,.0f} to "
        f"the service; the listener takes {of(LISTENER, OTHERS):,.0f} for one variable and "
        f"no store, ours takes {of(OURS, OTHERS):,.0f}."
    )


def all_of(measurement: str) -> str:
    """Give every line of a measurement."""
    rows = _rows(measurement)
    if not rows:
        return NOT_YET
    lines = [
        (row.name, row.unit, _short(row), f"{row.low:g} to {row.high:g}", row.wanted, _verdict(row))
        for row in rows.values()
    ]
    return table(("what", "unit", "median", "spread", "bar", ""), lines)


def fuzzed() -> str:
    """Give how far each target was fuzzed, when, on what, and what was found."""
    file = RESULTS / "fuzz.json"
    if not file.exists():
        return NOT_YET
    result = json.loads(file.read_text("utf-8"))
    lines = [
        (f"`{name}`", *_fuzzed(report))
        for name, report in result["targets"].items()
        if "executions" in report
    ]
    headings = (
        "target",
        "processor, s",
        "inputs",
        "a second",
        "edges",
        "kept",
        "MiB",
        "when (UTC)",
    )
    told = "On {processor}, {cores} cores".format(**result["machine"])
    by = " and ".join(f"{name} {which}" for name, which in result["versions"].items())
    return f"{told}, by {by}:\n\n{table((*headings, 'commit', 'found'), lines)}"


def _fuzzed(report: dict[str, Any]) -> Sequence[str]:
    figures = ("cpu_seconds", "executions", "executions_per_second", "edges", "kept", "most_mib")
    when = report["date"].replace("T", " ").removesuffix("+00:00")
    found = ", ".join(report["findings"]) or "nothing"
    return (*(f"{report[name]:,.0f}" for name in figures), when, f"`{report['commit']}`", found)


def fsync(measurement: str) -> str:
    """Say what the disk's fsync took while a durable measurement ran."""
    rows = [row for name, row in _rows(measurement).items() if name.startswith("the disk's fsync")]
    said = ", ".join(f"{row.name.partition(': ')[2]} {row.median:g} ms" for row in rows)
    return f"The disk's fsync, in the same run: {said or 'not measured yet'}."


def _results() -> Iterator[tuple[str, dict[str, Any]]]:
    for file in sorted(RESULTS.glob("*.json")):
        result = json.loads(file.read_text("utf-8"))
        if "rows" in result:
            yield file.stem, result


def _rows(measurement: str) -> dict[str, Row]:
    file = RESULTS / f"{measurement}.json"
    rows: Sequence[Row] = rows_of(json.loads(file.read_text("utf-8"))) if file.exists() else []
    return {row.name: row for row in rows}


def _spread(row: Row) -> str:
    return f"{_short(row)} {row.unit} ({row.low:g} to {row.high:g})"


def _short(row: Row) -> str:
    return f"{row.median:,.0f}" if row.median >= 100 else f"{row.median:.3g}"


def _verdict(row: Row) -> str:
    return "**MISSED**" if row.verdict == "MISSED" else row.verdict
