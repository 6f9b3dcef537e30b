"""``asterisk install``, ``check`` and ``remove``: our part of a PBX's configuration."""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from msgspec.structs import asdict

from interact_ivr.cli.asking import fail, warn
from interact_ivr.cli.tables import print_json

if TYPE_CHECKING:
    from interact_ivr.asterisk.finding import Place
    from interact_ivr.asterisk.steps import Plan
    from interact_ivr.asterisk.talking import Console
    from interact_ivr.asterisk.wanted import Choice

_FOLDER = click.Path(file_okay=False, path_type=Path)
OPTIONS = (
    click.option("--etc", type=_FOLDER, help="Asterisk's folder; else the usual ones."),
    click.option("--agi-bin", type=_FOLDER, help="Where its AGI programs are; else as it says."),
    click.option("--asterisk", default="asterisk", metavar="PROGRAM", help="How to ask it."),
    click.option("--json", "as_json", is_flag=True, help="Answer in JSON, for programs."),
)
_DRY_RUN = click.option("--dry-run", is_flag=True, help="Show the diff and change nothing.")
_FORCE = click.option("--force", is_flag=True, help="Also where a file of ours was edited.")
_NO_RELOAD = click.option("--no-reload", is_flag=True, help="Leave Asterisk itself alone.")


def _options(command: Callable[..., None]) -> Callable[..., None]:
    """Give *command* the options of all, and end it with a sentence where it cannot be."""

    @functools.wraps(command)
    def run(etc: Path | None, agi_bin: Path | None, asterisk: str, **others: Any) -> None:
        from interact_ivr.asterisk.faults import CannotInstallError
        from interact_ivr.asterisk.finding import find
        from interact_ivr.asterisk.talking import AsteriskError, Console

        try:
            place = find(etc, agi_bin)
            command(place, Console(place, asterisk), **others)
        except CannotInstallError as error:
            fail(*error.faults)
        except AsteriskError as error:
            fail(f"{error}; `interact-ivr asterisk check` says how it stands")
        except OSError as error:
            fail(str(error))

    for option in reversed(OPTIONS):
        run = option(run)
    return run


@click.group()
def asterisk() -> None:
    """Our part of an Asterisk's configuration: put in, looked at, taken out without a trace."""


@asterisk.command()
@click.option("--agi", metavar="ADDRESS:PORT", help="Where the service listens, if not here.")
@click.option("--query", metavar="environment=..&pbx=..", help="Where there are several.")
@click.option("--name", help="The PBX's name in the service's configuration; else main.")
@click.option("--ari/--no-ari", default=None, help="Let the service watch the calls.")
@click.option("--ami/--no-ami", default=None, help="Let it ask whose the extensions are.")
@click.option("--secrets", type=_FOLDER, help="Where the service finds their secrets.")
@_DRY_RUN
@_FORCE
@_NO_RELOAD
@_options
def install(
    place: Place,
    console: Console,
    dry_run: bool,
    force: bool,
    no_reload: bool,
    as_json: bool,
    **chosen: Any,
) -> None:
    """Put the subroutines, and what else is chosen, into Asterisk's configuration.

    Shows the diff, writes files of its own and lines that include them, has Asterisk reload, and
    asks it whether all is there. What is not named stays as it was chosen before.
    """
    from interact_ivr.asterisk.applying import alone
    from interact_ivr.asterisk.planning import to_install
    from interact_ivr.asterisk.wanted import wanted

    with alone(place):
        choice = _choice(place, chosen)
        plan = to_install(place, choice, force=force)
        _show(place, plan, as_json)
        if dry_run:
            _tell(as_json, place, plan, "nothing was changed")
            return

        def load() -> None:
            if not no_reload:
                console.take_in((*plan.during.own,))
                console.prove(wanted(place, choice).proofs)

        _carry_out(place, plan, load)
    _tell(as_json, place, plan, f"installed in {place.etc}")


@asterisk.command()
@click.option("--dry-run", is_flag=True, help="As without it: nothing is ever changed.")
@_NO_RELOAD
@_options
def check(place: Place, console: Console, dry_run: bool, no_reload: bool, as_json: bool) -> None:
    """Say what is there, what is half done and what to do; exit status 1 unless all is well."""
    del dry_run
    from interact_ivr.asterisk.inspecting import inspect

    standing = inspect(place, None if no_reload else console)
    if as_json:
        print_json({**asdict(standing), "advice": standing.state.advice, **_where(place)})
    else:
        click.echo(f"{place.etc}: {standing.state}")
        for each in standing.missing:
            click.echo(f"  {each}")
        if standing.not_loaded:
            click.echo(f"  Asterisk: {standing.not_loaded}")
        if standing.state.advice:
            click.echo(standing.state.advice)
    sys.exit(not standing.is_well)


