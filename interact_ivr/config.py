"""The configuration file: every key with its default and its meaning, read whole or refused whole.

All faults are told at once, each with its key, what was expected, and what stands there; a key
that is not known is a fault too.
"""

import os
import tomllib
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

import msgspec
from msgspec import Meta

from interact_ivr.domain.lifecycle import Policy

DEFAULT_FILE = Path("/etc/interact-ivr/interact-ivr.toml")
VARIABLE = "INTERACT_IVR_CONFIG"
NEEDS_RESTART = ("store", "agi", "control")
"""The sections that a running service keeps; it takes all others at a reload."""


class ConfigError(Exception):
    """The configuration cannot be used; *faults* names every reason."""

    def __init__(self, file: Path, faults: list[str]) -> None:
        super().__init__("\n".join(f"{file}: {fault}" for fault in faults))
        self.faults = faults


class StoreConfig(msgspec.Struct, frozen=True):
    """Where numbers, allocations and the journal are kept."""

    url: Annotated[
        str,
        Meta(
            pattern=r"^sqlite:////?[^/]",
            title="the store",
            description="sqlite:/// and the path of a file",
        ),
    ] = "sqlite:////var/lib/interact-ivr/interact-ivr.db"

    @property
    def path(self) -> Path:
        """The SQLite file."""
        return Path(self.url.removeprefix("sqlite:///"))


class AgiConfig(msgspec.Struct, frozen=True):
    """Where the Asterisk dialplan asks."""

    host: Annotated[
        str, Meta(min_length=1, title="the address FastAGI listens on", description="an address")
    ] = "127.0.0.1"
    port: Annotated[
        int,
        Meta(ge=0, le=65535, title="its port", description="0 to 65535, where 0 takes a free one"),
    ] = 4573
    dnis_from: Annotated[
        tuple[Literal["extension", "request_uri", "to", "diversion"], ...],
        Meta(
            min_length=1,
            title="where the dialed number is looked for, first come first",
            description="a list of extension, request_uri, to, diversion",
        ),
    ] = ("extension", "request_uri", "to", "diversion")
    most_sessions: Annotated[
        int,
        Meta(ge=1, le=100_000, title="how many calls may ask at once", description="1 to 100000"),
    ] = 1000


class ControlConfig(msgspec.Struct, frozen=True):
    """Where the command line reaches the running service."""

    socket: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=100,
            title="a Unix socket",
            description="a path of at most 100 characters",
        ),
    ] = "/run/interact-ivr/control.sock"


class EnvironmentConfig(msgspec.Struct, frozen=True):
    """Where a call or a command belongs that names no environment."""

    default: Annotated[
        str,
        Meta(
            pattern=r"^[A-Za-z0-9\-_.]{1,64}/[A-Za-z0-9\-_.]{1,64}$",
            title="which is meant where none is named",
            description="tenant/environment",
        ),
    ] = "default/default"


class PoolConfig(msgspec.Struct, frozen=True):
    """How long things last in a pool."""

    hold_for_seconds: Annotated[
        float,
        Meta(
            gt=0,
            le=604_800,
            title="how long an allocation may wait",
            description="more than 0, up to 604800",
        ),
    ] = 900.0
    rest_for_seconds: Annotated[
        float,
        Meta(
            ge=0,
            le=604_800,
            title="how long a number rests before it is lent again",
            description="0 to 604800",
        ),
    ] = 300.0
    resting: Annotated[
        Literal["lend_early", "strict"],
        Meta(
            title="what happens when no number is idle",
            description="lend_early, or strict to refuse",
        ),
    ] = "lend_early"
    redial_for_seconds: Annotated[
        float,
        Meta(
            ge=0,
            le=604_800,
            title="how long a caller who was handed an interaction gets it again",
            description="0 to 604800",
        ),
    ] = 300.0
    late_for_seconds: Annotated[
        float,
        Meta(
            ge=0,
            le=31_536_000,
            title="how long a later caller is told that the number was somebody's",
            description="0 to 31536000",
        ),
    ] = 3600.0
    late_reveals_id: Annotated[
        bool,
        Meta(
            title="tell a late caller's Asterisk dialplan whose it was",
            description="true or false",
        ),
    ] = True
    on_repeat: Annotated[
        Literal["renew", "replace"],
        Meta(
            title="what the same interaction asking again gets",
            description="renew (the same number) or replace (another one)",
        ),
    ] = "renew"
    shared_callers: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^\+?[0-9][0-9 ()./-]{5,30}$")], ...],
        Meta(
            title="calling numbers that many people share, such as a switchboard's",
            description="a list of numbers",
        ),
    ] = ()

    @property
    def policy(self) -> Policy:
        """The same as the domain has it."""
        return Policy(
            timedelta(seconds=self.hold_for_seconds),
            timedelta(seconds=self.rest_for_seconds),
            strict_rest=self.resting == "strict",
            redial_for=timedelta(seconds=self.redial_for_seconds),
            late_for=timedelta(seconds=self.late_for_seconds),
            replace=self.on_repeat == "replace",
            late_reveals_id=self.late_reveals_id,
        )


class JournalConfig(msgspec.Struct, frozen=True):
    """What the journal keeps, and how long."""

    days: Annotated[
        int,
        Meta(
            ge=0,
            le=36_500,
            title="how many days an ended allocation stays on record",
            description="0 to 36500, where 0 is for ever",
        ),
    ] = 400
    ani: Annotated[
        Literal["plain", "hash", "none"],
        Meta(
            title="what is kept of a calling number",
            description="plain, hash (with a key of this store's) or none",
        ),
    ] = "plain"

    @property
    def keep_for(self) -> timedelta | None:
        """The same as a time; None: for ever."""
        return timedelta(days=self.days) or None


