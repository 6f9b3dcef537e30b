"""What of the documentation the code knows: `make docs` writes, `make lint` compares it."""

import json
import re
from collections.abc import Iterable, Sequence
from importlib.resources import files
from pathlib import Path

from interact_ivr.agi.detail_variables import PREFIX, Detail
from interact_ivr.agi.variables import Variable
from interact_ivr.config import keys
from interact_ivr.doctor.kinds import Kind
from interact_ivr.domain.lifecycle import MOVES, Event, Move, State
from interact_ivr.domain.values import Status
from interact_ivr.metrics import Metrics

FOLDER = Path(__file__).parent
IN_ORDER = (
    *("start", "doctor", "calls", "cookbook", "numbers", "states", "plans", "tenants-and-users"),
    *("watching", "agents", "console", "http", "migration", "journal"),
    *("operations", "monitoring", "cluster", "nodes", "failures", "security"),
    *("sizing", "benchmarks"),
    *("configuration", "commands", "errors", "known-limits", "architecture"),
)
"""How somebody would come upon the pages; one that is not named here comes last."""


def pages() -> str:
    """Give every page of the documentation, by its title, with the sentence that it opens with."""
    order = {name: place for place, name in enumerate(IN_ORDER)}
    found = sorted(FOLDER.glob("*.md"), key=lambda file: (order.get(file.stem, 99), file.stem))
    return table(("page", "what it is"), map(_page, found))


def _page(file: Path) -> tuple[str, str]:
    title, _, text = file.read_text("utf-8").removeprefix("# ").partition("\n")
    first = text.strip().partition("\n\n")[0].replace("\n", " ")
    sentence = re.match(r".*?[.](?=\s|$)", first)
    return f"[{title}](docs/{file.name})", sentence[0] if sentence else first


def statuses() -> str:
    """Give the values of INTERACT_STATUS and what they mean."""
    return table(("`INTERACT_STATUS`", "meaning"), ((f"`{one}`", one.meaning) for one in Status))


def variables() -> str:
    """Give the channel variables that a retrieval fills."""
    rows = ((f"`{one}`", one.meaning) for one in Variable)
    return table(("channel variable", "holds"), rows)


def details() -> str:
    """Give the channel variables that tell what a number is."""
    rows = ((f"`{PREFIX}_{one}`", one.meaning) for one in Detail)
    return table(("channel variable", "holds"), rows)


def configuration() -> str:
    """Give every key of the configuration file."""
    return table(("key", "what", "expected", "default"), map(_configuration_row, keys()))


def moves() -> str:
    """Give the table of a number's life: states down, events across."""
    headings = ("state", *(event.name.lower() for event in Event))
    rows = (
        (f"**{state.value}**", *(_move(MOVES[state, event]) for event in Event)) for state in State
    )
    return table(headings, rows)


def measured_on_postgres() -> str:
    """Give what the last committed measurement of PostgreSQL says, and on what."""
    file = Path(__file__).parent.parent / "bench/results/postgres.json"
    result = json.loads(file.read_text("utf-8"))
    machine = result["machine"]
    rows = (
        (
            row["name"],
            f"{row['median']:.3g} {row['unit']}",
            f"{row['low']:.3g} to {row['high']:.3g}",
        )
        for row in result["rows"]
    )
    told = (
        f"Measured on {result['date'][:10]} on {machine['cores']} cores ({machine['processor']}),\n"
        f"clients and server together, at a load of {machine['load']:.1f}\n"
        f"([`bench/results/postgres.json`](../bench/results/postgres.json)):"
    )
    return f"{told}\n\n{table(('what', 'median', 'rounds'), rows)}"


def _configuration_row(key: tuple[str, object, str, str]) -> tuple[str, ...]:
    name, default, title, expected = key
    return f"`{name}`", title, expected, f"`{default}`"


def _move(move: Move) -> str:
    return "-" if move is Move.NOTHING else move.name.lower().replace("_", " ")


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Give a table of Markdown."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def findings() -> str:
    """Give what the doctor can find, and what to do then."""
    rows = ((f"`{kind.code}`", kind.severity.value, kind.what, _code(kind.advice)) for kind in Kind)
    return table(("code", "how bad", "what is wrong", "what to do"), rows)


def alerts() -> str:
    """Give the shipped alerts, and what each means."""
    text = files("interact_ivr").joinpath("monitoring", "alerts.yml").read_text("utf-8")
    rules = re.findall(r"alert: (\w+)\n.*?severity: (\w+).*?summary: ([^\n]*)", text, re.DOTALL)
    rows = ((f"`{name}`", severity, _code(what)) for name, severity, what in rules)
    return table(("alert", "severity", "when"), rows)


def metrics() -> str:
    """Give the service's own metrics."""
    text = Metrics("").text().decode()
    found = re.findall(r"# HELP (interact_ivr_\S+) (.*)", text)
    return table(("metric", "counts"), ((f"`{name}`", what) for name, what in found))


def _code(text: str) -> str:
    """Show what is filled in as such."""
    plain = re.sub(r"\{\{ \$labels\.(\w+) \}\}", r"{\1}", text)
    return re.sub(r"\{(\w+)\}", r"*\1*", plain)