@asterisk.command()
@_DRY_RUN
@_FORCE
@_NO_RELOAD
@_options
def remove(
    place: Place, console: Console, dry_run: bool, force: bool, no_reload: bool, as_json: bool
) -> None:
    """Take all that is ours out of Asterisk's configuration.

    Of others' files only our lines go. A file of ours that somebody has edited stays, and is told
    of, unless --force. Lines of others that still ask are named: Asterisk ends their calls then.
    """
    from interact_ivr.asterisk.applying import alone
    from interact_ivr.asterisk.asking import asking_lines
    from interact_ivr.asterisk.planning import to_remove
    from interact_ivr.asterisk.talking import NotRunningError

    with alone(place):
        if not place.ours.exists():
            _tell_plain(as_json, {"changed": False, **_where(place)}, "nothing of ours is there")
            return
        plan = to_remove(place, force=force)
        _show(place, plan, as_json)
        for line in asking_lines(place):
            warn(f"take this line out first, or Asterisk ends its calls: {line}")
        if dry_run:
            _tell(as_json, place, plan, "nothing was changed")
            return

        def forget() -> None:
            try:
                if not no_reload:
                    console.take_in((*plan.during.own,))
            except NotRunningError as error:
                warn(f"{error}; it will find nothing of ours when it starts")

        _carry_out(place, plan, forget)
    if plan.kept and not as_json:
        fail(*(f"{path} is not as we wrote it and stays; --force takes it" for path in plan.kept))
    _tell(as_json, place, plan, f"removed from {place.etc}")
    sys.exit(bool(plan.kept))


@asterisk.command()
@click.option("--context", "contexts", multiple=True, help="Where calls come in; else inbound.")
@_options
def configuration(place: Place, console: Console, contexts: tuple[str, ...], as_json: bool) -> None:
    """Print the [[pbx]] table by which the service knows this Asterisk, as it was installed."""
    del console
    from interact_ivr.asterisk.record import Phase, read_record
    from interact_ivr.asterisk.wanted import configuration as lines_of

    record = read_record(place)
    if record is None or record.phase is not Phase.INSTALLED:
        fail(f"not installed in {place.etc}: `interact-ivr asterisk check` says how it stands")
    lines = [*lines_of(place, record.choice, contexts or ("inbound",))]
    _tell_plain(as_json, {"configuration": "\n".join(lines)}, "\n" + "\n".join(lines))


def _choice(place: Place, chosen: dict[str, Any]) -> Choice:
    """Put what is named into what was chosen before."""
    from interact_ivr.asterisk.record import read_record
    from interact_ivr.asterisk.wanted import Choice
    from interact_ivr.config import config_file

    record = read_record(place)
    before = record.choice if record else Choice(secrets=str(config_file(None).absolute().parent))
    named = {key: value for key, value in chosen.items() if value is not None}
    if "secrets" in named:
        named["secrets"] = str(named["secrets"].absolute())
    for key, form in (
        ("agi", r"\d+\.\d+\.\d+\.\d+:\d+"),
        ("query", r"[A-Za-z0-9\-_.=&/]*"),
        ("name", r"[A-Za-z0-9\-_.]{1,64}"),
    ):
        if key in named and not re.fullmatch(form, named[key]):
            raise click.BadParameter(f"got {named[key]!r}", param_hint=f"--{key}")
    return Choice(**{**asdict(before), **named})


def _carry_out(place: Place, plan: Plan, told: Callable[[], None]) -> None:
    from interact_ivr.asterisk.applying import carry_out
    from interact_ivr.asterisk.hand import Hand

    carry_out(place, plan, Hand(), told)


def _show(place: Place, plan: Plan, as_json: bool) -> None:
    from interact_ivr.asterisk.steps import diff

    if not as_json:
        for line in diff(plan, place.ours):
            click.secho(line, fg=_COLOURS.get(line[:1]))


_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def _tell(as_json: bool, place: Place, plan: Plan, sentence: str) -> None:
    from interact_ivr.asterisk.steps import diff

    paths = [str(step.path) for step in plan.steps if not step.path.is_relative_to(place.ours)]
    facts = {
        "done": sentence,
        "paths": paths,
        "kept": [str(path) for path in plan.kept],
        "diff": "\n".join(diff(plan, place.ours)),
        **_where(place),
    }
    _tell_plain(as_json, facts, sentence)


def _tell_plain(as_json: bool, facts: dict[str, Any], sentence: str) -> None:
    if as_json:
        print_json(facts)
    else:
        click.echo(sentence)


def _where(place: Place) -> dict[str, Any]:
    return {"etc": str(place.etc), "agi_bin": str(place.agi_bin), "freepbx": place.is_freepbx}
