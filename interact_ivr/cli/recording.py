"""What ``db`` commands did, on record: they work on the store's file, past the service.

Where one runs, it writes the entry, as it alone writes into its store; else the command does.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from interact_ivr.cli.asking import warn

if TYPE_CHECKING:
    from interact_ivr.config_keys import Config
    from interact_ivr.domain.acts import Told


def told_of(action: str, **facts: object) -> Told:
    """Say what is to be put on record of an *action* of this process's user; of paths, absolute."""
    from interact_ivr.control.actors import actor_of
    from interact_ivr.domain.acts import COMMAND_LINE, Act

    act = Act(actor_of(os.getuid(), COMMAND_LINE), action)
    act.speak_of({name: _plain(value) for name, value in facts.items()})
    return act.told()


def record(config: Config, action: str, **facts: object) -> None:
    """Put on record what was done to the configured SQLite store, or warn that it is not."""
    import sqlite3

    from interact_ivr.control.client import NotRunning, Refused, ask
    from interact_ivr.stores.migrating import SchemaError
    from interact_ivr.stores.sqlite.lock import StoreHeldError
    from interact_ivr.stores.sqlite.trail import add_alone

    plain = {name: _plain(value) for name, value in facts.items()}
    try:
        ask(Path(config.control.socket), action, plain)
    except Refused as refused:
        warn(f"the audit trail has no entry: {'; '.join(refused.faults)}")
    except OSError as error:
        warn(f"the audit trail has no entry: {error}")
    except NotRunning:
        try:
            if not add_alone(config.store.path, told_of(action, **facts)):
                warn("the audit trail has no entry: the store's schema has none yet")
        except (sqlite3.Error, StoreHeldError, SchemaError, OSError) as error:
            warn(f"the audit trail has no entry: {error}")


def _plain(value: object) -> object:
    """Write a path as text that is UTF-8, whatever its name is."""
    if isinstance(value, Path):
        return os.fsencode(value.absolute()).decode("utf-8", "replace")
    return value
