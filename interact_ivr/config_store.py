"""The configuration's [store]: which store it is, and how PostgreSQL lets us in."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated
from urllib.parse import parse_qs, urlsplit

import msgspec
from msgspec import Meta

from interact_ivr.config_pbx import WHERE


class StoreConfig(msgspec.Struct, frozen=True):
    """Where numbers, allocations and the journal are kept."""

    url: Annotated[
        str,
        Meta(
            pattern=r"^(sqlite:////?[^/\0]([^\0]*[^/.\0])?|postgres(ql)?://[^\0]*)$",
            title="the store",
            description="sqlite:/// and the path of a file, or a postgresql:// address as libpq "
            "has it, without a password",
        ),
    ] = "sqlite:////var/lib/interact-ivr/interact-ivr.db"
    password: Annotated[
        str,
        Meta(
            pattern=rf"^$|{WHERE}",
            title="the password of PostgreSQL's user, read at each connection",
            description="the path of a file, or $ and the name of an environment variable; "
            "empty: libpq's own ways",
        ),
    ] = ""

    @property
    def is_shared(self) -> bool:
        """Whether it is PostgreSQL."""
        return not self.url.startswith("sqlite:")

    @property
    def name(self) -> str:
        """How people know it: the file, or where PostgreSQL is, without its user and parameters."""
        if not self.is_shared:
            return str(self.path)
        return re.sub(r"^(\w+://)(?:[^/?]*@)?([^?]*).*$", r"\1\2", self.url, flags=re.DOTALL)

    @property
    def path(self) -> Path:
        """The SQLite file."""
        return Path(self.url.removeprefix("sqlite:///"))

    @property
    def files(self) -> Sequence[Path]:
        """What of it is on this machine, there or not, which nobody else may read."""
        beside = (self.path.with_name(f"{self.path.name}{end}") for end in ("-wal", ".ani-key"))
        return () if self.is_shared else (self.path, *beside)


def store_contradictions(store: StoreConfig) -> Iterator[str]:
    """Name what cannot be, without a word of what must not be shown."""
    if not store.is_shared:
        return
    try:
        parts = urlsplit(store.url)
        named = {*parse_qs(parts.query, keep_blank_values=True)}
        shown = parts.password is not None or bool(named & {"password", "sslpassword"})
    except ValueError:
        yield "store.url: expected an address as libpq has it"
        return
    if shown:
        yield "store.url: expected no password in it: store.password says where it is"
