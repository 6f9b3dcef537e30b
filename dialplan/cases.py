"""Trying a plan: numbers and what is to become of them, in a file beside the plan.

`nanp.cases.toml` is of `nanp.toml`. Each `[[case]]` has a number and whatever of its details is to
be held; `refused = true` is for what is no number.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec.structs import fields, replace

from dialplan.details import Details, QueueType
from dialplan.engine import Engine
from dialplan.faults import Fault, PlanError
from dialplan.plan import Place
from dialplan.plan_file import find_plan, load_plan
from dialplan.plan_keys import PLAN
from dialplan.reading import Key, filled, flag, list_of, read_toml, text
from dialplan.text import NotANumber


class Case(msgspec.Struct, frozen=True):
    """A number, and what is to become of it."""

    number: str
    expected: Mapping[str, object]
    """Details by their names; `refused` alone for what is no number."""
    home_country: str
    """From where it is seen; "": from the plan's home country."""
    place: Place


class Outcome(msgspec.Struct, frozen=True):
    """What became of it."""

    case: Case
    got: Mapping[str, object]
    """What is not as expected; empty: the case holds."""

    @property
    def holds(self) -> bool:
        """Whether all is as expected."""
        return not self.got


def run(name_or_path: str, file: Path | None = None) -> Sequence[Outcome]:
    """Try a plan with the cases of *file*, or of the file beside the plan.

    Raises:
        PlanError: the plan or the cases cannot be used.
    """
    plan = load_plan(name_or_path)
    cases = read_cases(file or cases_of(name_or_path))
    homes = {plan.home_country, *(case.home_country for case in cases if case.home_country)}
    engines = {home: Engine(replace(plan, home_country=home)) for home in homes}
    own = plan.home_country
    return [Outcome(case, _unexpected(engines[case.home_country or own], case)) for case in cases]


def cases_of(name_or_path: str) -> Path:
    """The file beside a plan."""
    file, folder, _ = find_plan(name_or_path)
    return folder.joinpath(f"{file.name.removesuffix('.toml')}.cases.toml")


def read_cases(file: Path) -> Sequence[Case]:
    """Read the cases of *file*.

    Raises:
        PlanError: it cannot be read, or some of it is wrong.
    """
    source = read_toml(file)
    for name in source.document.keys() - {"case"}:
        source.fault((name,), "tables under [[case]]", source.document[name])
    cases = []
    for path, given in source.tables("case", source.document.get("case", []), _KEYS):
        number, home_country = given.pop("number", ""), given.pop("home_country", "")
        if not given:
            source.fault(path, "what is to become of the number", None)
        if given.get("refused") is False:
            del given["refused"]
        cases.append(Case(number, given, home_country, Place(source.file, source.line(path))))
    if not cases and not source.faults:
        source.faults.append(Fault(source.file, "case", "tables under [[case]]", None))
    if source.faults:
        raise PlanError(tuple(sorted(source.faults, key=lambda fault: fault.line)))
    return cases


def plain(details: Details) -> Iterator[tuple[str, Any]]:
    """The details as plain values, by their names."""
    for each in fields(details):
        value = getattr(details, each.name)
        yield each.name, value.name.lower() if isinstance(value, QueueType) else value


def _unexpected(engine: Engine, case: Case) -> Mapping[str, object]:
    try:
        got: dict[str, object] = dict(plain(engine.resolve(case.number)))
    except NotANumber as error:
        return {} if "refused" in case.expected else {"refused": str(error)}
    if "refused" in case.expected:
        return {"refused": False}
    return {name: got[name] for name, value in case.expected.items() if got[name] != value}


def _queue_type(value: object) -> str:
    if value not in {kind.name.lower() for kind in QueueType}:
        raise ValueError
    return text(value)


_TEXT: Final = Key("a text", text)
_FLAG: Final = Key("true or false", flag)
_READERS: Final[Mapping[object, Key]] = {
    str: _TEXT,
    bool: _FLAG,
    tuple[str, ...]: Key("a list of classes", list_of(filled)),
    QueueType: Key(f"one of {', '.join(kind.name.lower() for kind in QueueType)}", _queue_type),
}
_KEYS: Final[Mapping[str, Key]] = {
    "number": Key("a text", text, required=True),
    "home_country": PLAN["home_country"],
    "refused": _FLAG,
    **{each.name: _READERS[each.type] for each in fields(Details) if each.name != "raw_text"},
}
