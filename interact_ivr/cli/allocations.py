"""``allocate`` and ``free``: what an app does, by hand."""

import click

from interact_ivr.cli.asking import (
    application_option,
    ask,
    asking_options,
    environment_option,
    failing,
)
from interact_ivr.cli.tables import local_time, print_json, say


@click.command()
@click.argument("interaction")
@click.option("--group", help="Only a number of this group.")
@click.option("--caller", help="The number the customer is expected to call from.")
@environment_option
@application_option
@asking_options
@failing
def allocate(
    interaction: str,
    group: str | None,
    caller: str | None,
    environment: str,
    application: str,
    config: str | None,
    as_json: bool,
) -> None:
    """Lend a number to INTERACTION, and print it.

    The same interaction again gets the same number, its wait begun anew. A consumer application
    is lent one of the DNIS application that it allocates from.
    """
    where = {"environment": environment, "application": application}
    answer = ask(config, "allocate", interaction=interaction, group=group, caller=caller, **where)
    if as_json:
        print_json(answer)
        return
    say(answer["entered"])
    waits = f"waits for its call until {local_time(answer['expires_at'])}"
    click.echo(f"{waits}, allocation {answer['id']}", err=True)


@click.command()
@click.argument("number")
@click.option("--allocation", help="Only if this allocation is the one that stands.")
@environment_option
@asking_options
@failing
def free(
    number: str, allocation: str | None, environment: str, config: str | None, as_json: bool
) -> None:
    """End the allocation of NUMBER, if it has one."""
    answer = ask(config, "free", number=number, allocation=allocation, environment=environment)
    if as_json:
        print_json(answer)
    else:
        freed = answer["status"] == "FREED"
        say(f"{number} {'is free now' if freed else 'was not allocated'}")
