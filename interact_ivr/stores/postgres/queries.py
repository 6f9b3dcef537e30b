"""The named queries of PostgreSQL: read alike with SQLite's, bound as the driver wants it."""

import re
from collections.abc import Mapping
from functools import cache

from interact_ivr.stores.queries import load_queries

_PARAMETER = re.compile(r"(?<![:\w]):([a-z]\w*)")
_COMMENT = re.compile(r"--[^\n]*\n")


@cache
def postgres_queries() -> Mapping[str, str]:
    """Read them, with ``:name`` written ``%(name)s``."""
    return {name: bound(text) for name, text in load_queries("postgres").items()}


def bound(text: str) -> str:
    """Write *text* as the driver binds it, without comments, in which there may be anything."""
    return _PARAMETER.sub(r"%(\1)s", _COMMENT.sub("", text).replace("%", "%%"))
