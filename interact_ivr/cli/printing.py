"""``print``: the files that an operating system wants of us, written for this machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click


def _unit() -> str:
    """Give systemd's unit, with the program that this is."""
    text = _packaged("interact-ivr.service")
    return text.replace("/usr/local/bin/interact-ivr", str(_program()))


def _man() -> str:
    from importlib.metadata import version

    from interact_ivr.cli.manual import manual

    return manual(click.get_current_context().find_root().command, version("interact-ivr"))


def _configuration() -> str:
    from interact_ivr.config import sample

    return sample()


def _completion(shell: str) -> Callable[[], str]:
    def completion() -> str:
        from click.shell_completion import ShellComplete, get_completion_class

        kind = get_completion_class(shell)
        if kind is None:
            raise click.UsageError(f"click knows no {shell}")
        main = click.get_current_context().find_root().command
        # not the class's own: bash's asks which bash this is, and it is written for another machine
        return ShellComplete.source(kind(main, {}, "interact-ivr", "_INTERACT_IVR_COMPLETE"))

    return completion


def _packaged(name: str) -> str:
    from importlib.resources import files

    return (files("interact_ivr.packaging") / name).read_text("utf-8")


def _program() -> Path:
    import sys

    return Path(sys.executable).parent / "interact-ivr"


FILES: dict[str, tuple[str, Callable[[], str]]] = {
    "unit": ("/etc/systemd/system/interact-ivr.service", _unit),
    "sysusers": ("/etc/sysusers.d/interact-ivr.conf", lambda: _packaged("sysusers.conf")),
    "tmpfiles": ("/etc/tmpfiles.d/interact-ivr.conf", lambda: _packaged("tmpfiles.conf")),
    "man": ("/usr/local/share/man/man1/interact-ivr.1", _man),
    "completion-bash": ("/etc/bash_completion.d/interact-ivr", _completion("bash")),
    "completion-zsh": ("/usr/local/share/zsh/site-functions/_interact-ivr", _completion("zsh")),
    "completion-fish": ("/etc/fish/completions/interact-ivr.fish", _completion("fish")),
    "configuration": ("/etc/interact-ivr/interact-ivr.toml", _configuration),
}
"""What can be printed, and where an administrator would put it."""


@click.command("print", epilog="\b\n" + "\n".join(f"{k}: {at}" for k, (at, _) in FILES.items()))
@click.argument("what", type=click.Choice([*FILES]))
def print_file(what: str) -> None:
    """Print a file for this machine: systemd's, the manual page, a completion, a sample.

    Where to put each is said below.
    """
    click.echo(FILES[what][1](), nl=False)
