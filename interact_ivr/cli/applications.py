"""``application``: DNIS applications with their settings, consumer applications, and their keys."""

from typing import Any

import click

from interact_ivr.cli.asking import ask, asking_options, environment_option, failing, warn
from interact_ivr.cli.pairs import read_pairs, written_pairs
from interact_ivr.cli.secret_input import read_secret
from interact_ivr.cli.tables import local_time, print_done, print_json, print_table

key_option = click.option(
    "--key", metavar="FILE", help="Take its key from FILE (-: standard input), not a new one."
)


@click.group()
def application() -> None:
    """Applications: what has a pool, and what allocates from it."""


@application.command("add")
@click.argument("name")
@click.argument("settings", nargs=-1, callback=read_pairs, metavar="[KEY=VALUE]...")
@click.option("--allocates-from", metavar="NAME", help="Make it a consumer of this application.")
@key_option
@environment_option
@asking_options
@failing
def add_application(
    name: str,
    settings: dict[str, str],
    allocates_from: str | None,
    key: str | None,
    environment: str,
    config: str | None,
    as_json: bool,
) -> None:
    """Make a DNIS application, and print its key: the only time it is seen.

    Settings are those of the configuration's [pool], which count where none is given here:
    hold_for_seconds=60 resting=strict.
    """
    answer = ask(
        config,
        "application.add",
        application=name,
        settings=settings,
        allocates_from=allocates_from,
        key=key and read_secret("key", key),
        environment=environment,
    )
    _print_key(answer, f"application {name} added", given=key is not None, as_json=as_json)
    if not as_json:
        warn(*answer["warnings"])


@application.command("set")
@click.argument("name")
@click.argument("settings", nargs=-1, required=True, callback=read_pairs, metavar="KEY=VALUE...")
@environment_option
@asking_options
@failing
def set_application(
    name: str,
    settings: dict[str, str],
    environment: str,
    config: str | None,
    as_json: bool,
) -> None:
    """Change settings of a DNIS application; KEY= alone goes back to the configuration's.

    Allocations that stand keep their end.
    """
    where = {"application": name, "environment": environment}
    answer = ask(config, "application.set", settings=settings, **where)
    done = f"application {name}: {written_pairs(answer['settings']) or 'as configured'}"
    print_done(answer, done, as_json=as_json)
    if not as_json:
        warn(*answer["warnings"])


@application.command("list")
@asking_options
@failing
def list_applications(config: str | None, as_json: bool) -> None:
    """Show every application; of a key, how it begins."""
    applications = ask(config, "application.list")
    if as_json:
        print_json(applications)
    else:
        headings = ("environment", "application", "allocates from", "settings", "keys")
        print_table(headings, map(_row, applications))


@application.command("remove")
@click.argument("name")
@environment_option
@asking_options
@failing
def remove_application(name: str, environment: str, config: str | None, as_json: bool) -> None:
    """Remove an application that has no number, no token and no consumer, and its keys."""
    answer = ask(config, "application.remove", application=name, environment=environment)
    print_done(answer, f"application {name} removed", as_json=as_json)


@application.group()
def key() -> None:
    """An application's keys: two at once, so that they can be changed without a gap."""


@key.command("add")
@click.argument("name")
@key_option
@environment_option
@asking_options
@failing
def add_key(
    name: str, key: str | None, environment: str, config: str | None, as_json: bool
) -> None:
    """Give application NAME another key, and print it: the only time it is seen."""
    answer = ask(
        config,
        "application.key.add",
        application=name,
        key=key and read_secret("key", key),
        environment=environment,
    )
    _print_key(answer, f"key of {name} added", given=key is not None, as_json=as_json)


@key.command("remove")
@click.argument("name")
@click.argument("prefix")
@environment_option
@asking_options
@failing
def remove_key(name: str, prefix: str, environment: str, config: str | None, as_json: bool) -> None:
    """Take from application NAME the key that begins with PREFIX, as the list shows it."""
    where = {"application": name, "environment": environment}
    answer = ask(config, "application.key.remove", prefix=prefix, **where)
    print_done(answer, f"key {prefix} of {name} removed", as_json=as_json)


def _print_key(answer: dict[str, Any], done: str, *, given: bool, as_json: bool) -> None:
    """Print a key that was made here; who gave one has it."""
    if as_json:
        print_json({name: text for name, text in answer.items() if name != "key" or not given})
    elif given:
        click.echo(done)
    else:
        click.echo(answer["key"])
        click.echo(f"{done}; this key is not shown again", err=True)


def _row(application: dict[str, Any]) -> tuple[str, ...]:
    return (
        application["environment"],
        application["application"],
        application["allocates_from"] or "",
        written_pairs(application["settings"]),
        ", ".join(map(_key, application["keys"])),
    )


def _key(key: dict[str, Any]) -> str:
    used = key["used_at"]
    return f"{key['prefix']} ({'unused' if used is None else f'used {local_time(used)}'})"
