"""``tenant`` and ``environment``: whose worlds of numbers there are."""

from pathlib import Path

import click

from interact_ivr.cli.asking import ask, asking_options, failing
from interact_ivr.cli.pairs import read_pairs, written_pairs
from interact_ivr.cli.tables import print_done, print_json, print_table


@click.group()
def tenant() -> None:
    """The customers of this installation."""


@tenant.command("add")
@click.argument("name")
@asking_options
@failing
def add_tenant(name: str, config: str | None, as_json: bool) -> None:
    """Begin to serve a customer."""
    answer = ask(config, "tenant.add", tenant=name)
    print_done(answer, f"tenant {name} added", as_json=as_json)


@tenant.command("list")
@asking_options
@failing
def list_tenants(config: str | None, as_json: bool) -> None:
    """Show every tenant."""
    tenants = ask(config, "tenant.list")
    if as_json:
        print_json(tenants)
    else:
        rows = ((each["tenant"], written_pairs(each["quotas"])) for each in tenants)
        print_table(("tenant", "quotas"), rows)


@tenant.command("set")
@click.argument("name")
@click.argument("quotas", nargs=-1, required=True, callback=read_pairs, metavar="KEY=VALUE...")
@asking_options
@failing
def set_tenant(name: str, quotas: dict[str, str], config: str | None, as_json: bool) -> None:
    """Bound what all applications of a tenant may take together; KEY= alone: without bound.

    Quotas are most_allocations, which may be open at once, and most_allocations_per_minute, which
    each node lets be asked for. An application's own count beside them.
    """
    answer = ask(config, "tenant.set", tenant=name, quotas=quotas)
    done = f"tenant {name}: {written_pairs(answer['quotas']) or 'no quotas'}"
    print_done(answer, done, as_json=as_json)


@tenant.command("remove")
@click.argument("name")
@asking_options
@failing
def remove_tenant(name: str, config: str | None, as_json: bool) -> None:
    """Remove a tenant that has no environment and no user."""
    answer = ask(config, "tenant.remove", tenant=name)
    print_done(answer, f"tenant {name} removed", as_json=as_json)


@click.group()
def environment() -> None:
    """A tenant's separate worlds of numbers and interactions.

    An environment is named TENANT/NAME. NAME alone is one of the tenant whose environment is the
    configured default.
    """


@environment.command("add")
@click.argument("name", metavar="[TENANT/]NAME")
@click.option(
    "--dial-plan", metavar="PLAN", help="A shipped plan, as e164:GB, or a file; else as configured."
)
@asking_options
@failing
def add_environment(name: str, dial_plan: str | None, config: str | None, as_json: bool) -> None:
    """Make an environment, with a DNIS application called default."""
    if dial_plan is not None and (dial_plan.endswith(".toml") or "/" in dial_plan):
        dial_plan = str(Path(dial_plan).absolute())  # the service stands in another folder
    answer = ask(config, "environment.add", environment=name, dial_plan=dial_plan)
    print_done(answer, f"environment {answer['environment']} added", as_json=as_json)


@environment.command("list")
@asking_options
@failing
def list_environments(config: str | None, as_json: bool) -> None:
    """Show every environment."""
    environments = ask(config, "environment.list")
    if as_json:
        print_json(environments)
        return
    headings = ("environment", "dial plan", "")
    rows = (
        (each["environment"], each["dial_plan"] or "", "default" if each["default"] else "")
        for each in environments
    )
    print_table(headings, rows)


@environment.command("remove")
@click.argument("name", metavar="[TENANT/]NAME")
@asking_options
@failing
def remove_environment(name: str, config: str | None, as_json: bool) -> None:
    """Remove an environment that has no number, no token, and no application beside default."""
    answer = ask(config, "environment.remove", environment=name)
    print_done(answer, f"environment {name} removed", as_json=as_json)
