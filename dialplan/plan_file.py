"""A plan's TOML file, with the plans that it extends: taken or refused whole.

Every fault is told at once, each with file, line, key, expectation and value.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import phonenumbers

from dialplan.directory import Owner, read_directory
from dialplan.faults import Fault, PlanError
from dialplan.plan import Classes, Plan, QueueNames
from dialplan.plan_keys import CLASSES, EMERGENCY, PLAN, QUEUES
from dialplan.reading import Source, read_toml
from dialplan.rule_file import read_conversions, read_lists, read_rules
from dialplan.shadows import shadows

_LONGEST_CHAIN: Final = 8
"""Plans that extend one another; more are a circle."""
_HERE: Final = Path()
_SHIPPED: Final = Path(__file__).with_name("plans")
_PLAIN: Final = (
    "home_country",
    "extension_lengths",
    "allow_short_national",
    "area_codes",
    "outside_line",
    "international_prefixes",
)
"""Keys whose values are those of the plan, as they were read."""


def load_plan(name_or_path: str) -> Plan:
    """Read a shipped plan by its bare name (`nanp`), or a file by its path (`./nanp`, `nanp.toml`).

    Behind a bare name and a colon, the home country may stand: `e164:GB` is the plan `e164` as seen
    from Great Britain. What a file `extends` is named in the same way, seen from its folder.

    Raises:
        PlanError: there is no such plan, it is not TOML, some of its keys or values are wrong, or
            it takes emergency numbers for something else.
    """
    layers = _layers(name_or_path)
    plan = _put_together(layers)
    if faults := _faults(layers) or tuple(shadows(plan)):
        raise PlanError(faults)
    return plan


class _Layer(msgspec.Struct, frozen=True):
    """One file of a plan."""

    source: Source
    folder: Path
    country: str
    """The home country that stood behind the name, or ""."""
    settings: Mapping[str, Any]


def _layers(name_or_path: str) -> Sequence[_Layer]:
    """Read the plan's own file, then what it extends."""
    layers = [_layer(name_or_path, _HERE)]
    while wanted := layers[-1].settings.get("extends"):
        last = layers[-1]
        if len(layers) == _LONGEST_CHAIN:
            expected = f"a plan that extends no more than {_LONGEST_CHAIN - 1} others"
            last.source.fault(("extends",), expected, wanted)
            raise PlanError(tuple(_in_order(last.source)))
        try:
            layers.append(_layer(wanted, last.folder))
        except PlanError as error:
            _keep(last.source, "extends", error)
            raise PlanError(_faults(layers)) from error
    return layers


def _layer(name: str, folder: Path) -> _Layer:
    file, its_folder, country = find_plan(name, folder)
    source = read_toml(file)
    settings = source.table((), source.document, PLAN)
    if country:
        settings["home_country"] = country
    return _Layer(source, its_folder, country, settings)


def _keep(source: Source, key: str, error: PlanError) -> None:
    """Keep the faults of what *key* names; with the key's line, where none of its own is told."""
    for fault in error.faults:
        if fault.line:
            source.faults.append(fault)
        else:
            got = f"{fault.file}: {fault.value}" if fault.file else fault.value
            source.fault((key,), fault.expected, got)


def find_plan(name: str, folder: Path = _HERE) -> tuple[Path, Path, str]:
    """The file that *name* means, seen from *folder*; its own folder; a home country, or "".

    Raises:
        PlanError: no shipped plan is called so, or there is no such country.
    """
    path = Path(name)
    if path.suffix == ".toml" or path.name != name:
        file = folder.joinpath(name)
        return file, file.parent, ""
    shipped = shipped_plans()
    bare, colon, country = name.partition(":")
    if bare not in shipped:
        expected = f"a path, or the name of a shipped plan ({', '.join(shipped)})"
        raise PlanError((Fault("", "", expected, name),))
    if colon and country not in phonenumbers.SUPPORTED_REGIONS:
        expected = f'a country of ISO 3166 behind the colon, such as "{bare}:GB"'
        raise PlanError((Fault("", "", expected, name),))
    return _SHIPPED / f"{bare}.toml", _SHIPPED, country


def shipped_plans() -> Sequence[str]:
    """The names of the plans that come with the engine."""
    return sorted(file.stem for file in _SHIPPED.glob("*.toml") if "." not in file.stem)


def _put_together(layers: Sequence[_Layer]) -> Plan:
    """One plan of all *layers*: the first one's settings count, and its rules come first."""
    tables: dict[str, dict[str, Any]] = {"emergency": {}, "classes": {}, "queues": {}}
    settings: dict[str, Any] = {}
    owners: dict[str, Owner] = {}
    for layer in reversed(layers):
        settings |= layer.settings
        for name, keys in (("emergency", EMERGENCY), ("classes", CLASSES), ("queues", QUEUES)):
            value = layer.settings.get(name, {})
            tables[name] |= layer.source.table((name,), value, keys)
        owners |= {owner.extension: owner for owner in _owners(layer)}
    lists = read_lists([layer.source for layer in layers])
    return Plan(
        **{key: settings[key] for key in _PLAIN if key in settings},
        **_named(layers[0]),
        extra_emergency=tables["emergency"].get("extra", ()),
        allow_shadow=tables["emergency"].get("allow_shadow", ()),
        classes=Classes(**tables["classes"]),
        queues=QueueNames(**tables["queues"]),
        conversions=tuple(c for layer in layers for c in read_conversions(layer.source, lists)),
        rules=tuple(r for layer in layers for r in read_rules(layer.source, lists)),
        owners=tuple(owners.values()),
    )


def _named(own: _Layer) -> dict[str, Any]:
    """What is never taken from a plan that is extended: name and description."""
    name = own.settings.get("name", "")
    return {
        "name": f"{name}:{own.country}" if own.country else name,
        "description": own.settings.get("description", ""),
    }


def _owners(layer: _Layer) -> Sequence[Owner]:
    if "directory" not in layer.settings:
        return ()
    try:
        return read_directory(layer.folder.joinpath(layer.settings["directory"]))
    except PlanError as error:
        _keep(layer.source, "directory", error)
        return ()


def _faults(layers: Sequence[_Layer]) -> tuple[Fault, ...]:
    """All faults, file by file."""
    return tuple(fault for layer in layers for fault in _in_order(layer.source))


def _in_order(source: Source) -> Sequence[Fault]:
    """What is missing from the file, the rest by line, then what is wrong beside it."""
    return sorted(source.faults, key=lambda fault: (fault.file != source.file, fault.line))
