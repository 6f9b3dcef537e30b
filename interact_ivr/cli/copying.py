"""``db copy``: from the SQLite store into a PostgreSQL that nodes share."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from interact_ivr.cli.asking import asking_options, fail, failing
from interact_ivr.cli.tables import print_json, print_table

if TYPE_CHECKING:
    from interact_ivr.config_store import StoreConfig
    from interact_ivr.stores.copying import Copied, Show
    from interact_ivr.stores.postgres.connecting import Connecting

_WHO = "interact-ivr db copy"
_LONGEST_SECONDS = 600.0
"""Of a step, in the server's view."""


@click.command("copy")
@click.option("--to", metavar="URL", default="", help="The PostgreSQL; else the configured store.")
@click.option("--password", metavar="FILE", help="Where its user's password is; -: standard input.")
@click.option(
    "--from",
    "source",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The SQLite store, or a backup of one; else the configured store.",
)
@asking_options
@failing
def copy_into(
    to: str, password: str | None, source: Path | None, config: str | None, as_json: bool
) -> None:
    """Copy a SQLite store into an empty PostgreSQL; the service must be stopped.

    The same command again goes on where one was that broke off. At the end both sides are
    compared, row by row; exit status 1 where they differ. Until then no node starts on the copy.
    """
    from interact_ivr.cli.progress import progress

    target, source = _ends(to, source, config)
    connecting = _connecting(target, password, configured=not to)
    with progress() as show:
        copied = _copied(source, connecting, show)
    if as_json:
        print_json({"from": str(source), "to": target.name, **_facts(copied)})
    else:
        _tell(copied, source, target.name)
    sys.exit(1 if copied.different else 0)


def _ends(to: str, source: Path | None, config: str | None) -> tuple[StoreConfig, Path]:
    """Give where to and where from: the configured store is whichever is not named."""
    from interact_ivr.config import config_file, load_config
    from interact_ivr.config_store import StoreConfig, store_contradictions

    configured = None if to and source else load_config(config_file(config)).store
    target = StoreConfig(url=to) if to else configured
    if target is None or not target.is_shared:
        raise click.UsageError("--to: expected a postgresql:// address, as the store is SQLite's")
    for fault in store_contradictions(target):
        fail(fault.replace("store.url", "--to").replace("store.password", "--password"))
    if source is None and configured is not None:
        if configured.is_shared:
            raise click.UsageError("--from: expected a file, as the store is PostgreSQL's")
        source = configured.path
    if source is None:
        raise click.UsageError("--from: expected a file")
    return target, source


def _connecting(target: StoreConfig, password: str | None, *, configured: bool) -> Connecting:
    from interact_ivr.cli.secret_input import read_secret
    from interact_ivr.config_pbx import secret
    from interact_ivr.stores.postgres.connecting import Connecting

    where = target.password if configured else ""
    if password is not None:
        given: str | None = read_secret("password", password)
    else:
        given = secret(where) if where else None
    return Connecting(target.url, lambda: given, _LONGEST_SECONDS)


def _copied(source: Path, connecting: Connecting, show: Show) -> Copied:
    """Copy, or end the command with the reason."""
    from interact_ivr.cli.recording import told_of
    from interact_ivr.domain.errors import StoreUnavailable
    from interact_ivr.stores.copying import copy_store
    from interact_ivr.stores.postgres.target import opened_target
    from interact_ivr.stores.sqlite.holding import held

    with held(source, _WHO) as held_store:
        try:
            with opened_target(connecting, held_store.name, held_store.state) as target:
                return copy_store(held_store, target, show, told_of("db.copy", source=source))
        except StoreUnavailable as error:
            _broken_off(error)


def _broken_off(error: Exception) -> NoReturn:
    fail(str(error), "the same command again goes on where it was")


def _facts(copied: Copied) -> dict[str, object]:
    return {
        "equal": not copied.different,
        "resumed": copied.resumed,
        "ahead_seconds": copied.ahead_seconds,
        "tables": {
            each.table: {
                "rows": each.source.rows,
                "sha256": each.source.sha256,
                "copied_rows": each.target.rows,
                "copied_sha256": each.target.sha256,
            }
            for each in copied.tables
        },
    }


def _tell(copied: Copied, source: Path, target: str) -> None:
    rows = [
        (each.table, f"{each.source.rows}", f"{each.target.rows}", "" if each.equal else "differs")
        for each in copied.tables
    ]
    print_table(("table", "rows", "copied", ""), rows)
    journal = copied.journal
    click.echo(f"journal of the source  SHA-256 {journal.source.sha256}")
    click.echo(f"journal of the copy    SHA-256 {journal.target.sha256}")
    if copied.different:
        fail(f"the copy differs in {', '.join(copied.different)}: make the database anew")
    if copied.ahead_seconds:
        click.echo(f"by the server's clock all comes {copied.ahead_seconds:.1f} s earlier")
    click.echo(
        f"{source} is copied to {target}, which nodes may serve now; that file they must not"
    )
    key = source.with_name(f"{source.name}.ani-key")
    if key.exists():
        click.echo(f"what is in {key} must be every node's INTERACT_IVR_ANI_KEY")
