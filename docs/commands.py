"""The page on the command line, made of the commands themselves."""

from __future__ import annotations

from collections.abc import Iterator
from inspect import cleandoc

import click

from docs.generated import table
from interact_ivr.cli import main
from interact_ivr.cli.commands import children

NAME = "interact-ivr"
AS_IT_IS = "\b\n"
"""Click's sign that lines are not joined."""


def overview() -> str:
    """Give a table of all commands, each with its first sentence and a link to its own part."""
    rows = ((f"[`{name}`](#{_anchor(name)})", _sentence(each)) for name, each in _leaves())
    return table(("command", "does"), rows)


def each_command() -> str:
    """Give what every command takes and says."""
    return "\n\n".join(_part(name, command) for name, command in _leaves())


def _leaves(group: click.Group = main, before: str = NAME) -> Iterator[tuple[str, click.Command]]:
    """Give every command that does something, by its whole name, in alphabetical order."""
    for name, command in sorted(children(group)):
        if not isinstance(command, click.Group) or command.invoke_without_command:
            yield f"{before} {name}", command
        if isinstance(command, click.Group):
            yield from _leaves(command, f"{before} {name}")


def _part(name: str, command: click.Command) -> str:
    context = click.Context(command, info_name=name)
    options = [
        (f"`{record[0]}`", record[1])
        for each in command.get_params(context)
        if (record := each.get_help_record(context)) and record[1] and "--help" not in record[0]
    ]
    pieces = [
        f"## {name}",
        f"`{name} {' '.join(command.collect_usage_pieces(context))}`",
        _written(cleandoc(command.help or "")),
        table(("option", "what"), options) if options else "",
        _written(command.epilog or ""),
    ]
    return "\n\n".join(filter(None, pieces))


def _sentence(command: click.Command) -> str:
    return _written(cleandoc(command.help or "").partition("\n\n")[0].replace("\n", " "))


def _written(text: str) -> str:
    """Give help as Markdown: lines that stay as they are, as a list."""
    if text.startswith(AS_IT_IS):
        return "\n".join(f"- {line}" for line in text.removeprefix(AS_IT_IS).splitlines())
    return text.replace("<", "&lt;").replace("|", "\\|").replace("[[", "\\[[")


def _anchor(name: str) -> str:
    return name.replace(" ", "-")
