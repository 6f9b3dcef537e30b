"""``plan activate`` and ``plan back``: an environment's dial plan replaced, after a comparison."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from interact_ivr.cli.asking import ask, asking_options, environment_option, fail, failing
from interact_ivr.cli.tables import print_json, print_table

_SHOWN = 50


@click.command()
@click.argument("file", metavar="FILE", type=click.Path(allow_dash=True, path_type=Path))
@click.option("--yes", is_flag=True, help="Do not ask.")
@environment_option
@asking_options
@failing
def activate(file: Path, yes: bool, environment: str, config: str | None, as_json: bool) -> None:
    """Let the plan in FILE count instead of the environment's, whose file it replaces.

    First it is checked, held against the cases beside that file, and compared: by the last thousand
    numbers and callers of the journal. The former plan is kept beside it, for `plan back`.
    """
    text = _text(file)
    tried = ask(config, "plan.try", text=text, environment=environment)
    if tried["obstacle"]:
        fail(tried["obstacle"])
    if not as_json:
        _show(tried)
    if not yes:
        click.confirm("Let it count?", abort=True, err=True)
    done = ask(config, "plan.activate", text=text, seal=tried["seal"], environment=environment)
    _say(done, as_json)


@click.command()
@environment_option
@asking_options
@failing
def back(environment: str, config: str | None, as_json: bool) -> None:
    """Let the plan count again that the last activation has replaced; and so on, to and fro."""
    _say(ask(config, "plan.back", environment=environment), as_json)


def _text(file: Path) -> str:
    try:
        data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        return data.decode()
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}")
    except UnicodeDecodeError:
        fail(f"{file}: expected UTF-8")


def _show(tried: dict[str, Any]) -> None:
    if tried["cases"]:
        click.echo(f"{tried['cases'] - len(tried['failed'])} of {tried['cases']} cases hold")
    for each in tried["failed"][:_SHOWN]:
        for field, got in each["got"].items():
            wanted = each["expected"].get(field)
            click.echo(f"  {each['number']!a}: {field} is {got!a}, expected {wanted!a}")
    rows = [
        (change["number"], field, _shown(change["old"], field), _shown(change["new"], field))
        for change in tried["changes"][:_SHOWN]
        for field in {**change["old"], **change["new"]}
    ]
    if rows:
        print_table(("number", "field", "now", "then"), rows)
    click.echo(f"{len(tried['changes'])} of {tried['numbers']} numbers change")


def _shown(values: dict[str, Any], field: str) -> str:
    from dialplan.explained import shown

    value = values.get(field)
    return "" if value is None else shown(str(value))


def _say(done: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(done)
    else:
        click.echo(f"{done['file']} is replaced, and counts for {', '.join(done['environments'])}")
