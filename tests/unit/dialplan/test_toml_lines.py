"""The law of the locator: every key and element of any TOML is found, on the line it is on."""

import json
import tomllib
from collections.abc import Iterator, Sequence
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from dialplan.toml_lines import Path, locate

KEYS = st.sampled_from(["a", "b-1", "3", '"a.b"', "'c]'", '"\\u00e9 = #"', '""'])
BREAKS = st.sampled_from(["\n", "\n\n", "\n# [no] = table\n", " # 'no string\n", "\r\n"])
SCALARS = st.sampled_from(
    [
        "1",
        "-1.5e3",
        "true",
        "1979-05-27 07:32:00Z",
        '"a # ] } , \\" \\\\"',
        "'\\'",
        '""',
        '"""\na ""b"" \\"""\n"""',
        '""""a"""""',
        "'''\n[[not]]\n'a''b'\n'''",
        "''''a'''''",
    ]
)


def arrays(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Arrays over one line or several, with comments and a last comma, or without."""
    return st.builds(
        lambda elements, space, last: f"[{space}{f',{space}'.join(elements)}{space}{last}]",
        st.lists(inner, max_size=3),
        st.sampled_from(["", " ", "\n", " # ]\n  "]),
        st.sampled_from(["", " "]),
    ) | st.lists(inner, min_size=1, max_size=2).map(lambda all_: f"[{','.join(all_)},]")


def tables(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Inline tables, of different keys."""
    pairs = st.lists(st.tuples(KEYS, inner), max_size=3, unique_by=lambda pair: key_of(pair[0]))
    return pairs.map(lambda all_: f"{{{', '.join(f'{key} = {value}' for key, value in all_)} }}")


def key_of(written: str) -> str:
    """What a key is called."""
    return next(iter(tomllib.loads(f"{written} = 1")))


VALUES = st.recursive(SCALARS, lambda inner: arrays(inner) | tables(inner), max_leaves=6)
DOTTED = st.lists(KEYS, min_size=1, max_size=3).map(" . ".join)
LINES = st.one_of(
    st.builds("{} = {}".format, DOTTED, VALUES),
    st.builds("[{}]".format, DOTTED),
    st.builds("[[ {} ]]".format, DOTTED),
)


@st.composite
def documents(draw: st.DrawFn) -> str:
    """TOML that grows by what `tomllib` takes."""
    text = draw(st.sampled_from(["", "# a comment\n"]))
    for line in draw(st.lists(LINES, max_size=8)):
        longer = f"{text}{line}{draw(BREAKS)}"
        try:
            tomllib.loads(longer)
        except tomllib.TOMLDecodeError:
            continue
        text = longer
    return text


def paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """The way to everything in *value*."""
    items: Sequence[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        items = [*value.items()]
    elif isinstance(value, list):
        items = [*enumerate(value)]
    for key, inner in items:
        yield (*path, key)
        yield from paths(inner, (*path, key))


@given(documents())
@example("[[a]]\n[[a]]\n[a.b]\nc = 1\n[[a.b.d]]\n[[a.b.d]]\ne = 2")
@example("a = [[1], [[2], []],\n {b = 3}]")
def test_everything_has_a_line(text: str) -> None:
    """What `tomllib` reads, and nothing else, is located."""
    assert set(locate(text)) == set(paths(tomllib.loads(text)))


@given(documents())
def test_a_key_stands_on_its_line(text: str) -> None:
    """A key is written on the line that is told for it, as it is or quoted."""
    lines = text.split("\n")
    for path, line in locate(text).items():
        key = path[-1]
        if isinstance(key, str):
            written = (key, json.dumps(key), f"'{key}'")
            assert any(form in lines[line - 1] for form in written), (path, line)


def test_the_lines_of_a_plan() -> None:
    """By example: a table's own line is its header's, an element's the one on which it begins."""
    lines = locate(
        'name = "a"\n'
        "\n"
        "[lists]\n"
        "near = [\n"
        '  "1",  # one\n'
        '  "2",\n'
        "]\n"
        "[[rule]]\n"
        "pattern = '''\n"
        "X'''\n"
        "dial = 1\n"
        "[[rule]] # the second\n"
        'list = "x"\n'
    )
    assert lines == {
        ("name",): 1,
        ("lists",): 3,
        ("lists", "near"): 4,
        ("lists", "near", 0): 5,
        ("lists", "near", 1): 6,
        ("rule",): 8,
        ("rule", 0): 8,
        ("rule", 0, "pattern"): 9,
        ("rule", 0, "dial"): 11,
        ("rule", 1): 12,
        ("rule", 1, "list"): 13,
    }
