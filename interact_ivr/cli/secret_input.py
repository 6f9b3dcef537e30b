"""Secrets that come in: from a prompt, standard input or a file, never from the command line.

The command line is what ``ps`` shows to everyone.
"""

import sys
from pathlib import Path

import click

from interact_ivr.cli.asking import fail


def read_secret(field: str, file: str) -> str:
    """Read the first line of *file* (``-``: standard input), or end the command with the reason."""
    try:
        if file == "-":
            data = sys.stdin.buffer.readline()
        else:
            with Path(file).open("rb") as opened:
                data = opened.readline()
        return data.decode("utf-8").rstrip("\r\n")
    except OSError as error:
        fail(f"{field}: {file} cannot be read: {error.strerror}")
    except UnicodeDecodeError:
        fail(f"{field}: expected UTF-8 in {file}")


def prompt_secret(field: str) -> str:
    """Ask the person at the terminal, twice and unseen; a program reads from standard input."""
    if not sys.stdin.isatty():
        return read_secret(field, "-")
    text: str = click.prompt(field.capitalize(), hide_input=True, confirmation_prompt=True)
    return text
