"""Which commands there are, where each is, and what it says of itself; nothing of them is imported.

``--help`` and a completion name all commands, a command line runs one. So only that one's module is
imported, and with it what the one needs.
"""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Final

import click

COMMANDS: Final[Mapping[str, tuple[str, str]]] = {
    "init": ("service", "Write a configuration file to begin with, and create the store."),
    "serve": ("service", "Serve calls and the command line until told to stop."),
    "status": (
        "service",
        "Show the running service, its pool and its nodes; exit status 1 where none runs.",
    ),
    "tenant": ("directory", "The customers of this installation."),
    "environment": ("directory", "A tenant's separate worlds of numbers and interactions."),
    "application": ("applications", "Applications: what has a pool, and what allocates from it."),
    "user": ("access", "The people of a tenant."),
    "token": ("access", "Bearer tokens, each of one environment."),
    "number": ("numbers", "The numbers of the pool."),
    "pool": ("sizing", "Look at a pool as a whole."),
    "allocate": ("allocations", "Lend a number to INTERACTION, and print it."),
    "free": ("allocations", "End the allocation of NUMBER, if it has one."),
    "journal": ("journal", "Show the journal, oldest first."),
    "audit": ("audit", "Show what administrators did and were refused, the newest first."),
    "explain": (
        "dial_plans",
        "Say why NUMBER is what it is: each step, and why each rule does or does not match.",
    ),
    "plan": (
        "dial_plans",
        "Dial plans: what is wrong with one, whether it does as it should, what another changes.",
    ),
    "db": ("database", "The store as a whole: copies of it, and its schema."),
    "asterisk": (
        "asterisk",
        "Our part of an Asterisk's configuration: put in, looked at, taken out without a trace.",
    ),
    "doctor": (
        "doctor",
        "Examine the configuration, the store, the service and every PBX, also while it is down.",
    ),
    "monitoring": ("monitoring", "Print Prometheus's rules of alerts, or Grafana's dashboard."),
    "print": (
        "printing",
        "Print a file for this machine: systemd's, the manual page, a completion, a sample.",
    ),
    "bench": ("bench", "Measure the store's disk, a temporary store on it, and calls."),
}
"""The module of each command, and the first sentence of its help."""


class Commands(click.Group):
    """The commands, each imported when it is asked for; the whole first sentence is shown."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's own
        """Name them, in the order of the alphabet."""
        return sorted(COMMANDS)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002  click's own
        cmd_name: str,
    ) -> click.Command | None:
        """Import a command; None where there is none of this name."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"interact_ivr.cli.{COMMANDS[cmd_name][0]}")
        found = (each for each in vars(module).values() if isinstance(each, click.Command))
        return next(each for each in found if each.name == cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write each with its sentence."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name][1]) for name in self.list_commands(ctx)])


def children(command: click.Command) -> Iterator[tuple[str, click.Command]]:
    """Give the commands of a group, by their names; none of what is no group."""
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            if (child := command.get_command(context, name)) is not None:
                yield name, child
