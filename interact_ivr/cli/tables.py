"""What people see: tables and a word in colour. Programs get the same facts with ``--json``."""

from collections.abc import Iterable, Sequence
from typing import Any

import click

from interact_ivr.domain.shown import harmless_json, shown, shown_lines


def say(text: str, *, err: bool = False) -> None:
    """Print a sentence, or several lines; what others have written in it does nothing there."""
    click.echo(shown_lines(text), err=err)


def print_json(value: Any) -> None:
    """Print plain values as one JSON document."""
    import msgspec

    click.echo(harmless_json(msgspec.json.format(msgspec.json.encode(value), indent=2).decode()))


def print_done(answer: Any, done: str, *, as_json: bool) -> None:
    """Print what was done, in a sentence or as the service answered it."""
    if as_json:
        print_json(answer)
    else:
        say(done)


def print_json_line(value: Any) -> None:
    """Print plain values as one line of JSON, at once."""
    import msgspec

    click.echo(harmless_json(msgspec.json.encode(value).decode()))


def print_json_array(values: Iterable[Any]) -> None:
    """Print plain values as one JSON array, each as it comes and on a line of its own."""
    import msgspec

    between = "["
    for value in values:
        text = harmless_json(msgspec.json.encode(value).decode())
        click.echo(f"{between}\n{text}", nl=False)
        between = ","
    click.echo("[]" if between == "[" else "\n]")


def print_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table, as wide as its text where the output is not a terminal.

    A cell is one line, whatever others have written in it.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(
        *headings,
        box=box.SIMPLE_HEAD if any(headings) else None,
        header_style="bold",
        pad_edge=False,
        show_header=any(headings),
    )
    for row in rows:
        plain = (shown(cell, len(cell)) for cell in row)
        table.add_row(*(Text(cell, style=_STYLES.get(cell, "")) for cell in plain))
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 1000
    console.print(table)


def local_time(text: str) -> str:
    """Show an ISO 8601 time as the administrator's own clock has it."""
    from datetime import datetime

    return datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M:%S")


_STYLES = {
    "allocated": "green",
    "resting": "yellow",
    "lapsed": "yellow",
    "disabled": "red",
    "ok": "green",
    "not looked at": "dim",
    "warning": "yellow",
    "problem": "bold red",
    "running": "green",
    "silent": "red",
    "not running": "red",
}
