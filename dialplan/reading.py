"""Reading TOML tables by a list of their keys; every fault is kept with its line.

What the keys of a plan are is `plan_keys`' to say; files beside it have their own modules.
"""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path as File
from typing import Any, Final

import msgspec

from dialplan.faults import Fault, PlanError
from dialplan.toml_lines import Path, locate

KEYPAD: Final = frozenset("0123456789*#")
_DEVICE: Final = re.compile(r"(?P<device>[A-Za-z][A-Za-z0-9]*/[^/&,;\s]+)(/[a-z]*)?")
_AT_LINE: Final = re.compile(r"\(at line ([0-9]+), column [0-9]+\)$")
"""How `tomllib` ends a sentence."""


class Key(msgspec.Struct, frozen=True):
    """What a key expects."""

    expected: str
    read: Callable[[object], Any]
    """Raises ValueError for what is not as expected; a bare one, or one that says what is."""
    required: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """A TOML file that was read, and the faults found in it."""

    file: str
    lines: Mapping[Path, int]
    document: Mapping[str, Any]
    faults: list[Fault] = field(default_factory=list, compare=False)

    def table(self, path: Path, value: object, keys: Mapping[str, Key]) -> dict[str, Any]:
        """Read the table at *path*; what is wrong is left out, and among the faults."""
        if not isinstance(value, dict):
            self.fault(path, "a table", value)
            return {}
        settings: dict[str, Any] = {}
        for name, key in keys.items():
            if key.required and name not in value:
                self.fault((*path, name), key.expected, None)
        for name, given in value.items():
            if name not in keys:
                self.fault((*path, name), f"one of the keys {', '.join(keys)}", given)
                continue
            try:
                settings[name] = keys[name].read(given)
            except ValueError as error:
                self.fault((*path, name), str(error) or keys[name].expected, given)
        return settings

    def tables(
        self, name: str, value: object, keys: Mapping[str, Key]
    ) -> Iterator[tuple[Path, dict[str, Any]]]:
        """Read the array of tables *name*, each with its path."""
        if not isinstance(value, list):
            self.fault((name,), f"tables under [[{name}]]", value)
            return
        for index, each in enumerate(value):
            settings = self.table((name, index), each, keys)
            if isinstance(each, dict):
                yield (name, index), settings

    def at(self, path: Path) -> Any:
        """What stands at *path*."""
        value: Any = self.document
        for key in path:
            value = value[key]
        return value

    def fault(self, path: Path, expected: str, value: object) -> None:
        """Keep a fault; what is missing is told with the line of the table it is missing from."""
        self.faults.append(Fault(self.file, written(path), expected, value, self.line(path)))

    def line(self, path: Path) -> int:
        """The line of what is at *path*, or of the innermost table around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 0)


def read_toml(file: File) -> Source:
    """Read *file*, which may begin with a byte order mark.

    Raises:
        PlanError: it cannot be read, or is not TOML in UTF-8.
    """
    name = str(file)
    content = read_bytes(file)
    try:
        text = content.decode("utf-8-sig")
        document = tomllib.loads(text)  # before its lines are looked for: they tell no faults
        return Source(name, locate(text), document)
    except (ValueError, RecursionError) as error:  # ValueError: a number of thousands of digits
        fault = Fault(name, "", "TOML in UTF-8", str(error), line_of(error, content))
        raise PlanError((fault,)) from error


def read_bytes(file: File) -> bytes:
    """What is in *file*.

    Raises:
        PlanError: it cannot be read.
    """
    try:
        return file.read_bytes()
    except OSError as error:
        told = error.strerror
    except ValueError as error:  # a NUL in its name
        told = str(error)
    raise PlanError((Fault(str(file), "", "a file that can be read", told),))


def line_of(error: Exception, content: bytes) -> int:
    """The line of *content* that *error* is about, 0 where it does not say."""
    if isinstance(error, UnicodeDecodeError):
        return error.object.count(b"\n", 0, error.start) + 1
    if str(error).endswith("(at end of document)"):
        return content.rstrip().count(b"\n") + 1
    found = _AT_LINE.search(str(error))
    return int(found[1]) if found else 0


def written(path: Path) -> str:
    """Write *path* for a person: `rule[3].pattern` is of the third rule."""
    text = ""
    for key in path:
        if isinstance(key, int):
            text += f"[{key + 1}]"
        else:
            text += f".{key}" if key.isprintable() else f".{key!a}"
    return text.removeprefix(".")


def text(value: object) -> str:
    """Take any text."""
    if not isinstance(value, str):
        raise ValueError
    return value


def one_line(value: object) -> str:
    """Take a text that a screen, a call and a program can all be told: printable, in one line."""
    if not text(value).isprintable():
        raise ValueError("one line of printable characters")
    return text(value)


def filled(value: object) -> str:
    """Take such a line that is not blank."""
    if not text(value).strip():
        raise ValueError
    return one_line(value)


def flag(value: object) -> bool:
    """Take true or false."""
    if not isinstance(value, bool):
        raise ValueError
    return value


def list_of(read: Callable[[object], str]) -> Callable[[object], tuple[str, ...]]:
    """Take a list of what *read* takes, each once."""

    def read_list(value: object) -> tuple[str, ...]:
        if not isinstance(value, list):
            raise ValueError
        return tuple(dict.fromkeys(map(read, value)))

    return read_list


def keypad(value: object) -> str:
    """Take what a telephone can dial."""
    if not text(value) or not KEYPAD.issuperset(text(value)):
        raise ValueError
    return text(value)


def device(value: object) -> str:
    """Take what Asterisk rings, `PJSIP/desk-3`; `Local/6929@agents/n` without its options."""
    found = _DEVICE.fullmatch(text(value))
    if not found:
        raise ValueError
    return found["device"]


def digits(value: object) -> str:
    """Take digits."""
    if not (text(value).isascii() and text(value).isdecimal()):
        raise ValueError
    return text(value)
