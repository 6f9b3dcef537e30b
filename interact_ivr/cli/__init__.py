"""The command line. What a command needs is imported when it runs, so that ``--help`` is quick."""

import click

from interact_ivr.cli.access import token, user
from interact_ivr.cli.allocations import allocate, free
from interact_ivr.cli.applications import application
from interact_ivr.cli.bench import bench
from interact_ivr.cli.database import db
from interact_ivr.cli.dial_plans import explain, plan
from interact_ivr.cli.directory import environment, tenant
from interact_ivr.cli.journal import journal
from interact_ivr.cli.numbers import number
from interact_ivr.cli.service import init, serve, status


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="interact-ivr")
def main() -> None:
    """Lends phone numbers to interactions and tells Asterisk whose call it is.

    Exit status: 0 done, 1 the thing asked failed, 2 the command was not understood.
    """


for _command in (
    init,
    serve,
    status,
    tenant,
    environment,
    application,
    user,
    token,
    number,
    allocate,
    free,
    journal,
    explain,
    plan,
    db,
    bench,
):
    main.add_command(_command)
