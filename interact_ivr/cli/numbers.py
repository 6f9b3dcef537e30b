"""``number import`` and ``number list``: the pool's inventory."""

from typing import Any

import click

from interact_ivr.cli.asking import (
    application_option,
    ask,
    asking_options,
    environment_option,
    fail,
    failing,
)
from interact_ivr.cli.tables import local_time, print_json, print_table


@click.group()
def number() -> None:
    """The numbers of the pool."""


@number.command("import")
@click.argument("file", type=click.Path(allow_dash=True))
@environment_option
@application_option
@asking_options
@failing
def import_numbers(
    file: str, environment: str, application: str, config: str | None, as_json: bool
) -> None:
    """Take the numbers of FILE into the pool: all of them, or none.

    FILE is CSV in UTF-8 (- for standard input), its first line the header: number, and if wanted
    group, dnid, enabled (yes or no). Every fault is told with its line.
    """
    from interact_ivr.cli.number_file import NumberFileError, read_numbers

    try:
        rows, faults = read_numbers(file)
    except NumberFileError as error:
        fail(*(f"{file}: {fault}" for fault in error.faults))
    where = {"environment": environment, "application": application}
    answer = ask(config, "number.import", rows=rows, faults=faults, **where)
    if as_json:
        print_json(answer)
    else:
        click.echo(f"{answer['imported']} numbers imported")


@number.command("list")
@environment_option
@application_option
@asking_options
@failing
def list_numbers(environment: str, application: str, config: str | None, as_json: bool) -> None:
    """Show every number of the pool as it stands."""
    where = {"environment": environment, "application": application}
    numbers = ask(config, "number.list", **where)["numbers"]
    if as_json:
        print_json(numbers)
    else:
        headings = ("number", "entered", "dnid", "group", "state", "interaction", "since / until")
        print_table(headings, map(_row, numbers))


def _row(number: dict[str, Any]) -> tuple[str, ...]:
    never_lent = number["free_from"].startswith("1970")
    return (
        number["number"],
        number["entered"],
        number["dnid"] or "",
        number["group"] or "",
        number["state"] if number["enabled"] else "disabled",
        number["interaction"] or "",
        "" if never_lent else local_time(number["free_from"]),
    )
