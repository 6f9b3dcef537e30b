"""Patterns: three languages for which texts a rule is meant, one index over all of a plan's.

>>> rules = [parse("1NXXNXXXXXX", "vendor"), parse("_9011.", "asterisk"), parse("Z", "vendor")]
>>> Matcher(rules).first("18004562354")
0
>>> rules[0].groups("18004562354")
('8', '00', '4', '562354')
>>> Template.parse("+1 (NXX) NXX-XXXX", rules[0]).render(('8', '00', '4', '562354'))
'+1 (800) 456-2354'
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, TypeAlias, assert_never

from dialplan.patterns import asterisk, regex, vendor
from dialplan.patterns.fault import PatternError
from dialplan.patterns.matcher import Matcher, Pattern
from dialplan.patterns.number_list import NumberList
from dialplan.patterns.overlap import Standing, standings
from dialplan.patterns.template import Template

__all__ = [
    "Matcher",
    "NumberList",
    "Pattern",
    "PatternError",
    "Standing",
    "Syntax",
    "Template",
    "parse",
    "standings",
]

Syntax: TypeAlias = Literal["vendor", "asterisk", "regex"]

_NO_LISTS: Final[Mapping[str, NumberList]] = MappingProxyType({})


def parse(source: str, syntax: Syntax, lists: Mapping[str, NumberList] = _NO_LISTS) -> Pattern:
    """Read *source*, a pattern of the language *syntax*. Only the vendor's takes from *lists*.

    Raises:
        PatternError: it is no pattern of that language; a position and what is expected there.
    """
    match syntax:
        case "vendor":
            return vendor.parse(source, lists)
        case "asterisk":
            return asterisk.parse(source)
        case "regex":
            return regex.parse(source)
        case _:
            assert_never(syntax)
