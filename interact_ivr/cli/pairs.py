"""Settings on the command line, as ``KEY=VALUE``: read, and written for people."""

from collections.abc import Mapping

import click


def read_pairs(_: click.Context, param: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    """Take arguments apart; the last of a key counts."""
    settings = {}
    for pair in given:
        key, equals, text = pair.partition("=")
        if not equals:
            raise click.BadParameter(f"expected KEY=VALUE, got {pair!r}", param=param)
        settings[key] = text
    return settings


def written_pairs(settings: Mapping[str, object]) -> str:
    """Write them as they are given."""
    return " ".join(f"{key}={value}" for key, value in settings.items())
