"""The configuration file, read whole or refused whole.

All faults are told at once, each with its key, what was expected, and what stands there; a key
that is not known is a fault too.
"""

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args, get_type_hints

import msgspec
from msgspec import Meta

from interact_ivr.config_agi import agi_contradictions, agi_warnings
from interact_ivr.config_http import http_contradictions
from interact_ivr.config_keys import Config
from interact_ivr.config_node import node_contradictions
from interact_ivr.config_pbx import pbx_contradictions, pbx_warnings
from interact_ivr.config_screen import screen_contradictions
from interact_ivr.config_store import store_contradictions
from interact_ivr.domain import times

DEFAULT_FILE = Path("/etc/interact-ivr/interact-ivr.toml")
VARIABLE = "INTERACT_IVR_CONFIG"
NEEDS_RESTART = ("node", "store", "agi", "http", "control", "pbx")
"""The sections that a running service keeps; it takes all others at a reload."""


class ConfigError(Exception):
    """The configuration cannot be used; *faults* names every reason."""

    def __init__(self, file: Path, faults: list[str]) -> None:
        super().__init__("\n".join(f"{file}: {fault}" for fault in faults))
        self.faults = faults


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
    except (ValueError, RecursionError) as error:  # ValueError: a number of thousands of digits
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
    yield from node_contradictions(config.node)
    yield from store_contradictions(config.store)
    yield from agi_contradictions(config.agi)
    yield from http_contradictions(config.http)
    yield from pbx_contradictions(config.pbx)
    yield from screen_contradictions(config.screen)
    for each in times.too_long(config.pool.policy, config.journal.keep_for):
        yield (
            f"journal.days: expected 0, or at least pool.{each.key} ({each.seconds} seconds), "
            f"got {config.journal.days}"
        )


def after_reload(old: Config, new: Config) -> Config:
    """Give what is effective when a service that runs with *old* has read *new*."""
    kept = {section: getattr(old, section) for section in NEEDS_RESTART}
    return msgspec.structs.replace(new, **kept)


def changes(old: Config, new: Config) -> list[str]:
    """Name the keys whose values differ; what there may be several of, as a whole."""
    return [name for name in _names() if _value(old, name) != _value(new, name)]


def _names() -> Iterator[str]:
    for section, kind in get_type_hints(Config).items():
        if _of_many(kind):
            yield section
        else:
            yield from (f"{section}.{key}" for key, *_ in _keys(kind))


def _value(config: Config, name: str) -> object:
    section, _, key = name.partition(".")
    table = getattr(config, section)
    return getattr(table, key) if key else table


def warnings(config: Config) -> list[str]:
    """Say what may be configured so, and why one would rather not."""
    told = []
    if config.interaction.alphabet == "printable":
        told.append(
            'interaction.alphabet = "printable": ids may hold quotes, commas, brackets and ${}; '
            "an expression such as $[...] in the Asterisk dialplan may be bent by them"
        )
    told += [*agi_warnings(config.agi), *pbx_warnings(config.pbx)]
    return [*told, *times.warnings(config.pool.policy, "pool.")]


def keys() -> Iterator[tuple[str, object, str, str]]:
    """Give every key as (section.key, default, what it is, what is expected)."""
    for section, kind in get_type_hints(Config).items():
        for key, default, meta in _keys(_of_many(kind) or kind):
            yield f"{section}.{key}", default, meta.title or "", meta.description or ""


def sample() -> str:
    """Write every key with its default and its meaning, as a file to begin with.

    A table of which there is none yet is commented out.
    """
    parts = []
    for section, kind in get_type_hints(Config).items():
        one = _of_many(kind)
        out, heading = ("# ", f"[[{section}]]") if one else ("", f"[{section}]")
        lines = [f"# {(one or kind).__doc__}", out + heading]
        for key, default, meta in _keys(one or kind):
            value = msgspec.json.encode(default).decode()  # TOML's own form for these types
            lines += [f"# {meta.title}: {meta.description}", f"{out}{key} = {value}"]
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def _faults(tables: Mapping[str, Any]) -> Iterator[str]:
    sections = get_type_hints(Config)
    for section, values in tables.items():
        if section not in sections:
            yield f"[{_named(section)}]: expected one of {', '.join(sections)}"
        elif one := _of_many(sections[section]):
            yield from _tables_faults(section, one, values)
        elif not isinstance(values, dict):
            yield f"{section}: expected a table, got {_shown(values)}"
        else:
            yield from _section_faults(section, sections[section], values)


def _tables_faults(section: str, kind: type, tables: Any) -> Iterator[str]:
    if not isinstance(tables, list) or not all(isinstance(each, dict) for each in tables):
        yield f"{section}: expected [[{section}]] tables, got {_shown(tables)}"
        return
    for at, values in enumerate(tables, 1):
        yield from _section_faults(f"{section}[{at}]", kind, values)


def _section_faults(section: str, kind: type, values: Mapping[str, Any]) -> Iterator[str]:
    types = get_type_hints(kind, include_extras=True)
    expectations = {key: meta.description for key, _, meta in _keys(kind)}
    for key, value in values.items():
        if key not in types:
            yield f"{section}.{_named(key)}: expected one of {', '.join(types)}"
            continue
        if not _fits(value, key, types[key]):
            yield f"{section}.{key}: expected {expectations[key]}, got {_shown(value)}"


def _fits(value: Any, key: str, kind: Any) -> bool:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return key not in times.SPANS or times.SPANS[key].holds(value)


def _named(key: str) -> str:
    """Name a key that is none of ours; it is whatever somebody has written, in one line."""
    return key if key.isprintable() else ascii(key)


def _shown(value: object) -> str:
    try:
        return repr(value)
    except ValueError:  # hexadecimal, it could be read
        return "a number of thousands of digits"


def _of_many(kind: Any) -> type | None:
    """Give the kind of each, where a section may be there several times."""
    of: tuple[type, ...] = get_args(kind)
    return of[0] if of else None


def _keys(kind: type) -> Iterator[tuple[str, object, Meta]]:
    types = get_type_hints(kind, include_extras=True)
    for field in msgspec.structs.fields(kind):
        (meta,) = types[field.name].__metadata__
        yield field.name, field.default, meta
