"""Where in a TOML text each key and each element stands, which `tomllib` does not tell.

It reads what `tomllib` has accepted: TOML 1.0 whose syntax is right. It gives places, no values.
"""

import re
import tomllib
from collections.abc import Mapping
from typing import Final

Path = tuple[str | int, ...]
"""The way to a value: keys of tables, indices of arrays; `("rule", 3, "pattern")`."""

_BLANK: Final = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")
_DOT: Final = re.compile(r"[ \t]*\.[ \t]*")
_STRING: Final = re.compile(
    r'"""(?:[^"\\]|\\.|"{1,2}(?!"))*"{3,5}'
    r"|'''(?:[^']|'{1,2}(?!'))*'{3,5}"
    r'|"(?:[^"\\]|\\.)*"'
    r"|'[^']*'",
    re.DOTALL,
)
_OTHER_VALUE: Final = re.compile(r"[^,\]}#\n]+")


def locate(text: str) -> Mapping[Path, int]:
    """The line of every key, table and element of *text*, from 1; of a table, its first."""
    return _Locator(text.replace("\r\n", "\n")).read()


class _Locator:
    """Walks through a text once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._counted_to = 0
        self._line = 1
        self._lines: dict[Path, int] = {}
        self._lengths: dict[Path, int] = {}
        """How many tables each array of tables has so far."""

    def read(self) -> Mapping[Path, int]:
        """Give the lines."""
        table: Path = ()
        self._skip_blank()
        while self._at < len(self._text):
            if self._text.startswith("[[", self._at):
                table = self._next_table()
            elif self._text.startswith("[", self._at):
                self._at += 1
                table = self._keys(())
                self._at = self._text.index("]", self._at) + 1
            else:
                self._pair(table)
            self._skip_blank()
        return self._lines

    def _next_table(self) -> Path:
        """Read `[[a.b]]`: one more table of that array."""
        self._at += 2
        array = self._keys((), to_array=True)
        self._at = self._text.index("]]", self._at) + 2
        index = self._lengths.get(array, 0)
        self._lengths[array] = index + 1
        self._mark((*array, index))
        return (*array, index)

    def _pair(self, table: Path) -> None:
        """Read `key = value` of *table*."""
        path = self._keys(table)
        self._at = self._text.index("=", self._at) + 1
        self._skip_blank()
        self._value(path)

    def _keys(self, path: Path, *, to_array: bool = False) -> Path:
        """Read a dotted key below *path*; a key that names an array of tables means its last."""
        while True:
            self._skip_blank()
            path = (*path, self._key())
            self._mark(path)
            dot = _DOT.match(self._text, self._at)
            if path in self._lengths and (dot or not to_array):
                path = (*path, self._lengths[path] - 1)
            if not dot:
                return path
            self._at = dot.end()

    def _key(self) -> str:
        if bare := _BARE_KEY.match(self._text, self._at):
            self._at = bare.end()
            return bare[0]
        quoted = self._string()
        return str(tomllib.loads(f"key = {quoted}")["key"])

    def _value(self, path: Path) -> None:
        match self._text[self._at]:
            case '"' | "'":
                self._string()
            case "[":
                self._array(path)
            case "{":
                self._inline_table(path)
            case _:
                self._pass(_OTHER_VALUE)

    def _array(self, path: Path) -> None:
        self._at += 1
        index = 0
        while self._has_more("]"):
            self._mark((*path, index))
            self._value((*path, index))
            index += 1

    def _inline_table(self, path: Path) -> None:
        self._at += 1
        while self._has_more("}"):
            self._pair(path)

    def _has_more(self, end: str) -> bool:
        """Pass what stands before the next element, or *end*; say whether there is one."""
        self._skip_blank()
        if self._text[self._at] == ",":
            self._at += 1
            self._skip_blank()
        if self._text[self._at] != end:
            return True
        self._at += 1
        return False

    def _string(self) -> str:
        return self._pass(_STRING)

    def _skip_blank(self) -> None:
        self._pass(_BLANK)

    def _pass(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        if found is None:
            raise ValueError(f"not TOML at {self._at}")
        self._at = found.end()
        return found[0]

    def _mark(self, path: Path) -> None:
        self._line += self._text.count("\n", self._counted_to, self._at)
        self._counted_to = self._at
        self._lines.setdefault(path, self._line)
