"""A plan: the settings by which numbers are read, and their TOML file. It decides no number itself.

A file is taken or refused whole. Every fault is told at once, each with file, key, expectation and
value.
"""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final

import phonenumbers

_SHOWN: Final = 200
"""Characters of a wrong value that a fault repeats."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a site knows of its numbers."""

    name: str
    description: str = ""
    home_country: str = ""
    """ISO 3166 alpha-2, in capitals. "" is none: every number is written internationally, with or
    without its plus."""
    extension_lengths: range = range(0)
    """How many digits an extension may have; the file's `[2, 6]` is `range(2, 7)`. Empty: none."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One reason why a plan is refused."""

    file: str
    """"" when no file was found to look into."""
    key: str
    """"" when the file as a whole is at fault."""
    expected: str
    value: object
    """As read from the file; None where nothing was given."""

    def __str__(self) -> str:
        """One line, as compilers write theirs."""
        got = "nothing" if self.value is None else _shown(self.value)
        told = f"expected {self.expected}, got {got}"
        return ": ".join(filter(None, (self.file, self.key, told)))


def _shown(value: object) -> str:
    try:
        return f"{value!r:.{_SHOWN}}"
    except ValueError:  # hexadecimal, it could be read
        return "a number of thousands of digits"


class PlanError(ValueError):
    """A plan that cannot be used, with all its faults."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        """Keep *faults*: what is missing, then what is wrong in the order of the file."""
        super().__init__(faults)
        self.faults = faults

    def __str__(self) -> str:
        """One line a fault."""
        return "\n".join(map(str, self.faults))


def load_plan(name_or_path: str) -> Plan:
    """Read a shipped plan by its bare name (`nanp`), or a file by its path (`./nanp`, `nanp.toml`).

    Raises:
        PlanError: there is no such plan, it is not TOML, or some of its keys or values are wrong.
    """
    source = _find(name_or_path)
    file = str(source)
    try:
        document = tomllib.loads(source.read_bytes().decode())
    except OSError as error:
        raise PlanError((Fault(file, "", "a file that can be read", error.strerror),)) from error
    except (ValueError, RecursionError) as error:  # ValueError: a number of thousands of digits
        raise PlanError((Fault(file, "", "TOML in UTF-8", str(error)),)) from error
    return _read(document, file)


def _find(name_or_path: str) -> Traversable:
    path = Path(name_or_path)
    if path.suffix == ".toml" or path.name != name_or_path:
        return path
    shipped = {
        file.name.removesuffix(".toml"): file
        for file in (files("dialplan") / "plans").iterdir()
        if file.name.endswith(".toml")
    }
    if name_or_path not in shipped:
        expected = f"a path, or the name of a shipped plan ({', '.join(sorted(shipped))})"
        raise PlanError((Fault("", "", expected, name_or_path),))
    return shipped[name_or_path]


def _read(document: Mapping[str, object], file: str) -> Plan:
    faults = [] if "name" in document else [Fault(file, "name", _KEYS["name"][0], None)]
    settings: dict[str, Any] = {}
    for key, value in document.items():
        if key not in _KEYS:
            faults.append(Fault(file, key, f"one of the keys {', '.join(_KEYS)}", value))
            continue
        expected, read = _KEYS[key]
        try:
            settings[key] = read(value)
        except ValueError:
            faults.append(Fault(file, key, expected, value))
    if faults:
        raise PlanError(tuple(faults))
    return Plan(**settings)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError
    return value


def _name(value: object) -> str:
    if not _text(value).strip():
        raise ValueError
    return _text(value)


def _country(value: object) -> str:
    country = _text(value)
    if country and country not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError
    return country


def _lengths(value: object) -> range:
    match value:
        case []:
            return range(0)
        case [bool(), _] | [_, bool()]:  # which Python counts among the whole numbers
            raise ValueError
        case [int(shortest), int(longest)] if 1 <= shortest <= longest:
            return range(shortest, longest + 1)
        case _:
            raise ValueError


_KEYS: Final[Mapping[str, tuple[str, Callable[[object], object]]]] = {
    "name": ("a text that is not empty", _name),
    "description": ("a text", _text),
    "home_country": ('a country of ISO 3166 such as "US", or "" for none', _country),
    "extension_lengths": ("[shortest, longest] from 1 digit up, or [] for none", _lengths),
}
"""What each key of the file expects, and its reader, which raises a bare ValueError."""
