"""Plans of patterns in all three languages, and texts that have a chance with them."""

import re
from collections.abc import Mapping, Sequence
from random import Random

from hypothesis import strategies as st

from dialplan.patterns import NumberList, Pattern, Syntax, parse

ENTRIES = {
    "few": ["1", "12", "800", "8005", "#7"],
    "range": ["0195-1012", "20-39", "7"],
    "plus": ["+44", "+4420", "+10-+12"],
}
LISTS: Mapping[str, NumberList] = {
    name: NumberList.parse(name, entries) for name, entries in ENTRIES.items()
}
NUMBERS: Mapping[str, Sequence[str]] = {
    "few": ENTRIES["few"],
    "range": [*(f"{number:04}" for number in range(195, 1013)), *map(str, range(20, 40)), "7"],
    "plus": ["+44", "+4420", "+10", "+11", "+12"],
}
"""The same lists, each number of them."""

_DIGITS = "01289"
_PLAIN = st.text(_DIGITS, min_size=1, max_size=3)
_VENDOR_PARTS = (
    _PLAIN
    | st.sampled_from(["X", "XX", "x", "N", "n", "Y", "XXXX", "+", "/", "^", "?", '"a"', "*", ","])
    | st.sampled_from(["$few$", "$range$", "$plus$", '"sip:"'])
)
_VENDOR = st.builds(
    "{}{}".format,
    st.lists(_VENDOR_PARTS, min_size=1, max_size=5).map("".join),
    st.sampled_from(["", "", "Z", "z"]),
)
_ASTERISK_PARTS = _PLAIN | st.sampled_from(
    ["X", "x", "Z", "N", "XX", "[1-5]", "[02-4*]", "-", "+", "a", "/"]
)
_ASTERISK = st.builds(
    "_{}{}{}".format,
    st.sampled_from([*_DIGITS, "X"]),
    st.lists(_ASTERISK_PARTS, max_size=5).map("".join),
    st.sampled_from(["", "", ".", "!"]),
) | st.from_regex(r"\A[0-9][0-9-]{0,4}\Z")
_REGEX = st.sampled_from(
    [
        r"1?\d{3,5}",
        r"(\+|00)(\d+)",
        r"[^@]*@.*",
        r"8(0|00)\d*",
        "1|12|128",
        r".{0,2}",
        r"(?:9|(0))1+",
    ]
)
SOURCES: st.SearchStrategy[tuple[str, Syntax]] = st.one_of(
    st.tuples(_VENDOR, st.just("vendor")),
    st.tuples(_VENDOR, st.just("vendor")),
    st.tuples(_ASTERISK, st.just("asterisk")),
    st.tuples(_REGEX, st.just("regex")),
)
PLANS = st.lists(SOURCES, min_size=1, max_size=8)

_LOOSE = st.text("0128#*,+/^a@", max_size=6)
_FITTING = st.tuples(
    st.sampled_from(["", "", "+", "/", "sip:", "+44", "800", "8005", "12", "0195", "1012"]),
    st.text("01289", max_size=6),
    st.sampled_from(["", "", "a", "*", "#7", "/12", "^1", "@b", "é"]),
).map("".join)
TEXTS = _LOOSE | _FITTING


def read(plan: Sequence[tuple[str, Syntax]]) -> list[Pattern]:
    """Parse *plan*."""
    return [parse(source, syntax, LISTS) for source, syntax in plan]


_TOKEN = re.compile(r'"[^"]*"|\$[^$]*\$|\[[^]]*\]|.')
_VENDOR_FILLINGS: Mapping[str, Sequence[str]] = {
    "X": _DIGITS,
    "Y": "1289",
    "N": "289",
    "?": ["", "1", "12#", "0*8"],
    "Z": ["", "1", "a/2"],
    **{f"${name.upper()}$": list(numbers) for name, numbers in NUMBERS.items()},
}
_ASTERISK_FILLINGS: Mapping[str, Sequence[str]] = {
    "X": _DIGITS,
    "Z": "1289",
    "N": "289",
    ".": ["1", "a/2"],
    "!": ["", "1", "a/2"],
    "-": [""],
    "[1-5]": "125",
    "[02-4*]": "023*",
}


def fitting(source: str, syntax: Syntax, rnd: Random) -> str:
    """A text that *source* is likely to match: wildcards filled in, perhaps a character gone."""
    if syntax == "regex":
        return "".join(rnd.choices("01289+@", k=rnd.randrange(6)))
    fillings = _VENDOR_FILLINGS if syntax == "vendor" else _ASTERISK_FILLINGS
    tokens = _TOKEN.findall(source.removeprefix("_"))
    text = "".join(rnd.choice(fillings.get(each.upper(), [each.strip('"')])) for each in tokens)
    gone = rnd.randrange(5 * len(text) + 1)
    return text[:gone] + text[gone + 1 :]
