"""Secrets that come in: from a prompt, standard input or a file, never from the command line.

The command line is what ``ps`` shows to everyone.
"""

import sys
from pathlib import Path

import click

from interact_ivr.cli.asking import fail
from interact_ivr.secret_files import Exposed, opened


def read_secret(field: str, file: str) -> str:
    """Read the first line of *file* (``-``: standard input), or end the command with the reason.

    It is one that others may not read.
    """
    try:
        if file == "-":
            data = sys.stdin.buffer.readline()
        else:
            path = Path(file)
            with opened(path) if path.is_file() else path.open("rb") as found:  # or a shell's pipe
                data = found.readline()
        return data.decode("utf-8").rstrip("\r\n")
    except Exposed as error:
        fail(f"{field}: {error}")
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
