"""``explain`` and ``plan``: why a number is what it is; dial plans checked, tried and compared."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import click
import msgspec
from msgspec.structs import asdict

from interact_ivr.cli.asking import ask, asking_options, environment_option, failing
from interact_ivr.cli.plan_changes import activate, back
from interact_ivr.cli.tables import print_json, print_table

_json_option = click.option("--json", "as_json", is_flag=True, help="Answer in JSON, for programs.")


@click.command()
@click.argument("number")
@environment_option
@click.option("--plan", metavar="PLAN", help="By this plan, not by an environment's.")
@asking_options
@failing
def explain(
    number: str, environment: str, plan: str | None, config: str | None, as_json: bool
) -> None:
    """Say why NUMBER is what it is: each step, and why each rule does or does not match.

    Exit status 1 where it is no number.
    """
    if plan is None:
        answer = ask(config, "explain", number=number, environment=environment)
    else:
        from dialplan import Engine, load_plan

        answer = Engine(load_plan(plan)).explain(number).as_data()
    if as_json:
        print_json(answer)
    else:
        _print_explanation(answer)
    sys.exit(1 if answer["refused"] else 0)


def _print_explanation(answer: dict[str, Any]) -> None:

    from dialplan import Explanation
    from dialplan.explained import as_text

    click.echo(as_text(msgspec.convert(answer, Explanation), colours=True))  # click knows terminals


@click.group()
def plan() -> None:
    """Dial plans: what is wrong with one, whether it does as it should, what another changes.

    A plan is a shipped one (nanp, or e164:GB as seen from a country) or a file.
    """


plan.add_command(activate)
plan.add_command(back)


@plan.command()
@click.argument("name", metavar="PLAN")
@_json_option
@failing
def check(name: str, as_json: bool) -> None:
    """Name a plan's faults, and its rules that others stand before.

    Exit status 1 where it has faults, or a rule that can never be the first to match.
    """
    from dialplan.checking import check as check_plan

    findings = check_plan(name)
    if as_json:
        print_json([{**asdict(each), "is_serious": each.is_serious} for each in findings])
    else:
        rows = ((each.about.value, each.place, each.text) for each in findings)
        _print_values(("about", "place", ""), rows)
    sys.exit(1 if any(each.is_serious for each in findings) else 0)


@plan.command("test")
@click.argument("name", metavar="PLAN")
@click.option("--cases", metavar="FILE", type=click.Path(path_type=Path), help="Other cases.")
@_json_option
@failing
def try_plan(name: str, cases: Path | None, as_json: bool) -> None:
    """Try a plan with the cases beside it: of mine.toml, those of mine.cases.toml.

    Exit status 1 where one does not hold.
    """
    from dialplan.cases import run

    outcomes = run(name, cases)
    failed = [each for each in outcomes if not each.holds]
    if as_json:
        print_json([{**asdict(each), "holds": each.holds} for each in outcomes])
    else:
        rows = (
            (each.case.place, each.case.number, field, each.case.expected.get(field), got)
            for each in failed
            for field, got in each.got.items()
        )
        _print_values(("place", "number", "field", "expected", "got"), rows)
        click.echo(f"{len(outcomes) - len(failed)} of {len(outcomes)} cases hold")
    sys.exit(1 if failed else 0)


@plan.command()
@click.argument("old")
@click.argument("new")
@click.option(
    "--numbers",
    required=True,
    metavar="FILE",
    help="One number a line, or CSV with a column number; -: standard input.",
)
@_json_option
@failing
def diff(old: str, new: str, numbers: str, as_json: bool) -> None:
    """Show which numbers of FILE change from plan OLD to plan NEW, and how.

    Exit status 1 where one changes.
    """
    from dialplan import Engine, load_plan
    from dialplan.difference import difference, read_numbers

    engines = Engine(load_plan(old)), Engine(load_plan(new))
    changes = [*difference(*engines, read_numbers(numbers))]
    if as_json:
        print_json([asdict(each) for each in changes])
    else:
        rows = (
            (each.number, field, each.old.get(field), each.new.get(field))
            for each in changes
            for field in {**each.old, **each.new}
        )
        _print_values(("number", "field", "old", "new"), rows)
        click.echo(f"{len(changes)} numbers change")
    sys.exit(1 if changes else 0)


def _print_values(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table of what may hold anything, unless it is empty."""
    from dialplan.explained import shown

    cells = [[shown(_text(value)) for value in row] for row in rows]
    if cells:
        print_table(headings, cells)


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return "yes" if value else "no"
        case list() | tuple():
            return ", ".join(map(str, value))
        case _:
            return str(value)
