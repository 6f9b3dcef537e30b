"""AGI as bytes and values, without a socket: what Asterisk says, and the commands it is told.

Source: Asterisk's res_agi.c as of 22, and `agi dump html`. Asterisk opens with an environment of
``agi_name: value`` lines up to an empty one; then every command gets one reply, ``200 result=...``,
or a usage text over several lines from ``520-`` to ``520 ``. ``HANGUP`` may stand among the
replies and is none.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

import msgspec

MAX_COMMAND = 2000
"""Bytes. Asterisk reads a command into 2,048 bytes and runs the rest as a second command."""
MAX_LINE = 8192
MAX_BLOCK = 65536
"""Bytes of the environment, or of a usage text."""

_ENVIRONMENT = re.compile(r"^agi_(\w+): ?([^\0\n]*)$", re.MULTILINE)
"""Asterisk's texts end at a NUL, and no store takes one."""
_ARGUMENT = re.compile(r"arg_([0-9]{1,9})")
_REPLY = re.compile(rb"(\d{3})(?: result=(-?\d*)(.*)| (.*))?")
_USAGE = b"520-"
_NEEDS_ESCAPE = re.compile(r'[\\",()\[\]]|^[^\S\n]|[^\S\n]$', re.MULTILINE)
_IN_PARENTHESES = re.compile(r"\(([^()\n]*)\)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class WireError(Exception):
    """What came is not AGI, or more of it than anyone sends."""


class TooLongError(ValueError):
    """A command would not fit Asterisk's line."""


class Call(msgspec.Struct, frozen=True):
    """AGI's opening environment: the variables without their ``agi_``, and the arguments."""

    variables: Mapping[str, str]
    arguments: tuple[str, ...]

    def get(self, name: str) -> str:
        """Give a variable's value; empty where there is none or Asterisk says ``unknown``."""
        value = self.variables.get(name, "")
        return "" if value == "unknown" else value


class Reply(msgspec.Struct, frozen=True):
    """Asterisk's answer to one command."""

    code: int
    result: str
    data: str

    @property
    def done(self) -> bool:
        """Whether the command was carried out."""
        return self.code == 200 and not self.result.startswith("-")


class Conversation(msgspec.Struct):
    """Takes bytes as they come and gives whole values; it never reads and never waits."""

    _buffer: bytearray = msgspec.field(default_factory=bytearray)
    _taken: int = 0
    _lines: list[bytes] = msgspec.field(default_factory=list)
    begun: bool = False
    """Something was said."""
    hung_up: bool = False
    """Asterisk has said HANGUP: the caller is gone, the channel may still be asked."""

    def feed(self, data: bytes) -> None:
        """Take what came; `call` and `reply` say what it is."""
        self.begun = True
        self._buffer += data

    def call(self) -> Call | None:
        """Give the opening environment once it is whole."""
        while (line := self._line()) is not None:
            if not line:
                return _call(self._block())
            self._keep(line, "the environment")
        return None

    def reply(self) -> Reply | None:
        """Give the next reply once it is whole; HANGUP is noted and skipped."""
        while (line := self._line()) is not None:
            if line == b"HANGUP":
                self.hung_up = True
            elif self._lines or line.startswith(_USAGE):
                if line.startswith(b"520 "):
                    self._block()
                    return Reply(520, "", "")
                self._keep(line, "a usage text")
            else:
                return _reply(line)
        return None

    def _keep(self, line: bytes, what: str) -> None:
        """Keep a line of a block until it is whole."""
        self._lines.append(line)
        self._taken += len(line) + 1
        if self._taken > MAX_BLOCK:
            raise WireError(f"{what} is longer than {MAX_BLOCK} bytes")

    def _block(self) -> list[bytes]:
        """Give the lines of the block that is whole now."""
        lines, self._lines, self._taken = self._lines, [], 0
        return lines

    def _line(self) -> bytes | None:
        end = self._buffer.find(b"\n", 0, MAX_LINE)
        if end < 0:
            if len(self._buffer) >= MAX_LINE:
                raise WireError(f"a line is longer than {MAX_LINE} bytes")
            return None
        line = bytes(self._buffer[:end]).removesuffix(b"\r")
        del self._buffer[: end + 1]
        return line


def _call(lines: Sequence[bytes]) -> Call:
    said = _ENVIRONMENT.findall(b"\n".join(lines).decode("utf-8", "replace"))
    if len(said) != len(lines):
        raise WireError(f"not a line of an AGI environment: {_first_other(lines)[:40]!r}")
    variables: dict[str, str] = {}
    arguments: dict[int, str] = {}
    for line, (name, value) in zip(lines, said, strict=True):
        if name.startswith("arg_") and (argument := _ARGUMENT.fullmatch(name)):
            arguments.setdefault(int(argument[1]), value)
        elif name in variables or (arguments and not name.startswith("arg_")):
            raise WireError(f"a line where Asterisk has none: {line[:40]!r}")
        else:
            variables[name] = value
    ordered = tuple(arguments[position] for position in sorted(arguments))
    return Call(MappingProxyType(variables), ordered)


def _first_other(lines: Iterable[bytes]) -> bytes:
    """Give the first of *lines* that says no variable."""
    return next(
        line for line in lines if not _ENVIRONMENT.fullmatch(line.decode("utf-8", "replace"))
    )


def _reply(line: bytes) -> Reply:
    found = _REPLY.fullmatch(line)
    if found is None:
        raise WireError(f"not a reply: {line[:40]!r}")
    code, result, data, text = (
        part.decode("utf-8", "replace") if part else "" for part in found.groups()
    )
    return Reply(int(code), result, (data or text).strip())


def set_variable(name: str, value: str) -> bytes:
    """Compose a command that sets one variable, whatever printable characters *value* has.

    Raises:
        ValueError: *value* holds a control character, which would begin a second command.
        TooLongError: the command would be longer than `MAX_COMMAND`.
    """
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    return _command(f'SET VARIABLE {name} "{quoted}"')


def set_variables(values: Mapping[str, str]) -> list[bytes]:
    """Compose the commands that set *values*, the last of them in the last command.

    All go in one ``EXEC MSet``, which costs one round trip, but for those that MSet would take
    apart (it splits at commas, minds quotes, brackets and backslashes, and strips white space):
    these are set by themselves before. Parentheses it counts, so pairs of them do no harm. The last
    one must be plain.
    """
    plain, awkward = values, list[bytes]()
    if not _are_plain("\n".join(values.values())):
        plain = {name: value for name, value in values.items() if _are_plain(value)}
        awkward = [set_variable(name, value) for name, value in values.items() if name not in plain]
    last = list(values)[-1]
    if last not in plain:
        raise ValueError(f"{last} comes last and must need no escape")
    pairs = ",".join(f"{name}={value}" for name, value in plain.items())
    return [*awkward, _command(f'EXEC MSet "{pairs}"')]


def _are_plain(lines: str) -> bool:
    """Say whether MSet takes each of the *lines* as it is."""
    return not _NEEDS_ESCAPE.search(_IN_PARENTHESES.sub(r"x\1x", lines))


def _command(text: str) -> bytes:
    if _CONTROL.search(text):
        raise ValueError("a control character cannot be part of an AGI command")
    line = text.encode("utf-8") + b"\n"
    if len(line) > MAX_COMMAND:
        raise TooLongError(f"an AGI command of {len(line)} bytes, {MAX_COMMAND} fit")
    return line
