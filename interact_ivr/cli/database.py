"""``db backup``, ``db restore``, ``db migrate`` and ``db copy``: the store as a whole."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from interact_ivr.cli.asking import asking_options, fail, failing, warn
from interact_ivr.cli.copying import copy_into
from interact_ivr.cli.tables import print_json

if TYPE_CHECKING:
    from interact_ivr.config_keys import Config

_OF_POSTGRES = {
    "backup": "pg_dump copies it, and pg_basebackup with an archive as it was at any time",
    "restore": "pg_restore puts a dump back, point-in-time recovery what it was at any time",
    "migrate": "serve brings its schema up to date when it starts",
}
"""What to use instead."""
_FILE = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))


@click.group()
def db() -> None:
    """The store as a whole: copies of it, and its schema."""


db.add_command(copy_into)


@db.command()
@_FILE
@click.option("--force", is_flag=True, help="Replace FILE if it is there.")
@asking_options
@failing
def backup(file: Path, force: bool, config: str | None, as_json: bool) -> None:
    """Write the store's present state to FILE, checked, also while the service runs."""
    from interact_ivr.cli.recording import record
    from interact_ivr.stores.sqlite.copies import back_up

    loaded = _config(config, "backup")
    with _progress("backing up") as progress:
        size = back_up(loaded.store.path, file, progress, replace=force)
    record(loaded, "db.backup", file=file, bytes=size)
    _tell(as_json, {"backup": str(file), "bytes": size}, f"{file} written and checked")


@db.command()
@_FILE
@asking_options
@failing
def restore(file: Path, config: str | None, as_json: bool) -> None:
    """Put the backup FILE in the store's place; the service must be stopped.

    The store that was there is kept beside it, under a name with the date.
    """
    from interact_ivr.cli.recording import told_of
    from interact_ivr.stores.sqlite.copies import restore as restore_from

    store = _config(config, "restore").store.path
    told = told_of("db.restore", file=file)
    with _progress("restoring") as progress:
        aside = restore_from(store, file, "interact-ivr db restore", progress, told)
    kept = f"; what was there is {aside} now" if aside else ""
    facts = {"restored": str(store), "aside": aside and str(aside)}
    _tell(as_json, facts, f"{store} is restored{kept}")


@db.command()
@click.option("--check", is_flag=True, help="Change nothing; exit status 1 where there is need.")
@asking_options
@failing
def migrate(check: bool, config: str | None, as_json: bool) -> None:
    """Bring the store's schema up to date, as `serve` does when it starts."""
    from interact_ivr.cli.recording import told_of
    from interact_ivr.stores.sqlite.copies import schema_of
    from interact_ivr.stores.sqlite.schema import migrate_file
    from interact_ivr.stores.sqlite.trail import add

    store = _config(config, "migrate").store.path
    version, latest = schema_of(store)
    behind = version < latest
    if behind and not check:
        told = told_of("db.migrate", schema=latest)
        version = migrate_file(store, "interact-ivr db migrate", partial(add, told=told))
    facts = {"schema": version, "latest": latest}
    if behind and check:
        if as_json:
            print_json(facts)
            sys.exit(1)
        fail(f"{store} has schema {version}, this release has {latest}: run db migrate")
    _tell(as_json, facts, f"{store} has schema {version}{' now' if behind else ', the latest'}")


def _config(config: str | None, command: str) -> Config:
    """Load the configuration, of a SQLite store, and warn of who else may read that."""
    from interact_ivr.config import config_file, load_config
    from interact_ivr.secret_files import faults

    loaded = load_config(config_file(config))
    if loaded.store.is_shared:
        fail(f"{loaded.store.name} is PostgreSQL's: {_OF_POSTGRES[command]}")
    warn(*faults(loaded.store.files))
    return loaded


def _tell(as_json: bool, facts: dict[str, Any], sentence: str) -> None:
    if as_json:
        print_json(facts)
    else:
        click.echo(sentence)


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """Give what shows progress on standard error, where that is a terminal."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