class InteractionConfig(msgspec.Struct, frozen=True):
    """What an interaction's id and a group may look like."""

    alphabet: Annotated[
        Literal["safe", "printable"],
        Meta(
            title="which characters may stand in one",
            description="safe, or printable (then guard your own Asterisk expressions)",
        ),
    ] = "safe"


class DialPlanConfig(msgspec.Struct, frozen=True):
    """How numbers are normalized."""

    plan: Annotated[
        str,
        Meta(
            min_length=1,
            title="which dial plan",
            description="a shipped plan (e164, nanp) or the path of a file",
        ),
    ] = "e164"


class LogConfig(msgspec.Struct, frozen=True):
    """What goes to standard error."""

    level: Annotated[
        Literal["debug", "info", "warning", "error"],
        Meta(title="from which level on", description="debug, info, warning or error"),
    ] = "info"


class Config(msgspec.Struct, frozen=True):
    """All of it, one table a section."""

    store: StoreConfig = StoreConfig()
    agi: AgiConfig = AgiConfig()
    control: ControlConfig = ControlConfig()
    environment: EnvironmentConfig = EnvironmentConfig()
    pool: PoolConfig = PoolConfig()
    journal: JournalConfig = JournalConfig()
    interaction: InteractionConfig = InteractionConfig()
    dial_plan: DialPlanConfig = DialPlanConfig()
    log: LogConfig = LogConfig()


def config_file(given: str | None) -> Path:
    """Say which file is meant: the one given, else the environment's, else the default."""
    return Path(given or os.environ.get(VARIABLE) or DEFAULT_FILE)


def load_config(file: Path) -> Config:
    """Read *file*, or raise `ConfigError` with every fault there is."""
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigError(file, [f"cannot be read: {reason}"]) from error
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(file, [f"not TOML: {error}"]) from error
    faults = [*_faults(tables)]
    if faults:
        raise ConfigError(file, faults)
    config = msgspec.convert(tables, Config)
    faults = [*contradictions(config)]
    if faults:
        raise ConfigError(file, faults)
    return config


def contradictions(config: Config) -> Iterator[str]:
    """Name the values that do not go together, each of which alone may stand."""
    kept = config.journal.keep_for
    needed = {
        "pool.hold_for_seconds": config.pool.hold_for_seconds,
        "pool.redial_for_seconds": config.pool.redial_for_seconds,
        "pool.late_for_seconds": config.pool.late_for_seconds,
    }
    for key, seconds in needed.items():
        if kept is not None and kept < timedelta(seconds=seconds):
            yield (
                f"journal.days: expected 0, or at least {key} ({seconds:g} seconds), "
                f"got {config.journal.days}"
            )


def after_reload(old: Config, new: Config) -> Config:
    """Give what is effective when a service that runs with *old* has read *new*."""
    kept = {section: getattr(old, section) for section in NEEDS_RESTART}
    return msgspec.structs.replace(new, **kept)


def changes(old: Config, new: Config) -> list[str]:
    """Name the keys whose values differ."""
    names = (name.split(".") for name, *_ in keys())
    return [
        f"{section}.{key}"
        for section, key in names
        if getattr(getattr(old, section), key) != getattr(getattr(new, section), key)
    ]


def warnings(config: Config) -> list[str]:
    """Say what may be configured so, and why one would rather not."""
    told = []
    if config.interaction.alphabet == "printable":
        told.append(
            'interaction.alphabet = "printable": ids may hold quotes, commas, brackets and ${}; '
            "an expression such as $[...] in the Asterisk dialplan may be bent by them"
        )
    if config.pool.rest_for_seconds < config.pool.redial_for_seconds:
        told.append(
            "pool.rest_for_seconds is less than pool.redial_for_seconds: a number may be lent "
            "again while its last caller may still redial it, and is then told AMBIGUOUS"
        )
    return told


def keys() -> Iterator[tuple[str, object, str, str]]:
    """Give every key as (section.key, default, what it is, what is expected)."""
    for section, kind in get_type_hints(Config).items():
        for key, default, meta in _keys(kind):
            yield f"{section}.{key}", default, meta.title or "", meta.description or ""


def sample() -> str:
    """Write every key with its default and its meaning, as a file to begin with."""
    parts = []
    for section, kind in get_type_hints(Config).items():
        lines = [f"# {kind.__doc__}", f"[{section}]"]
        for key, default, meta in _keys(kind):
            value = msgspec.json.encode(default).decode()  # TOML's own form for these types
            lines += [f"# {meta.title}: {meta.description}", f"{key} = {value}"]
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def _faults(tables: Mapping[str, Any]) -> Iterator[str]:
    sections = get_type_hints(Config)
    for section, values in tables.items():
        if section not in sections:
            yield f"[{section}]: expected one of {', '.join(sections)}"
        elif not isinstance(values, dict):
            yield f"{section}: expected a table, got {values!r}"
        else:
            yield from _section_faults(section, sections[section], values)


def _section_faults(section: str, kind: type, values: Mapping[str, Any]) -> Iterator[str]:
    types = get_type_hints(kind, include_extras=True)
    expectations = {key: meta.description for key, _, meta in _keys(kind)}
    for key, value in values.items():
        if key not in types:
            yield f"{section}.{key}: expected one of {', '.join(types)}"
            continue
        try:
            msgspec.convert(value, types[key])
        except msgspec.ValidationError:
            yield f"{section}.{key}: expected {expectations[key]}, got {value!r}"


def _keys(kind: type) -> Iterator[tuple[str, object, Meta]]:
    types = get_type_hints(kind, include_extras=True)
    for field in msgspec.structs.fields(kind):
        (meta,) = types[field.name].__metadata__
        yield field.name, field.default, meta
