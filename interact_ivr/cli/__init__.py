"""The command line. What a command needs is imported when it runs, so that ``--help`` is quick."""

import click

from interact_ivr.cli.commands import Commands


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="interact-ivr")
def main() -> None:
    """Lends phone numbers to interactions and tells Asterisk whose call it is.

    Exit status: 0 done, 1 the thing asked failed, 2 the command was not understood.
    """
