"""SQL kept in .sql files: named queries and numbered migrations, one folder a dialect.

A query begins with a line ``-- name: find_number`` and ends where the next one begins.
"""

import re
from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable

_NAME = re.compile(r"^-- name: (\w+)\s*$", re.MULTILINE)


def load_queries(dialect: str) -> Mapping[str, str]:
    """Read every named query of *dialect* (``sqlite``)."""
    queries: dict[str, str] = {}
    for file in sorted(_folder(dialect).iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".sql"):
            _head, *parts = _NAME.split(file.read_text("utf-8"))
            named = dict(zip(parts[::2], (body.strip() for body in parts[1::2]), strict=True))
            if doubles := queries.keys() & named.keys():
                raise ValueError(f"{file.name}: {sorted(doubles)} are named twice")
            queries |= named
    return queries


def load_migrations(dialect: str) -> list[tuple[int, str]]:
    """Read the migrations of *dialect* as (version, script), in order from 1 without a gap."""
    found = [
        (int(file.name.split("_")[0]), file.read_text("utf-8"))
        for file in (_folder(dialect) / "migrations").iterdir()
        if file.name.endswith(".sql")
    ]
    found.sort()
    if [version for version, _ in found] != list(range(1, len(found) + 1)):
        raise ValueError(f"the {dialect} migrations are not numbered 1, 2, 3 ...")
    return found


def _folder(dialect: str) -> Traversable:
    return files("interact_ivr.stores") / "sql" / dialect
