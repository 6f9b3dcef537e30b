"""The number lists, input conversions and rules of a plan's file."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from dialplan.patterns import NumberList, Pattern, PatternError, Syntax, Template, parse
from dialplan.plan import Conversion, Place, Rule
from dialplan.plan_keys import CONVERSION, RULE
from dialplan.reading import Source, list_of, text
from dialplan.toml_lines import Path

_SYNTAXES: Final[Mapping[str, Syntax]] = {
    "pattern": "vendor",
    "asterisk": "asterisk",
    "regex": "regex",
}
"""The key under which a pattern of each syntax stands: none is ever taken for another."""
_LIST: Final = 'a list of numbers and ranges, such as ["800", "2125550100-2125550199"]'

Lists = Mapping[str, NumberList]


def read_lists(sources: Sequence[Source]) -> Lists:
    """The named number lists of all *sources*; of those with one name, the first's."""
    lists: dict[str, NumberList] = {}
    for source in reversed(sources):
        tables = source.document.get("lists", {})
        for name, value in tables.items() if isinstance(tables, dict) else ():
            if read := _read_list(source, name, value):
                lists[name] = read
    return lists


def _read_list(source: Source, name: str, value: object) -> NumberList | None:
    try:
        entries = list_of(text)(value)
    except ValueError:
        source.fault(("lists", name), _LIST, value)
        return None
    try:
        return NumberList.parse(name, entries)
    except PatternError as error:
        if not entries:
            source.fault(("lists", name), error.expected, value)
    for index, entry in enumerate(value if isinstance(value, list) else ()):
        try:
            NumberList.parse(name, [entry])
        except PatternError as error:
            source.fault(("lists", name, index), f"{error.expected} at {error.position}", entry)
    return None


def read_conversions(source: Source, lists: Lists) -> Iterator[Conversion]:
    """The input conversions of *source* that can be read."""
    for path, given in source.tables(
        "conversion", source.document.get("conversion", []), CONVERSION
    ):
        if pattern := _pattern(source, path, given, lists):
            standardized = _template(source, path, "standardized", given, pattern)
            if standardized is not None:
                yield Conversion(
                    given.get("name", ""),
                    pattern,
                    standardized,
                    given.get("emergency", False),
                    Place(source.file, source.line(path)),
                )


def read_rules(source: Source, lists: Lists) -> Iterator[Rule]:
    """The rules of *source* that can be read."""
    for path, given in source.tables("rule", source.document.get("rule", []), RULE):
        if pattern := _pattern(source, path, given, lists):
            yield Rule(
                given.get("name", ""),
                pattern,
                _template(source, path, "standardized", given, pattern),
                _template(source, path, "display", given, pattern),
                _template(source, path, "dial_string", given, pattern),
                given.get("classifications", ()),
                given.get("dialable", True),
                given.get("emergency", False),
                given.get("description", ""),
                Place(source.file, source.line(path)),
            )


def _pattern(source: Source, path: Path, given: Mapping[str, Any], lists: Lists) -> Pattern | None:
    table = source.at(path)
    keys = [key for key in _SYNTAXES if key in table]
    if len(keys) != 1:
        source.fault((*path, "pattern"), "one of pattern, asterisk and regex", keys or None)
        return None
    (key,) = keys
    if key not in given:
        return None  # it is told already
    try:
        return parse(given[key], _SYNTAXES[key], lists)
    except PatternError as error:
        source.fault((*path, key), f"{error.expected} at {error.position}", given[key])
        return None


def _template(
    source: Source, path: Path, key: str, given: Mapping[str, Any], pattern: Pattern
) -> Template | None:
    if key not in given:
        return None
    try:
        return Template.parse(given[key], pattern)
    except PatternError as error:
        source.fault((*path, key), f"{error.expected} at {error.position}", given[key])
        return None
