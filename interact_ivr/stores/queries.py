"""SQL kept in .sql files: named queries and numbered migrations, one folder a dialect.

A query begins with a line ``-- name: find_number`` and ends where the next one begins. What some
of a file have in common is a part, ``-- part: fitting``, and is put where one says ``{fitting}``.
"""

import re
from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable

_HEAD = re.compile(r"^-- (name|part): (\w+)\s*$", re.MULTILINE)
_PART = re.compile(r"\{(\w+)\}")


def load_queries(dialect: str) -> Mapping[str, str]:
    """Read every named query of *dialect* (``sqlite``)."""
    queries: dict[str, str] = {}
    for file in sorted(_folder(dialect).iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".sql"):
            named = _queries_of(file.read_text("utf-8"))
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


def _queries_of(text: str) -> dict[str, str]:
    """Read the queries of one file, with its parts put in; raises KeyError for one it has not."""
    _head, *found = _HEAD.split(text)
    of: dict[str, dict[str, str]] = {"name": {}, "part": {}}
    for kind, name, body in zip(found[::3], found[1::3], found[2::3], strict=True):
        of[kind][name] = body.strip()
    parts = of["part"]
    return {name: _PART.sub(lambda at: parts[at[1]], body) for name, body in of["name"].items()}


def _folder(dialect: str) -> Traversable:
    return files("interact_ivr.stores") / "sql" / dialect
