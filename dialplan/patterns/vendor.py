"""The vendor's patterns: `+1NXXNXXXXXX/Z`. Their Z is not Asterisk's; no parser is shared.

From PureConnect's dial plan: X is 0 to 9, Y 1 to 9, N 2 to 9, ? any number of 0 to 9, #, * and
comma, and Z all that follows; in either case of letters. A number list is named between two dollar
signs, `$tollfree$`: so one pattern may take from two lists, and outputs name them the same way.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from dialplan.patterns.elements import Element, Entry, Many, Rest, Run, Text, Wildcards
from dialplan.patterns.fault import check_length, fault_at
from dialplan.patterns.number_list import NumberList

LETTERS: Final[Mapping[str, frozenset[str]]] = {
    "X": frozenset("0123456789"),
    "Y": frozenset("123456789"),
    "N": frozenset("23456789"),
}
"""Wildcards of one character."""
_MANY: Final = frozenset("0123456789#*,")
_TOKEN: Final = re.compile(
    r"""(?P<run> ([XYN]) \2* )
      | (?P<plain> [0-9*\#,+/^]+ )
      | (?P<many> \? )
      | (?P<rest> Z )
      | \$ (?P<list> [A-Z0-9_-]+ ) \$
      | " (?P<quoted> [^"]+ ) "
    """,
    re.IGNORECASE | re.VERBOSE | re.ASCII,
)
_EXPECTED: Final = {
    '"': "a text between two double quotes",
    "$": "the name of a number list between two $, as in $tollfree$",
}
_EXPECTED_ELSE: Final = (
    "a digit, * # , + / ^, a wildcard (X Y N ? Z $list$) or a text in double quotes"
)


def parse(source: str, lists: Mapping[str, NumberList]) -> Wildcards:
    """Read *source*, whose number lists are among *lists*, by their names.

    Raises:
        PatternError: it is no pattern of this language.
    """
    check_length(source)
    return Wildcards(source, "vendor", tuple(_elements(source, lists)))


def _elements(source: str, lists: Mapping[str, NumberList]) -> Iterator[Element]:
    at = 0
    while at < len(source):
        found = _TOKEN.match(source, at)
        if found is None:
            raise fault_at(source, at, _EXPECTED.get(source[at], _EXPECTED_ELSE))
        yield _element(found, lists)
        at = found.end()


def _element(found: re.Match[str], lists: Mapping[str, NumberList]) -> Element:
    token = found[0]
    match found.lastgroup:
        case "run":
            letter = token[0].upper()
            return Run(letter, LETTERS[letter], len(token))
        case "many":
            return Many("?", _MANY)
        case "rest":
            if found.end() < len(found.string):
                raise fault_at(found.string, found.end(), "nothing behind Z")
            return Rest("Z", 0)
        case "list":
            if found["list"] not in lists:
                known = ", ".join(lists) or "there is none"
                raise fault_at(found.string, found.start(), f"the name of a number list ({known})")
            return Entry(lists[found["list"]])
        case "quoted":
            return Text(found["quoted"])
        case _:
            return Text(token)
