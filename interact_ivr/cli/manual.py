r"""The manual page, interact-ivr(1), in man(7)'s language, written from the commands themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click

NAME = "interact-ivr"
FILES = (
    ("/etc/interact-ivr/interact-ivr.toml", "The configuration; `print configuration` shows all."),
    ("/var/lib/interact-ivr/interact-ivr.db", "The store, unless it is PostgreSQL."),
    ("/run/interact-ivr/control.sock", "Where the commands reach the running service."),
)
ENVIRONMENT = (("INTERACT_IVR_CONFIG", "Another configuration file, where no --config is given."),)


def manual(main: click.Command, version: str) -> str:
    """Write the page for *main* and all its commands."""
    top = click.Context(main, info_name=NAME)
    return "\n".join(
        [
            f'.TH INTERACT\\-IVR 1 "" "{NAME} {_escaped(version)}" "System administration"',
            ".ad l",
            ".SH NAME",
            f"{_escaped(NAME)} \\- {_escaped(_first_sentence(main))}",
            ".SH SYNOPSIS",
            f".B {_escaped(NAME)}",
            ".I command",
            "[options] [arguments]",
            ".SH DESCRIPTION",
            *_text(main.help or ""),
            ".SH COMMANDS",
            *_commands(main, top),
            *_listed("FILES", FILES),
            *_listed("ENVIRONMENT", ENVIRONMENT),
            "",
        ]
    )


def _commands(command: click.Command, context: click.Context) -> Iterator[str]:
    """Give a section for each command that can be said, those of groups behind one another."""
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below is not None:
                yield from _commands(below, click.Context(below, context, info_name=name))
        return
    words = context.command_path.removeprefix(f"{NAME} ")
    yield f".SS {_escaped(words)}"
    yield f".B {_escaped(words)}"
    yield _escaped(" ".join(command.collect_usage_pieces(context)))
    yield ".PP"
    yield from _text(command.help or "")
    for parameter in command.params:
        record = parameter.get_help_record(context)
        if record and isinstance(parameter, click.Option):
            yield from (".TP", f".B {_escaped(record[0])}", _escaped(record[1]) or "\\&")


def _listed(heading: str, pairs: tuple[tuple[str, str], ...]) -> Iterator[str]:
    yield f".SH {heading}"
    for name, what in pairs:
        yield from (".TP", f".I {_escaped(name)}", _escaped(what))


def _text(text: str) -> Iterator[str]:
    """Give paragraphs; one that click is told to leave alone keeps its lines."""
    for at, paragraph in enumerate(re.split(r"\n\s*\n", text.strip())):
        if at:
            yield ".PP"
        as_it_is = paragraph.startswith("\b")
        lines = [_escaped(line.strip()) for line in paragraph.removeprefix("\b\n").splitlines()]
        yield from (".nf", *lines, ".fi") if as_it_is else lines


def _first_sentence(command: click.Command) -> str:
    return (command.help or "").split(".", maxsplit=1)[0].split("\n", maxsplit=1)[0]


def _escaped(text: str) -> str:
    """Keep *text* from being taken for a request; a hyphen is one that can be copied."""
    plain = " ".join(text.split()).replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{plain}" if plain[:1] in (".", "'") else plain
