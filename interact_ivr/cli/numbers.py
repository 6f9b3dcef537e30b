"""``number ...``: the pool's inventory."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TextIO

import click

from interact_ivr.cli.asking import (
    application_option,
    ask,
    asking_options,
    converse,
    environment_option,
    fail,
    failing,
)
from interact_ivr.cli.tables import local_time, print_json, print_table, say

_LISTED = 1000
_STATES = ("idle", "resting", "allocated", "lapsed")
_MANY_NUMBERS = click.argument("numbers", metavar="NUMBER...", nargs=-1, required=True)

_CHOSEN_NUMBERS = click.argument("numbers", metavar="[NUMBER...]", nargs=-1)


def _fitting(command: Callable[..., None]) -> Callable[..., None]:
    """Give *command* the options that say which numbers, where none are named."""
    for option in (
        click.option("--dry-run", is_flag=True, help="Count those that would change."),
        click.option("--text", help="That have this in them, as DNID or as interaction."),
        click.option("--prefix", help="That begin so, as they are listed."),
        click.option("--state", type=click.Choice(_STATES), help="In this state."),
        click.option("--group", help="Of this group."),
        click.option("--all", "every", is_flag=True, help="All numbers of the pool."),
    ):
        command = option(command)
    return command


@click.group()
def number() -> None:
    """The numbers of the pool."""


def _where(environment: str, application: str) -> dict[str, str]:
    return {"environment": environment, "application": application}


def _headings(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    """Read ``--column number=DID``: which of our columns has which heading in the file."""
    from interact_ivr.number_file import COLUMNS

    headings: dict[str, str] = {}
    for text in given:
        column, equals, heading = (part.strip() for part in text.partition("="))
        if column not in COLUMNS or not equals or not heading or column in headings:
            raise click.BadParameter(
                f"{text!r}: expected one of {', '.join(COLUMNS)}, each once, = and a heading"
            )
        headings[column] = heading
    if len({heading.lower() for heading in headings.values()}) < len(headings):
        raise click.BadParameter("two columns have the same heading")
    return headings


@number.command("import")
@click.argument("file", type=click.Path(allow_dash=True))
@click.option(
    "--column",
    "headings",
    metavar="OURS=THEIRS",
    multiple=True,
    callback=_headings,
    help="A column's heading in FILE; other headings than ours are passed over then.",
)
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@environment_option
@application_option
@asking_options
@failing
def import_numbers(
    file: str,
    headings: dict[str, str],
    dry_run: bool,
    environment: str,
    application: str,
    config: str | None,
    as_json: bool,
) -> None:
    """Take the numbers of FILE into the pool: all of them, or none.

    FILE is CSV in UTF-8 (- for standard input), its first line the header: number, and if wanted
    group, dnid, enabled (yes or no). A number may be a range, 3809745202xx or 4500-4599. What is in
    the pool already, and the same, is passed over. Every fault is told with its line.
    """
    from interact_ivr.cli.progress import progress
    from interact_ivr.number_file import NumberFileError, read_numbers

    size = 0 if file == "-" or not Path(file).is_file() else Path(file).stat().st_size
    try:
        with progress() as show:
            chunks = read_numbers(file, headings, lambda at: show("reading", at, size))
            where = _where(environment, application)
            answer = converse(
                config,
                "number.import",
                {**next(chunks), "dry_run": dry_run, **where},
                parts=chunks,
                told=lambda part: show("writing", part["written"], part["of"]),
            )
    except NumberFileError as error:
        fail(*(f"{file}: {fault}" for fault in error.faults))
    if as_json:
        print_json(answer)
    elif dry_run:
        _show_preview(answer)
    else:
        click.echo(f"{answer['imported']} numbers imported{_passed_over(answer)}")
    if dry_run and answer["refused"]:
        if not as_json:
            fail(*answer["faults"])
        sys.exit(1)


def _show_preview(answer: dict[str, Any]) -> None:
    examples = ", ".join(answer["examples"])
    more = "" if answer["new"] <= len(answer["examples"]) else ", ..."
    say(f"{answer['new']} new{f': {examples}{more}' if examples else ''}")
    click.echo(f"{answer['already_there']} already there and the same")
    click.echo(f"{answer['refused']} refused{', so none would be taken' * bool(answer['refused'])}")


def _passed_over(answer: dict[str, Any]) -> str:
    return f", {answer['already_there']} were there already" if answer["already_there"] else ""


@number.command("add")
@_MANY_NUMBERS
@click.option("--group", help="The group they belong to.")
@click.option("--dnid", help="The short id of the number, if it is one.")
@click.option("--disabled", is_flag=True, help="Do not lend them yet.")
@environment_option
@application_option
@asking_options
@failing
def add(
    numbers: Sequence[str],
    group: str | None,
    dnid: str | None,
    disabled: bool,
    environment: str,
    application: str,
    config: str | None,
    as_json: bool,
) -> None:
    """Take each NUMBER, or range (3809745202xx, 4500-4599), into the pool: all, or none."""
    answer = ask(
        config,
        "number.add",
        numbers=numbers,
        group=group,
        dnid=dnid,
        enabled=not disabled,
        **_where(environment, application),
    )
    if as_json:
        print_json(answer)
    else:
        click.echo(f"{answer['added']} numbers added{_passed_over(answer)}")


@number.command("enable")
@_CHOSEN_NUMBERS
@_fitting
@environment_option
@application_option
@asking_options
@failing
def enable(**given: Any) -> None:
    """Let each NUMBER be lent (again), or all that fit."""
    _set_enabled(enabled=True, said="can be lent", **given)


@number.command("disable")
@_CHOSEN_NUMBERS
@_fitting
@environment_option
@application_option
@asking_options
@failing
def disable(**given: Any) -> None:
    """Drain each NUMBER, or all that fit: its allocation stands, and it is not lent again."""
    _set_enabled(enabled=False, said="is not lent any more", **given)


def _set_enabled(
    *,
    enabled: bool,
    said: str,
    numbers: Sequence[str],
    every: bool,
    dry_run: bool,
    environment: str,
    application: str,
    config: str | None,
    as_json: bool,
    **fit: str | None,
) -> None:
    where = {**_where(environment, application), "enabled": enabled}
    fitting = {name: value for name, value in fit.items() if value}
    if bool(numbers) == (every or bool(fitting)) or (numbers and dry_run):
        options = "--all, --group, --state, --prefix or --text, and then --dry-run"
        raise click.UsageError(f"expected either NUMBERs, or any of {options}")
    if numbers:
        _show_each(ask(config, "number.enable", numbers=numbers, **where), said, as_json)
        return
    answer = ask(config, "number.enable_matching", dry_run=dry_run, **fitting, **where)
    if as_json:
        print_json(answer)
    else:
        click.echo(f"{answer['count']} {'would be changed' if dry_run else 'changed'}: each {said}")


@number.command("remove")
@_MANY_NUMBERS
@click.option("--force", is_flag=True, help="Also where it is allocated, which is ended as freed.")
@environment_option
@application_option
@asking_options
@failing
def remove(
    numbers: Sequence[str],
    force: bool,
    environment: str,
    application: str,
    config: str | None,
    as_json: bool,
) -> None:
    """Take each NUMBER out of the pool: all, or none. The journal keeps what it had of them."""
    where = _where(environment, application)
    answer = ask(config, "number.remove", numbers=numbers, force=force, **where)
    _show_each(answer, "is removed", as_json)


def _show_each(answer: dict[str, Any], what: str, as_json: bool) -> None:
    if as_json:
        print_json(answer)
        return
    for each in answer["numbers"]:
        say(f"{each} {what}")


@number.command("export")
@click.argument("file", type=click.Path(allow_dash=True), default="-")
@environment_option
@application_option
@click.option("--config", metavar="FILE", help="The configuration file.")
@failing
def export(file: str, environment: str, application: str, config: str | None) -> None:
    """Write all numbers to FILE (standard output) as CSV that can be imported again.

    A cell that a spreadsheet would calculate has an apostrophe in front; the import takes it away.
    """
    where = _where(environment, application)
    if file == "-":
        _export(config, where, sys.stdout)
        return
    part = Path(f"{file}.part")  # FILE is whole, or as it was
    try:
        with part.open("w", encoding="utf-8", newline="") as opened:
            _export(config, where, opened)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def _export(config: str | None, where: dict[str, str], file: TextIO) -> None:
    from interact_ivr.number_file import header_line, number_lines

    def told(part: dict[str, Any]) -> None:
        file.write(number_lines(part["numbers"]))

    file.write(header_line())
    converse(config, "number.export", where, told=told)


@number.command("list")
@click.option("--group", help="Only numbers of this group.")
@click.option("--state", type=click.Choice(_STATES), help="Only numbers in this state.")
@click.option(
    "--limit", type=click.IntRange(1), default=_LISTED, show_default=True, help="At most so many."
)
@environment_option
@application_option
@asking_options
@failing
def list_numbers(
    group: str | None,
    state: str | None,
    limit: int,
    environment: str,
    application: str,
    config: str | None,
    as_json: bool,
) -> None:
    """Show the numbers of the pool as they stand, by number."""
    where = _where(environment, application)
    found = ask(config, "number.list", group=group, state=state, limit=limit + 1, **where)[
        "numbers"
    ]
    numbers = found[:limit]
    if as_json:
        print_json(numbers)
    else:
        headings = ("number", "entered", "dnid", "group", "state", "interaction", "since / until")
        print_table(headings, map(_row, numbers))
    if len(found) > limit:
        click.echo(f"the first {limit}; --limit shows more, number export all", err=True)


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
