"""``user`` and ``token``: who may ask over HTTP."""

from typing import Any

import click

from interact_ivr.cli.asking import ask, asking_options, environment_option, failing
from interact_ivr.cli.secret_input import prompt_secret, read_secret
from interact_ivr.cli.tables import local_time, print_done, print_json, print_table


@click.group()
def user() -> None:
    """The people of a tenant."""


@user.command("add")
@click.argument("tenant")
@click.argument("name")
@click.option("--password", metavar="FILE", help="Read it from FILE (-: standard input).")
@click.option("--role", metavar="ROLE", help="In the console: agent, viewer or admin; else none.")
@asking_options
@failing
def add_user(
    tenant: str,
    name: str,
    password: str | None,
    role: str | None,
    config: str | None,
    as_json: bool,
) -> None:
    """Let a person of TENANT in. The password is asked for, unless a file has it."""
    secret = prompt_secret("password") if password is None else read_secret("password", password)
    answer = ask(config, "user.add", tenant=tenant, user=name, password=secret, role=role)
    print_done(answer, f"user {name} of {tenant} added", as_json=as_json)


@user.command("set")
@click.argument("tenant")
@click.argument("name")
@click.option("--role", metavar="ROLE", help="In the console: agent, viewer or admin; else none.")
@asking_options
@failing
def set_user(tenant: str, name: str, role: str | None, config: str | None, as_json: bool) -> None:
    """Say what a person of TENANT may do in the console; without a role, nothing."""
    answer = ask(config, "user.set", tenant=tenant, user=name, role=role)
    print_done(answer, f"user {name} of {tenant}: {role or 'no'} role", as_json=as_json)


@user.command("list")
@asking_options
@failing
def list_users(config: str | None, as_json: bool) -> None:
    """Show every user."""
    users = ask(config, "user.list")
    if as_json:
        print_json(users)
    else:
        rows = (
            (each["tenant"], each["user"], each["role"] or "", local_time(each["added_at"]))
            for each in users
        )
        print_table(("tenant", "user", "role", "added"), rows)


@user.command("remove")
@click.argument("tenant")
@click.argument("name")
@asking_options
@failing
def remove_user(tenant: str, name: str, config: str | None, as_json: bool) -> None:
    """Let a person of TENANT in no more."""
    answer = ask(config, "user.remove", tenant=tenant, user=name)
    print_done(answer, f"user {name} of {tenant} removed", as_json=as_json)


@click.group()
def token() -> None:
    """Bearer tokens, each of one environment."""


@token.command("add")
@click.argument("role")
@click.option("--application", metavar="NAME", help="Only this DNIS application.")
@click.option("--extension", "extensions", multiple=True, help="Only this one; of an agent.")
@click.option("--expires-in-days", type=int, metavar="DAYS", help="Else it never does.")
@environment_option
@asking_options
@failing
def add_token(role: str, environment: str, config: str | None, as_json: bool, **given: Any) -> None:
    """Give out a token for ROLE (application, agent, viewer or admin), and print it.

    It is not seen again.
    """
    answer = ask(config, "token.add", role=role, environment=environment, **given)
    if as_json:
        print_json(answer)
        return
    click.echo(answer["token"])
    click.echo(f"token for {role} added; it is not shown again", err=True)


@token.command("list")
@asking_options
@failing
def list_tokens(config: str | None, as_json: bool) -> None:
    """Show every token, as it begins."""
    tokens = ask(config, "token.list")
    if as_json:
        print_json(tokens)
    else:
        headings = ("begins", "role", "environment", "application", "extensions", "expires", "used")
        print_table(headings, map(_row, tokens))


@token.command("remove")
@click.argument("prefix")
@asking_options
@failing
def remove_token(prefix: str, config: str | None, as_json: bool) -> None:
    """Take back the token that begins with PREFIX, as the list shows it."""
    answer = ask(config, "token.remove", prefix=prefix)
    print_done(answer, f"token {prefix} removed", as_json=as_json)


def _row(token: dict[str, Any]) -> tuple[str, ...]:
    return (
        token["prefix"],
        token["role"],
        token["environment"],
        token["application"] or "",
        " ".join(token["extensions"]),
        _time(token["expires_at"]),
        _time(token["used_at"]),
    )


def _time(text: str | None) -> str:
    return "" if text is None else local_time(text)
