"""An Asterisk dialplan as steps, read from a file's lines, AMI's messages, or Asterisk's listing.

Nothing here reads a clock, a file or a socket. Source: Asterisk 22's pbx_config.c and pbx.c.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

_COMMENT: Final = re.compile(r"(?<!\\);.*")
_HEADING: Final = re.compile(r"\[([^\]]+)\]")
_PRIORITY: Final = re.compile(r"(?P<number>n|hint|\d+)(?:\((?P<label>[^)]*)\))?(?P<plus>[+-]\d+)?")
_CALLED: Final = re.compile(r"(?P<application>[^\s(]+)\s*(?:\((?P<data>.*)\))?\s*", re.DOTALL)
_SHOWN_CONTEXT: Final = re.compile(r"\[ Context '(.*?)' created by ")
_SHOWN_STEP: Final = re.compile(
    r"\s+(?:'(?P<extension>.*?)' (?:\(CID match '.*?'\) )?=>)?\s+(?:\[(?P<label>[^\]]+)\]\s+)?"
    r"(?P<priority>\d+)\. (?P<call>.*?)\s+\[[^\]]*\]"
)
_SHOWN_INCLUDE: Final = re.compile(r"\s+Include =>\s+'(.*?)'")


class Step(msgspec.Struct, frozen=True, order=True):
    """One priority of an extension."""

    context: str
    extension: str
    priority: int
    application: str
    """In lower case, as Asterisk makes no difference."""
    data: str

    @property
    def place(self) -> str:
        """Where it is, as people say it."""
        return f"{self.extension}@{self.context}, priority {self.priority}"


class AsteriskDialplan(msgspec.Struct, frozen=True):
    """Contexts by name, with their steps in order, and what each includes."""

    steps: Mapping[str, tuple[Step, ...]] = msgspec.field(default_factory=dict)
    includes: Mapping[str, tuple[str, ...]] = msgspec.field(default_factory=dict)

    def reached(self, context: str) -> tuple[str, ...]:
        """Give *context* and what it includes, however deep; each once."""
        found: dict[str, None] = {}
        waiting = [context]
        while waiting:
            if (name := waiting.pop(0)) not in found:
                found[name] = None
                waiting += self.includes.get(name, ())
        return tuple(found)

    def of(self, contexts: Iterable[str]) -> frozenset[Step]:
        """Give all steps of *contexts*."""
        return frozenset(step for name in contexts for step in self.steps.get(name, ()))

    def all(self) -> Iterator[Step]:
        """Go through every step."""
        for steps in self.steps.values():
            yield from steps


class Reader:
    """Takes contexts line by line, as Asterisk does, and gives the dialplan that they make."""

    def __init__(self) -> None:
        self._steps: dict[str, list[Step]] = {}
        self._includes: dict[str, list[str]] = {}
        self._context = ""
        self._extension = ""
        self._last = 0

    def context(self, name: str) -> None:
        """Begin or go on with a context."""
        self._context = name
        self._steps.setdefault(name, [])

    def line(self, key: str, value: str) -> None:
        """Take ``key => value``; what is neither an extension nor an include is passed over."""
        match key.strip().lower():
            case "exten":
                self._extension, _, rest = value.strip().partition(",")
                self._last = 0
                self._step(self._extension.strip(), rest)
            case "same":
                self._step(self._extension, value)
            case "include":
                included = value.split(",")[0].split("|")[0].strip()
                self._includes.setdefault(self._context, []).append(included)

    def step(self, step: Step) -> None:
        """Take a step that is read already."""
        self._steps.setdefault(step.context, []).append(step)

    def include(self, context: str, included: str) -> None:
        """Take an include that is read already."""
        self._includes.setdefault(context, []).append(included)

    def dialplan(self) -> AsteriskDialplan:
        """Give what has been read."""
        return AsteriskDialplan(
            {name: tuple(steps) for name, steps in self._steps.items()},
            {name: tuple(included) for name, included in self._includes.items()},
        )

    def _step(self, extension: str, rest: str) -> None:
        written, _, call = rest.strip().partition(",")
        found = _PRIORITY.fullmatch(written.strip())
        if found is None or found["number"] == "hint":
            return
        number = self._last + 1 if found["number"] == "n" else int(found["number"])
        self._last = number
        application, data = called(call)
        self.step(Step(self._context, extension.strip(), number, application, data))


def called(text: str) -> tuple[str, str]:
    """Take ``Application(data)`` apart."""
    found = _CALLED.fullmatch(text.strip())
    if found is None:
        return text.strip().lower(), ""
    return found["application"].lower(), (found["data"] or "").strip()


def of_file(text: str) -> AsteriskDialplan:
    """Read a file such as extensions.conf; what it includes from other files is passed over."""
    reader = Reader()
    for raw in text.splitlines():
        line = _COMMENT.sub("", raw).replace("\\;", ";").strip()
        if heading := _HEADING.match(line):
            reader.context(heading[1])
        elif "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            reader.line(key, value.removeprefix(">"))
    return reader.dialplan()


def of_listing(text: str) -> AsteriskDialplan:
    """Read what ``dialplan show`` prints."""
    reader = Reader()
    context = extension = ""
    for line in text.splitlines():
        if found := _SHOWN_CONTEXT.match(line):
            context = found[1]
            reader.context(context)
        elif found := _SHOWN_INCLUDE.match(line):
            reader.include(context, found[1])
        elif found := _SHOWN_STEP.match(line):
            extension = extension if found["extension"] is None else found["extension"]
            application, data = called(found["call"])
            reader.step(Step(context, extension, int(found["priority"]), application, data))
    return reader.dialplan()
